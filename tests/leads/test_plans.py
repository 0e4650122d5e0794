"""How PostgreSQL answers the hottest reads: by index, however many leads there are. Plans, not times."""

import pytest

from leads.models import Lead
from tests.plans import copies, plans

COPIES = {
    "id": "'x' || lpad(i::text, 35, '0')",
    "number": "'X' || i",
    "created_at": "lead.created_at - i * interval '1 minute'",
    "owner_id": "'owner-' || i % 50",
    "status": "CASE i % 20 WHEN 0 THEN 'working' ELSE 'disqualified' END",
    "duplicate_of": "NULL",
}


@pytest.fixture
def many(desk):
    """A table large enough for the planner to care."""
    if desk.database.is_sqlite:
        pytest.skip("about PostgreSQL's plans")
    desk.capture()
    with desk.database.connection(write=True) as connection:
        copies(connection, Lead.__table__, 8000, COPIES)
    return desk.database


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
