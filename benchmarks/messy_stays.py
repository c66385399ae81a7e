"""A seeded CSV of messy stays, as long as wanted, with the source card that reads it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

CHUNK = 500_000
KINDS = ("csv", "parquet")
MOST = 5_000_000  # rows made one by one of a Parquet file; a longer one repeats them with other student numbers
FIRST_DAY = dt.date(2010, 9, 1)
DAYS = 4_700
EXCEL_EPOCH = dt.date(1899, 12, 30)
# Spellings by country; the last entry names none.
COUNTRIES: dict[str, tuple[str, ...]] = {
    "DEU": ("Germany", "GERMANY", "德国", "DE", " Germany\u00a0", "Federal Republic of Germany"),
    "FRA": ("France", "FRANCE ", "法国", "FR", "France\u3000"),
    "GBR": ("United Kingdom", "UK", "英国", "Great Britain", "GBR"),
    "USA": ("United States", "USA", "美国", "United States of America", "U.S.A."),
    "KOR": ("South Korea", "Korea, Rep.", "韩国", "KOR", "Republic of Korea"),
    "VNM": ("Vietnam", "Viet Nam", "越南", "VN"),
    "TUR": ("Turkey", "Türkiye", "土耳其", "TR"),
    "CIV": ("Côte d'Ivoire", "Ivory Coast", "科特迪瓦"),
    "CZE": ("Czechia", "Czech Republic", "捷克"),
    "JPN": ("Japan", "JAPAN", "日本", "JP"),
    "MMR": ("Myanmar", "Burma", "缅甸"),
    "RUS": ("Russia", "Russian Federation", "俄罗斯"),
    "": ("Atlantis", "未知", ""),
}
MODES = {
    "exchange": ("EX", "交换生"),
    "degree": ("DG", "学位项目"),
    "joint_training": ("JT", "联合培养"),
    "": ("", "ZZ"),
}
LEVELS = {"6": ("Bachelor", "本科"), "7": ("Master", "硕士"), "8": ("PhD", "博士"), "": ("",)}
SEXES = {"female": ("F", "女"), "male": ("M", "男"), "": ("",)}
FUNDERS = {"government": ("CSC", "政府"), "university": ("University", "学校"), "self": ("Self", "自费"), "": ("",)}
BAD_DATES = ("", "2019-02-30", "31.13.2019", "n/a", "99999999", "2019年13月", "1.9.19")
HEADINGS = ("Student", "Country", "Institution", "Mode", "Level", "From", "To", "Sex", "Born", "Funding", "Grant")
CARD = """title: Messy stays
publisher: benchmark
synthetic: true
origin_basis: citizenship
tables:
  - table: stays
    file: stays.{kind}
    encoding: utf-8
    direction: inbound
    constants: {{destination: CHN, host_institution: Benchmark University}}
    columns: {{Student: student_id, Country: origin, Institution: home_institution, Mode: mode, Level: level, From: start,
              To: end, Sex: gender, Born: birth_year, Funding: funder, Grant: grant_amount}}
    codes:
      mode: {{EX: exchange, DG: degree, JT: joint_training}}
      funder: {{CSC: government}}
