"""One file of a source folder: what kind it is and what its head looks like, read once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipeline.errors import InputError
from pipeline.sources import compressed, delimited, parquet, workbook, xml
from pipeline.sources.card import normal

TEXT_SUFFIXES = (".csv", ".tsv", ".tab", ".txt")
FOREIGN_SUFFIXES = {  # data of a kind that is not read -> what to do; Parquet is, by a card
    ".zip": "Unpack it into the folder.",
    ".gz": "Unpack it into the folder.",
    ".7z": "Unpack it into the folder.",
    ".rar": "Unpack it into the folder.",
    ".json": "Save it as CSV.",
    ".sav": "Save it as CSV.",
    ".dta": "Save it as CSV.",
    ".sas7bdat": "Save it as CSV.",
    ".mdb": "Save its tables as CSV.",
    ".accdb": "Save its tables as CSV.",
    parquet.SUFFIX: "Describe it in a source.yml: `mobility new-source` drafts one.",
}
_PROSE = ("readme", "license", "licence", "notes", "source", "notice", "changes", "changelog", "requirements")

# read elsewhere: confirmed names of institutions (pipeline.records), the dated events that a user adds to the known ones (pipeline.models), the record
# of what was fetched (pipeline.run.fetch)
_OTHERS = ("aliases.csv", "breaks.csv", "fetched.json")


def is_data(path: Path) -> bool:
    """Whether a file of a source folder looks like data: neither prose, nor hidden, nor left behind by a program.

    Examples
    --------
    >>> [is_data(Path(n)) for n in ("a.csv", "~$a.xlsx", ".DS_Store", "README.txt", "notes.md", "a.zip")]
    [True, False, False, False, False, True]
    """
    if path.name.startswith((".", "~$")) or path.stem.lower() in _PROSE or path.name in _OTHERS:
        return False
    return path.suffix.lower() in (*TEXT_SUFFIXES, *workbook.SUFFIXES, xml.SUFFIX, *FOREIGN_SUFFIXES)


@dataclass(frozen=True)
class SourceFile:
    """A file and its name within the raw folder."""

    path: Path
    name: str  # relative to the raw folder, POSIX

    @property
    def is_workbook(self) -> bool:
        """Whether its name says that it is a workbook."""
        return self.path.suffix.lower() in workbook.SUFFIXES

    @property
    def is_parquet(self) -> bool:
        """Whether its name says that it is a Parquet file."""
        return self.path.suffix.lower() == parquet.SUFFIX

    @property
    def is_xml(self) -> bool:
        """Whether its name says that it is XML."""
        return self.path.suffix.lower() == xml.SUFFIX

    @property
    def is_json(self) -> bool:
        """Whether its name says that it is JSON."""
        return self.path.suffix.lower() == ".json"

    @property
    def foreign(self) -> str:
        """What to do with a file of a kind that is not read; "" for any other."""
        suffix = self.path.suffix.lower()
        packed_text = suffix == compressed.SUFFIX and compressed.inner_suffix(self.path) in TEXT_SUFFIXES
        return "" if packed_text or self.is_json else FOREIGN_SUFFIXES.get(suffix, "")

    @property
    def text(self) -> Path:
        """Where the text of the file can be read: the file itself, or a copy of what is packed in it."""
        return compressed.unpacked(self.path) if self.path.suffix.lower() == compressed.SUFFIX else self.path

    def check(self) -> None:
        """Make sure that the file is there and can be read.

        Raises
        ------
        InputError
            If it is missing, a folder, not readable or empty.
        """
        todo = "Put the file in place, or mend source.yml."
        if self.path.is_dir():
            raise InputError(self.path, "is a folder, a file was expected.", todo)
        if self.path.exists() and not self.path.is_file():  # a pipe or a device: reading it would never end
            raise InputError(self.path, "is a pipe or a device, a file was expected.", todo)
        try:
            with self.path.open("rb") as file:
                empty = not file.read(1)
        except FileNotFoundError:
            raise InputError(self.path, "the file is missing.", todo) from None
        except OSError as error:
            raise InputError(
                self.path, f"cannot be read ({error.strerror}).", "Check the file and its permissions."
            ) from None
        if empty:
            raise InputError(self.path, "is empty.", "Put the file in place again.")

    def sha256(self) -> str:
        """The checksum of its bytes, in hexadecimal digits."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @cached_property
    def layout(self) -> delimited.Layout:
        """The head of a text file whose first line holds the headings."""
        return delimited.layout(self.text)

    @cached_property
    def headings(self) -> frozenset[str]:
        """The headings of a text file, in the form in which they are compared; none for a workbook, XML or JSON."""
        self.check()
        if self.is_workbook or self.is_xml or self.is_json:
            return frozenset()
        return frozenset(map(normal, self.layout.headings))

    @cached_property
    def sheets(self) -> dict[str, workbook.Grid]:
        """The sheets of a workbook; none for a text file."""
        self.check()
        return workbook.grids(self.path) if self.is_workbook else {}

    @cached_property
    def root(self) -> str:
        """The outermost element of an XML file, without its namespace; "" for another file."""
        self.check()
        return xml.root_name(self.path) if self.is_xml else ""
