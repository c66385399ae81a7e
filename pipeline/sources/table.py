"""What a reader hands on: text columns under the project's names, each row with its line, and who published it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

LINE, REFUSED = "line", "refused"

COLUMNS: dict[str, tuple[str, ...]] = {
    "stays": (
        "stay_id",
        "student_id",
        "direction",
        "origin",
        "destination",
        "home_institution",
        "home_ror",
        "home_erasmus_code",
        "host_institution",
        "host_ror",
        "host_erasmus_code",
        "agreement_id",
        "mode",
        "level",
        "field",
        "home_field",
        "start",
        "end",
        "months",
        "academic_year",
        "gender",
        "birth_year",
        "funder",
        "grant_amount",
        "currency",
        "language_test",
        "language_entry",
        "language_exit",
        "credits_attempted",
        "credits_recognised",
        "dual_supervised",
        "visa_applied",
        "visa_decided",
        "visa_result",
        "outcome",
        "degrees_awarded",
        "joint_publications",
        "satisfaction",
    ),
    "counts": (
        "reporter",
        "origin",
        "destination",
        "partner",
        "direction",
        "period",
        "level",
        "mode",
        "measure",
        "funding",
        "value",
        "unit",
        "status",
        "exactness",
        "publisher",
        "title",
        "url",
        "published",
        "note",
    ),
    "agreements": (
        "agreement_id",
        "partner",
        "country",
        "ror",
        "erasmus_code",
        "mode",
        "signed",
        "expires",
        "quota_in",
        "quota_out",
        "joint_laboratory",
        "recognised",
        "rank_band",
        "rank_year",
    ),
    "events": (
        "event_id",
        "kind",
        "title",
        "start",
        "end",
        "hours",
        "partner",
        "country",
        "online",
        "participants",
        "outgoing",
    ),
    "context": ("country", "origin", "period", "indicator", "value", "unit", "publisher"),
}
"""The text columns that each table can have; a source gives those it knows."""


@dataclass(frozen=True)
class Card:
    """Who published a source and what must be known to read it right."""

    title: str = ""
    publisher: str = ""
    licence: str = ""
    url: str = ""
    retrieved: str = ""  # ISO date
    synthetic: bool = False
    origin_basis: str = ""  # "citizenship", "prior_education" or unknown
    academic_year_starts: int = 9  # month
    name: Mapping[str, str] = field(default_factory=dict)  # of the institution, by language ("en", "zh")
    institution: str = ""  # whose data they are, by its id (Erasmus Without Paper)
    countries: Mapping[str, str] = field(default_factory=dict)  # id of an institution, in small letters -> its country
    layout: str = "source card"  # the layout it was recognised as


@dataclass(frozen=True)
class RawTable:
    """One table of one file as its publisher wrote it.

    Attributes
    ----------
    source
        Name of the source.
    table
        "stays", "counts", "agreements", "events" or "context".
    file
        Path relative to the raw folder, POSIX; `#sheet` follows when a card reads several sheets of one workbook into one table.
    rows
        A pandas frame, or a DuckDB relation for delimited text read with engine "duckdb". Columns: those of `COLUMNS[table]` that
        the source gives, as nullable text exactly as written (an empty cell is null); `line`, the 1-based line of the text
        file on which the record begins or row of the sheet; and `refused`, null, or the reason why the reader cannot take this row
        (such a row counts as read and as rejected). Rows come in the order of `line`; a line can occur more than once when `counted` is "cells".
    codes
        `{column: {text as written: code}}`, the card's own vocabulary; texts are to be compared trimmed, NFKC and case-folded.
    card
        Publisher, licence, synthetic or not, basis of origin, month in which an academic year starts.
    counted
        "rows"; "cells" for cross-tabulated files in which one cell is one observation; "records" for rows that stand for one or several people and
        are to be summed into counts.
    connection
        The DuckDB connection on which `rows` lives, if it is a relation.
    stored
        Whether a relation reads columns from a Parquet file at little cost, so that nobody needs a copy to read it several times.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"origin": ["Japan"], "value": ["12"], "line": [2], "refused": [None]})
    >>> RawTable("demo", "counts", "demo/x.csv", rows).given
    ('origin', 'value')
    """

    source: str
    table: str
    file: str
    rows: Any
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    card: Card = field(default_factory=Card)
    counted: str = "rows"
    connection: Any = None
    stored: bool = False

    @property
    def given(self) -> tuple[str, ...]:
        """The text columns that this source gives, in its own order."""
        return tuple(str(c) for c in self.rows.columns if c not in (LINE, REFUSED))

    def frame(self) -> pd.DataFrame:
        """The rows as a pandas frame, whatever the engine."""
        import pandas as pd

        return self.rows if isinstance(self.rows, pd.DataFrame) else self.rows.df()
