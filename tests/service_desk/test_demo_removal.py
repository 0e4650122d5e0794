"""The demo data of the desk goes again; queues stay without the people of the demo."""

from sqlalchemy import select

from chassis import testing_demo as demo_data
from service_desk import definitions, starting
from service_desk.app import SERVICE
from service_desk.models import Definition


def test_tickets_go_and_demo_people_leave_the_queues(database):
    held = demo_data.filled(SERVICE, database)
    assert held["ticket"] > 10
    assert demo_data.emptied(SERVICE, database) == {"definition": held["definition"]}
    with database.reading() as session:
        for queue in definitions.listed(session, "queue"):
            assert queue.body["members"] == []
            assert queue.body["lead_id"] is None


def test_a_company_set_up_without_demo_data_gets_calendar_service_levels_and_a_queue(database):
    for _again in range(2):
        with database.transaction() as session:
            starting.begin(session)
    with database.reading() as session:
        found = sorted((row.purpose, row.key, row.revision) for row in session.scalars(select(Definition)))
    assert found == [
        ("calendar", "china", 1), ("dispatch_rules", "standard", 1), ("queue", "first-line", 1),
        ("sla_policy", "standard", 1), ("sla_policy", "vip", 1),
    ]  # fmt: skip
