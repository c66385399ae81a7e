"""Delimited text: every encoding and oddity gives the same records, each with the line on which it begins."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError, SettingsError
from pipeline.sources import delimited, encoding
from pipeline.sources.plain import PlainCheck

CONNECTION = duckdb.connect()


def read(path: Path, **options: object) -> list[tuple[object, ...]]:
    """Cells, what stands beyond the headings, and the line of each record."""
    form = delimited.layout(path, **options)  # type: ignore[arg-type]
    found = delimited.relation(CONNECTION, path, form).fetchall()
    assert as_large(path, form) == found
    return found


def as_large(path: Path, form: delimited.Layout) -> list[tuple[object, ...]]:
    """What is read when the file counts as a large one, of which a copy is made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "LARGE", 0)
        return delimited.relation(CONNECTION, path, form).fetchall()


ODD = 'a,b\n1,"x\ny"\n\n3,4,5\n,,\n　, \n"q""x",z\n"abc"def,3\n8\n\n'
ODD_RECORDS = [
    ("1", "x\ny", None, 2),
    ("3", "4", "5", 5),
    ('q"x', "z", None, 8),
    ("abcdef", "3", None, 9),
    ("8", None, None, 10),
]


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_are_exact_through_quoted_breaks_blank_lines_and_long_records(
    tmp_path: Path, code: str, end: str
) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(ODD.replace("\n", end).encode(code))
    expected = [tuple(c.replace("\n", end) if isinstance(c, str) else c for c in record) for record in ODD_RECORDS]
    assert read(path) == expected


def test_old_mac_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "mac.csv"
    path.write_bytes(b"a;b\r1;2\r3;4\r")
    assert read(path) == [("1", "2", None, 2), ("3", "4", None, 3)]


def test_headings_below_title_rows(tmp_path: Path) -> None:
    path = tmp_path / "titled.csv"
    path.write_text("来华留学生名单\n\n学号,国籍\n1,日本\n2,韩国\n", encoding="gb18030")
    form = delimited.layout(path, header_row=3)
    assert (form.encoding, form.headings, form.first_line) == ("gb18030", ("学号", "国籍"), 4)
    assert read(path, header_row=3) == [("1", "日本", None, 4), ("2", "韩国", None, 5)]


def test_a_heading_over_two_lines(tmp_path: Path) -> None:
    path = tmp_path / "broken-heading.csv"
    path.write_text('id,"country\nof origin"\n1,Japan\n', encoding="utf-8")
    assert delimited.layout(path).headings == ("id", "country\nof origin")
    assert read(path) == [("1", "Japan", None, 3)]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "parted.txt"
    path.write_text(f"id{mark}name{mark}year\n1{mark}Ann{mark}2019\n", encoding="utf-8")
    assert read(path) == [("1", "Ann", "2019", None, 2)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("学号,国籍\n1,哈萨克斯坦\n2,大韩民国\n", "gb18030"),
        ("學號,國籍\n1,哈薩克\n2,大韓民國\n3,沙烏地阿拉伯\n4,馬來西亞\n", "cp950"),
        ("Name,Pays\n1,Côte d’Ivoire\n2,Brésil\n3,Norvège\n4,Égypte\n", "cp1252"),
    ],
)
def test_legacy_encodings_are_detected(tmp_path: Path, text: str, code: str) -> None:
    path = tmp_path / "legacy.csv"
    path.write_bytes(text.encode(code))
    country = text.splitlines()[1].split(",")[1]
    assert read(path)[0][1] == country


def test_the_guess_looks_beyond_a_long_plain_beginning(tmp_path: Path) -> None:
    path = tmp_path / "late.csv"
    path.write_bytes(b"a,b\n" + b"1,plain\n" * 40_000 + "2,中国政府奖学金\n".encode("gb18030"))
    rows = read(path)
    assert rows[-1] == ("2", "中国政府奖学金", None, 40_002)


def test_bytes_of_another_encoding_are_named_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(b"a,b\n" + b"1,2\n" * 7 + b"3,\xff\n")
    with pytest.raises(InputError, match=r"bad\.csv: line 9: byte 0xFF is not utf-8\. Write the right encoding"):
        read(path, encoding="utf-8")


def test_a_binary_file_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "binary.csv"
    path.write_bytes(b"PK\x03\x04\0\0\0")
    with pytest.raises(InputError, match="is not a text file"):
        read(path)


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"'utf-9' is not an encoding that is known\. Use utf-8"):
        encoding.canonical("utf-9")


def test_a_quotation_mark_that_is_never_closed_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "open.csv"
    path.write_text('a,b\n1,2\n3,"4\n5,6\n', encoding="utf-8")
    with pytest.raises(
        InputError, match=r"open\.csv: line 3: a quotation mark that opens in this record is never closed"
    ):
        read(path)


@pytest.mark.parametrize(
    ("text", "row", "problem"), [("", 1, "is empty"), ("a,b\n1,2\n", 5, "ends before its heading row")]
)
def test_no_heading(tmp_path: Path, text: str, row: int, problem: str) -> None:
    path = tmp_path / "short.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=problem):
        delimited.layout(path, header_row=row)


