"""Tables as files for spreadsheets, row by row: nothing anybody typed is ever run as a formula, and it reads back the same."""

import csv
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Any

import xlsxwriter

_DANGEROUS = re.compile(r"'*[ \n]*[=+\-@\t\r]")
_QUOTED = re.compile(r"'+[ \n]*[=+\-@\t\r]")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_PIECE = 64 * 1024
MAX_CELL = 32_000  # a workbook's cell holds 32,767 characters
CSV, XLSX = "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def safe(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula gets an apostrophe before it; a plain number is none."""
    if isinstance(value, str) and value and _DANGEROUS.match(value) and not _NUMBER.fullmatch(value):
        return "'" + value
    return "" if value is None else value


def plain(text: str) -> str:
    """What was written by `safe`: the first apostrophe before something like a formula is not part of it."""
    return text[1:] if text[:1] == "'" and _QUOTED.match(text) else text


def csv_lines(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """A .csv file piece by piece, in UTF-8 with a mark so that spreadsheets read Chinese."""
    out = StringIO()
    writer = csv.writer(out)
    out.write("\ufeff")
    writer.writerow([safe(text) for text in headings])
    for row in rows:
        writer.writerow([safe(value) for value in row])
        if out.tell() > _PIECE:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def xlsx_pieces(headings: Sequence[str], rows: Iterable[Sequence[str]], *, title: str) -> Iterator[bytes]:
    """An .xlsx file of texts piece by piece; rows go to disk as they come, so that a big one fits the memory.

    A text cell is never run, so only what already has the apostrophe gets another: `plain` gives back what was written.
    """
    with tempfile.TemporaryFile() as file:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(file, options)
        sheet = book.add_worksheet(title[:31])
        head = book.add_format({"bold": True, "bg_color": "#E8EEF9", "bottom": 1})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, max(len(headings) - 1, 0), 22)
        for column, text in enumerate(headings):
            sheet.write_string(0, column, text, head)
        for place, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                if value:
                    sheet.write_string(place, column, ("'" + value if _QUOTED.match(value) else value)[:MAX_CELL])
        book.close()
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece
