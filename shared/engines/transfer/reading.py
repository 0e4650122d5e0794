"""Files to rows, one after the other and never whole in memory: (number of the row as a spreadsheet counts, its cells)."""

import csv
from collections.abc import Iterator
from pathlib import Path

from chassis.i18n import lazy as _
from engines.transfer import workbooks
from engines.transfer.dialect import Dialect, codec
from engines.transfer.errors import UnreadableFile

Row = tuple[int, list[str]]
MAX_CELL = 1_000_000
MAX_COLUMNS = 1_000
csv.field_size_limit(MAX_CELL)


def header(path: Path, dialect: Dialect) -> list[str]:
    """The headings; UnreadableFile where the file ends before them or they cannot be."""
    for number, cells in _all(path, dialect):
        if number == dialect.header:
            if len(cells) > MAX_COLUMNS:
                raise UnreadableFile(_("The table has more than %(n)s columns.", n=MAX_COLUMNS))
            while cells and not cells[-1].strip():
                cells.pop()
            if not cells:
                break
            return [cell.strip() for cell in cells]
    raise UnreadableFile(_("Row %(n)s, which should name the columns, is empty.", n=dialect.header))


def rows(path: Path, dialect: Dialect, *, after: int = 0) -> Iterator[Row]:
    """The rows below the headings, from the one after `after` on; UnreadableFile where the file breaks off."""
    begin = max(after, dialect.header)
    for number, cells in _all(path, dialect):
        if number > begin:
            yield number, cells


def count(path: Path, dialect: Dialect) -> int:
    """How many rows there are; reading them all finds what cannot be read before anything is stored."""
    found = 0
    for _row in rows(path, dialect):
        found += 1
    return found


def _all(path: Path, dialect: Dialect) -> Iterator[Row]:
    if dialect.format == "xlsx":
        yield from enumerate(workbooks.rows(path, dialect.sheet, dialect.decimal), start=1)
        return
    number = 0
    with path.open(encoding=codec(dialect.encoding), newline="") as file:
        reader = csv.reader(file, delimiter=dialect.delimiter)
        try:
            for number, cells in enumerate(reader, start=1):
                yield number, cells
        except UnicodeError:
            raise UnreadableFile(
                _("The file is not %(encoding)s: a character after row %(n)s cannot be read. Declare the right encoding.",
                  encoding=dialect.encoding, n=number)
            ) from None  # fmt: skip
        except csv.Error as error:
            raise UnreadableFile(
                _("The table breaks off after row %(n)s: %(error)s", n=number, error=str(error))
            ) from None
