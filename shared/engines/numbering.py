"""Human numbers per kind and year (L-2026-000123): gaps may occur, duplicates never, across processes and threads."""

import threading
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, String
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis import clock
from chassis.db import Base, Database
from engines.conditions.context import company_zone

BLOCK = 20


class NumberSeries(Base):
    """The next number of a series that nobody has reserved."""

    __tablename__ = "number_series"
    __table_args__ = {"info": {"branch": "engines"}}

    series: Mapped[str] = mapped_column(String(80), primary_key=True)
    next: Mapped[int] = mapped_column(Integer)


class _Blocks:
    """Numbers this process has reserved of one database's series and not handed out yet."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.left: dict[str, range] = {}


_blocks: WeakKeyDictionary[Database, _Blocks] = WeakKeyDictionary()
_making = threading.Lock()


def next_number(session: Session, kind: str, prefix: str = "") -> str:
    """The next number of `kind` in the company's current year, by default with the kind's first letter.

    On PostgreSQL blocks are reserved in a short transaction of their own, so that no business transaction holds the
    hot row. SQLite has one writer anyway: there the number is taken in the session's transaction.
    """
    year = clock.now().astimezone(ZoneInfo(company_zone())).year
    database: Database = session.info["database"]
    series = f"{kind}/{year}"
    if database.is_sqlite:
        number = reserve(session.connection(), series, 1)
    else:
        number = _from_block(database, series)
    return f"{prefix or kind[0].upper()}-{year}-{number:06d}"


def reserve(connection: Connection, series: str, count: int) -> int:
    """Take `count` numbers off the series; returns the first."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = (
        dialect.insert(NumberSeries)
        .values(series=series, next=1 + count)
        .on_conflict_do_update(index_elements=["series"], set_={"next": NumberSeries.next + count})
        .returning(NumberSeries.next)
    )
    return int(connection.execute(statement).scalar_one()) - count


def _from_block(database: Database, series: str) -> int:
    blocks = _blocks.get(database)
    if blocks is None:
        with _making:
            blocks = _blocks.setdefault(database, _Blocks())
    with blocks.lock:
        left = blocks.left.get(series, range(0))
        if not left:
            with database.connection(write=True) as connection:
                first = reserve(connection, series, BLOCK)
            left = range(first, first + BLOCK)
        blocks.left[series] = left[1:]
        return left[0]
