"""The roles every installation starts with: well formed, and as narrow as their names promise."""

import pytest

from chassis import directory
from engines.access.grants import merge
from integration_gateway.schemas import RoleIn
from integration_gateway.shipped_roles import ROLES


@pytest.mark.parametrize("key", ROLES)
def test_each_role_would_be_accepted_by_the_api(key):
    grants = {
        kind: {name: value for name, value in grant.items() if name != "rights" or value != ["*"]}
        for kind, grant in ROLES[key]["grants"].items()
    }
    assert not RoleIn().validate({"key": key, "name": ROLES[key]["name"], "grants": grants})


@pytest.mark.parametrize("key", [key for key in ROLES if key not in ("admin",)])
def test_only_the_administrator_changes_people_roles_and_clients(key):
    grants = ROLES[key]["grants"]
    for kind in ("user", "department", "role", "api_client", "connector", "signing_key"):
        merged = merge([grants.get(kind) or grants.get("*") or {}])
        for action in ("create", "edit", "delete", "administer"):
            assert not merged.may(action), (kind, action)


def test_a_seller_reads_only_his_own_and_no_cost():
    seller = ROLES["seller"]["grants"]
    for kind in ("lead", "account", "opportunity", "quote", "contract", "receivable"):
        assert seller[kind]["read"] == "own", kind
    assert merge([seller["quote"]]).hidden >= {"cost", "margin"}
    assert "export" not in seller["account"].get("rights", [])


def test_the_demo_company_has_one_person_for_each_role_of_the_job(database, company):
    people = directory.of(database).snapshot().users.values()
    held = {role for person in people for role in person.roles}
    assert held == set(ROLES) - {"integration", "everyone"}
    assert len(people) == 12
