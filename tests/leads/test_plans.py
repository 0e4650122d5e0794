"""How PostgreSQL answers the hottest reads: by index, however many leads there are. Plans, not times."""

import pytest
from sqlalchemy import event, text

from chassis.db import Database
from leads.models import Lead

COPIES = {
    "id": "'x' || lpad(i::text, 35, '0')",
    "number": "'X' || i",
    "created_at": "lead.created_at - i * interval '1 minute'",
    "owner_id": "'owner-' || i % 50",
    "status": "CASE i % 20 WHEN 0 THEN 'working' ELSE 'disqualified' END",
    "duplicate_of": "NULL",
}
NAMES = [column.name for column in Lead.__table__.c]
FILL = (
    f"INSERT INTO lead ({', '.join(NAMES)}) SELECT {', '.join(COPIES.get(name, f'lead.{name}') for name in NAMES)}"
    " FROM lead, generate_series(1, 8000) AS i"
)


@pytest.fixture
def many(desk):
    """A table large enough for the planner to care."""
    if desk.database.is_sqlite:
        pytest.skip("about PostgreSQL's plans")
    desk.capture()
    with desk.database.connection(write=True) as connection:
        connection.execute(text(FILL))
        connection.execute(text("ANALYZE lead"))
    return desk.database


def plans(database: Database, word: str, act) -> str:
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


def test_a_page_of_leads_is_read_in_index_order(many, client):
    path = '/leads/api/v1/leads?filter={"field":"status","op":"eq","value":"working"}&limit=50'
    found = plans(many, "FROM lead", lambda: client.as_user("chen").get(path))
    assert "ix_lead_status_created_at_id" in found
    assert "Sort" not in found
    assert "Seq Scan" not in found


def test_the_next_page_begins_in_the_middle_of_the_index(many, client):
    head = client.as_user("chen")
    path = "/leads/api/v1/leads?limit=50"
    cursor = head.get(path).json["next_cursor"]
    found = plans(many, "FROM lead", lambda: head.get(f"{path}&cursor={cursor}"))
    assert "ix_lead_created_at_id" in found
    assert "Index Cond" in found
    assert "Sort" not in found


def test_duplicates_are_found_by_keys_alone(many, client):
    body = {"name": "王小明", "phones": ["13900000001"], "source": "api"}
    found = plans(many, "lead_key.key = any", lambda: client.as_user("chen").post("/leads/api/v1/leads", json=body))
    assert "Seq Scan on lead " not in found


def test_what_a_seller_holds_is_counted_among_open_leads_only(many):
    from leads import sellers

    with many.reading() as session:
        found = plans(many, "count(", lambda: sellers.open_leads(session, ["owner-1", "owner-2"]))
    assert "ix_lead_held_owner_id" in found
