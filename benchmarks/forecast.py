"""Forecasts, measured on panels of the field: ours, the simplest and the best public models, by the same rolling origins.

    python -m benchmarks forecast [--raw DIR] [--public PYTHON] [--main-only]

First table of two panels (countries or origins with at least 15 consecutive years and more than 20 students in each): inbound mobile
students by destination (UNESCO UIS) and international students in the United States by origin since 1999/2000 (IIE Open Doors).
From each of the last 5 possible origins 3 years ahead; errors and interval scores are divided by the mean absolute yearly change of the
whole series. Both halves of the units (split by a hash of their names, as for the choice of settings) are reported.

Second table, a line a panel: other directions, measures, levels, lengths and ends, and random panels of 5 to 15 series.

The public models come from statsforecast, which needs an older pandas than this project: give the Python of another environment
(python3 -m venv public && public/bin/pip install statsforecast; then --public public/bin/python).
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import pipeline
from benchmarks.field_panels import SOURCES, further_panels, half, main_panels, small_panels

HORIZON, ORIGINS = 3, 5
LEAST_PUBLIC = 15  # statsforecast refuses very short histories, and so the earliest origins of shorter series
PUBLIC = Path(__file__).with_name("public_forecasts.py")


def score(forecasts: pd.DataFrame, scale: pd.Series) -> dict[str, float]:
    """Mean and median scaled error, coverage, and the mean scaled interval score at 80 % (Gneiting & Raftery 2007)."""
    by = forecasts["unit"].map(scale).astype(float)
    forecasts, by = forecasts[by > 0], by[by > 0]
    truth = forecasts["actual"]
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


def yearly_change(panel: pd.DataFrame) -> pd.Series:
    """Mean absolute change of each series from one known year to the next."""
    return panel.sort_values("year").groupby("unit")["value"].apply(lambda y: y.diff().abs().mean())


def without_bounds(forecasts: pd.DataFrame, median: pd.Series) -> pd.DataFrame:
    """Another point forecast in the place of ours, with no intervals."""
    return forecasts.assign(median=median, lower_80=np.nan, upper_80=np.nan, lower_95=np.nan, upper_95=np.nan)


def drift(forecasts: pd.DataFrame, panel: pd.DataFrame) -> pd.Series:
    """The last value plus the mean yearly change so far, from the same origins."""
    known = panel.dropna(subset="value").sort_values("year").set_index(["unit", "year"])["value"]
    first = known.reset_index().groupby("unit").first()
    start, begin = forecasts["unit"].map(first["value"]), forecasts["unit"].map(first["year"])
    years = (forecasts["origin"] - begin).clip(lower=1)
    return forecasts["naive"] + (forecasts["naive"] - start) / years * forecasts["horizon"]


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
    scale = yearly_change(panel)
    print(f"{name}: {panel['unit'].nunique()} series, {len(ours)} forecasts, {took:.1f} s")
    rows = {"this project": score(ours, scale)}
    for part in "AB":
        chosen = ours["unit"].map(lambda unit: half(str(unit))).eq(part)
        rows[f"this project, half {part}"] = score(ours[chosen], scale)
    naive = score(without_bounds(ours, ours["naive"]), scale)
    rows["no change"] = {k: v for k, v in naive.items() if k.endswith("error")}
    for model, made in (public_forecasts(panel, python) if python else {}).items():
        rows[f"statsforecast {model}"] = score(made, scale)
    print(pd.DataFrame(rows).T.round(3).to_string(na_rep=""), flush=True)


def line(panel: pd.DataFrame, python: str | None) -> dict[str, object]:
    """One panel in one line: ours beside no change, drift and the best public error and interval score."""
    length = panel.groupby("unit").size()
    ours = pipeline.backtest(panel, horizon=HORIZON if length.max() >= HORIZON + ORIGINS else 1, origins=ORIGINS)
    scale = yearly_change(panel)
    found: dict[str, object] = {"forecasts": len(ours), **score(ours, scale)}
    found["no change"] = score(without_bounds(ours, ours["naive"]), scale)["mean error"]
    found["drift"] = score(without_bounds(ours, drift(ours, panel)), scale)["mean error"]
    if python and length.min() >= LEAST_PUBLIC:
        scores = {model: score(made, scale) for model, made in public_forecasts(panel, python).items()}
        best = min(scores, key=lambda model: scores[model]["mean error"])
        found |= {"best public": scores[best]["mean error"], "its name": best}
        found["best score"] = min(s["interval score"] for s in scores.values())
        held = [s["80 % holds"] for s in scores.values()]
        found["public 80 % hold"] = f"{min(held):.2f}-{max(held):.2f}"
    return found


def small(panel: pd.DataFrame) -> dict[str, object]:
    """Random small panels, pooled."""
    made = [pipeline.backtest(part, horizon=HORIZON, origins=ORIGINS) for part in small_panels(panel)]
    scale = yearly_change(panel)
    ours = pd.concat(made, ignore_index=True)
    naive = score(without_bounds(ours, ours["naive"]), scale)["mean error"]
    return {"forecasts": len(ours), **score(ours, scale), "no change": naive}


def main(argv: list[str]) -> int:
    """Print errors, coverage and interval scores."""
    root = Path(__file__).parents[1]
    parser = argparse.ArgumentParser(
        prog="benchmarks forecast", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = root.parent / "shared" / "data"
    parser.add_argument("--raw", type=Path, default=default, help=f"folder with {', '.join(SOURCES)}")
    parser.add_argument("--public", metavar="PYTHON", help="a Python that has statsforecast")
    parser.add_argument("--main-only", action="store_true", help="leave out the second table")
    options = parser.parse_args(argv)
    needed = SOURCES[:2] if options.main_only else SOURCES
    missing = [n for n in needed if not (options.raw / n).is_dir()]
    if missing:
        print(f"forecast: {options.raw} has no {' or '.join(missing)}; give the folder of these sources with --raw.")
        return 0
    both = main_panels(options.raw)
    for name, panel in both.items():
        report(name, panel, options.public)
    if options.main_only:
        return 0
    further = further_panels(options.raw)
    rows = {name: line(panel, options.public) for name, panel in further.items()}
    for name in ("UIS outbound", "UIS net flow (negative values)", "Open Doors graduates"):
        both[name] = further[name]
    rows |= {f"random 5 to 15 of {name}": small(panel) for name, panel in both.items()}
    print(pd.DataFrame(rows).T.to_string(na_rep="", float_format="{:.3f}".format), flush=True)
    return 0
