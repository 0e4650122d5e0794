"""How PostgreSQL answers the desk's lists, however many tickets there are."""

import pytest

from service_desk.models import Ticket
from tests.plans import copies, plans


@pytest.fixture
def many(desk):
    if desk.database.is_sqlite:
        pytest.skip("about PostgreSQL's plans")
    desk.ticket()
    with desk.database.connection(write=True) as connection:
        copies(connection, Ticket.__table__, 8000, {
            "id": "'t' || lpad(i::text, 35, '0')", "number": "'T' || i", "owner_id": "'owner-' || i % 50",
            "created_at": "ticket.created_at - i * interval '1 minute'", "request_id": "NULL",
            "status": "CASE i % 20 WHEN 0 THEN 'open' ELSE 'closed' END",
        })  # fmt: skip
    return desk.database


def test_a_page_of_tickets_is_read_in_the_order_of_an_index(many, client):
    found = plans(many, "FROM ticket", lambda: client.as_user("liu").get("/service-desk/api/v1/tickets?limit=50"))
    assert "ix_ticket_created_at_id" in found
    assert "Sort" not in found
    assert "Seq Scan" not in found


def test_tickets_of_a_status_are_read_from_its_index(many, client):
    path = '/service-desk/api/v1/tickets?filter={"field":"status","op":"eq","value":"open"}&limit=50'
    found = plans(many, "FROM ticket", lambda: client.as_user("liu").get(path))
    assert "ix_ticket_status_created_at_id" in found
    assert "Sort" not in found
    assert "Seq Scan" not in found
