"""How a file is written: encoding, separators, sheet, dates, numbers. Declared by a person; what we suggest is only shown."""

import codecs
import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from engines.transfer import workbooks

ENCODINGS = ("utf-8", "gb18030", "big5", "utf-16", "windows-1252")
DELIMITERS = (",", ";", "\t", "|")
ORDERS = ("ymd", "dmy", "mdy")
MARKS = (".", ",")
_SAMPLE = 256 * 1024
_DATE = re.compile(r"\s*(\d{1,4})[-/. ](\d{1,2})[-/. ](\d{1,4})\b")
_DECIMAL = re.compile(r"^[^\d]*\d{1,3}(?:\.\d{3})*,\d{1,2}[^\d]*$")


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """`header` is the number of the row that names the columns; rows below it are the table. `zone` is that of its times."""

    format: str = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    sheet: str = ""
    header: int = 1
    date_order: str = "ymd"
    decimal: str = "."
    zone: str = ""

    def document(self) -> dict[str, Any]:
        return asdict(self)


class DialectIn(Schema):
    """What must be declared of a file before anything is taken from it."""

    format = fields.String(load_default="csv", validate=validate.OneOf(("csv", "xlsx")))
    encoding = fields.String(load_default="utf-8", validate=validate.OneOf(ENCODINGS))
    delimiter = fields.String(load_default=",", validate=validate.OneOf(DELIMITERS))
    sheet = fields.String(load_default="", validate=validate.Length(max=100))
    header = fields.Integer(load_default=1, validate=validate.Range(1, 1000))
    date_order = fields.String(load_default="ymd", validate=validate.OneOf(ORDERS))
    decimal = fields.String(load_default=".", validate=validate.OneOf(MARKS))
    zone = fields.String(load_default="", validate=validate.Length(max=60))

    @post_load
    def made(self, found: dict[str, Any], **_rest: Any) -> Dialect:
        return Dialect(**found)


def suggested(path: Path, *, is_workbook: bool) -> Dialect:
    """What the file looks like, for a person to confirm."""
    if is_workbook:
        return Dialect(format="xlsx", sheet=workbooks.sheets(path)[0])
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
    encoding = _encoding(head)
    text = _text(head, encoding)
    delimiter = _delimiter(text)
    cells = [cell for row in csv.reader(text.splitlines()[1:200], delimiter=delimiter) for cell in row]
    return Dialect(encoding=encoding, delimiter=delimiter, date_order=order_of(cells), decimal=mark_of(cells))


def order_of(cells: Iterable[str]) -> str:
    """The order of day, month and year that fits the dates among `cells`; year first where nothing tells."""
    votes = {"dmy": 0, "mdy": 0}
    for cell in cells:
        found = _DATE.match(cell or "")
        if found is None or len(found[1]) > 2:
            continue
        first, second = int(found[1]), int(found[2])
        if first > 12 >= second:
            votes["dmy"] += 1
        elif second > 12 >= first:
            votes["mdy"] += 1
    best = max(votes, key=votes.__getitem__)
    return best if votes[best] else "ymd"


def mark_of(cells: Iterable[str]) -> str:
    """Whether amounts are written 1.234,50 or 1,234.50."""
    return "," if sum(bool(_DECIMAL.match(cell or "")) for cell in cells) else "."


def codec(encoding: str) -> str:
    """The name Python knows the encoding by; a mark at the beginning of the file is no part of it."""
    return "utf-8-sig" if encoding == "utf-8" else encoding


def _encoding(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for name in ("utf-8", "gb18030"):
        decoder = codecs.getincrementaldecoder(name)()
        try:
            decoder.decode(head)
        except UnicodeDecodeError:
            continue
        return name
    return "windows-1252"


def _text(head: bytes, encoding: str) -> str:
    return codecs.getincrementaldecoder(codec(encoding))(errors="replace").decode(head)


def _delimiter(text: str) -> str:
    lines: Sequence[str] = [line for line in text.splitlines()[:20] if line.strip()]
    if not lines:
        return ","
    counts = {mark: lines[0].count(mark) for mark in DELIMITERS}
    return max(counts, key=counts.__getitem__) if any(counts.values()) else ","
