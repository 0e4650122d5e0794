"""The service as a whole: demo data, migrations, generated requests."""

import generated_requests
import pytest
from sqlalchemy import func, select

from chassis import migration
from service_desk import seed
from service_desk.models import Survey, Ticket


def test_the_demo_data_is_believable(database, people):
    with database.transaction() as session:
        seed.run(session)
    with database.reading() as session:
        counts = dict(session.execute(select(Ticket.status, func.count()).group_by(Ticket.status)).all())
        scores = set(session.scalars(select(Survey.score).where(Survey.score.is_not(None))))
        assert session.scalar(select(func.count()).where(Ticket.breached)) >= 2
        assert session.scalar(select(func.count()).where(Ticket.owner_id.is_not(None))) >= 12
    assert sum(counts.values()) >= 15
    assert {"new", "open", "pending", "on_hold", "solved"} <= set(counts)
    assert len(scores) >= 3


def test_the_migration_makes_exactly_the_tables_of_the_code():
    assert migration.differences("service-desk") == []


def test_no_generated_request_meets_a_bug_or_an_undocumented_answer(desk, client, database):
    if not database.is_sqlite:
        pytest.skip("the edge is the same on both; one is enough")
    assert generated_requests.check(client.as_user("liu"), "/service-desk/openapi.json", examples=4) >= 35
