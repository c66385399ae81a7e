"""Panels of yearly series of the field, from publishers' files as the project reads them: large and small, long and short."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

import pipeline

SHORTEST, SMALLEST = 15, 20
SOURCES = ("uis-mobile-students", "open-doors-2025", "china-inbound-panel", "oecd-enrolment")
SMALL_PANELS, FEWEST, MOST = 30, 5, 15


def longest_runs(panel: pd.DataFrame, shortest: int = SHORTEST, smallest: float | None = SMALLEST) -> pd.DataFrame:
    """The longest run of consecutive years of each unit, where it is long and large enough."""
    kept = []
    for _, rows in panel.dropna(subset="value").sort_values("year").groupby("unit"):
        run = max((part for _, part in rows.groupby((rows["year"].diff() != 1).cumsum())), key=len)
        if len(run) >= shortest and (smallest is None or run["value"].min() > smallest):
            kept.append(run)
    return pd.concat(kept, ignore_index=True)


def half(unit: str) -> str:
    """A or B, by a hash of the name."""
    return "AB"[int(hashlib.md5(unit.encode(), usedforsecurity=False).hexdigest(), 16) % 2]


def _tidy(rows: pd.DataFrame, unit: str) -> pd.DataFrame:
    tidy = rows[["year", "value"]].astype({"year": int, "value": float})
    return tidy.assign(unit=rows[unit].astype(str))[["unit", "year", "value"]]


def _uis(raw: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    counts = pipeline.clean(raw / "uis-mobile-students").counts
    stock = counts["measure"].eq("stock")
    inbound = _tidy(counts[stock & counts["destination_kind"].eq("country")], "destination")
    net = _tidy(counts[counts["measure"].eq("net_flow")], "destination")
    regions = _tidy(counts[stock & counts["destination_kind"].isin(["region", "world"])], "destination")
    return inbound, net, regions


def _doors(raw: Path) -> pd.DataFrame:
    counts = pipeline.clean(raw / "open-doors-2025").counts
    return counts[counts["year"] >= 2000]


def main_panels(raw: Path) -> dict[str, pd.DataFrame]:
    """The two panels on which the settings were chosen."""
    doors = _doors(raw)
    by_origin = doors["measure"].eq("stock") & doors["level"].eq("all") & doors["origin_kind"].eq("country")
    return {
        "UIS inbound": longest_runs(_uis(raw)[0]),
        "Open Doors by origin": longest_runs(_tidy(doors[by_origin], "origin")),
    }


def further_panels(raw: Path) -> dict[str, pd.DataFrame]:
    """Other panels of the same files: other directions, measures, levels, ends and lengths."""
    inbound, net, regions = _uis(raw)
    both = inbound.merge(net, on=["unit", "year"], suffixes=("", "_net"))
    outbound = both["value"] - both["value_net"]
    found = {
        "UIS inbound, at least 10 years": longest_runs(inbound, 10),
        "UIS inbound, at least 20 years": longest_runs(inbound, 20),
        "UIS inbound, to 2019": longest_runs(inbound[inbound["year"] <= 2019]),
        "UIS inbound, all with their gaps": inbound,
        "UIS net flow (negative values)": longest_runs(net, smallest=None),
        "UIS outbound": longest_runs(both.assign(value=outbound)[["unit", "year", "value"]]),
        "UIS inbound per 100 outbound": longest_runs(
            both.assign(value=100 * both["value"] / outbound.where(outbound > 0))[["unit", "year", "value"]], 10, None
        ),
        "UIS regions (overlapping)": regions.pipe(longest_runs),
    }
    return found | _doors_panels(raw) | _short_panels(raw)


def _doors_panels(raw: Path) -> dict[str, pd.DataFrame]:
    doors = _doors(raw)
    stock, everyone = doors["measure"].eq("stock"), doors["level"].eq("all")
    country = doors["origin_kind"].eq("country")
    all_levels = doors[stock & everyone & country]
    share = all_levels["value"] / all_levels.groupby("year")["value"].transform("sum")
    regions = doors["origin_kind"].isin(["region", "world"])
    picked = {
        "Open Doors undergraduates": doors[stock & country & doors["level"].eq("5-6")],
        "Open Doors graduates": doors[stock & country & doors["level"].eq("7-8")],
        "Open Doors practical training": doors[country & doors["measure"].eq("practical_training")],
        "Open Doors non-degree": doors[country & doors["measure"].eq("non_degree_stock")],
        "Open Doors by origin, to 2019": all_levels[all_levels["year"] <= 2019],
        "Open Doors regions": doors[stock & everyone & regions],
    }
    found = {name: longest_runs(_tidy(rows, "origin")) for name, rows in picked.items()}
    found["Open Doors share of each origin"] = longest_runs(
        _tidy(all_levels.assign(value=100 * share), "origin"), smallest=0
    )
    return found


def _short_panels(raw: Path) -> dict[str, pd.DataFrame]:
    china = pipeline.clean(raw / "china-inbound-panel").counts
    oecd = pipeline.clean(raw / "oecd-enrolment").counts.astype({"value": float})
    picked = {
        "China by origin, 9 years": china[china["measure"].eq("stock") & china["level"].eq("all")],
        "China by origin, graduates, 9 years": china[china["measure"].eq("stock") & china["level"].eq("7-8")],
        "China by origin, scholarships, 9 years": china[china["measure"].eq("scholarship")],
    }
    found = {name: _tidy(rows, "origin").dropna() for name, rows in picked.items()}
    for end in ("destination", "origin"):
        sums = oecd[oecd[end].notna()].groupby([end, "year"], observed=True)["value"].sum().reset_index()
        found[f"OECD by {end}, 7 years (1 year ahead)"] = _tidy(sums, end)
    return found


def small_panels(panel: pd.DataFrame, draws: int = SMALL_PANELS, seed: int = 0) -> Iterator[pd.DataFrame]:
    """Random panels of 5 to 15 series of a large one."""
    rng = np.random.default_rng(seed)
    units = np.array(sorted(panel["unit"].unique()))
    for _ in range(draws):
        size = int(rng.integers(FEWEST, MOST + 1))
        yield panel[panel["unit"].isin(rng.choice(units, min(size, len(units)), replace=False))]
