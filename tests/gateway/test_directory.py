"""People, departments and roles: the tree, who may change what, and what ends when somebody leaves."""

import random
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from chassis import directory, timers
from integration_gateway import demo_people
from integration_gateway.directory import absences, departments, users
from integration_gateway.errors import LastAdministrator, MovedBelowItself, SecondRoot
from integration_gateway.models import Department, DepartmentPath, User


def closure(session) -> set[tuple[str, str, int]]:
    return {tuple(row) for row in session.execute(select(*DepartmentPath.__table__.c))}


def expected(session) -> set[tuple[str, str, int]]:
    parents = dict(session.execute(select(Department.id, Department.parent_id)).all())
    found = set()
    for start in parents:
        step, depth = start, 0
        while step is not None:
            found.add((step, start, depth))
            step, depth = parents[step], depth + 1
    return found


@pytest.mark.parametrize("seed", range(3))
def test_the_closure_is_right_after_any_series_of_moves(database, seed):
    choose = random.Random(seed)
    with database.transaction() as session:
        made = [departments.create(session, name="company", parent_id=None)]
        for number in range(12):
            made.append(departments.create(session, name=f"d{number}", parent_id=choose.choice(made).id))
    for _move in range(25):
        with database.transaction() as session:
            department = session.get(Department, choose.choice(made[1:]).id)
            target = choose.choice(made).id
            below = departments.subtree(session, department.id)
            if target in below:
                with pytest.raises(MovedBelowItself):
                    departments.change(session, department, parent_id=target)
                session.rollback()
            else:
                departments.change(session, department, parent_id=target)
    with database.reading() as session:
        assert closure(session) == expected(session)


def test_a_move_takes_the_subtree_along_in_the_replica_of_every_service(database, company):
    sales, east, service = (item["id"] for item in demo_people.load()["departments"][1:])
    with database.transaction() as session:
        departments.change(session, session.get(Department, sales), parent_id=service)
    directory.of(database).forget()
    found = directory.of(database).snapshot()
    assert set(found.below(service)) == {service, sales, east}


def test_there_is_one_company(database, company):
    with database.transaction() as session:
        with pytest.raises(SecondRoot):
            departments.create(session, name="another", parent_id=None)
        session.rollback()


def test_a_new_head_is_told_with_the_old_one(database, company):
    sales = demo_people.load()["departments"][1]
    with database.transaction() as session:
        departments.change(session, session.get(Department, sales["id"]), head_id=company["wu.xiaotong"]["id"])
    directory.of(database).forget()
    people = directory.of(database).snapshot().users
    assert people[company["wu.xiaotong"]["id"]].is_head
    assert not people[company["chen.jianguo"]["id"]].is_head


def test_the_last_administrator_stays(database, company):
    with database.transaction() as session:
        admin = session.get(User, company["lin.jing"]["id"])
        with pytest.raises(LastAdministrator):
            users.change(session, admin, active=False)
        with pytest.raises(LastAdministrator):
            users.change(session, admin, roles=["ceo"])
        session.rollback()


def test_absence_begins_and_ends_by_itself(database, company, service, time):
    wei = company["zhang.wei"]["id"]
    with database.transaction() as session:
        start = time.moment + timedelta(hours=1)
        absences.add(session, session.get(User, wei), starts_at=start, ends_at=start + timedelta(hours=8))

    def absent() -> bool:
        timers.fire_due(database, service.timers)
        directory.of(database).forget()
        return directory.of(database).snapshot().users[wei].absent

    assert not absent()
    time.pass_(hours=2)
    assert absent()
    time.pass_(hours=8)
    assert not absent()


def test_the_api_lists_only_to_those_who_may(as_, client):
    assert client.get("/gateway/api/v1/users").status_code == 401
    answer = as_("zhang.wei").get("/gateway/api/v1/users?count=true&limit=5")
    assert answer.status_code == 200
    assert answer.json["count"] == 12
    assert "allowed_networks" not in answer.json["items"][0]
    assert as_("zhang.wei").get("/gateway/api/v1/roles").status_code == 403


def test_a_seller_cannot_raise_himself(as_, company):
    wei = as_("zhang.wei")
    refused = wei.patch(f"/gateway/api/v1/users/{company['zhang.wei']['id']}", json={"roles": ["admin"]})
    assert refused.status_code == 403
    assert wei.patch("/gateway/api/v1/me", json={"roles": ["admin"]}).status_code == 422


def test_an_administrator_adds_changes_and_dismisses_somebody(as_, client):
    admin = as_("lin.jing")
    made = admin.post(
        "/gateway/api/v1/users", json={"name": "马超", "email": "Ma.Chao@Qiming.example", "roles": ["seller"]}
    )
    assert made.status_code == 201, made.json
    assert made.json["email"] == "ma.chao@qiming.example"
    address = f"/gateway/api/v1/users/{made.json['id']}"
    twice = admin.post("/gateway/api/v1/users", json={"name": "x", "email": "ma.chao@qiming.example"})
    assert twice.status_code == 409
    assert twice.json["code"] == "email_taken"
    assert admin.patch(address, json={"roles": ["nothing"]}).status_code == 422
    stale = admin.patch(address, json={"title": "x"}, headers={"If-Match": '"99"'})
    assert stale.status_code == 412
    changed = admin.patch(address, json={"title": "销售"}, headers={"If-Match": made.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.json["title"] == "销售"
    assert admin.patch(address, json={"active": False}).json["active"] is False


def test_a_role_is_changed_in_the_replica_at_once(as_, database):
    admin = as_("lin.jing")
    found = admin.get('/gateway/api/v1/roles?filter={"field":"key","op":"eq","value":"seller"}').json["items"][0]
    grants = found["grants"] | {"ticket": {"create": True, "read": "all", "edit": "none"}}
    changed = admin.patch(f"/gateway/api/v1/roles/{found['id']}", json={"grants": grants})
    assert changed.status_code == 200, changed.json
    directory.of(database).forget()
    assert directory.of(database).snapshot().grants["seller"]["ticket"]["read"] == "all"
    held = admin.delete(f"/gateway/api/v1/roles/{found['id']}")
    assert held.status_code == 409
    made = admin.post("/gateway/api/v1/roles", json={"key": "guest", "name": {"zh": "访客", "en": "Guest"}})
    assert made.status_code == 201
    assert admin.delete(f"/gateway/api/v1/roles/{made.json['id']}").status_code == 204


def test_the_suite_and_the_service_carry_the_same_people():
    copy = Path(__file__).parents[2] / "demo" / "people.json"
    shipped = Path(demo_people.__file__).with_name("demo_people.json")
    assert copy.read_bytes() == shipped.read_bytes()
