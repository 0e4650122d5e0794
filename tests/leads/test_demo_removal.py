"""The demo data of leads goes again; definitions stay without the people of the demo."""

from sqlalchemy import select

from chassis import seeding
from chassis import testing_demo as demo_data
from leads import definitions, starting
from leads.app import SERVICE
from leads.models import Definition


def test_leads_go_and_rules_that_name_demo_people_are_taken_out(database):
    held = demo_data.filled(SERVICE, database)
    assert held["lead"] > 30
    assert demo_data.emptied(SERVICE, database) == {"definition": held["definition"]}
    with database.reading() as session:
        rules = definitions.find(session, "assignment_rules", "standard")
        assert rules.revision == 2
        assert rules.body["rules"] == []
        assert definitions.in_force(session).model.version == 1


def test_a_company_set_up_without_demo_data_gets_ready_definitions_once(database):
    for _again in range(2):
        with database.transaction() as session:
            starting.begin(session)
    with database.reading() as session:
        found = {row.purpose: row for row in session.scalars(select(Definition))}
    assert set(found) == {"scoring_model", "duplicate_policy", "capture_form"}
    assert {row.revision for row in found.values()} == {1}
    assert not seeding.is_demo_person(found["scoring_model"].created_by)
