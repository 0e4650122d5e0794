"""XLSX files, sheet by sheet and row by row; one that would swell beyond measure is refused before it is opened."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl

from chassis.i18n import lazy as _
from engines.transfer.errors import UnreadableFile

MAX_UNPACKED = 4 * 1024**3
MAX_TEXTS = 192 * 1024**2  # the table of texts is the one part that is held in memory
MAX_RATIO = 300  # sheets of equal rows pack some 100 times; what packs more is made to burst
MAX_PARTS = 2_000
_SMALL = 8 * 1024**2


def check(path: Path) -> None:
    """UnreadableFile for what is no workbook, is encrypted, or unpacks to more than a table can need."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if "xl/workbook.xml" not in names:
                raise UnreadableFile(_("The file is no XLSX workbook."))
            if len(parts) > MAX_PARTS or len(names) != len(parts):
                raise UnreadableFile(_("The workbook has more parts than any real one."))
            if any(part.flag_bits & 1 for part in parts):
                raise UnreadableFile(_("The workbook is protected by a password."))
            for part in parts:
                _check_part(archive, part)
            if sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise UnreadableFile(_("The workbook unpacks to more than %(n)s GiB.", n=MAX_UNPACKED // 1024**3))
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, ValueError):
        raise UnreadableFile(_("The file is no XLSX workbook, or it is damaged.")) from None


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    if part.file_size > _SMALL and part.file_size > MAX_RATIO * max(1, part.compress_size):
        raise UnreadableFile(_("The workbook is packed so densely that it would burst; save it anew."))
    if part.filename == "xl/sharedStrings.xml" and part.file_size > MAX_TEXTS:
        raise UnreadableFile(_("The workbook holds too much text for one sheet; save it as CSV."))
    if part.filename.endswith((".xml", ".rels")):
        with archive.open(part) as file:
            head = file.read(4096)
            if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                raise UnreadableFile(_("The workbook holds declarations that no spreadsheet writes."))


def sheets(path: Path) -> list[str]:
    """The names of its sheets; UnreadableFile."""
    with _opened(path) as book:
        found = [sheet.title for sheet in book.worksheets]
    if not found:
        raise UnreadableFile(_("The workbook has no sheet with cells."))
    return found


def rows(path: Path, sheet: str, decimal: str = ".") -> Iterator[list[str]]:
    """The rows of a sheet (the first one by default) as texts, empty ones too: times in ISO form, numbers with `decimal`."""
    with _opened(path) as book:
        found = [each for each in book.worksheets if not sheet or each.title == sheet]
        if not found:
            raise UnreadableFile(_("The workbook has no sheet “%(name)s”.", name=sheet))
        found[0].reset_dimensions()
        for row in found[0].iter_rows(values_only=True):
            yield [_text(value, decimal) for value in row]


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    check(path)
    with path.open("rb") as file:
        try:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            try:
                yield book
            finally:
                book.close()
        except (KeyError, ValueError, TypeError, AttributeError, IndexError, SyntaxError, zipfile.BadZipFile) as error:
            raise UnreadableFile(_("The sheet breaks off: %(error)s", error=str(error)[:200])) from None


def _text(value: Any, decimal: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return (
            str(int(value))
            if value.is_integer() and abs(value) < 1e15
            else format(Decimal(repr(value)), "f").replace(".", decimal)
        )
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return str(value)
