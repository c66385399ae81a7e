"""The statistics' own layouts, in small files written as the publishers write them: what is counted, what is flagged, what is refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

import pipeline
from pipeline.errors import InputError
from pipeline.sources import RawTable, discover, summary

TSV = (
    "freq,unit,isced11,sex,partner,geo\\TIME_PERIOD\t2022 \t2023 \n"
    "A,NR,ED5-8,T,CN,EL\t12 b\t: \n"
    "A,NR,ED6,T,NA,UK\t5 e\t0 n\n"
    "A,NR,ED6,F,NA,UK\t5\t: z\n"
    "A,NR,ED54,T,TOTAL,FR\t5 p\t7\n"
    "A,NR,ED8,T,TOTAL,EU27_2020\t1234.5 p\t: c\n"
    "A,NR,ED8,T,AFR,DE\t100 be\t3 z\n"
    "A,NR,ED7,T,UNK,DE\txx\t8 d\n"
    "A,NR,ED7,T,OTH,DE\t1\t2\n"
    "A,PC,ED7,T,CN,DE\t1.5 s\t:\n"
)
CSV = (
    "DATAFLOW,LAST UPDATE,freq,unit,isced11,sex,partner,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS\n"
    "ESTAT:EDUC_UOE_MOBS02(1.0),01/10/26 11:00:00,A,NR,ED5-8,T,CN,EL,2022,12,b,\n"
    "ESTAT:EDUC_UOE_MOBS02(1.0),01/10/26 11:00:00,A,NR,ED5-8,T,CN,EL,2023,,,C\n"
    "ESTAT:EDUC_UOE_MOBS02(1.0),01/10/26 11:00:00,A,NR,ED5-8,T,CN,EL,2024,:,,F\n"
    "ESTAT:EDUC_UOE_MOBG02(1.0),01/10/26 11:00:00,A,NR,ED8,T,XK,UK,2022,4,ep,F\n"
    "ESTAT:EDUC_UOE_MOBS03(1.0),01/10/26 11:00:00,A,PC,ED5-8,T,CN,EL,2022,0.5,,\n"
    "ESTAT:EDUC_UOE_ENRA05(1.0),01/10/26 11:00:00,A,NR,ED5-8,T,CN,EL,2022,1,,\n"
)


def put(folder: Path, name: str, text: str | bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def read(raw: Path) -> list[RawTable]:
    return [table for source in discover([raw]) for table in source.tables("pandas")]


def rows_of(table: RawTable, *columns: str) -> list[list[object]]:
    good = table.rows[table.rows["refused"].isna()]
    return good[list(columns)].astype(object).where(good[list(columns)].notna(), None).values.tolist()


def balanced(raw: Path) -> pd.DataFrame:
    """The ledger of a cleaning, once it is seen to balance."""
    ledger = pipeline.clean([raw]).ledger
    assert (ledger["rows_read"] == ledger[["rows_kept", "rows_rejected", "rows_merged"]].sum(axis=1)).all()
    return ledger


def test_eurostat_tsv_cell_by_cell_with_its_flags(tmp_path: Path) -> None:
    counts, shares = read(put(tmp_path / "raw" / "es", "any name.tsv", TSV).parent)
    assert (counts.table, counts.counted, counts.card.publisher) == ("counts", "cells", "Eurostat")
    assert rows_of(counts, "line", "reporter", "origin", "period", "level", "value", "status") == [
        [2, "EL", "CN", "2022", "all", "12", "B"],
        [2, "EL", "CN", "2023", "all", None, "M"],
        [3, "UK", "NAM", "2022", "6", "5", "E"],
        [3, "UK", "NAM", "2023", "6", "0", "A"],
        [6, "region:EU27_2020", "WLD", "2022", "8", "1234.5", "P"],
        [6, "region:EU27_2020", "WLD", "2023", "8", None, "C"],
        [7, "DE", "region:Africa", "2022", "8", "100", "B"],
        [7, "DE", "region:Africa", "2023", "8", None, "M"],
        [8, "DE", "Unspecified", "2023", "7", "8", "A"],
        [9, "DE", "Other, Unspecified", "2022", "7", "1", "A"],
        [9, "DE", "Other, Unspecified", "2023", "7", "2", "A"],
    ]
    assert set(counts.rows["measure"]) == {"degree_stock"}
    notes = counts.rows.set_index(["line", "period"])["note"]
    assert notes[7, "2022"].startswith("break in the series; estimated; ")
    assert notes[8, "2023"].startswith("definition differs; ")
    refused = counts.rows[counts.rows["refused"].notna()]
    assert refused[["line", "refused"]].values.tolist() == [
        [4, "by sex: the project counts all together"],
        [4, "by sex: the project counts all together"],
        [5, "a level of education that is not used: ED54"],
        [5, "a level of education that is not used: ED54"],
        [8, "not a number: xx"],
    ]
    assert rows_of(shares, "country", "origin", "period", "indicator", "value", "unit") == [
        ["DE", "CN", "2022", "educ_uoe_mobs02:ED7", "1.5", "%"],
        ["DE", "CN", "2023", "educ_uoe_mobs02:ED7", None, "%"],
    ]


def test_eurostat_places_become_countries_regions_and_the_world(tmp_path: Path) -> None:
    cleaned = pipeline.clean([put(tmp_path / "raw" / "es", "t.tsv", TSV).parent])
    counts = cleaned.counts
    assert set(counts["destination"]) == {"GRC", "GBR", "region:EU27_2020", "DEU"}
    assert set(counts["origin"]) == {"CHN", "NAM", "WLD", "region:Africa", "_X", "_X:Other"}
    assert cleaned.ledger["rows_read"].sum() == 18


def test_eurostat_tsv_packed_is_the_same_table(tmp_path: Path) -> None:
    plain = read(put(tmp_path / "a" / "es", "estat_educ_uoe_mobs02.tsv", TSV).parent)
    packed = read(put(tmp_path / "b" / "es", "estat_educ_uoe_mobs02.tsv.gz", gzip.compress(TSV.encode())).parent)
    assert packed[0].file == "es/estat_educ_uoe_mobs02.tsv.gz"
    for one, other in zip(plain, packed, strict=True):
        pd.testing.assert_frame_equal(one.rows, other.rows)


def test_eurostat_tells_graduates_by_the_name_of_the_file_and_leaves_other_tables(tmp_path: Path) -> None:
    (counts, _) = read(put(tmp_path / "raw" / "es", "estat_educ_uoe_mobg02_en.tsv", TSV).parent)
    assert set(counts.rows["measure"]) == {"graduates"}
    by_field = "freq,unit,isced11,iscedf13,sex,geo\\TIME_PERIOD\t2023 \nA,NR,ED6,TOTAL,T,FR\t9\nA,NR,ED6,F07,T,FR\t3\n"
    (fields,) = read(put(tmp_path / "field" / "es", "estat_educ_uoe_mobs01.tsv", by_field).parent)
    assert rows_of(fields, "origin", "destination", "level", "value") == [["WLD", "FR", "6", "9"]]
    assert fields.rows["refused"].tolist()[1] == "a breakdown by iscedf13 that is not used: F07"
    for name in ("estat_educ_uoe_grad02.tsv", "estat_educ_uoe_enra05.tsv"):
        with pytest.raises(InputError, match="the layout is not known"):
            discover([put(tmp_path / name / "es", name, by_field).parent])


def test_a_short_eurostat_table_is_recognised_too(tmp_path: Path) -> None:
    text = "unit,isced11,sex,partner,geo\\time\t2015 \nNR,ED8,T,TR,MT\t: u\n"
    (table,) = read(put(tmp_path / "raw" / "es", "x.tsv", text).parent)
    assert rows_of(table, "origin", "destination", "value", "status") == [["TR", "MT", None, "M"]]


def test_eurostat_sdmx_csv(tmp_path: Path) -> None:
    counts, shares = read(put(tmp_path / "raw" / "es", "x.csv", CSV).parent)
    assert counts.counted == "rows"
    assert rows_of(counts, "line", "reporter", "origin", "period", "measure", "value", "status") == [
        [2, "EL", "CN", "2022", "degree_stock", "12", "B"],
        [3, "EL", "CN", "2023", "degree_stock", None, "C"],
        [4, "EL", "CN", "2024", "degree_stock", None, "M"],
        [5, "UK", "XK", "2022", "graduates", "4", "E"],
    ]
    assert counts.rows["url"][0] == "https://ec.europa.eu/eurostat/databrowser/view/educ_uoe_mobs02/default/table"
    assert counts.rows["refused"].tolist()[-1] == "not a table of mobile students: ESTAT:EDUC_UOE_ENRA05(1.0)"
    assert rows_of(shares, "country", "indicator", "value") == [["EL", "educ_uoe_mobs03:ED5-8", "0.5"]]


def test_eurostat_sdmx_csv_with_codes_and_labels_in_one_cell(tmp_path: Path) -> None:
    text = (
        "STRUCTURE,STRUCTURE_ID,freq: Time frequency,unit: Unit of measure,isced11: Level,sex: Sex,partner: Partner,geo: Reporting,"
        "TIME_PERIOD: Time,OBS_VALUE: Observation value,OBS_FLAG: Flag\n"
        "dataflow,ESTAT:EDUC_UOE_MOBS02(1.0),A: Annual,NR: Number,ED7: Master,T: Total,VN: Viet Nam,CZ: Czechia,2023,41,p: provisional\n"
    )
    (table,) = read(put(tmp_path / "raw" / "es", "x.csv", text).parent)
    assert rows_of(table, "origin", "destination", "level", "value", "status") == [["VN", "CZ", "7", "41", "P"]]


OECD_STAT = (
    '"COUNTRY","Country","SEX","Gender","ORIGIN","Country of origin","EDUCATION_LEV","Level of education","YEAR","Year","Value","Flag Codes","Flags"\n'
    '"AUS","Australia","_T","Total","CN","China","ISCED11_5T8","Tertiary","2019","2019",153822,"",""\n'
    '"AUS","Australia","F","Women","CN","China","ISCED11_5T8","Tertiary","2019","2019",80000,"",""\n'
    '"AUS","Australia","_T","Total","142","Asia","ISCED11_8","Doctoral","2019","2019",5,"e","Estimated value"\n'
    '"AUS","Australia","_T","Total","XK","Kosovo","ISCED11_54","Short","2019","2019",5,"",""\n'
    '"AUS","Australia","_T","Total","XK","Kosovo","ISCED11_7","Master","9999","Latest available year",5,"",""\n'
    '"OTO","OECD - Total","_T","Total","998","Africa, not specified","ISCED11_7","Master","2019","2019",,"m","Missing value"\n'
)


def test_oecd_stat_reads_codes_beside_labels_that_are_spelt_alike(tmp_path: Path) -> None:
    raw = put(tmp_path / "raw" / "oecd", "EDU_ENRL_MOBILE.csv", OECD_STAT).parent
    (table,) = read(raw)
    assert rows_of(table, "line", "reporter", "origin", "period", "level", "value", "status") == [
        [2, "AUS", "CN", "2019", "all", "153822", "A"],
        [4, "AUS", "region:Asia", "2019", "8", "5", "E"],
        [7, "region:OECD", "Africa, Unspecified", "2019", "7", None, "M"],
    ]
    assert table.rows["refused"].dropna().tolist() == [
        "by sex: the project counts all together",
        "a level that is not used: ISCED11_54",
        "the latest year a second time (year 9999)",
    ]
    assert balanced(raw)[["rows_read", "rows_kept", "rows_rejected"]].values.tolist() == [[6, 3, 3]]


OECD_SDMX = (
    "STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,ACTION,REF_AREA,Reference area,EDUCATION_LEV,Education level,MEASURE,Measure,ORIGIN,Origin,"
    "MOBILITY,Mobility,UNIT_MEASURE,Unit of measure,SEX,Sex,EDUCATION_FIELD,Field of education,TIME_PERIOD,Time period,OBS_VALUE,Observation value,"
    "OBS_STATUS,Observation status,UNIT_MULT,Unit multiplier\n"
)


def oecd_line(**other: str) -> str:
    cells = {
        "area": "FRA",
        "level": "ISCED11_5T8",
        "measure": "ENRL",
        "origin": "CHN",
        "mobility": "MOB",
        "unit": "PS",
        "sex": "_T",
    }
    cells |= {"field": "_T", "value": "100", "status": "A", "mult": "0"} | other
    codes = ",".join(
        f"{cells[key]},label" for key in ("area", "level", "measure", "origin", "mobility", "unit", "sex", "field")
    )
    return (
        f'DATAFLOW,OECD.EDU.IMEP:DSD_EAG_UOE_NON_FIN_STUD@DF_MOB(1.0),"Students, mobile",I,{codes},2022,,{cells["value"]},,'
        f"{cells['status']},label,{cells['mult']},Units\n"
    )


def test_oecd_sdmx_csv_takes_mobile_students_and_refuses_breakdowns(tmp_path: Path) -> None:
    lines = [
        oecd_line(),
        oecd_line(measure="GRAD", value="3", mult="3", status="E"),
        oecd_line(measure="ENTR", origin="_T", area="OECD"),
        oecd_line(value="", status="M"),
        oecd_line(mobility="_T"),
        oecd_line(field="F01"),
        oecd_line(unit="PT_STU"),
        oecd_line(measure="PERS"),
        oecd_line(sex="F"),
    ]
    raw = put(tmp_path / "raw" / "oecd", "x.csv", OECD_SDMX + "".join(lines)).parent
    (table,) = read(raw)
    assert rows_of(table, "line", "destination", "origin", "measure", "value", "status") == [
        [2, "FRA", "CHN", "stock", "100", "A"],
        [3, "FRA", "CHN", "graduates", "3000.0", "E"],
        [4, "region:OECD", "WLD", "entrants", "100", "A"],
        [5, "FRA", "CHN", "stock", None, "M"],
    ]
    assert table.rows["refused"].dropna().tolist() == [
        "counts not only mobile students: _T",
        "a breakdown by education_field that is not used: F01",
        "a unit that is not used: PT_STU",
        "a measure that is not used: PERS",
        "by sex: the project counts all together",
    ]


OPRI = (
    "INDICATOR_ID,COUNTRY_ID,YEAR,VALUE,MAGNITUDE,QUALIFIER\n26637,FRA,2020,250000.25,,\n26614,DEU,2020,12.5,,UIS_EST\n26614,AND,2020,0,NA,\n"
    "GER.5T8,FRA,2020,68,,\nCR.1,FRA,2020,99,,\n26999,FRA,2020,4,NIL,\n"
)
LABELS = (
    'INDICATOR_ID,INDICATOR_LABEL_EN\n26614,"Inbound internationally mobile students from Europe: Students from the Netherlands, both sexes (number)"\n'
    '26999,"Inbound internationally mobile students from Africa: Students from unknown countries, both sexes (number)"\nCR.1,Completion rate\n'
)


def test_uis_bulk_reads_origins_by_the_labels_and_remarks_by_the_metadata(tmp_path: Path) -> None:
    folder = put(tmp_path / "raw" / "uis", "OPRI_DATA_NATIONAL.csv", OPRI)
    put(folder, "OPRI_LABEL.csv", LABELS)
    put(
        folder,
        "OPRI_METADATA.csv",
        'INDICATOR_ID,COUNTRY_ID,YEAR,TYPE,METADATA\n26614,DEU,2020,Source,"Annual, survey"\n',
    )
    put(folder, "OPRI_COUNTRY.csv", "COUNTRY_ID,COUNTRY_NAME_EN\nCIV,Côte d'Ivoire\n".encode("cp1252"))
    put(folder, "OPRI_REGION.csv", "REGION_ID,COUNTRY_ID,COUNTRY_NAME_EN\nSDG: Africa,DZA,Algeria\n")
    put(
        folder,
        "OPRI_DATA_REGIONAL.csv",
        "indicator_id,region_id,year,value,magnitude,qualifier\n26637,SDG: World,2020,6400000,,UIS_EST\n",
    )
    context, national, regional = read(folder.parent)
    assert rows_of(national, "line", "reporter", "origin", "value", "status") == [
        [2, "FRA", "WLD", "250000.25", "A"],
        [3, "DEU", "the Netherlands", "12.5", "E"],
        [4, "AND", "the Netherlands", None, "M"],
        [7, "FRA", "Africa, Unspecified", "4", "A"],
    ]
    assert "UIS estimate; Source: Annual, survey; " in national.rows["note"][1]
    assert national.rows["refused"].dropna().tolist() == ["an indicator that the project does not use: CR.1"]
    assert rows_of(context, "country", "indicator", "value") == [["FRA", "GER.5T8", "68"]]
    assert rows_of(regional, "reporter", "value", "status") == [["WLD", "6400000", "E"]]
    ledger = balanced(folder.parent)
    assert ledger.groupby("file")["rows_read"].sum().to_dict() == {
        "uis/OPRI_DATA_NATIONAL.csv": 6,
        "uis/OPRI_DATA_REGIONAL.csv": 1,
    }


def test_uis_bulk_without_labels_says_what_is_missing(tmp_path: Path) -> None:
    _, national = read(put(tmp_path / "raw" / "uis", "x.csv", OPRI).parent)
    assert national.rows["refused"].notna().sum() == 4
    assert "the file of labels, which is not in the folder" in national.rows["refused"].dropna().iloc[0]


ANSWER = (
    '{"hints":[],"records":[{"indicatorId":"26637","geoUnit":"FRA","year":2020,"value":250000.50,"magnitude":null,"qualifier":null},'
    '{"indicatorId":"26637","geoUnit":"SDG: World","year":2020,"value":null,"magnitude":null,"qualifier":"UIS_EST"},'
    '{"indicatorId":"CR.1","geoUnit":"FRA","year":2020,"value":99.1,"magnitude":null,"qualifier":null}],"indicatorMetadata":[]}'
)


def test_the_answer_of_the_uis_api(tmp_path: Path) -> None:
    counts, context = read(put(tmp_path / "raw" / "uis", "answer.json", ANSWER).parent)
    assert rows_of(counts, "line", "reporter", "value", "status") == [
        [1, "FRA", "250000.50", "A"],
        [2, "WLD", None, "M"],
    ]
    assert rows_of(context, "line", "country", "indicator", "value") == [[3, "FRA", "CR.1", "99.1"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ANSWER[:-40], "is not whole JSON"),
        ('{"records":[],"a":["indicatorId","geoUnit","year","value"]}', "has no records"),
        ('{"records":[1],"a":["indicatorId","geoUnit","year","value"]}', "record 1 is no object"),
        ('{"other": 1}', "JSON of this kind is not read"),
    ],
)
def test_json_that_cannot_be_read_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=rf"answer\.json: .*{message}"):
        read(put(tmp_path / "raw" / "uis", "answer.json", text).parent)


API = (
    '"Data Source","World Development Indicators",\n\n"Last Updated Date","2026-07-01",\n\n'
    '"Country Name","Country Code","Indicator Name","Indicator Code","1960","2020",\n'
    '"Aruba","ABW","Population, total","SP.POP.TOTL","","106585",\n"Arab World","ARB","GDP (current US$)","NY.GDP.MKTP.CD","5","..",\n'
)
BANK = (
    "Country Name,Country Code,Series Name,Series Code,2013 [YR2013],2014 [YR2014]\nAruba,ABW,GDP (current US$),NY.GDP.MKTP.CD,..,2.5\n"
    '"Data from database: World Development Indicators",,,,,\n"Last Updated: 01/02/2026",,,,,\n'
)


def test_the_wide_layouts_of_the_world_bank(tmp_path: Path) -> None:
    folder = put(tmp_path / "raw" / "wb", "API_X.csv", API)
    put(folder, "extract.csv", BANK)
    api, bank, rest = read(folder.parent)
    assert rows_of(api, "line", "country", "period", "indicator", "value", "unit") == [
        [6, "ABW", "1960", "SP.POP.TOTL", None, None],
        [6, "ABW", "2020", "SP.POP.TOTL", "106585", None],
        [7, "ARB", "1960", "NY.GDP.MKTP.CD", "5", "current US$"],
        [7, "ARB", "2020", "NY.GDP.MKTP.CD", None, "current US$"],
    ]
    assert rows_of(bank, "line", "period", "value") == [[2, "2013", None], [2, "2014", "2.5"]]
    assert rest.rows[["line", "refused"]].values.tolist() == [
        [3, "not a record: no country or series"],
        [4, "not a record: no country or series"],
    ]
    assert set(balanced(folder.parent)["counted"]) == {"cells", "rows"}


def test_of_the_whole_of_wdi_only_what_is_used_is_read(tmp_path: Path) -> None:
    lines = [f"Aruba,ABW,Series {n},X.{n},1,2" for n in range(150)]
    text = "Country Name,Country Code,Indicator Name,Indicator Code,1960,1961\n" + "\n".join(
        [*lines, 'Aruba,ABW,"Population, total",SP.POP.TOTL,,7']
    )
    used, rest = read(put(tmp_path / "raw" / "wb", "WDICSV.csv", text + "\n").parent)
    assert rows_of(used, "line", "indicator", "value") == [[152, "SP.POP.TOTL", None], [152, "SP.POP.TOTL", "7"]]
    assert len(rest.rows) == 150
    assert rest.rows["refused"][0] == "a series that the project does not use: X.0"
    ledger = balanced(tmp_path / "raw").set_index("counted")
    assert ledger["rows_read"].to_dict() == {"cells": 2, "rows": 150}


def test_the_refused_rows_of_a_bulk_file_are_set_aside_and_counted_to_the_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.records import conform

    raw = put(tmp_path / "raw" / "uis", "x.csv", OPRI + "26637,FRA,odd,3,,\nCR.2,FRA,2020,98,,\n").parent
    expected = pipeline.clean([raw])
    monkeypatch.setattr(conform, "APART", 2)
    found = pipeline.clean([raw])
    pd.testing.assert_frame_equal(found.ledger, expected.ledger)
    pd.testing.assert_frame_equal(found.counts, expected.counts)
    pd.testing.assert_frame_equal(found.rejected, expected.rejected)
    assert found.rejected["line"].tolist() == [3, 4, 6, 7, 8, 9]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(TSV.encode())[:-30], "is not a whole gzip file"),
        (b"not packed at all", "is not a whole gzip file"),
        (gzip.compress(b"0" * (70 << 20)), "as no table does"),
        (gzip.compress(b""), "is empty once unpacked"),
    ],
    ids=["cut off", "not packed", "a bomb", "empty"],
)
def test_packed_files_that_are_damaged_or_a_trap_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=rf"x\.tsv\.gz: .*{message}"):
        discover([put(tmp_path / "raw" / "es", "x.tsv.gz", content).parent])


def test_a_packed_file_of_another_kind_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"x\.tar\.gz: files of kind \.gz are not read\. Unpack it"):
        discover([put(tmp_path / "raw" / "es", "x.tar.gz", b"x").parent])


@pytest.fixture
def every_layout(tmp_path: Path) -> Path:
    """A raw folder with a source of each layout."""
    raw = tmp_path / "raw"
    for name, file, text in (
        ("eurostat-tsv", "x.tsv", TSV),
        ("eurostat-csv", "x.csv", CSV),
        ("oecd-stat", "x.csv", OECD_STAT),
        ("oecd-sdmx", "x.csv", OECD_SDMX + oecd_line() + oecd_line(sex="F")),
        ("uis-bulk", "OPRI_DATA_NATIONAL.csv", OPRI),
        ("uis-bulk", "OPRI_LABEL.csv", LABELS),
        ("uis-api", "x.json", ANSWER),
        ("wdi", "API.csv", API),
        ("databank", "x.csv", BANK),
    ):
        put(raw / name, file, text)
    return raw


def test_two_engines_clean_every_layout_alike_and_the_ledger_balances(every_layout: Path) -> None:
    duck, pandas = (pipeline.clean([every_layout], engine=engine) for engine in ("duckdb", "pandas"))
    for table in ("counts", "context", "rejected", "ledger"):
        pd.testing.assert_frame_equal(getattr(duck, table), getattr(pandas, table))
    ledger = duck.ledger
    assert (ledger["rows_read"] == ledger[["rows_kept", "rows_rejected", "rows_merged"]].sum(axis=1)).all()
    assert not ledger.duplicated(["source", "file", "table", "counted"]).any()
    assert not (duck.counts["value"].eq(0) & duck.counts["status"].isin(["M", "C"])).any()


def test_every_layout_is_listed_with_its_years(tmp_path: Path) -> None:
    put(tmp_path / "raw" / "a", "x.tsv", TSV)
    put(tmp_path / "raw" / "b", "x.csv", OECD_STAT)
    lines = summary(discover([tmp_path / "raw"]))
    assert lines["recognised_as"].tolist() == ["Eurostat mobile students and graduates (TSV)"] * 2 + [
        "OECD.Stat EDU_ENRL_MOBILE (CSV)"
    ]
    assert lines["last"].tolist() == ["2023", "2023", "2019"]
