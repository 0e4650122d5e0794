"""A kind of record with a field of every kind, and records that hold what real tables hold: gaps, limits, nasty text."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Boolean, Date, Float, Integer, MetaData, Numeric, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.caller import Caller
from chassis.db import NAMING, Id, Json, UtcDateTime
from engines.conditions.moments import canonical
from engines.objects import Field, ObjectType

NOW = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # half an hour before Berlin's clocks go forward, a Sunday
ZONE = "Europe/Berlin"
ME, MATE, STRANGER = "u-me", "u-mate", "u-stranger"
CALLER = Caller(id=ME, kind="user", team_ids=(ME, MATE), department_id="d-1", department_ids=("d-1", "d-2"))


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class Thing(Base):
    __tablename__ = "things"
    __kind__ = "thing"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str | None] = mapped_column(String(200))
    nick: Mapped[str | None] = mapped_column(String(200))
    count: Mapped[int | None] = mapped_column(Integer)
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    limit_minor: Mapped[int | None] = mapped_column(BigInteger)
    fee_minor: Mapped[int | None] = mapped_column(BigInteger)
    fee_currency: Mapped[str | None] = mapped_column(String(3))
    ratio: Mapped[float | None] = mapped_column(Float)
    price: Mapped[Decimal | None] = mapped_column(Numeric(18, 6))
    active: Mapped[bool | None] = mapped_column(Boolean)
    born: Mapped[date | None] = mapped_column(Date)
    met: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status: Mapped[str | None] = mapped_column(String(20))
    owner_id: Mapped[str | None] = mapped_column(Id)
    department_id: Mapped[str | None] = mapped_column(Id)
    collaborator_ids: Mapped[list[str] | None] = mapped_column(Json)
    tags: Mapped[list[str] | None] = mapped_column(Json)
    pool: Mapped[str | None] = mapped_column(String(20))
    custom: Mapped[dict[str, Any] | None] = mapped_column(Json)


STATUSES = ("new", "working", "won")
THING = ObjectType(
    "thing",
    Thing,
    (
        Field("name", "text"),
        Field("nick", "text"),
        Field("count", "integer"),
        Field("amount", "money", column="amount_minor", currency="CNY"),
        Field("limit", "money", column="limit_minor"),
        Field("fee", "money", column="fee_minor", currency_column="fee_currency"),
        Field("ratio", "percent"),
        Field("price", "number"),
        Field("active", "boolean"),
        Field("born", "date"),
        Field("met", "datetime"),
        Field("status", "choice", choices=STATUSES),
        Field("pool", "text"),
        Field("custom.text", "text"),
        Field("custom.choice", "choice", choices=STATUSES),
        Field("custom.choices", "choices", choices=STATUSES),
        Field("custom.person", "person"),
        Field("custom.whole", "integer"),
        Field("custom.money", "money"),
        Field("custom.share", "number"),
        Field("custom.flag", "boolean"),
        Field("custom.day", "date"),
        Field("custom.time", "datetime"),
    ),
    rights=("assign", "export", "see_pool"),
    open_to={"see_pool": {"all": [{"field": "pool", "op": "is_not_empty"}, {"field": "owner_id", "op": "is_empty"}]}},
    searched=("name", "nick", "tags"),
)

TEXTS = (
    "Acme", "ACME", "acme", "Äcme", "äCME", "É", "é", "e\u0301", "ß", "SS", "İstanbul", "ı", "华东", "华东区", "张三",
    "%", "_", "50%_off", "\\", "'", '"', "a'b\"c", "--", "\n", " ", "  acme ", "😀", "👩‍👩‍👧", "\U0010ffff", "\u200b", "\ufeff",
    "0", "null", "true", "ﬁ", "K", "Ω", "x" * 200, "[]", "{}", "$.text", "\t\r",
)  # fmt: skip
INTEGERS = (0, 1, -1, 2, 7, 100, 2**31 - 1, -(2**31))
MINORS = (0, 1, -1, 99, 100, 101, 50_000_00, 500_000_00, 2**53, 2**53 + 1, 2**63 - 1, -(2**63))
FLOATS = (0.0, 0.1, -0.1, 0.3, 1 / 3, 20.0, 1e-9, 1e15, 123456.789, -1e300, 5e-324)
PRICES = tuple(map(Decimal, ("0", "0.1", "19.99", "0.000001", "123456.123456", "-5", "999999999.999999")))


def _boundaries() -> tuple[datetime, ...]:
    """Instants around local midnights of days, weeks, months and years, one microsecond each side, and the clock change."""
    zone, tick = ZoneInfo(ZONE), timedelta(microseconds=1)
    days = [(2026, 3, 29), (2026, 3, 30), (2026, 3, 23), (2026, 3, 16), (2026, 3, 1), (2026, 2, 1), (2026, 4, 1)]
    days += [(2026, 1, 1), (2025, 1, 1), (2027, 1, 1), (2025, 10, 1), (2024, 2, 29), (2026, 10, 25)]
    midnights = [datetime(*day, tzinfo=zone).astimezone(UTC) for day in days]
    around = [moment + step for moment in midnights for step in (-tick, timedelta(), tick)]
    around += [
        NOW,
        NOW - tick,
        NOW + tick,
        NOW - timedelta(days=7),
        NOW - timedelta(days=7, hours=1),
        NOW + timedelta(hours=1),
    ]
    return (*around, datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, 23, 59, 59, 999999, tzinfo=UTC))


TIMES = _boundaries()
DAYS = tuple(sorted({moment.date() for moment in TIMES}))
LISTS = (
    [],
    ["a"],
    ["华东", "Acme"],
    ["new"],
    ["won", "working"],
    [""],
    ["a", None, 1, True],
    [ME],
    [STRANGER, MATE],
    ["a'b\"c", "\\"],
)
GARBAGE = (None, "", 0, 1.5, True, False, [], {}, ["new"], {"a": 1}, "2026-03-29", 2**53 + 1)


def records(count: int = 110, seed: int = 20260329) -> list[Thing]:
    """The same records at each call: the first ones empty in every way, then mixtures of everything."""
    draw = random.Random(seed)
    made = [Thing(id="r-null", custom=None), Thing(id="r-empty", name="", nick="", tags=[], status="", custom={})]
    for number in range(count):
        made.append(_record(f"r-{number:03}", draw))
    return made


def _record(name: str, draw: random.Random) -> Thing:
    def some(values: Any) -> Any:
        return draw.choice((None, *values)) if draw.random() < 0.9 else None

    values = {
        "name": some(TEXTS), "nick": some(("", *TEXTS)), "count": some(INTEGERS), "amount_minor": some(MINORS),
        "limit_minor": some(MINORS), "ratio": some(FLOATS), "price": some(PRICES), "active": some((True, False)),
        "born": some(DAYS), "met": some(TIMES), "status": some((*STATUSES, "gone", "")), "pool": some(("", "north")),
        "owner_id": some((ME, MATE, STRANGER)), "department_id": some(("d-1", "d-2", "d-3")),
        "tags": some(LISTS), "collaborator_ids": some(([], [ME], [MATE], [STRANGER, ME])),
    }  # fmt: skip
    values |= {"fee_minor": some(MINORS), "fee_currency": some(("CNY", "JPY", "KWD", "XXX"))}
    custom = {
        "text": some(TEXTS), "choice": some(STATUSES), "choices": some(LISTS), "person": some((ME, MATE, STRANGER)),
        "whole": some(INTEGERS), "money": some((*MINORS[:10], -5)), "share": some((*FLOATS, 1, -2)),
        "flag": some((True, False)), "day": some([canonical(day) for day in DAYS]),
        "time": some([canonical(moment) for moment in TIMES]),
    }  # fmt: skip
    if draw.random() < 0.2:
        custom = {key: draw.choice(GARBAGE) for key in custom}
    kept = {key: value for key, value in custom.items() if draw.random() < 0.9}
    return Thing(id=name, custom=draw.choice((kept, kept, kept, kept, {})), **values)
