"""Rows of several tables stored at once are the rows that were given, on both databases."""

from datetime import UTC, date, datetime

from sqlalchemy import select

from chassis import timers, usage
from chassis.inserting import insert_all

AT = datetime(2026, 3, 4, 5, 6, 7, 890123, tzinfo=UTC)
ODD = "quotes \"x\" 'y', a backslash \\, 100 % of 张伟\n:name %(name)s"


def timer(place: int, **values):
    return timers.new_row(kind="odd", key=f"{ODD} {place}", due_at=AT) | values


def count(uses: int, day: date = date(2026, 3, 4)):
    return {"user_id": "wang", "feature": "board", "day": day, "uses": uses, "reported": 0}


def stored(database, table):
    with database.reading() as session:
        return [dict(row._mapping) for row in session.execute(select(table).order_by(*table.c))]


def test_texts_times_documents_and_nothing_come_back_as_they_were(database):
    rows = [timer(1, payload={"zh": ODD, "list": [1, None, {"a": 1.5}]}), timer(2, due_at=None, error=ODD)]
    with database.connection(write=True) as connection:
        insert_all(connection, {timers.TABLE: rows, usage.TABLE: [count(3)]})
    assert [row for row in stored(database, timers.TABLE) if row["kind"] == "odd"] == sorted(
        rows, key=lambda row: row["id"]
    )
    assert stored(database, usage.TABLE) == [count(3)]


def test_rows_of_a_replaced_table_take_the_new_values_others_stay(database):
    with database.connection(write=True) as connection:
        insert_all(connection, {usage.TABLE: [count(1), count(2, date(2026, 3, 5))]})
        insert_all(connection, {timers.TABLE: [timer(1)], usage.TABLE: [count(7)]}, replacing=(usage.TABLE,))
    assert stored(database, usage.TABLE) == [count(7), count(2, date(2026, 3, 5))]


def test_tables_without_rows_are_left_out(database):
    with database.connection(write=True) as connection:
        insert_all(connection, {timers.TABLE: []})
        insert_all(connection, {timers.TABLE: [], usage.TABLE: [count(1)]})
    assert stored(database, usage.TABLE) == [count(1)]
