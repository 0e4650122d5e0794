"""Sharing: to a person, a department, a role; for reading or editing; for good or for a while; and what it never gives."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from chassis import clock, directory
from chassis.errors import Invalid
from engines import access
from engines.access import sharing
from tests.shared.engines.things import THING, Thing

OWN = {"read": "own", "edit": "own", "rights": ["share"]}
READER = {"read": "own", "edit": "none"}


@pytest.fixture
def shop(engines_database: Any) -> Any:
    with engines_database.transaction() as session:
        for model in (Thing, access.Share, directory.DirectoryUser, directory.DirectoryDepartment):
            session.execute(delete(model))
        session.add(Thing(id="t-1", name="one", owner_id="owner", tags=[], custom={}))
        session.add(Thing(id="t-2", name="two", owner_id="owner", tags=[], custom={}))
        directory.store_role(session, version="1", key="seller", grants={"thing": OWN})
        directory.store_role(session, version="1", key="looker", grants={"thing": READER})
        directory.store_department(session, version="1", department_id="top")
        directory.store_department(session, version="1", department_id="low", parent_id="top")
        for name, role, home in (
            ("owner", "seller", None), ("mate", "seller", "low"), ("boss", "seller", "top"), ("eyes", "looker", None),
        ):  # fmt: skip
            directory.store_user(session, version="2", user_id=name, name=name, roles=[role], department_id=home)
    directory.of(engines_database).forget()
    yield engines_database
    with engines_database.transaction() as session:
        for model in (
            Thing,
            access.Share,
            directory.DirectoryUser,
            directory.DirectoryDepartment,
            directory.DirectoryRole,
        ):
            session.execute(delete(model))
    directory.of(engines_database).forget()


def who(database: Any, name: str) -> Any:
    return directory.of(database).snapshot().caller(name)


def share(database: Any, by: str, **values: Any) -> None:
    with database.transaction() as session:
        record = session.get(Thing, "t-1")
        sharing.share_record(session, caller=who(database, by), kind=THING, record=record, **values)


def may(database: Any, name: str, action: str = "read") -> bool:
    """What lists and single records agree on."""
    caller = who(database, name)
    with database.reading() as session:
        listed = session.query(Thing).where(access.predicate_sql(session, caller, THING, action)).all()
        single = access.allows(session, caller, THING, session.get(Thing, "t-1"), action)
        assert ("t-1" in {each.id for each in listed}) == single
        assert "t-2" not in {each.id for each in listed} or name == "owner"
        return single


def test_a_share_for_reading_or_editing_opens_one_record_to_a_person(shop: Any) -> None:
    share(shop, "owner", grantee_kind="user", grantee_id="mate")
    assert (may(shop, "mate"), may(shop, "mate", "edit"), may(shop, "boss")) == (True, False, False)
    share(shop, "owner", grantee_kind="user", grantee_id="mate", level="edit")
    assert may(shop, "mate", "edit")
    assert not may(shop, "mate", "delete")


def test_a_share_for_editing_gives_no_action_the_role_does_not_have(shop: Any) -> None:
    share(shop, "owner", grantee_kind="user", grantee_id="eyes", level="edit")
    assert (may(shop, "eyes"), may(shop, "eyes", "edit")) == (True, False)


def test_a_department_stands_for_all_below_it_and_a_role_for_its_holders(shop: Any) -> None:
    share(shop, "owner", grantee_kind="department", grantee_id="top")
    assert (may(shop, "mate"), may(shop, "boss"), may(shop, "eyes")) == (True, True, False)
    share(shop, "owner", grantee_kind="role", grantee_id="looker")
    assert may(shop, "eyes")


def test_a_timed_share_ends_by_itself(shop: Any) -> None:
    share(shop, "owner", grantee_kind="user", grantee_id="mate", until=clock.now() + timedelta(hours=1))
    assert may(shop, "mate")
    with clock.at(clock.now() + timedelta(hours=2)):
        assert not may(shop, "mate")


def test_nobody_shares_more_than_they_hold_and_a_share_is_not_passed_on(shop: Any) -> None:
    share(shop, "owner", grantee_kind="user", grantee_id="mate", level="edit")
    with pytest.raises(sharing.NotToShare):
        share(shop, "mate", grantee_kind="user", grantee_id="boss")
    with pytest.raises(sharing.NotToShare):
        share(shop, "eyes", grantee_kind="user", grantee_id="boss")
    for values in (
        {"grantee_id": "nobody"},
        {"grantee_id": "x", "grantee_kind": "role"},
        {"grantee_id": "everyone", "grantee_kind": "role"},
        {"grantee_id": "mate", "until": clock.now()},
    ):
        with pytest.raises(Invalid):
            share(shop, "owner", **{"grantee_kind": "user", **values})


def test_what_is_read_for_somebody_is_masked_as_it_is_loaded_and_judged_as_it_is(shop: Any) -> None:
    rules = {"name": "mask", "nick": "none", "amount": "none", "custom.text": "mask", "owner_id": "none"}
    with shop.transaction() as session:
        record = session.get(Thing, "t-1")
        record.nick, record.amount_minor, record.custom = "secret", 5, {"text": "hidden", "flag": True}
        directory.store_role(session, version="3", key="seller", grants={"thing": OWN | {"fields": rules}})
    directory.of(shop).forget()
    caller = who(shop, "owner")
    with shop.reading(caller) as session:
        seen = session.get(Thing, "t-1")
        assert (seen.name, seen.nick, seen.amount_minor) == ("o**", None, None)
        assert seen.custom == {"text": "h**", "flag": True}
        assert access.whole(seen).nick == "secret"
        assert access.allows(session, caller, THING, seen, "edit")
        assert not session.dirty
    with shop.reading() as session:
        assert session.get(Thing, "t-1").nick == "secret"


def test_forms_and_parts_of_records_are_held_against_the_field_rules(shop: Any) -> None:
    rules = {"cost": "none", "price": "read", "lines.note": "read"}
    with shop.transaction() as session:
        directory.store_role(session, version="4", key="seller", grants={"thing": OWN | {"fields": rules}})
    directory.of(shop).forget()
    caller = who(shop, "owner")
    line = {"cost": "1", "price": "2", "name": "n", "note": "x"}
    shown = access.mask_out(shop, caller, "thing", {"lines": [line], "total": {"amount": "1"}})
    assert shown == {"lines": [{"price": "2", "name": "n", "note": "x"}], "total": {"amount": "1"}}
    with pytest.raises(Invalid) as refused:
        access.check_edit(shop, caller, "thing", {"lines": [line]})
    assert set(refused.value.errors or {}) == {"lines.cost", "lines.price", "lines.note"}
