"""Yearly series of an institution's own stays; a stay counts in the academic year in which it starts."""

from __future__ import annotations

import pandas as pd

from pipeline.errors import InputError
from pipeline.measures.yearly import COLUMNS, KEY, require, series_ids

VIRTUAL = "virtual"
CAME = ("completed", "extended", "ongoing")  # ends of stays that took place, whatever their visa's record says
# How much earlier than is usual a year's last stay may start before the year counts as incomplete.
REACH_TOLERANCE = pd.Timedelta(days=75)


def physical(stays: pd.DataFrame) -> pd.DataFrame:
    """The stays that cross a border: all but those of mode virtual."""
    return stays[stays["mode"].ne(VIRTUAL).fillna(True)]


def begun(stays: pd.DataFrame) -> pd.DataFrame:
    """The stays that were taken up: all but those whose visa was refused and that came to nothing.

    >>> begun(pd.DataFrame({"visa_result": ["refused", "granted", None], "outcome": ["withdrawn", "completed", None]})).index.tolist()
    [1, 2]
    """
    if "visa_result" not in stays or "outcome" not in stays:
        return stays
    came_to_something = stays["outcome"].isin(CAME)
    return stays[~(stays["visa_result"].eq("refused").fillna(False) & ~came_to_something)]


def complete_year(stays: pd.DataFrame, as_of: pd.Timestamp | None = None) -> int:
    """The last academic year (named by the year in which it ends) whose stays are all on record.

    Parameters
    ----------
    stays
        With start (date) and year.
    as_of
        When the records were exported, if known: a year is complete when the next one could have begun by then. Without
        it a year is complete when its last stay starts about as late in the year as in the middle one of earlier years.

    Raises
    ------
    InputError
        When there is no stay with a year.

    Examples
    --------
    >>> starts = pd.to_datetime(["2021-09-01", "2022-03-01", "2022-09-01", "2023-03-01", "2023-09-01"])
    >>> complete_year(pd.DataFrame({"start": starts, "year": [2022, 2022, 2023, 2023, 2024]}))
    2023
    """
    require(stays, ("start", "year"), "stays")
    dated = stays.dropna(subset=["start", "year"])
    if dated.empty:
        raise InputError("stays", "no stay with a start and an academic year.", "Check the dates in the source.")
    start, year = pd.to_datetime(dated["start"]), dated["year"].astype(int)
    position = start - pd.to_datetime((year - 1).astype(str) + "-01-01")
    reach = position.groupby(year).max().sort_index()
    if as_of is not None:
        opens = position.groupby(year).min().median()
        done = [y for y in reach.index if pd.Timestamp(year=int(y), month=1, day=1) + opens <= pd.Timestamp(as_of)]
        return int(done[-1]) if done else int(reach.index[0])
    while len(reach) > 1 and reach.iloc[-1] < reach.iloc[:-1].median() - REACH_TOLERANCE:
        reach = reach.iloc[:-1]
    return int(reach.index[-1])


def _breakdowns(stays: pd.DataFrame) -> list[tuple[dict[str, str], pd.DataFrame]]:
    stays = begun(stays)
    real = physical(stays)
    cuts: list[tuple[dict[str, str], pd.DataFrame]] = [({}, real)]
    for direction in ("inbound", "outbound"):
        rows = real[real["direction"].eq(direction)]
        cuts.append(({"direction": direction}, rows))
        for column in ("mode", "level"):
            values = rows[column].astype("object").where(rows[column].notna(), "unknown")
            cuts += [({"direction": direction, column: str(v)}, part) for v, part in rows.groupby(values)]
        virtual = stays[stays["direction"].eq(direction) & stays["mode"].eq(VIRTUAL)]
        cuts.append(({"direction": direction, "mode": VIRTUAL}, virtual))
    return cuts


def stay_series(stays: pd.DataFrame, source: str) -> pd.DataFrame:
    """Yearly numbers of stays of one source, in the columns of `series` with measure "stays".

    All stays together (direction "all"), by direction, by mode and by level; virtual stays stand apart (mode "virtual")
    and are in no other series. Stays of unknown mode or level make series of their own ("unknown"). A year of the
    source without a stay of a series that had one before is a true 0: the office recorded that year. Stays that a
    refused visa kept from beginning are in none (`begun`).

    Parameters
    ----------
    stays
        The processed stays; only the rows of `source` count.
    source
        The name of the source, which also stands in the column publisher.

    Examples
    --------
    >>> stays = pd.DataFrame({"source": "u", "direction": ["inbound", "inbound", "outbound"], "mode": "exchange",
    ...                       "level": "7", "year": [2023, 2024, 2024], "academic_year": ["2022/23", "2023/24", "2023/24"]})
    >>> stay_series(stays, "u").query("direction == 'all'")[["year", "period", "value"]]
       year   period  value
    0  2023  2022/23    1.0
    1  2024  2023/24    2.0
    """
    require(stays, ("source", "direction", "mode", "level", "year", "academic_year"), "stays")
    rows = stays[stays["source"].eq(source) & stays["year"].notna()]
    if rows.empty:
        raise InputError(source, "no stays with an academic year.", "Check the source's name and dates.")
    periods = rows.groupby(rows["year"].astype(int))["academic_year"].first()
    years = range(int(periods.index.min()), int(periods.index.max()) + 1)
    frames = []
    for cut, part in _breakdowns(rows):
        per_year = part.groupby(part["year"].astype(int)).size()
        if per_year.empty:
            continue
        per_year = per_year.reindex(
            [y for y in years if y in periods.index and y >= per_year.index.min()], fill_value=0
        )
        key = {
            "direction": "all",
            "measure": "stays",
            "level": "all",
            "mode": "all",
            "funding": "all",
            "partner": "WLD",
        }
        frame = pd.DataFrame({"year": per_year.index, "value": per_year.to_numpy(dtype=float)})
        frames.append(frame.assign(**(key | cut), publisher=source, period=frame["year"].map(periods)))
    table = pd.concat(frames, ignore_index=True)
    table = table.assign(title=source, url="", status="A", exactness="exact", note="")
    table.loc[table["mode"].eq("all"), "note"] = "excludes_virtual"
    table["series_id"] = series_ids(table[KEY])
    return table[COLUMNS]
