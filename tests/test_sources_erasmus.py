"""Raw data of Erasmus and Erasmus+: hand-made files in the exact layouts, summed into counts with the ledger balanced to the row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.records import clean
from pipeline.sources import discover
from pipeline.sources.overview import summary

UP_TO_2019_LINE = (
    "Project Reference;Academic Year;Mobility Start Month;Mobility End Month;Mobility Duration;Activity (mob);Field of Education;"
    "Participant Nationality;Education Level;Participant Gender;Participant Profile;Special Needs;Fewer Opportunities;GroupLeader;"
    "Participant Age;Sending Country Code;Sending City;Sending Organization;Sending Organisation Erasmus Code;Receiving Country Code;"
    "Receiving City;Receiving Organization;Receiving Organisation Erasmus Code;Participants"
)
SINCE_2020_LINE = (
    "Project Reference;Field;Academic Year;Mobility Start Year/Month;Mobility End Year/Month;Mobility Duration - calendar days;Activity (mob);"
    "Field of Education;Participant Nationality;Education Level;Participant Gender;Participant Profile;Special Needs;Fewer Opportunities;"
    "GroupLeader;Participant Age;Sending Country;Sending City;Sending Organisation;Sending Organisation Erasmus Code;Receiving Country;"
    "Receiving City;Receiving Organisation;Receiving Organisation Erasmus Code;Actual Participants (Contracted Projects)"
)
UP_TO_2019, SINCE_2020 = UP_TO_2019_LINE.split(";"), SINCE_2020_LINE.split(";")
STUDIES = "Student mobility for studies between Programme Countries"
BACHELOR = "ISCED-6 - First cycle / Bachelor’s or equivalent level (EQF-6)"
MASTER = "ISCED-7 - Second cycle / Master’s or equivalent level (EQF-7)"
UNKNOWN = "??? - ? Unknown ?"


def row_2019(
    sending: str = "DE",
    receiving: str = "ES",
    participants: str = "1",
    year: str = "2018-2019",
    activity: str = STUDIES,
    level: str = BACHELOR,
    profile: str = "Learner",
) -> list[str]:
    first = ["2018-1-DE01-KA103-004001", year, "2018-09", "2019-02", "150", activity, "Law", "DE", level, "Female"]
    people = [profile, "No", "No", "No", "22", sending, "Berlin", "FREIE UNIVERSITAET BERLIN", "D  BERLIN01"]
    return [*first, *people, receiving, "Madrid", "UNIVERSIDAD COMPLUTENSE", "E  MADRID03", participants]


def row_2020(sending: str, receiving: str, activity: str, field: str, profile: str, participants: str) -> list[str]:
    first = ["2020-1-FR01-KA103-079001", field, "2020/2021", "2020-09", "2021-01", "140", activity, "Law"]
    people = [
        "FR - France",
        MASTER,
        "Male",
        profile,
        "No",
        "No",
        "No",
        "23",
        sending,
        "Lyon",
        "UNIVERSITE",
        "F  LYON01",
    ]
    return [*first, *people, receiving, "- ", "- ", "- ", participants]


def write(folder: Path, name: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join(";".join(row) for row in [headings, *rows]) + "\n"
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def cells(done: Any, **equals: Any) -> dict[tuple[str, str], float]:
    rows = done.counts
    for column, value in {"measure": "credit", "level": "all", "direction": "outbound", **equals}.items():
        rows = rows[rows[column] == value]
    return {(row.origin, row.destination): row.value for row in rows.itertuples()}


def assert_balanced(done: Any) -> None:
    ledger = done.ledger
    assert (ledger["rows_read"] == ledger[["rows_kept", "rows_rejected", "rows_merged"]].sum(axis=1)).all()
    for direction in ("inbound", "outbound"):
        whole = done.counts[(done.counts["level"] == "all") & (done.counts["direction"] == direction)]
        assert whole["records"].sum() == ledger["rows_kept"].sum()


def test_participants_are_summed_and_the_ledger_counts_rows(tmp_path: Path) -> None:
    rows = [
        row_2019(),
        row_2019(participants="3"),
        row_2019("UK", "EL", level=MASTER),
        row_2019("UK", "EL", "2", level=UNKNOWN),
    ]
    done = clean(write(tmp_path / "erasmus", "2018.csv", UP_TO_2019, rows))
    assert cells(done) == {("DEU", "ESP"): 4, ("GBR", "GRC"): 3}
    assert cells(done, level="6") == {("DEU", "ESP"): 4}
    assert cells(done, level="7") == {("GBR", "GRC"): 1}
    assert cells(done, direction="inbound") == cells(done)
    inbound = done.counts[done.counts["direction"] == "inbound"]
    assert (inbound["reporter"] == inbound["destination"]).all()
    assert done.counts["period"].unique().tolist() == ["2018/19"]
    assert done.counts["year"].unique().tolist() == [2019]
    assert done.ledger[["counted", "rows_read", "rows_kept"]].values.tolist() == [["records", 4, 4]]
    assert_balanced(done)


def test_staff_and_other_learners_are_no_students(tmp_path: Path) -> None:
    rows = [
        row_2019(),
        row_2019(activity="Staff mobility for teaching between Programme Countries", profile="Staff", participants="5"),
        row_2019(
            activity="VET learners traineeships in companies abroad",
            participants="7",
            level="ISCED-3 - Upper secondary",
        ),
        row_2019(activity="Youth Exchanges - Programme Countries", participants="11", level=UNKNOWN),
        row_2019(activity="Student mobility for traineeships between Programme Countries", participants="13"),
    ]
    done = clean(write(tmp_path / "erasmus", "2018.csv", UP_TO_2019, rows))
    found = {measure: sum(cells(done, measure=measure).values()) for measure in ("credit", "staff", "other_learners")}
    assert found == {"credit": 14, "staff": 5, "other_learners": 18}
    assert set(done.counts.loc[done.counts["measure"] != "credit", "unit"]) == {"staff", "learners"}
    assert_balanced(done)


def test_editions_since_2020_name_countries_beside_codes_and_come_as_workbooks(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    rows = [
        row_2020(
            "FR - France",
            "UK - United Kingdom",
            "HE-SMS - Student mobility for studies",
            "Higher Education",
            "Learner",
            "2",
        ),
        row_2020(
            "EL - Greece",
            "FR - France",
            "HE-SMT - Student mobility for traineeships",
            "Higher Education",
            "Learner",
            "1",
        ),
        row_2020(
            "EL - Greece", "FR - France", "HE-STA - Staff mobility for teaching", "Higher Education", "Staff", "1"
        ),
        row_2020(
            "FR - France", "??? - ? Unknown ?", "VET-SHORT - Short-term mobility of VET learners", "VET", "Learner", "4"
        ),
    ]
    for row in [SINCE_2020, *rows]:
        book.active.append(row)
    (tmp_path / "erasmus").mkdir()
    book.save(tmp_path / "erasmus" / "Erasmus-KA1-Mobility-Data-2020.xlsx")
    done = clean(tmp_path / "erasmus")
    assert cells(done) == {("FRA", "GBR"): 2, ("GRC", "FRA"): 1}
    assert cells(done, measure="staff") == {("GRC", "FRA"): 1}
    assert cells(done, measure="other_learners") == {("FRA", "_X"): 4}
    assert done.counts["period"].unique().tolist() == ["2020/21"]
    assert_balanced(done)


def test_a_row_that_cannot_be_counted_is_rejected_with_its_line(tmp_path: Path) -> None:
    rows = [
        row_2019(),
        row_2019("DE", "DE"),
        row_2019(receiving="Atlantis"),
        row_2019(participants="- "),
        row_2019(participants="many"),
        row_2019(year="- "),
        row_2019(sending="???"),
    ]
    done = clean(write(tmp_path / "erasmus", "2018.csv", UP_TO_2019, rows))
    told = done.rejected[["line", "column", "value", "reason"]].fillna("").values.tolist()
    assert told == [
        [3, "destination", "DE", "origin and destination are the same country"],
        [4, "destination", "Atlantis", "not a known country"],
        [5, "value", "- ", "missing"],
        [6, "value", "many", "not a number"],
        [7, "period", "- ", "missing"],
    ]
    assert cells(done) == {("DEU", "ESP"): 1, ("_X", "ESP"): 1}
    assert_balanced(done)


def test_files_of_one_year_are_summed_and_a_copy_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "erasmus", "ka103.csv", UP_TO_2019, [row_2019(), row_2019(participants="2")])
    write(folder, "ka107.csv", UP_TO_2019, [row_2019(participants="5", year="2018/2019")])
    done = clean(folder)
    assert cells(done) == {("DEU", "ESP"): 8}
    assert done.ledger["rows_kept"].tolist() == [2, 1]
    assert_balanced(done)
    write(folder, "ka107 (1).csv", UP_TO_2019, [row_2019(participants="5", year="2018/2019")])
    with pytest.raises(InputError, match="holds the same records as"):
        clean(folder)


OF_2008_LINE = (
    "HOMEINSTITUTION;COUNTRYCODEOFHOMEINSTITUTION;AGE;GENDER;NATIONALITY;SUBJECTAREA;LEVELSTUDY;YEARSPRIOR;MOBILITYTYPE;HOSTINSTITUTION;"
    "COUNTRYCODEOFHOSTINSTITUTION;WORKPLACEMENT;COUNTRYOFWORKPLACEMENT;ENTERPRISESIZE;TYPEWORKSECTOR;LENGTHSTUDYPERIOD;LENGTHWORKPLACEMENT;"
    "SHORTDURATION;STUDYSTARTDATE;PLACEMENTSTARTDATE;CONSORTIUMAGREEMENTNUMBER;ECTSCREDITSSTUDY;ECTSCREDITSWORK;TOTALECTSCREDITS;SEVSUPPLEMENT;"
    "TAUGHTHOSTLANG;LANGUAGETAUGHT;LINGPREPARATION;STUDYGRANT;WORKGRANT;PREVIOUSPARTICIPATION;QUALIFICATIONATHOST"
)
OF_2012_LINE = (
    "ID_MOBILITY_CDE;HOME_INSTITUTION_CDE;HOME_INSTITUTION_CTRY_CDE;STUDENT_AGE_VALUE;STUDENT_GENDER_CDE;STUDENT_NATIONALITY_CDE;"
    "STUDENT_SUBJECT_AREA_VALUE;STUDENT_STUDY_LEVEL_CDE;NUMB_YRS_HIGHER_EDUCAT_VALUE;MOBILITY_TYPE_CDE;HOST_INSTITUTION_CDE;"
    "HOST_INSTITUTION_COUNTRY_CDE;PLACEMENT_ENTERPRISE_VALUE;PLACEMENT_ENTERPRISE_CTRY_CDE;PLACEMENT_ENTERPRISE_SIZE_CDE;"
    "TYPE_PLACEMENT_SECTOR_VALUE;LENGTH_STUDY_PERIOD_VALUE;LENGTH_PLACEMENT_VALUE;STUDY_START_DATE;PLACEMENT_START_DATE;STUDY_GRANT_AMT"
)

OF_2008, OF_2012 = OF_2008_LINE.split(";"), OF_2012_LINE.split(";")


def row_2008(
    home: str, host: str, placement: str = "", level: str = "1", study: str = "09-2008", work: str = ""
) -> list[str]:
    kind = "P" if placement else "S"
    first = ["D  BERLIN06", home, "23", "M", "DE", "340", level, "2", kind, "" if placement else "UK CHELMSF01", host]
    second = ["ENTERPRISE" if placement else "", placement, "", "", "9", "0", "", study, work, "", "60", "0", "60"]
    return [*first, *second, "0", "Y", "EN", "HM", "1741.95", "0", "N", "D"]


def test_students_of_2008_by_country_year_and_level(tmp_path: Path) -> None:
    rows = [
        row_2008("DE", "UK"),
        row_2008("BENL", "EL", level="2", study="02-2009"),
        row_2008("BEFR", "GR", level="3", study=""),
        row_2008("ES", "", "UK", "S", "", "08-2008"),
        row_2008("ES", "???", "???", "S", "", "06-2009"),
    ]
    done = clean(write(tmp_path / "erasmus", "student_0809.csv", OF_2008, rows))
    assert cells(done) == {("DEU", "GBR"): 1, ("BEL", "GRC"): 2, ("ESP", "GBR"): 1, ("ESP", "_X"): 1}
    assert cells(done, level="8") == {("BEL", "GRC"): 1}
    assert cells(done, level="5") == {("ESP", "GBR"): 1, ("ESP", "_X"): 1}
    assert done.counts["period"].unique().tolist() == ["2008/09"]
    assert_balanced(done)


def test_students_of_2012_under_headings_with_underscores(tmp_path: Path) -> None:
    row = [
        "1",
        "F  PARIS001",
        "FR",
        "21",
        "F",
        "FR",
        "222",
        "1",
        "2",
        "S",
        "I  ROMA01",
        "IT",
        *["???"] * 6,
        "Sep-12",
        "",
        "900",
    ]
    late = [*row[:2], "UK", *row[3:10], "???", "???", "ACME", "DE", "S", "M", "0", "3", "", "Jun-13", "800"]
    done = clean(write(tmp_path / "erasmus", "SM_2012_13.csv", OF_2012, [row, row, row, late]))
    assert cells(done) == {("FRA", "ITA"): 3, ("GBR", "DEU"): 1}
    assert done.counts["period"].unique().tolist() == ["2012/13"]
    assert_balanced(done)


def test_students_of_a_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in [OF_2008, row_2008("DE", "UK"), row_2008("DE", "UK", study="02-2009")]:
        book.active.append(row)
    (tmp_path / "erasmus").mkdir()
    book.save(tmp_path / "erasmus" / "students.xlsx")
    done = clean(tmp_path / "erasmus")
    assert cells(done) == {("DEU", "GBR"): 2}
    assert done.counts["line"].unique().tolist() == [2]
    assert_balanced(done)


def test_the_edition_of_2013_is_known_by_its_headings(tmp_path: Path) -> None:
    headings = ["SendingCountry", "SendingPartnerErasmusID", "ReceivingCountry", "HostingPartnerErasmusID", "Language"]
    rows = [["AT", "A  WIEN01", "EL", "G  ATHINE01", "EN"], ["UK", "UK LONDON01", "???", "???", "???"]]
    done = clean(write(tmp_path / "erasmus", "2013.csv", headings, rows))
    assert cells(done) == {("AUT", "GRC"): 1, ("GBR", "_X"): 1}
    assert done.counts[["period", "level"]].drop_duplicates().values.tolist() == [["2013/14", "all"]]
    assert_balanced(done)


@pytest.mark.parametrize("written", ["09-2009", "2009-09-01", "01/09/2009", "Sep-09", "01-Sep-09", "Sep 2009"])
def test_starts_in_every_writing_give_the_academic_year(tmp_path: Path, written: str) -> None:
    done = clean(write(tmp_path / "erasmus", "s.csv", OF_2008, [row_2008("DE", "UK", study=written)]))
    assert done.counts["period"].unique().tolist() == ["2009/10"]


def test_two_years_in_one_file_are_told_apart(tmp_path: Path) -> None:
    rows = [row_2008("DE", "UK"), row_2008("DE", "UK", study="10-2009"), row_2008("DE", "UK", study="")]
    done = clean(write(tmp_path / "erasmus", "s.csv", OF_2008, rows))
    assert set(done.counts["period"]) == {"2008/09", "2009/10"}
    assert done.rejected[["line", "column", "reason"]].values.tolist() == [[4, "period", "missing"]]
    assert_balanced(done)


def test_both_are_recognised_by_shape(tmp_path: Path) -> None:
    write(tmp_path / "new", "any.txt", UP_TO_2019, [row_2019()])
    write(tmp_path / "old", "name.csv", OF_2008, [row_2008("DE", "UK")])
    told = summary(discover([tmp_path]))
    assert told[["source", "recognised_as", "table", "rows"]].values.tolist() == [
        ["new", "Erasmus+ mobility raw data, 2014 to 2023", "counts", 1],
        ["old", "Erasmus student mobility, 2008/09 to 2013/14", "counts", 1],
    ]


PLACES = st.sampled_from(["DE", "es", "UK", "EL", "BENL", "XK", "???", "- ", "", "ZZ", "FR - France", "Türkiye"])
RECORD = st.builds(
    row_2019,
    sending=PLACES,
    receiving=PLACES,
    participants=st.sampled_from(["1", "2", "17", "0", "-1", "1.0", "", "- ", "x", "99999"]),
    year=st.sampled_from(["2018-2019", "2019/2020", "2018-2020", "", "2014"]),
    activity=st.sampled_from([STUDIES, "HE-STT - Staff training", "Youth Exchanges", "", "- "]),
    level=st.sampled_from([BACHELOR, MASTER, UNKNOWN, "ISCED-9 - Not classified", "", "Bachelor", "odd"]),
    profile=st.sampled_from(["Learner", "Staff", "- ", ""]),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.lists(st.lists(RECORD, min_size=1, max_size=12), min_size=1, max_size=2),
    engine=st.sampled_from(["duckdb", "pandas"]),
)
def test_every_row_is_in_one_cell_or_rejected(tmp_path_factory: Any, files: list[list[list[str]]], engine: str) -> None:
    folder = tmp_path_factory.mktemp("raw") / "erasmus"
    for place, rows in enumerate(files):
        marked = row_2019(participants=str(1000 + place))  # so that no file is a copy of another
        write(folder, f"{place}.csv", UP_TO_2019, [marked, *rows])
    done = clean(folder, engine=engine)
    assert done.ledger["rows_read"].tolist() == [len(rows) + 1 for rows in files]
    assert_balanced(done)
    assert not done.rejected.duplicated(["file", "line"]).any()
    whole = done.counts[(done.counts["level"] == "all") & (done.counts["direction"] == "inbound")]
    parts = done.counts[(done.counts["level"] != "all") & (done.counts["direction"] == "inbound")]
    by = ["origin", "destination", "year", "measure"]
    both = whole.set_index(by)["value"].sub(parts.groupby(by)["value"].sum(), fill_value=0)
    assert (both >= 0).all()
    assert not whole.duplicated(by).any()


def test_the_engines_give_the_same_cells(tmp_path: Path) -> None:
    rows = [row_2019(level=level, participants=str(n)) for n, level in enumerate([BACHELOR, MASTER, UNKNOWN] * 5, 1)]
    folder = write(tmp_path / "erasmus", "a.csv", UP_TO_2019, rows)
    one, other = (clean(folder, engine=engine) for engine in ("duckdb", "pandas"))
    assert one.counts.equals(other.counts)
    assert one.ledger.equals(other.ledger)


def institutions(done: Any) -> dict[str, tuple[str, str]]:
    """Name -> country and Erasmus code."""
    rows = done.institutions
    return {row.name: (row.country, row.erasmus_code) for row in rows.itertuples(index=False)}


def test_universities_of_students_are_in_the_register_by_their_erasmus_code(tmp_path: Path) -> None:
    home, host = (UP_TO_2019.index(name) for name in ("Sending Organization", "Receiving Organization"))

    def row(**changed: str) -> list[str]:
        cells_ = row_2019(activity=changed.pop("activity", STUDIES), participants=changed.pop("participants", "1"))
        places = {"home": home, "home_code": home + 1, "host": host, "host_code": host + 1}
        for name, text in changed.items():
            cells_[places[name]] = text
        return cells_

    rows = [
        row(),
        row(participants="40"),
        row(home="Freie Universität Berlin"),  # the same code: the same university
        row(host="ACME Consulting SL", host_code="- ", activity="Student mobility for traineeships"),
        row(home="Gymnasium Am See", home_code="E10021234", participants="2"),
        row(home="Stadtschule", home_code="D  BREMEN01", activity="Staff mobility for teaching"),
    ]
    done = clean(write(tmp_path / "erasmus", "2018.csv", UP_TO_2019, rows))
    assert institutions(done) == {
        "FREIE UNIVERSITAET BERLIN": ("DEU", "D  BERLIN01"),
        "UNIVERSIDAD COMPLUTENSE": ("ESP", "E  MADRID03"),
    }
    berlin = done.institutions.set_index("country").loc["DEU"]
    assert "Freie Universität Berlin" in berlin["aliases"]
    assert (berlin["stays"], berlin["agreements"]) == (0, 0)  # counts are no stays of persons
    assert done.unresolved.empty
    assert_balanced(done)


def test_a_university_of_which_only_the_code_is_known_has_its_name_from_a_later_file(tmp_path: Path) -> None:
    folder = write(tmp_path / "erasmus", "student_0809.csv", OF_2008, [row_2008("DE", "UK"), row_2008("DE", "UK")])
    assert institutions(clean(folder)) == {
        "D  BERLIN06": ("DEU", "D  BERLIN06"),
        "UK CHELMSF01": ("GBR", "UK CHELMSF01"),
    }
    written = (
        "Project Reference;Field;Academic Year;Activity (mob);Participant Profile;Sending Country;Sending Organisation;"
        "Sending Organisation Erasmus Code;Receiving Country;Receiving Organisation;Receiving Organisation Erasmus Code;Actual Participants"
    )
    later = [
        "2020-1",
        "Higher Education",
        "2020/2021",
        "HE-SMS - Student mobility for studies",
        "Learner",
        "DE - Germany",
    ]
    later += ["HOCHSCHULE FUER TECHNIK", "D  BERLIN06", "UK - United Kingdom", "ANGLIA", "UK CHELMSF01", "3"]
    write(folder, "2020.csv", written.split(";"), [later])
    assert institutions(clean(folder)) == {
        "HOCHSCHULE FUER TECHNIK": ("DEU", "D  BERLIN06"),
        "ANGLIA": ("GBR", "UK CHELMSF01"),
    }
