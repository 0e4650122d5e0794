"""How PostgreSQL answers the hottest reads of sales, however many customers and closed deals there are."""

import pytest

from sales import queries
from sales.models import Account, Opportunity, Pipeline
from tests.plans import copies, plans


@pytest.fixture
def many(office):
    if office.database.is_sqlite:
        pytest.skip("about PostgreSQL's plans")
    office.opportunity()
    with office.database.connection(write=True) as connection:
        aged = "{0}.created_at - i * interval '1 minute'"
        account = {"id": "'a' || lpad(i::text, 35, '0')", "number": "'A' || i", "owner_id": "'owner-' || i % 50"}
        copies(connection, Account.__table__, 8000, account | {"created_at": aged.format("account")})
        deal = {
            "id": "'d' || lpad(i::text, 35, '0')", "number": "'D' || i", "owner_id": "'owner-' || i % 50",
            "created_at": aged.format("opportunity"), "stage_entered_at": "opportunity.stage_entered_at - i * interval '1 hour'",
            "category": "CASE i % 100 WHEN 0 THEN 'open' ELSE 'won' END",
            "stage": "CASE i % 100 WHEN 0 THEN opportunity.stage ELSE 'won' END",
            "closed_at": "CASE i % 100 WHEN 0 THEN NULL ELSE now() - i * interval '3 hours' END",
        }  # fmt: skip
        copies(connection, Opportunity.__table__, 8000, deal)
    return office.database


@pytest.mark.parametrize(
    ("kind", "index"), [("accounts", "ix_account_created"), ("opportunities", "ix_opportunity_created")]
)
def test_a_page_is_read_in_the_order_of_an_index(many, client, kind, index):
    head = client.as_user("hua")
    table = {"accounts": "FROM account", "opportunities": "FROM opportunity"}[kind]
    found = plans(many, table, lambda: head.get(f"/sales/api/v1/{kind}?limit=50"))
    assert index in found
    assert "Sort" not in found
    assert "Seq Scan" not in found


def _board(office):
    with office.database.reading() as session:
        pipeline = session.get(Pipeline, office.ids["pipeline.standard"])
        queries.board(session, caller=office.caller("hua"), pipeline=pipeline)


def test_the_boards_totals_look_at_the_deals_in_play_alone(many, office):
    found = plans(many, "sum(opportunity.base_minor)", lambda: _board(office))
    assert "ix_opportunity_in_play" in found
    assert "Seq Scan" not in found


def test_the_boards_cards_come_in_the_order_of_an_index(many, office):
    found = plans(many, "UNION ALL", lambda: _board(office))
    assert "ix_opportunity_board" in found
    assert "Seq Scan on opportunity" not in found
