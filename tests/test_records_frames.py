"""A pandas frame is cleaned as the file would be in which the same rows stand."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline import clean
from pipeline.errors import InputError, SettingsError

COLUMNS = {"Student": "student_id", "Country": "origin", "From": "start", "To": "end", "Born": "birth_year"}
STAYS = {"table": "stays", "direction": "inbound", "constants": {"destination": "CHN"}, "columns": COLUMNS}
CARD: dict[str, Any] = {"title": "Demo", "publisher": "Demo", "synthetic": True, "tables": [STAYS]}
ROWS = {
    "Student": ["2012001", "2012002", " 2012001 ", "2012004", None],
    "Country": ["越南", "Atlantis", "Viet Nam", "France", "France"],
    "From": ["2019/9/1", "2019-09-01", "2019-09-01", "43709", "2019-09-01"],
    "To": ["2020-06-30", None, None, "", "2020-01-31"],
    "Born": ["1999", "1998", None, "n/a", "1997"],
}
COMPARED = ["student_key", "origin", "start", "end", "birth_year", "academic_year", "months"]


@pytest.mark.parametrize("engine", ["duckdb", "pandas"])
def test_as_the_file_with_the_same_rows(tmp_path: Path, engine: str) -> None:
    frame = pd.DataFrame(ROWS)
    before = frame.copy()
    folder = tmp_path / "office"
    folder.mkdir()
    frame.to_csv(folder / "in.csv", index=False)
    columns = "".join(f"      {heading}: {name}\n" for heading, name in COLUMNS.items())
    card = "title: Demo\npublisher: Demo\nsynthetic: true\ntables:\n  - table: stays\n    file: in.csv\n    direction: inbound\n"
    (folder / "source.yml").write_text(
        f"{card}    constants: {{destination: CHN}}\n    columns:\n{columns}", encoding="utf-8"
    )
    of_file, of_frame = clean(folder, engine=engine), clean(frame, engine=engine, card=CARD)
    pd.testing.assert_frame_equal(of_frame.stays[COMPARED], of_file.stays[COMPARED])
    told = ["column", "value", "reason"]
    pd.testing.assert_frame_equal(of_frame.rejected[told], of_file.rejected[told])
    assert of_frame.rejected["line"].tolist() == [2, 5]  # the place of the row
    assert of_frame.ledger[
        ["source", "file", "rows_read", "rows_kept", "rows_rejected", "rows_merged"]
    ].values.tolist() == [["frame", "frame.parquet", 5, 2, 2, 1]]
    pd.testing.assert_frame_equal(frame, before)
    by_path = clean(frame, engine=engine, card=folder / "source.yml")
    pd.testing.assert_frame_equal(by_path.stays, of_frame.stays)


@pytest.mark.parametrize("engine", ["duckdb", "pandas"])
def test_columns_of_any_type(engine: str) -> None:
    frame = pd.DataFrame(
        {
            "Student": [2012001.0, 2012002.0, 2012003.0],
            "Country": pd.Categorical(["France", "Kenya", "France"]),
            "From": pd.to_datetime(["2019-09-01", "2019-09-02", None]),
            "To": [dt.date(2020, 6, 30), "2020-07-01", None],
            "Born": [1999, None, 2001],
        }
    )
    done = clean(frame, engine=engine, card=CARD)
    assert done.stays["origin"].tolist() == ["FRA", "KEN"]
    assert done.stays["start"].dt.day.tolist() == [1, 2]
    assert done.stays["end"].dt.strftime("%Y-%m-%d").tolist() == ["2020-06-30", "2020-07-01"]
    assert done.stays["birth_year"].fillna(0).tolist() == [1999, 0]
    assert done.rejected[["line", "column", "reason"]].values.tolist() == [[3, "start", "missing"]]
    whole = clean(frame.assign(Student=["2012001", "2012002", "2012003"]), engine=engine, card=CARD)
    assert done.stays["student_key"].tolist() == whole.stays["student_key"].tolist()


def test_what_is_wrong_is_said() -> None:
    frame = pd.DataFrame(ROWS)
    with pytest.raises(SettingsError, match="card: is missing"):
        clean(frame)
    with pytest.raises(SettingsError, match="expected a list of tables"):
        clean(frame, card={"title": "Demo"})
    with pytest.raises(SettingsError, match="holds more than texts"):
        clean(frame, card=CARD | {"title": object()})
    with pytest.raises(InputError, match="has no rows"):
        clean(frame.head(0), card=CARD)
    with pytest.raises(InputError, match="'Country' stands 2 times"):
        clean(pd.concat([frame, frame[["Country"]]], axis=1), card=CARD)
    with pytest.raises(InputError, match="'Land' is not in line 1"):
        clean(frame, card=CARD | {"tables": [STAYS | {"columns": {**COLUMNS, "Land": "destination"}, "constants": {}}]})


def test_a_card_is_for_a_frame(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is for a frame"):
        clean(tmp_path, card=CARD)
