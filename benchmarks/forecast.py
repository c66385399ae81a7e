"""Forecasts, measured: ours, the naive one and the best public models on two panels of the field, by the same rolling origins.

    python -m benchmarks forecast [--raw DIR] [--public PYTHON]

Panels (countries or origins with at least 15 consecutive years and more than 20 students in each): inbound mobile students by
destination (UNESCO UIS) and international students in the United States by origin since 1999/2000 (IIE Open Doors). From each of the
last 5 possible origins 3 years ahead; errors and interval scores are divided by the mean absolute yearly change of the whole
series. Both halves of the units (split by a hash of their names, as for the choice of settings) are reported.

The public models come from statsforecast, which needs an older pandas than this project: give the Python of another environment
(python3 -m venv public && public/bin/pip install statsforecast; then --public public/bin/python).
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import pipeline

HORIZON, ORIGINS, SHORTEST, SMALLEST = 3, 5, 15, 20
PUBLIC = Path(__file__).with_name("public_forecasts.py")


def longest_runs(panel: pd.DataFrame) -> pd.DataFrame:
    """The longest run of consecutive years of each unit, where it is long and large enough."""
    kept = []
    for _, rows in panel.dropna(subset="value").sort_values("year").groupby("unit"):
        run = max((part for _, part in rows.groupby((rows["year"].diff() != 1).cumsum())), key=len)
        if len(run) >= SHORTEST and run["value"].min() > SMALLEST:
            kept.append(run)
    return pd.concat(kept, ignore_index=True)


def panels(raw: Path) -> dict[str, pd.DataFrame]:
    """The two panels, read and cleaned as the project does."""
    found = {}
    counts = pipeline.clean(raw / "uis-mobile-students").counts
    uis = counts[(counts["measure"] == "stock") & (counts["destination_kind"] == "country")]
    found["UIS inbound"] = uis.assign(unit=uis["destination"].astype(str))
    counts = pipeline.clean(raw / "open-doors-2025").counts
    doors = counts[(counts["measure"] == "stock") & (counts["level"] == "all") & (counts["origin_kind"] == "country")]
    found["Open Doors by origin"] = doors[doors["year"] >= 2000].assign(unit=doors["origin"].astype(str))
    return {
        name: longest_runs(frame[["unit", "year", "value"]].astype({"year": int, "value": float}))
        for name, frame in found.items()
    }


def score(forecasts: pd.DataFrame, scale: pd.Series) -> dict[str, float]:
    """Mean and median scaled error, coverage, and the mean scaled interval score at 80 % (Gneiting & Raftery 2007)."""
    truth, by = forecasts["actual"], forecasts["unit"].map(scale)
    error = (truth - forecasts["median"]).abs() / by
    low, high = forecasts["lower_80"], forecasts["upper_80"]
    miss = (low - truth).clip(lower=0) + (truth - high).clip(lower=0)
    return {
        "mean error": error.mean(),
        "median error": error.median(),
        "80 % holds": truth.between(low, high).mean(),
        "95 % holds": truth.between(forecasts["lower_95"], forecasts["upper_95"]).mean(),
        "interval score": ((high - low + 2 / 0.2 * miss) / by).mean(),
    }


def half(unit: str) -> str:
    """A or B, by a hash of the name."""
    return "AB"[int(hashlib.md5(unit.encode(), usedforsecurity=False).hexdigest(), 16) % 2]


def public_forecasts(panel: pd.DataFrame, python: str) -> dict[str, pd.DataFrame]:
    """Forecasts of the public models, made by another Python."""
    with tempfile.TemporaryDirectory() as folder:
        there, back = Path(folder, "panel.csv"), Path(folder, "forecasts.csv")
        panel.to_csv(there, index=False)
        subprocess.run([python, str(PUBLIC), str(there), str(back), str(HORIZON), str(ORIGINS)], check=True)
        made = pd.read_csv(back, dtype={"unit": str}, keep_default_na=False, na_values=[""])
    return {str(model): rows for model, rows in made.groupby("model", sort=False)}


def report(name: str, panel: pd.DataFrame, python: str | None) -> None:
    """Print the table of one panel."""
    started = time.perf_counter()
    ours = pipeline.backtest(panel, horizon=HORIZON, origins=ORIGINS)
    took = time.perf_counter() - started
    scale = panel.groupby("unit")["value"].apply(lambda y: y.diff().abs().mean())
    print(f"{name}: {panel['unit'].nunique()} series, {len(ours)} forecasts, {took:.1f} s")
    rows = {}
    for part, units in (("", scale.index), (", half A", None), (", half B", None)):
        chosen = units if units is not None else [u for u in scale.index if half(str(u)) == part[-1]]
        rows[f"this project{part}"] = score(ours[ours["unit"].isin(chosen)], scale)
    naive = ours.assign(median=ours["naive"], lower_80=np.nan, upper_80=np.nan, lower_95=np.nan, upper_95=np.nan)
    rows["no change"] = {k: v for k, v in score(naive, scale).items() if k.endswith("error")}
    for model, made in (public_forecasts(panel, python) if python else {}).items():
        rows[f"statsforecast {model}"] = score(made, scale)
    print(pd.DataFrame(rows).T.round(3).to_string(na_rep=""), flush=True)


def main(argv: list[str]) -> int:
    """Print errors, coverage and interval scores."""
    root = Path(__file__).parents[1]
    parser = argparse.ArgumentParser(
        prog="benchmarks forecast", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--raw",
        type=Path,
        default=root.parent / "shared" / "data",
        help="folder with uis-mobile-students and open-doors-2025",
    )
    parser.add_argument("--public", metavar="PYTHON", help="a Python that has statsforecast")
    options = parser.parse_args(argv)
    missing = [n for n in ("uis-mobile-students", "open-doors-2025") if not (options.raw / n).is_dir()]
    if missing:
        print(f"forecast: {options.raw} has no {' or '.join(missing)}; give the folder of these sources with --raw.")
        return 0
    for name, panel in panels(options.raw).items():
        report(name, panel, options.public)
    return 0
