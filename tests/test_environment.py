"""environment.yml gives conda users what pyproject.toml asks for; the lock pins all of it, with hashes and without addresses."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# What a package is called on conda-forge where that differs by more than spelling.
CONDA_NAMES = {"duckdb": "python-duckdb", "matplotlib": "matplotlib-base"}
CONDA_ONLY = {"python", "pip", "setuptools"}


def wanted(root: Path) -> dict[str, Requirement]:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {canonicalize_name(r.name): r for r in map(Requirement, project["dependencies"])}


def conda(root: Path) -> dict[str, str]:
    """Package and bounds, both of the conda and of the pip section; conda's `name bounds` reads like pip's."""
    given = yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))
    entries = [d for d in given["dependencies"] if isinstance(d, str)]
    entries += [d for d in given["dependencies"][-1]["pip"] if not d.startswith("-e")]
    parsed = [Requirement(e.replace(" ", "")) for e in entries]
    return {canonicalize_name(r.name): str(r.specifier) for r in parsed}


def test_conda_users_get_the_same_set_with_the_same_bounds(root):
    expected = {canonicalize_name(CONDA_NAMES.get(n, n)): str(r.specifier) for n, r in wanted(root).items()}
    found = {n: b for n, b in conda(root).items() if n not in CONDA_ONLY}
    assert found == expected


def test_conda_python_and_build_tool_are_those_of_the_project(root):
    pyproject = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    assert conda(root)["python"] == pyproject["project"]["requires-python"]
    assert f"setuptools{conda(root)['setuptools']}" in pyproject["build-system"]["requires"]


def test_the_project_itself_is_installed_for_conda_users(root):
    given = yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))
    assert "-e ." in given["dependencies"][-1]["pip"]
    assert given["channels"][0] == "conda-forge"


def test_the_lock_pins_every_dependency_within_its_bounds(root):
    lines = (root / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pinned: dict[str, list[str]] = {}
    for line in lines:
        if re.match("[a-z0-9]", line):
            requirement = Requirement(line.rstrip(" \\"))
            pinned.setdefault(canonicalize_name(requirement.name), []).append(str(requirement.specifier)[2:])
    for name, requirement in wanted(root).items():
        assert name in pinned, f"{name} is not in requirements.lock: run `make lock`"
        assert all(requirement.specifier.contains(v) for v in pinned[name]), name


def test_the_lock_has_a_hash_for_every_package_and_no_address(root):
    text = (root / "requirements.lock").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert len(blocks) > 100
    assert [b.splitlines()[0] for b in blocks if "--hash=sha256:" not in b] == []
    assert "://" not in text


@pytest.mark.parametrize(
    "target", ["help", "reports", "test", "check", "explore", "data", "doctor", "bench", "lock", "clean"]
)
def test_make_has_the_promised_targets(root, target):
    assert re.search(rf"^{target}:.*## \w", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_ready_made_kernel_is_this_environments(root):
    from jupyter_client.kernelspec import KernelSpecManager

    spec = KernelSpecManager().get_kernel_spec("python3")
    assert "ipykernel_launcher" in spec.argv
