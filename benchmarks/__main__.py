"""`python -m benchmarks [NAME [OPTIONS]]`: one module a benchmark, each with `main(argv)`; without a name, all of them."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from pipeline.errors import did_you_mean


def names() -> list[str]:
    """The benchmarks there are: modules here that define `main`."""
    folder = Path(__file__).parent
    return sorted(
        p.stem
        for p in folder.glob("*.py")
        if not p.stem.startswith("_") and "def main(" in p.read_text(encoding="utf-8")
    )


def main(argv: list[str]) -> int:
    """Run one benchmark, or all."""
    known = names()
    if argv and argv[0] in ("-h", "--help"):
        print(f"{__doc__}\nBenchmarks: {', '.join(known)}")
        return 0
    if argv and argv[0] not in known:
        print(f"benchmarks: no benchmark {argv[0]!r}. {did_you_mean(argv[0], known)}", file=sys.stderr)
        return 2
    status = 0
    for name in argv[:1] or known:
        print(f"== {name}", flush=True)
        status = max(status, int(import_module(f"benchmarks.{name}").main(argv[1:]) or 0))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