"""


def date_texts() -> np.ndarray:
    """Every day in every style: an array of (day, style)."""
    styles = []
    for number in range(DAYS + 1_500):
        d = FIRST_DAY + dt.timedelta(days=number)
        serial = (d - EXCEL_EPOCH).days
        styles.append(
            (
                d.isoformat(),
                f"{d.year}/{d.month}/{d.day}",
                f"{d.day:02d}.{d.month:02d}.{d.year}",
                f"{d.year}年{d.month}月{d.day}日",
                str(serial),
                f" {d.isoformat()}\u00a0",
                f"{d.year}年{d.month}月",
            )
        )
    return np.array(styles, dtype=object)


def _spellings(rng: np.random.Generator, words: dict[str, tuple[str, ...]], codes: np.ndarray) -> np.ndarray:
    """One of the spellings of each code (an index into the dictionary)."""
    widest = max(map(len, words.values()))
    table = np.array([[texts[i % len(texts)] for i in range(widest)] for texts in words.values()], dtype=object)
    return np.asarray(table[codes, rng.integers(0, widest, len(codes))])


def _chunk(rng: np.random.Generator, first: int, size: int, dates: np.ndarray) -> dict[str, Any]:
    """Rows, one in twenty of them another writing of an earlier one."""
    base = np.arange(size)
    again = rng.random(size) < 0.05
    base[again] = rng.integers(0, np.maximum(base[again], 1))
    base = np.where(again[base], base[base], base)  # copies of copies are copies of what they copy, two steps at most
    first_stay = base - base % 2 * (base % 10 == 1)  # every tenth student comes again, four hundred days later
    day = rng.integers(0, DAYS - 400, size)[first_stay] + np.where(first_stay < base, 400, 0)
    length = np.where(rng.random(size) < 0.01, -40, rng.integers(20, 1_000, size))[base]
    weights = np.array([8] * (len(COUNTRIES) - 1) + [1.0])
    country = rng.choice(len(COUNTRIES), size, p=weights / weights.sum())[base]
    style = rng.integers(0, dates.shape[1], size)
    start = dates[day, style]
    bad = rng.random(size) < 0.01
    start[bad] = np.array(BAD_DATES, dtype=object)[rng.integers(0, len(BAD_DATES), int(bad.sum()))]
    end = dates[np.maximum(day + length, 0), rng.integers(0, dates.shape[1] - 1, size)]
    end[rng.random(size) < 0.1] = ""
    student = np.char.add("S", (first + first_stay).astype(str)).astype(object)
    student[rng.random(size) < 0.002] = ""
    grant = (rng.integers(10, 900, size) * 100)[base].astype(str).astype(object)
    grant[rng.random(size) < 0.3] = ""

    def coded(words: dict[str, tuple[str, ...]]) -> np.ndarray:
        return _spellings(rng, words, rng.integers(0, len(words), size)[base])

    columns = (
        student,
        _spellings(rng, COUNTRIES, country),
        np.char.add("University ", (country * 250 + rng.integers(0, 250, size)[base]).astype(str)).astype(object),
        coded(MODES),
        coded(LEVELS),
        start,
        end,
        coded(SEXES),
        (1980 + rng.integers(0, 12, size)[base]).astype(str).astype(object),
        coded(FUNDERS),
        grant,
    )
    return dict(zip(HEADINGS, columns, strict=True))


def write(folder: Path, rows: int, seed: int = 7, kind: str = "csv") -> Path:
    """Write `stays.csv` or `stays.parquet` and its card into the folder.

    Parameters
    ----------
    folder
        Made if it is not there.
    rows
        How many; they are made in chunks, so memory does not grow with them.
    seed
        The same seed gives the same file.
    kind
        "csv" or "parquet".
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "source.yml").write_text(CARD.format(kind=kind), encoding="utf-8")
    path = folder / f"stays.{kind}"
    if kind == "csv":
        _as_csv(path, rows, seed)
        return path
    few = folder / "some.csv"
    _as_csv(few, min(rows, MOST), seed)
    _as_parquet(few, path, rows)
    few.unlink()
    return path


def _as_csv(path: Path, rows: int, seed: int) -> None:
    rng, dates = np.random.default_rng(seed), date_texts()
    schema = pa.schema([(name, pa.string()) for name in HEADINGS])
    with csv.CSVWriter(path, schema) as writer:
        for first in range(0, rows, CHUNK):
            chunk = _chunk(rng, first, min(CHUNK, rows - first), dates)
            writer.write_table(pa.table({name: pa.array(values, pa.string()) for name, values in chunk.items()}))


def _as_parquet(some: Path, path: Path, rows: int) -> None:
    """The rows of a CSV, again and again until there are enough, each time of other students."""
    options = csv.ConvertOptions(
        column_types=dict.fromkeys(HEADINGS, pa.string()),
        strings_can_be_null=True,
        null_values=[""],
        quoted_strings_can_be_null=True,
    )
    few = csv.read_csv(some, convert_options=options)
    few = pa.table(
        {
            name: few[name] if name == HEADINGS[0] else few[name].dictionary_encode().unify_dictionaries()
            for name in HEADINGS
        }
    )
    with pq.ParquetWriter(
        path, few.schema, compression="zstd", compression_level=1, use_dictionary=list(HEADINGS[1:]), store_schema=False
    ) as writer:
        for time, first in enumerate(range(0, rows, len(few))):
            part = few.slice(0, rows - first)
            students = pc.binary_join_element_wise(f"R{time}" if time else "", part[HEADINGS[0]], "")
            writer.write_table(part.set_column(0, HEADINGS[0], students), row_group_size=CHUNK)
