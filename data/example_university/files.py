"""The office's files: which columns under which headings, in which encoding, split by which years."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dice import Dice
from mess import Row
from workbook import Value, Workbook

UNIVERSITY = "Example University (synthetic)"

OLD_INBOUND = {
    "学号": "student_id",
    "国籍": "country",
    "派出院校": "institution",
    "协议编号": "agreement_id",
    "项目类型": "mode",
    "培养层次": "level",
    "学科门类": "field",
    "入学日期": "start",
    "离校日期": "end",
    "性别": "gender",
    "出生年份": "birth_year",
    "经费来源": "funder",
    "资助金额": "grant_amount",
    "币种": "currency",
    "语言考试": "language_test",
    "入学语言水平": "language_entry",
    "结业语言水平": "language_exit",
    "修读学分": "credits_attempted",
    "认定学分": "credits_recognised",
    "双导师": "dual_supervised",
    "签证申请日期": "visa_applied",
    "签证决定日期": "visa_decided",
    "签证结果": "visa_result",
    "学习结果": "outcome",
    "授予学位数": "degrees_awarded",
    "合作论文数": "joint_publications",
    "满意度": "satisfaction",
    "备注": "remark",
}
_RENAMED = {
    "学号": "学生编号",
    "国籍": "国家/地区",
    "入学日期": "来校时间",
    "离校日期": "离校时间",
    "项目类型": "合作模式",
}
_ORDER = ("mode", "student_id", "country", "gender", "birth_year", "level", "home_field")
_NEW = {_RENAMED.get(heading, heading): column for heading, column in OLD_INBOUND.items()} | {
    "本校专业门类": "home_field"
}
NEW_INBOUND = dict(sorted(_NEW.items(), key=lambda item: _ORDER.index(item[1]) if item[1] in _ORDER else len(_ORDER)))

OUTBOUND = {
    "Student No.": "student_id",
    "Programme type": "mode",
    "Degree level": "level",
    "Host country": "country",
    "Host institution": "institution",
    "Agreement": "agreement_id",
    "Home field": "home_field",
    "Field abroad": "field",
    "From": "start",
    "To": "end",
    "Sex": "gender",
    "Year of birth": "birth_year",
    "Funding": "funder",
    "Grant": "grant_amount",
    "Currency": "currency",
    "Language test": "language_test",
    "Level before": "language_entry",
    "Level after": "language_exit",
    "ECTS taken": "credits_attempted",
    "ECTS recognised": "credits_recognised",
    "Two supervisors": "dual_supervised",
    "Visa applied": "visa_applied",
    "Visa decided": "visa_decided",
    "Visa": "visa_result",
    "Result": "outcome",
    "Degrees": "degrees_awarded",
    "Joint papers": "joint_publications",
    "Satisfaction (1-5)": "satisfaction",
    "Remarks": "remark",
}


@dataclass(frozen=True)
class Layout:
    """One file: its name, the academic years it is for, its headings and where they stand."""

    name: str
    direction: str
    first: int
    last: int
    columns: dict[str, str]
    header_row: int = 1
    sheet: str = ""

    def covers(self, day: date) -> bool:
        """Whether a stay that starts on this day belongs here."""
        year = day.year if day.month >= 9 else day.year - 1
        return self.first <= year <= self.last


LAYOUTS = (
    Layout("inbound-2010-2013.csv", "inbound", 2010, 2012, OLD_INBOUND),
    Layout("inbound-2013-2016.csv", "inbound", 2013, 2015, OLD_INBOUND),
    Layout("inbound-2016-2019.csv", "inbound", 2016, 2018, NEW_INBOUND),
    Layout("inbound-2019-2024.csv", "inbound", 2019, 2023, NEW_INBOUND),
    Layout("outbound-2010-2015.xlsx", "outbound", 2010, 2014, OUTBOUND, 4, "Outbound"),
    Layout("outbound-2015-2019.xlsx", "outbound", 2015, 2018, OUTBOUND, 3, "Register"),
    Layout("outbound-2019-2024.xlsx", "outbound", 2019, 2023, OUTBOUND, 3, "Register"),
)


@dataclass(frozen=True)
class Placed:
    """A row in its place; `row` is None for what is no student at all."""

    file: str
    line: int
    row: Row | None
    reject: str


def share_out(rows: list[Row], direction: str) -> dict[str, list[Row]]:
    """The rows of a direction by file; a row marked as elsewhere goes to a neighbouring file."""
    layouts = [layout for layout in LAYOUTS if layout.direction == direction]
    shared: dict[str, list[Row]] = {layout.name: [] for layout in layouts}
    for row in rows:
        place = next(i for i, layout in enumerate(layouts) if layout.covers(row.stay.start))
        if row.elsewhere:
            place = place + 1 if place + 1 < len(layouts) else place - 1
        shared[layouts[place].name].append(row)
    return shared


def write_text(folder: Path, layout: Layout, rows: list[Row], dice: Dice) -> list[Placed]:
    """Write an inbound file (GB18030, Chinese headings); gives the line on which each row begins."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(layout.columns)
    line, placed = 2, []
    for row in rows:
        cells = ["" if column not in row.cells else str(row.cells[column]) for column in layout.columns.values()]
        placed.append(Placed(layout.name, line, row, row.reject))
        writer.writerow(cells)
        line += 1 + sum(cell.count("\n") for cell in cells)
        if dice.chance(0.001):
            buffer.write("\r\n")
            line += 1
    buffer.write("\r\n")
    for note in (["合计", "", f"{len(rows)}人"], ["注：本表为模拟数据，不涉及任何真实学生"], ["制表：国际交流处"]):
        line += 1
        placed.append(Placed(layout.name, line, None, "footer"))
        writer.writerow(note)
    (folder / layout.name).write_bytes(buffer.getvalue().encode("gb18030"))
    return placed


def write_workbook(folder: Path, layout: Layout, rows: list[Row]) -> list[Placed]:
    """Write an outbound file: title rows over the headings, a total and a note below, a second sheet with the codes."""
    titles: list[list[Value]] = [
        [f"{UNIVERSITY}: register of students abroad, {layout.first}/{(layout.first + 1) % 100:02d} to "
         f"{layout.last}/{(layout.last + 1) % 100:02d}"],
        ["Exported 30 September 2024. Simulated records, no real student."],
    ]  # fmt: skip
    titles += [[""]] * (layout.header_row - 3)
    table: list[list[Value]] = [*titles, list(layout.columns)]
    placed = []
    for row in rows:
        table.append([row.cells[column] for column in layout.columns.values()])
        placed.append(Placed(layout.name, len(table), row, row.reject))
    table.append([""])
    for note in (["Total", len(rows)], ["Note: rows marked 'late entry' were added after the end of term."]):
        table.append(list(note))
        placed.append(Placed(layout.name, len(table), None, "footer"))
    book = Workbook()
    book.add_sheet(layout.sheet, table, titles=2)
    book.add_sheet(
        "Codes", [["Code", "Meaning"], ["EX", "Exchange"], ["JT", "Joint training"], ["CSC", "State scholarship"]]
    )
    book.save(folder / layout.name)
    return placed
