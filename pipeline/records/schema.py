"""The processed tables: their columns in order, types, and what each column holds."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Columns = dict[str, tuple[str, str]]  # name -> type (text, int, float, bool, date), meaning

_FROM: Columns = {
    "source": ("text", "folder it came from"),
    "file": ("text", "file, relative to the raw folder"),
    "line": ("int", "line of the text file or row of the sheet"),
}
STAYS: Columns = {
    "stay_id": ("text", "digest of source, student, direction, partner country and start"),
    "student_key": ("text", "keyed pseudonym of the student number"),
    "direction": ("text", "inbound or outbound"),
    "origin": ("text", "country (ISO 3166-1 alpha-3); see origin_basis"),
    "destination": ("text", "country (ISO 3166-1 alpha-3)"),
    "home_institution": ("text", "institution in the country of origin"),
    "host_institution": ("text", "institution in the country of destination"),
    "agreement_id": ("text", "agreement under which the stay took place"),
    "mode": ("text", "mode of cooperation"),
    "level": ("text", "ISCED 2011 level, 5 to 8"),
    "field": ("text", "ISCED-F 2013 broad field of the stay, 00 to 10"),
    "home_field": ("text", "ISCED-F 2013 broad field of the studies at home"),
    "start": ("date", "first day"),
    "end": ("date", "last day, actual or planned"),
    "months": ("float", "length in months of 30.4375 days"),
    "academic_year": ("text", "academic year of the start, 2023/24"),
    "gender": ("text", "female, male or other"),
    "birth_year": ("int", "year of birth"),
    "funder": ("text", "who pays"),
    "grant_amount": ("float", "amount of the grant in currency"),
    "currency": ("text", "ISO 4217"),
    "language_test": ("text", "test taken"),
    "language_entry": ("text", "level or score before"),
    "language_exit": ("text", "level or score after"),
    "credits_attempted": ("float", "credits attempted (ECTS unless the source says otherwise)"),
    "credits_recognised": ("float", "credits recognised at home"),
    "dual_supervised": ("bool", "a supervisor at each institution"),
    "visa_applied": ("date", "day of the visa application"),
    "visa_decided": ("date", "day of the visa decision"),
    "visa_result": ("text", "granted, refused, withdrawn, pending or not_needed"),
    "outcome": ("text", "completed, withdrawn, extended, ongoing or unknown"),
    "degrees_awarded": ("int", "degrees awarded"),
    "joint_publications": ("int", "publications with the host"),
    "satisfaction": ("float", "as the source scales it"),
    "year": ("int", "year in which the academic year ends"),
    "start_by_month": ("bool", "only the month of the start is known"),
    **_FROM,
    "origin_basis": ("text", "what origin means: citizenship or prior_education"),
}
COUNTS: Columns = {
    "reporter": ("text", "country whose count it is (alpha-3, or WLD)"),
    "origin": ("text", "alpha-3, WLD, region:Name, former:Name, _X or _X:Name (unspecified)"),
    "destination": ("text", "as origin"),
    "origin_kind": ("text", "country, world, region, former or unspecified"),
    "destination_kind": ("text", "as origin_kind"),
    "direction": ("text", "inbound or outbound; of programmes and agreements: null"),
    "year": ("int", "year; of an academic year the one in which it ends"),
    "period": ("text", "period as published"),
    "level": ("text", "all, 5 to 8, 5-6, 5-8, 7-8 or short"),
    "mode": ("text", "all or a mode of cooperation"),
    "measure": ("text", "what is counted"),
    "funding": ("text", "all, government, employer or self"),
    "value": ("float", "the number; null when missing, never 0 for it"),
    "unit": ("text", "of value"),
    "status": ("text", "SDMX observation status: A E P B M C"),
    "exactness": ("text", "exact, rounded or at_least"),
    "publisher": ("text", "who counted"),
    "title": ("text", "title of the publication"),
    "url": ("text", "where it was read"),
    "published": ("text", "date of publication, if known"),
    "note": ("text", "definition or caveat"),
    "records": ("int", "rows of files that the figure sums; null for a figure as published"),
    **_FROM,
}
AGREEMENTS: Columns = {
    "agreement_id": ("text", "the office's own number"),
    "partner": ("text", "partner institution"),
    "institution_id": ("text", "id in institutions"),
    "country": ("text", "alpha-3"),
    "mode": ("text", "mode of cooperation"),
    "signed": ("date", "day of signature"),
    "expires": ("date", "last day of validity"),
    "quota_in": ("int", "places a year, inbound"),
    "quota_out": ("int", "places a year, outbound"),
    "joint_laboratory": ("bool", "a joint laboratory belongs to it"),
    "recognised": ("bool", "degrees or credits are mutually recognised"),
    "rank_band": ("text", "band of a ranking that the office supplies"),
    "rank_year": ("int", "year of the ranking"),
    **_FROM,
}
INSTITUTIONS: Columns = {
    "institution_id": ("text", "country and ROR id, else digest of the Erasmus code or of the normalised name"),
    "name": ("text", "the confirmed name, else the most frequent writing"),
    "aliases": ("text", "other writings, parted by ; "),
    "country": ("text", "alpha-3"),
    "stays": ("int", "stays that name it"),
    "agreements": ("int", "agreements that name it"),
    "ror": ("text", "ROR id; several, which a check tells of, parted by ; "),
    "erasmus_code": ("text", "Erasmus code; several parted by ; "),
    "source": ("text", "folder it came from"),
}
SUGGESTIONS: Columns = {
    "written": ("text", "a name that resembles another"),
    "country": ("text", "alpha-3"),
    "institution": ("text", "the name that it resembles"),
    "same": ("text", "empty: to be answered in aliases.csv"),
    "ror": ("text", "ROR id of the other institution"),
    "erasmus_code": ("text", "Erasmus code of the other institution"),
    "score": ("float", "resemblance, up to 99"),
    "times": ("int", "how often the first name is written"),
    "source": ("text", "folder it came from"),
}
EVENTS: Columns = {
    "event_id": ("text", "the office's own number"),
    "kind": ("text", "lecture, workshop, course, writing_course, language_corner, mock_conference or coaching"),
    "title": ("text", "title"),
    "start": ("date", "first day"),
    "end": ("date", "last day"),
    "hours": ("float", "hours in all"),
    "partner": ("text", "partner institution"),
    "country": ("text", "alpha-3"),
    "online": ("bool", "held online"),
    "participants": ("int", "people"),
    "outgoing": ("int", "of whom going abroad"),
    **_FROM,
}
CONTEXT: Columns = {
    "country": ("text", "alpha-3, WLD or region:Name"),
    "country_kind": ("text", "country, world, region or unspecified"),
    "origin": ("text", "of a pair of countries the other one (alpha-3)"),
    "year": ("int", "year"),
    "period": ("text", "period as published"),
    "indicator": ("text", "what is measured"),
    "value": ("float", "the number, null when missing"),
    "unit": ("text", "of value"),
    "publisher": ("text", "who measured"),
    **_FROM,
}
LEDGER: Columns = {
    "source": ("text", "folder"),
    "file": ("text", "file"),
    "table": ("text", "table it went into"),
    "counted": ("text", "rows, cells, or records (rows that cells of counts sum)"),
    "rows_read": ("int", "read"),
    "rows_kept": ("int", "in the table"),
    "rows_rejected": ("int", "in rejected, with a reason"),
    "rows_merged": ("int", "in merged: duplicates of a row that was kept"),
}
REJECTED: Columns = {
    "source": ("text", "folder"),
    "file": ("text", "file"),
    "table": ("text", "table it was meant for"),
    "line": ("int", "line or row"),
    "column": ("text", "first column that failed"),
    "value": ("text", "as written; withheld for student numbers"),
    "reason": ("text", "why"),
    "suggestions": ("text", "nearest known names, parted by ; "),
}
MERGED: Columns = {
    "source": ("text", "folder"),
    "file": ("text", "file"),
    "table": ("text", "table"),
    "line": ("int", "line or row of the duplicate"),
    "into_file": ("text", "file of the row that was kept"),
    "into_line": ("int", "its line or row"),
}
CHANGES: Columns = {
    "source": ("text", "folder"),
    "file": ("text", "file"),
    "rule": ("text", "cleaning rule"),
    "column": ("text", "column"),
    "rows": ("int", "values that it changed"),
}
CHECKS: Columns = {
    "source": ("text", "folder"),
    "check": ("text", "what should be true"),
    "holds": ("bool", "whether it is; null when it cannot be told"),
    "detail": ("text", "the numbers"),
}
TABLES: dict[str, Columns] = {
    "stays": STAYS,
    "counts": COUNTS,
    "agreements": AGREEMENTS,
    "institutions": INSTITUTIONS,
    "suggestions": SUGGESTIONS,
    "events": EVENTS,
    "context": CONTEXT,
    "rejected": REJECTED,
    "unresolved": REJECTED,
    "merged": MERGED,
    "changes": CHANGES,
    "checks": CHECKS,
    "ledger": LEDGER,
}
"""All processed tables; the ledger is written last, so that a source with a ledger is whole."""

PANDAS = {"text": "str", "int": "Int64", "float": "float64", "bool": "boolean", "date": "datetime64[us]"}


def empty(table: str) -> pd.DataFrame:
    """A frame without rows, with the columns and types of a table.

    >>> list(empty("checks").columns)
    ['source', 'check', 'holds', 'detail']
    """
    import pandas as pd

    return pd.DataFrame({name: pd.Series([], dtype=PANDAS[kind]) for name, (kind, _) in TABLES[table].items()})  # type: ignore[call-overload]


def typed(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """A frame with exactly the columns and types of a table, in their order; a column that it lacks is null."""
    import pandas as pd

    columns = {}
    for name, (kind, _) in TABLES[table].items():
        values = frame[name] if name in frame else pd.Series([None] * len(frame), index=frame.index, dtype=object)
        columns[name] = values.astype(PANDAS[kind])  # type: ignore[call-overload]
    return pd.DataFrame(columns, index=frame.index).reset_index(drop=True)


@cache
def arrow_schema(table: str) -> pa.Schema:
    """The Parquet schema of a table, with the notes by which pandas reads back the same types."""
    import pyarrow as pa

    from pipeline.records.conform import TYPES

    notes = pa.Schema.from_pandas(empty(table), preserve_index=False).metadata
    return pa.schema([(name, TYPES[kind]) for name, (kind, _) in TABLES[table].items()], metadata=notes)