CELLS = st.text(alphabet='x1 ",\n国', max_size=4)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.text(alphabet='ab,"\n', max_size=40))
def test_any_text_is_read_as_pythons_csv_reads_it(tmp_path: Path, body: str) -> None:
    """DuckDB reads plain files, Python's reader the rest; where the line between them lies must not show."""
    path = tmp_path / "any.csv"
    text = f"h1,h2\n{body}\n"
    path.write_bytes(text.encode())
    closed = list(csv.reader(io.StringIO(text + "END\n", newline="")))[-1] == ["END"]
    if not closed:
        with pytest.raises(InputError, match="never closed"):
            read(path)
        return
    reader = csv.reader(io.StringIO(text, newline=""))
    expected, begins = [], 1
    for cells in reader:
        if begins > 1 and any(cell.strip() for cell in cells):
            padded = [cell or None for cell in [*cells, "", ""][:2]]
            expected.append((*padded, any(cell.strip() for cell in cells[2:]), begins))
        begins = reader.line_num + 1
    assert [(a or None, b or None, more is not None, line) for a, b, more, line in read(path)] == expected


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=12),
    code=st.sampled_from(["utf-8", "gb18030", "utf-16"]),
)
def test_what_a_csv_writer_wrote_comes_back(tmp_path: Path, rows: list[tuple[str, str, str]], code: str) -> None:
    path = tmp_path / "round.csv"
    with path.open("w", encoding=code, newline="") as file:
        csv.writer(file).writerows([("h1", "h2", "h3"), *rows])
    got = [tuple(cell or "" for cell in row[:3]) for row in read(path, encoding=code)]
    assert got == [row for row in rows if any(cell.strip() for cell in row)]


def test_lines_hold_in_a_file_of_many_blocks(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    n = 300_000
    with path.open("w", encoding="utf-8") as file:
        file.write("id,text\n")
        file.writelines(f"{i},row number {i} of a file that is read in several blocks\n" for i in range(2, n))
    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = false")
    rows = delimited.relation(connection, path, delimited.layout(path))
    assert rows.aggregate("count(*), count(*) FILTER (c0 = line::VARCHAR)").fetchall() == [(n - 2, n - 2)]


LINES = st.lists(st.text(alphabet='",a \t\u00a0', max_size=10), min_size=1, max_size=12)


@settings(max_examples=300, deadline=None)
@given(lines=LINES)
def test_the_quick_look_at_a_file_finds_what_a_slow_one_finds(lines: list[str]) -> None:
    """Lines without a blank one, looked at line by line and cell by cell."""
    lines = [line or "a" for line in lines]
    block = "".join(f"{line}\n" for line in lines).encode()
    check = PlainCheck(",", 4)
    check.add(block)
    cell = r'(?:[^",]*|"(?:[^"]|"")*")'
    whole = all(re.fullmatch(rf"{cell}(?:,{cell})*", line) for line in lines)
    if whole:  # doubtful files go the slow way; what is whole must not
        assert check.plain
    if check.plain:
        assert all(line.count('"') % 2 == 0 for line in lines)
        assert check.blank_records == any(re.fullmatch('[ \t",\u00a0]*', line) for line in lines)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    records=st.lists(
        st.lists(st.text(alphabet='ab" ,\t\u00a0\u3000', max_size=4), min_size=1, max_size=4), min_size=1, max_size=6
    ),
    quoted=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONE]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_a_large_file_is_read_as_a_small_one(records: list[list[str]], quoted: int, end: str, tmp_path: Path) -> None:
    """Records of two headings, more, fewer or blank ones among them, quotation marks where they belong and where they do not."""
    path = tmp_path / "file.csv"
    file = io.StringIO(newline="")
    if quoted == csv.QUOTE_NONE:
        file.write("".join(",".join(record) + end for record in [["c", "d"], *records]))
    else:
        csv.writer(file, quoting=quoted, lineterminator=end).writerows([["c", "d"], *records])  # type: ignore[arg-type]
    path.write_text(file.getvalue(), encoding="utf-8", newline="")
    form = delimited.layout(path)
    try:
        small = delimited.relation(CONNECTION, path, form).fetchall()
    except InputError as error:
        with pytest.raises(InputError, match=re.escape(str(error))):
            as_large(path, form)
    else:
        assert as_large(path, form) == small


def test_of_a_large_plain_file_duckdb_makes_the_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "plain.csv"
    path.write_text('a,b\n1," x"\n"y ",""\n', encoding="utf-8")
    monkeypatch.setattr(delimited, "LARGE", 0)
    monkeypatch.setattr(delimited, "_as_utf8", None)
    before = CONNECTION.execute("select current_setting('preserve_insertion_order')").fetchall()
    assert delimited.relation(CONNECTION, path, delimited.layout(path)).fetchall() == [
        ("1", " x", None, 2),
        ("y ", None, None, 3),
    ]
    assert CONNECTION.execute("select current_setting('preserve_insertion_order')").fetchall() == before


@settings(max_examples=120, deadline=None)
@given(
    text=st.one_of(
        st.binary(max_size=12), st.text(st.characters(), max_size=6).map(lambda t: t.encode("utf-8", "surrogatepass"))
    )
)
def test_long_texts_are_utf8_when_short_ones_are(text: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        short = encoding.is_utf8(text)
        patch.setattr(encoding, "_LONG", 0)
        assert encoding.is_utf8(text) == short
