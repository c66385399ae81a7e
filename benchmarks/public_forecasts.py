"""The public models' forecasts by rolling origins, run by a Python that has statsforecast: panel.csv forecasts.csv horizon origins."""

from __future__ import annotations

import sys

import pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import AutoARIMA, AutoETS, AutoTheta, Naive, RandomWalkWithDrift


def run(panel_file: str, out_file: str, horizon: int, origins: int) -> None:
    """Write unit, model, actual, median and bounds."""
    panel = pd.read_csv(panel_file, dtype={"unit": str}, keep_default_na=False)
    long = pd.DataFrame(
        {"unique_id": panel["unit"], "ds": pd.to_datetime(panel["year"].astype(str) + "-12-31"), "y": panel["value"]}
    )
    models = [
        Naive(),
        RandomWalkWithDrift(),
        AutoETS(season_length=1, damped=True, alias="DampedETS"),
        AutoETS(season_length=1),
        AutoARIMA(season_length=1),
        AutoTheta(season_length=1),
    ]
    made = StatsForecast(models=models, freq="YE", n_jobs=2).cross_validation(
        df=long, h=horizon, n_windows=origins, step_size=1, level=[80, 95]
    )
    made = made.reset_index() if "unique_id" not in made.columns else made
    parts = []
    for model in models:
        name = str(model)
        columns = {
            name: "median",
            f"{name}-lo-80": "lower_80",
            f"{name}-hi-80": "upper_80",
            f"{name}-lo-95": "lower_95",
            f"{name}-hi-95": "upper_95",
        }
        part = made[["unique_id", "y", *columns]].rename(columns={"unique_id": "unit", "y": "actual", **columns})
        parts.append(part.assign(model=name))
    pd.concat(parts).to_csv(out_file, index=False)


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
