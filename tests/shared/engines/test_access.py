"""Access: who sees and changes what, the same in a list as for a single record."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import delete, select

from chassis import clock, directory
from chassis.caller import PUBLIC, SYSTEM, Caller
from chassis.db import Database
from chassis.errors import Forbidden, Invalid, NotFound, StaleReplica
from engines import access, listing
from engines.access import grants
from engines.conditions import ConditionError
from tests.shared.engines import things
from tests.shared.engines.things import THING, Thing

SCOPES = grants.SCOPES
VIP = {"field": "amount", "op": "ge", "value": 500}
ROLES = {
    f"{action}_{scope}": {"thing": {action: scope}} for action in ("read", "edit", "delete") for scope in SCOPES
} | {
    "rich": {"thing": {"read": "all", "condition": VIP}},
    "own_rich": {"thing": {"read": "own", "edit": "own", "condition": VIP}},
    "pool": {"thing": {"read": "own", "rights": ["see_pool"]}},
    "broken": {"thing": {"read": "all", "condition": {"field": "gone", "op": "eq", "value": 1}}},
    "odd": {"thing": {"read": "everything"}},
    "star": {"*": {"read": "all"}},
    "masked": {"thing": {"read": "all", "edit": "all", "create": True,
                         "fields": {"name": "mask", "nick": "none", "count": "read", "custom.text": "none"}}},
    "open": {"thing": {"read": "own", "fields": {"name": "read"}}},
    "exporter": {"thing": {"read": "all", "rights": ["export"]}},
}  # fmt: skip


@pytest.fixture(scope="module")
def filled(engines_database: Database) -> Iterator[Database]:
    with engines_database.transaction() as session:
        session.execute(delete(Thing))
        session.add_all(things.records(120))
        for key, granted in ROLES.items():
            directory.store_role(session, version="1", key=key, grants=granted)
    directory.of(engines_database).forget()
    yield engines_database
    with engines_database.transaction() as session:
        for model in (Thing, access.Share, directory.DirectoryRole, directory.DirectoryState):
            session.execute(delete(model))


def person(*roles: str, **more: Any) -> Caller:
    return replace(things.CALLER, roles=roles, **more)


def seen(database: Database, caller: Caller, action: str = "read") -> set[str]:
    """What a list shows, after checking that each single record is judged alike."""
    with database.reading() as session:
        clause = access.predicate_sql(session, caller, THING, action)
        listed = set(session.scalars(select(Thing.id).where(clause)))
        singles = {
            record.id
            for record in session.scalars(select(Thing))
            if access.allows(session, caller, THING, record, action)
        }
    assert listed == singles
    return listed


def everything(database: Database) -> set[str]:
    with database.reading() as session:
        return set(session.scalars(select(Thing.id)))


@pytest.mark.parametrize("action", ["read", "edit", "delete"])
def test_a_wider_scope_shows_all_a_narrower_one_does(filled: Database, action: str) -> None:
    shown = [seen(filled, person(f"{action}_{scope}"), action) for scope in SCOPES]
    assert shown[0] == set()
    assert shown[-1] == everything(filled)
    for narrow, wide in pairwise(shown):
        assert narrow < wide


def test_any_set_of_roles_shows_the_union_of_what_each_shows_and_lists_agree_with_single_records(
    filled: Database,
) -> None:
    draw = random.Random(5)
    names = [name for name in ROLES if name != "masked"]
    for _attempt in range(8):
        held = tuple(draw.sample(names, draw.randint(1, 4)))
        for action in ("read", "edit", "delete"):
            alone = [seen(filled, person(role), action) for role in held]
            assert seen(filled, person(*held), action) == set().union(*alone), (held, action)


def test_own_means_owner_or_collaborator_and_nobody_collaborates_on_deleting(filled: Database) -> None:
    with filled.reading() as session:
        records = list(session.scalars(select(Thing)))
    helped = {r.id for r in records if things.ME in (r.collaborator_ids or [])}
    owned = {r.id for r in records if r.owner_id == things.ME}
    assert seen(filled, person("read_own")) == owned | helped
    assert seen(filled, person("delete_own"), "delete") == owned


def test_no_role_shows_nothing_and_the_administrator_sees_all(filled: Database) -> None:
    for nobody in (person(), PUBLIC, person("unknown"), person("broken"), person("odd")):
        assert seen(filled, nobody) == set()
    assert seen(filled, SYSTEM) == seen(filled, person("admin")) == seen(filled, person("star")) == everything(filled)


def test_a_named_right_opens_the_records_it_stands_for(filled: Database) -> None:
    more = seen(filled, person("pool")) - seen(filled, person("read_own"))
    with filled.reading() as session:
        assert more
        assert all(session.get_one(Thing, id_).pool == "north" for id_ in more)


def test_a_share_opens_one_record_for_reading_until_it_ends(filled: Database) -> None:
    caller = person("read_none")
    with filled.transaction() as session:
        access.share(session, kind="thing", subject_id="r-000", user_id=caller.id, reason="task/1", until=None)
        access.share(
            session, kind="thing", subject_id="r-001", user_id=caller.id, reason="task/2",
            until=clock.now() + timedelta(hours=1),
        )  # fmt: skip
        access.share(session, kind="other", subject_id="r-002", user_id=caller.id, reason="task/3")
    assert seen(filled, caller) == {"r-000", "r-001"}
    assert seen(filled, caller, "edit") == set()
    assert seen(filled, person("read_none", id="u-other")) == set()
    with clock.at(clock.now() + timedelta(hours=2)):
        assert seen(filled, caller) == {"r-000"}
    with filled.transaction() as session:
        access.share(session, kind="thing", subject_id="r-001", user_id=caller.id, reason="task/2", until=clock.now())
        access.unshare(session, reason="task/1")
    assert seen(filled, caller) == set()


def test_a_record_out_of_scope_is_not_found_and_one_that_may_only_be_read_is_forbidden_to_change(
    filled: Database,
) -> None:
    with filled.reading() as session:
        with pytest.raises(NotFound):
            access.get(session, person("read_none"), Thing, "r-000")
        with pytest.raises(NotFound):
            access.get(session, person("read_all"), Thing, "no such record")
        with pytest.raises(Forbidden):
            access.get(session, person("read_all"), Thing, "r-000", "edit")
        assert access.get(session, person("read_all", "edit_all"), Thing, "r-000", "edit").id == "r-000"


def test_field_rules_hide_and_mask_what_goes_out(filled: Database) -> None:
    shown = access.mask_out(
        filled, person("masked"), "thing",
        {"id": "1", "name": "13812345678", "nick": "x", "count": 3, "custom": {"text": "x", "flag": True}},
    )  # fmt: skip
    assert shown == {"id": "1", "name": "138****5678", "count": 3, "custom": {"flag": True}}
    assert access.masked("a.person@example.com") == "a***@example.com"
    assert access.masked(["+8613812345678", "张三", ""]) == ["+86138****5678", "张**", None]
    assert access.masked({"amount": "1", "currency": "CNY"}) is None


def test_field_rules_of_several_roles_are_the_most_open(filled: Database) -> None:
    both = access.granted(filled, person("masked", "open"), "thing")
    assert (both.rule("name"), both.rule("nick"), both.rule("count")) == ("read", "edit", "edit")


def test_a_body_may_not_set_what_the_role_may_not_edit(filled: Database) -> None:
    access.check_edit(filled, person("masked"), "thing", {"status": "new", "custom": {"flag": True}})
    with pytest.raises(Invalid) as refused:
        access.check_edit(
            filled, person("masked"), "thing", {"name": "x", "nick": "x", "count": 1, "custom": {"text": "x"}}
        )
    assert {name: str(texts[0]) for name, texts in (refused.value.errors or {}).items()} == {
        "name": "You may not change this field.",
        "nick": "Unknown field.",
        "count": "You may not change this field.",
        "custom.text": "Unknown field.",
    }


@pytest.mark.parametrize("field", ["name", "nick", "custom.text"])
def test_hidden_and_masked_fields_can_be_neither_filtered_nor_sorted_nor_searched(filled: Database, field: str) -> None:
    caller = person("masked")
    leaf = {"field": field, "op": "is_not_empty"}
    with filled.reading() as session:
        with pytest.raises(ConditionError):
            listing.readable(session, caller, THING, filter={"not": leaf})
        with pytest.raises(ConditionError):
            listing.readable(session, caller, THING, filter={"field": "pool", "op": "eq", "value": {"field": field}})
        if field != "custom.text":
            with pytest.raises(Invalid):
                listing.check_sort(session, caller, THING, f"-{field}")
        assert session.scalars(listing.readable(session, person("read_all"), THING, filter=leaf)).all()


def test_search_finds_words_in_any_searched_field_within_scope(filled: Database) -> None:
    with filled.reading() as session:
        found = session.scalars(listing.readable(session, person("read_all"), THING, q="ACME")).all()
        assert found
        assert all("acme" in f"{r.name} {r.nick} {r.tags}".lower() for r in found)
        within = set(
            session.scalars(listing.readable(session, person("read_own"), THING, q="ACME").with_only_columns(Thing.id))
        )
        assert within == {r.id for r in found} & seen(filled, person("read_own"))
        assert not session.scalars(listing.readable(session, person("masked"), THING, q="Äcme")).all()


def test_named_rights_and_the_age_of_the_replica(filled: Database) -> None:
    assert access.has_right(filled, person("exporter"), "thing", "export")
    assert not access.has_right(filled, person("read_all"), "thing", "export")
    assert access.has_right(filled, SYSTEM, "thing", "anything")
    stale = person("exporter", replica_age=301.0)
    assert not access.has_right(filled, stale, "thing", "export")
    access.require_right(filled, stale, "thing", "read")
    with pytest.raises(StaleReplica):
        access.require_right(filled, stale, "thing", "export")
    with pytest.raises(Forbidden):
        access.require_right(filled, person("exporter"), "thing", "create")
