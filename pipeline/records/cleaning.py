"""From raw to processed: each source is read, conformed, judged, merged and written, and the ledger is balanced to the row."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pipeline.errors import InputError, SettingsError, did_you_mean
from pipeline.records import review, store
from pipeline.records.engine import Engine, engine_of
from pipeline.records.freshness import stamp_in, stamp_of
from pipeline.records.publish import Staging, recover
from pipeline.records.schema import TABLES

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.sources.discovery import Source


class Cleaned:
    """Processed tables, each read when it is first asked for.

    Attributes
    ----------
    stays, counts, agreements, institutions, suggestions, events, context
        The tables of `schema.TABLES`, of the sources cleaned.
    rejected, unresolved, merged, changes, checks, ledger
        What became of every row and value.
    folder
        Where the tables lie.
    sources
        Names of the sources.
    fresh
        Those of them that had been cleaned before and did not have to be cleaned again.
    """

    stays: pd.DataFrame
    counts: pd.DataFrame
    agreements: pd.DataFrame
    institutions: pd.DataFrame
    suggestions: pd.DataFrame
    events: pd.DataFrame
    context: pd.DataFrame
    rejected: pd.DataFrame
    unresolved: pd.DataFrame
    merged: pd.DataFrame
    changes: pd.DataFrame
    checks: pd.DataFrame
    ledger: pd.DataFrame

    def __init__(
        self,
        folder: Path | str,
        sources: Sequence[str],
        temporary: tempfile.TemporaryDirectory[str] | None = None,
        fresh: Sequence[str] = (),
    ) -> None:
        self.folder, self.sources, self.fresh, self._temporary = Path(folder), list(sources), list(fresh), temporary

    def __repr__(self) -> str:
        return f"Cleaned({', '.join(self.sources) or 'no source'})"


def _lazy(table: str) -> cached_property[Any]:
    def read(self: Cleaned) -> pd.DataFrame:
        return store.load(self.folder, table, source=self.sources)

    read.__doc__ = f"The table {table}."
    return cached_property(read)


for _name in TABLES:
    _property = _lazy(_name)
    _property.__set_name__(Cleaned, _name)
    setattr(Cleaned, _name, _property)


def clean(
    raw: str | Path | Iterable[str | Path] | pd.DataFrame,
    engine: str | Engine = "duckdb",
    out: str | Path | None = None,
    only: Iterable[str] | None = None,
    again: bool = False,
    spark: str | None = None,
    card: Mapping[str, Any] | str | Path | None = None,
) -> Cleaned:
    """Clean raw folders, or a frame.

    Parameters
    ----------
    raw
        A raw folder, a single source's folder, or several of them. Or a pandas frame of rows as an office has them, which `card` describes; it is handed
        to the engine, so that a large one is cleaned as quickly as a file.
    engine
        "duckdb" (files larger than memory), "pandas", or "spark".
    out
        Folder of the processed tables; by default a temporary one that lives as long as the result.
    only
        Names of sources; by default all that are found.
    again
        Clean a source even if its bytes, its card and the code are those of the tables that `out` already has of it.
    spark
        Where Spark is: a master ("local[4]", "spark://host:7077") or a Spark Connect server ("sc://host:15002"); by default on this machine.
    card
        Of a frame: the keys of a source card (docs/your-own-data.md), without `file`, or the path of one. The source is then called "frame".

    Returns
    -------
    Cleaned

    Raises
    ------
    InputError
        If a file cannot be read; what `out` held of that source is untouched.
    SettingsError
        If `only` names no source, there is no such engine, or a frame has no card.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp()) / "office"
    >>> folder.mkdir()
    >>> _ = (folder / "in.csv").write_text("Student,Country,From\\nS1,Viet Nam,2019/9/1\\nS2,Atlantis,2019/9/1\\n", encoding="utf-8")
    >>> _ = (folder / "source.yml").write_text('''title: Demo
    ... publisher: Demo
    ... tables:
    ...   - table: stays
    ...     file: in.csv
    ...     direction: inbound
    ...     constants: {destination: CHN}
    ...     columns: {Student: student_id, Country: origin, From: start}
    ... ''')
    >>> done = clean(folder, engine="pandas")
    >>> done.stays[["origin", "start", "academic_year"]].values.tolist()
    [['VNM', Timestamp('2019-09-01 00:00:00'), '2019/20']]
    >>> done.rejected[["line", "column", "value", "reason"]].values.tolist()
    [[3, 'origin', 'Atlantis', 'not a known country']]

    The same rows as a frame:

    >>> import pandas as pd
    >>> rows = pd.DataFrame({"Student": ["S1"], "Country": ["越南"], "From": [pd.Timestamp(2019, 9, 1)]})
    >>> columns = {"Student": "student_id", "Country": "origin", "From": "start"}
    >>> stays = {"table": "stays", "direction": "inbound", "constants": {"destination": "CHN"}, "columns": columns}
    >>> clean(rows, card={"title": "Demo", "tables": [stays]}).stays[["origin", "start", "academic_year"]].values.tolist()
    [['VNM', Timestamp('2019-09-01 00:00:00'), '2019/20']]
    """
    from pipeline.sources import discover, frames

    if not isinstance(raw, (str, Path)) and hasattr(raw, "columns"):
        with tempfile.TemporaryDirectory(prefix="mobility-") as place:
            return clean(frames.put(cast("pd.DataFrame", raw), card, Path(place)), engine, out, only, again, spark)
    if card is not None:
        raise SettingsError("card", "is for a frame.", "A folder has its own, source.yml beside the files.")
    paths = [Path(p) for p in ([raw] if isinstance(raw, (str, Path)) else raw)]
    found: list[Source] = discover(paths)
    if only is not None:
        names = [source.name for source in found]
        for name in only if not isinstance(only, str) else [only]:
            if name not in names:
                raise SettingsError(name, "is not a source in the raw folders.", did_you_mean(name, names))
        found = [source for source in found if source.name in set([only] if isinstance(only, str) else only)]
    temporary = tempfile.TemporaryDirectory(prefix="mobility-") if out is None else None
    folder = Path(temporary.name if temporary else out)  # type: ignore[arg-type]
    _writable(folder)
    fresh = [name for source in found for name in clean_source(source, engine, folder, again, spark).fresh]
    if found:
        store.describe(folder)
        review.write(folder)
    return Cleaned(folder, [source.name for source in found], temporary, fresh)


def clean_source(
    source: Source,
    engine: str | Engine = "duckdb",
    out: str | Path | None = None,
    again: bool = False,
    spark: str | None = None,
) -> Cleaned:
    """Clean one source (see `clean`); its tables take the place of those that `out` held of it, all at once."""
    from pipeline.records.source import process

    temporary = tempfile.TemporaryDirectory(prefix="mobility-") if out is None else None
    folder = Path(temporary.name if temporary else out)  # type: ignore[arg-type]
    recover(folder, source.name)
    before = stamp_in(folder, source.name)
    stamp = stamp_of(source, before)
    if again or not stamp.same(before):
        with Staging(folder, source.name) as staging:
            process(source, engine_of(engine, spark), staging)
            staging.publish(asdict(stamp))
        fresh = []
    else:
        fresh = [source.name]
    return Cleaned(folder, [source.name], temporary, fresh)


def _writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InputError(
            folder, "is a file, but a folder for the processed tables was expected.", "Give another --out."
        ) from None
    except OSError as error:
        raise InputError(folder, f"cannot be made: {error.strerror}.", "Give another --out.") from None
