"""How PostgreSQL answers what a piece of code asks: plans, not times."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Table, event, text

from chassis.db import Database


def copies(connection: Connection, table: Table, count: int, columns: Mapping[str, str]) -> None:
    """So many copies of each row, for the planner to care; `columns` are expressions over `i` and the row's own columns."""
    names = [column.name for column in table.c]
    listed = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(columns.get(name, f'{table.name}."{name}"') for name in names)
    made = f"INSERT INTO {table.name} ({listed}) SELECT {values} FROM {table.name}, generate_series(1, {count}) AS i"
    connection.execute(text(made))
    connection.execute(text(f"ANALYZE {table.name}"))


def plans(database: Database, word: str, act: Callable[[], Any]) -> str:
    """Plans of the statements holding `word` that `act` makes."""
    made = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        if word in statement and not statement.startswith("EXPLAIN"):
            made.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    act()
    event.remove(database.engine, "before_cursor_execute", note)
    assert made
    with database.connection() as connection:
        return "\n".join(
            row[0]
            for statement, parameters in made
            for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
        )
