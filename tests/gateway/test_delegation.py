"""Nobody grants more than they hold: by roles, people, clients, one-time links; only an administrator touches that role."""

import pytest

from chassis import directory
from integration_gateway.directory import delegation, roles, users
from integration_gateway.models import Role, User

# may look after people, roles and clients, and sees nothing but own leads
CLERK = {
    "user": {"create": True, "read": "all", "edit": "all", "rights": ["administer"]},
    "role": {"create": True, "read": "all", "edit": "all", "delete": "all"},
    "api_client": {"create": True, "read": "all", "edit": "all", "delete": "all"},
    "department": {"create": True, "read": "all", "edit": "all", "delete": "all"},
    "lead": {"create": True, "read": "own", "edit": "own", "fields": {"phones": "mask"}},
}


@pytest.fixture
def clerk(database, company, as_):
    """The API as a person who holds CLERK."""
    with database.transaction() as session:
        roles.create(session, key="clerk", name={"zh": "专员", "en": "Clerk"}, grants=CLERK)
        users.change(session, session.get(User, company["zhang.wei"]["id"]), roles=["clerk"])
    directory.of(database).forget()
    return as_("zhang.wei")


def id_of(database, key: str) -> str:
    with database.reading() as session:
        return session.query(Role.id).where(Role.key == key).scalar()


def refused(answer) -> str:
    assert answer.status_code == 403, answer.text
    return answer.json["code"]


def test_only_an_administrator_gives_takes_or_acts_on_that_role(clerk, company):
    admin, me = company["lin.jing"]["id"], company["zhang.wei"]["id"]
    other = company["huang.zhiqiang"]["id"]
    assert refused(clerk.patch(f"/gateway/api/v1/users/{other}", json={"roles": ["admin"]})) == "administrator_only"
    assert refused(clerk.patch(f"/gateway/api/v1/users/{admin}", json={"roles": []})) == "administrator_only"
    assert refused(clerk.patch(f"/gateway/api/v1/users/{admin}", json={"email": "a@b.cn"})) == "administrator_only"
    for step in ("password-link", "log-out"):
        assert refused(clerk.post(f"/gateway/api/v1/users/{admin}/{step}")) == "administrator_only"
    assert refused(clerk.delete(f"/gateway/api/v1/users/{admin}/second-factor")) == "administrator_only"
    new = {"name": "N", "email": "n@n.cn", "roles": ["admin"]}
    assert refused(clerk.post("/gateway/api/v1/users", json=new)) == "administrator_only"
    assert refused(clerk.patch(f"/gateway/api/v1/users/{me}", json={"roles": ["admin"]})) == "own_access"


def test_a_role_or_client_that_grants_more_than_the_granter_holds_is_refused(clerk, database, company):
    new = {"key": "wide", "name": {"zh": "宽", "en": "Wide"}}
    for grants in (
        {"lead": {"read": "all"}},
        {"*": {"read": "own"}},
        {"lead": {"read": "own", "rights": ["export"]}},
        {"lead": {"read": "own"}},  # without the mask on phones
        {"lead": {"delete": "own", "fields": {"phones": "mask"}}},
        {"contract": {"read": "own"}},
    ):
        assert refused(clerk.post("/gateway/api/v1/roles", json=new | {"grants": grants})) == "exceeds_own", grants
    narrow = {"lead": {"read": "own", "fields": {"phones": "none"}}}
    assert clerk.post("/gateway/api/v1/roles", json=new | {"grants": narrow}).status_code == 201
    mine = id_of(database, "clerk")
    wider = CLERK | {"lead": {"create": True, "read": "all", "edit": "own"}}
    assert refused(clerk.patch(f"/gateway/api/v1/roles/{mine}", json={"grants": wider})) == "exceeds_own"
    assert refused(clerk.patch(f"/gateway/api/v1/roles/{mine}", json={"allowed_networks": []})) == "administrator_only"
    other = company["huang.zhiqiang"]["id"]
    assert refused(clerk.patch(f"/gateway/api/v1/users/{other}", json={"roles": ["ceo"]})) == "exceeds_own"
    client = {"name": "C", "scopes": ["leads:read"], "roles": ["integration"]}
    assert refused(clerk.post("/gateway/api/v1/api-clients", json=client)) == "exceeds_own"


def test_nobody_widens_their_own_place(clerk, company):
    me = company["zhang.wei"]["id"]
    top = company["lin.jing"]
    assert (
        refused(clerk.patch(f"/gateway/api/v1/users/{me}", json={"department_id": top["department_id"]}))
        in ("own_access",)
        or company["zhang.wei"]["department_id"] == top["department_id"]
    )
    found = clerk.get("/gateway/api/v1/departments").json["items"]
    department = next(each for each in found if each["parent_id"])
    assert refused(clerk.patch(f"/gateway/api/v1/departments/{department['id']}", json={"head_id": me})) == "own_access"


def test_pages_refuse_the_same(clerk, app, database, company):
    from tests.gateway.browser import Browser

    browser = Browser(app)
    browser.log_in(company["zhang.wei"]["email"])
    admin = company["lin.jing"]["id"]
    for step in ("password-link", "log-out", "second-factor/remove"):
        assert browser.send(f"/gateway/users/{admin}/{step}", {}).status_code == 403
    answer = browser.send(f"/gateway/users/{admin}/edit", {"name": "X", "email": "x@x.cn", "locale": "zh"})
    assert answer.status_code == 422
    switched = browser.send(f"/gateway/users/{admin}/active", {})
    assert switched.status_code == 409
    mine = id_of(database, "clerk")
    assert browser.send(f"/gateway/roles/{mine}/grants", {"kind": "lead", "lead.read": "all"}).status_code == 403
    with database.reading() as session:
        assert session.get(Role, mine).grants["lead"]["read"] == "own"
        assert session.get(User, admin).email == company["lin.jing"]["email"]


def test_covering_is_by_scope_condition_right_and_field():
    mine = [{"lead": {"read": "team", "edit": "own", "condition": None, "rights": ["claim"], "fields": {"x": "read"}}}]
    north = {"field": "region", "op": "eq", "value": "n"}
    assert not delegation.covers(mine, {"lead": {"read": "own", "fields": {"x": "mask"}}})
    assert not delegation.covers(mine, {"lead": {"read": "team", "condition": north, "fields": {"x": "read"}}})
    assert delegation.covers(mine, {"lead": {"read": "department_tree", "fields": {"x": "read"}}}) == ["lead"]
    assert delegation.covers(mine, {"lead": {"rights": ["export"], "fields": {"x": "read"}}}) == ["lead"]
    limited = [{"lead": {"read": "team", "condition": north}}]
    assert delegation.covers(limited, {"lead": {"read": "own"}}) == ["lead"]
    assert not delegation.covers(limited, {"lead": {"read": "own", "condition": north}})
    star = [{"*": {"read": "all"}, "lead": {"read": "own"}}]
    assert delegation.covers(star, {"*": {"read": "all"}}) == ["lead"]
