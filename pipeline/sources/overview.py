"""What was found in the raw folders, file by file."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.sources.table import RawTable

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.sources.discovery import Source

_TIME = {"counts": "period", "context": "period", "stays": "start", "events": "start", "agreements": "signed"}
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}")


def summary(sources: Sequence[Source]) -> pd.DataFrame:
    """One line a file and table, for `mobility sources`.

    Returns
    -------
    pandas.DataFrame
        source, file, recognised_as (title of the layout), table, rows (records, or cells of a cross-tabulated file), refused (of them, by the
        reader), first and last (period as published; for dated records the first and last year with at least 1 in 200 of the rows, as raw dates hold
        slips; null when there is none), synthetic.

    Raises
    ------
    InputError
        If a file cannot be read.
    """
    import pandas as pd

    lines = [_line(source, table) for source in sources for table in source.tables()]
    columns = ["source", "file", "recognised_as", "table", "rows", "refused", "first", "last", "synthetic"]
    return pd.DataFrame(lines, columns=columns)


def _line(source: Source, table: RawTable) -> tuple[Any, ...]:
    rows, refused, times = _facts(table)
    first, last = span(times) if _TIME[table.table] == "period" else years(times)
    return source.name, table.file, table.card.layout, table.table, rows, refused, first, last, table.card.synthetic


def _facts(table: RawTable) -> tuple[int, int, dict[str, int]]:
    """Number of rows, of refused rows, and how often each time was written."""
    column = _TIME[table.table]
    timed = column in table.given
    if table.connection is None:
        good = table.rows.loc[table.rows["refused"].isna()]
        times = good[column].dropna().value_counts().to_dict() if timed else {}
        return len(table.rows), len(table.rows) - len(good), times
    time = f'"{column}"' if timed else "NULL"
    groups = table.rows.aggregate(
        f"{time} AS time, count(*) AS n, count(refused) AS refused", time if timed else ""
    ).fetchall()
    times = {text: n - gone for text, n, gone in groups if text is not None and n > gone}
    return sum(n for _, n, _ in groups), sum(gone for _, _, gone in groups), times


def _year(time: str) -> str | None:
    found = _YEAR.search(unicodedata.normalize("NFKC", time))
    return found[0] if found else None


def span(periods: Iterable[str]) -> tuple[str | None, str | None]:
    """The first and last period, as written.

    Examples
    --------
    >>> span(["2024/25", "1949/50", "unknown"]), span([])
    (('1949/50', '2024/25'), (None, None))
    """
    found = [(year, period.strip()) for period in periods if (year := _year(period))]
    return (min(found)[1], max(found)[1]) if found else (None, None)


def years(times: Mapping[str, int], share: float = 0.005) -> tuple[str | None, str | None]:
    """The first and last year that at least this share of the dates are in; `times` holds how often each date was written.

    Examples
    --------
    >>> years({"01.09.2019": 300, "2021年9月": 200, "1921/9/1": 1})
    ('2019', '2021')
    """
    found: Counter[str] = Counter()
    for time, n in times.items():
        if year := _year(time):
            found[year] += n
    common = [year for year, n in found.items() if n >= share * found.total()]
    return (min(common), max(common)) if common else (None, None)
