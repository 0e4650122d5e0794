"""Definitions: what differs in words, problems with their places, and the editor's routes without a browser."""

import json
from typing import Any

import pytest

from console.definitions import Part, problems_of
from console.differences import Change, Speech, differences, said
from engines import drafts
from tests.browser import gallery_definitions as policies

URL = policies.URL + "/hot"


@pytest.fixture
def told(site: Any, speaking_chinese: None) -> Any:
    """Differences between the sample and a changed copy of it."""

    def tell(**changes: Any) -> list[Change]:
        speech = Speech(names=policies.NAMES, objects=policies._fields(None))
        return differences(policies.FIRST, policies.FIRST | changes, policies.parts(None), speech)

    return tell


def test_each_difference_names_its_place_and_both_values_in_words(told: Any) -> None:
    assert told(base=20, valid_from=None) == [
        Change("起始分", "changed", "10", "20", "base"),
        Change("生效日期", "removed", "2026-03-01", "–", "valid_from"),
    ]
    assert told(members=["u0", "u4"]) == [Change("成员", "changed", "王磊、李娜", "王磊、陈静", "members")]
    assert told(targets={"high": {"first": 30, "solved": 480}, "normal": {"first": 120}}) == [
        Change("时限 › 高 › 解决", "changed", "240 分钟", "480 分钟", "targets.high.solved")
    ]
    assert told(week={"mon": [["09:00", "17:00"]]})[0].after == "09:00–17:00"


def test_rows_are_followed_when_they_move_and_conditions_are_said(told: Any) -> None:
    large, fresh, owned = policies.FIRST["rules"]
    moved = told(rules=[fresh, large, owned])
    assert [(change.place, change.how, change.before, change.after) for change in moved] == [
        ("规则 › 最近一周有联系", "moved", "第 2 位", "第 1 位"), ("规则 › 规模 500 人以上", "moved", "第 1 位", "第 2 位"),
    ]  # fmt: skip
    assert [(change.place, change.how) for change in told(rules=[large, owned])] == [
        ("规则 › 最近一周有联系", "removed")
    ]
    changed = told(rules=[large | {"when": {"field": "budget", "op": "ge", "value": "100000"}}, fresh, owned])
    assert changed[0].place == "规则 › 规模 500 人以上 › 条件"
    assert (changed[0].before, changed[0].after) == ("规模 属于 500-999、1000+", "预算 不小于 ¥100,000.00")
    assert "最近联系 不早于 7 天前" in said(fresh["when"], Part(name="", kind="condition", about="lead"),
                                  Speech(objects=policies._fields(None)))  # fmt: skip


def test_places_no_part_describes_are_compared_too(told: Any) -> None:
    assert told(extra={"a": 1}) == [Change("extra", "added", "–", '{"a": 1}', "extra")]
    assert told(rules="nonsense")[0].place == "规则"


def test_messages_of_a_validation_become_problems_at_their_places() -> None:
    found = problems_of({"rules": {2: {"points": ["no"]}, "_schema": ["odd"]}, "": ["whole"], "a.b": ["flat"]})
    assert [(item.at, item.text) for item in found] == [
        ("rules.2.points", "no"), ("rules", "odd"), ("", "whole"), ("a.b", "flat"),
    ]  # fmt: skip


@pytest.fixture
def editor(site: Any, reader: Any) -> Any:
    """Posts to the sample's editor; starts with two versions and no draft."""
    policies.reset()
    with site.extensions["crm"].database.transaction() as session:
        session.query(drafts.Draft).delete()
    page = reader.get(URL).get_data(as_text=True)
    token = page.split('name="csrf-token" content="')[1].split('"')[0]

    def post(what: str, **form: Any) -> Any:
        return reader.post(f"{URL}/{what}", data=form, headers={"X-CSRF-Token": token, "HX-Request": "true"})

    return post


def document(**changes: Any) -> str:
    return json.dumps({"title": {"zh": "热", "en": "Hot"}, "body": policies.FIRST | changes})


def test_a_draft_is_locked_by_its_version_and_a_repeated_save_is_taken_once(editor: Any) -> None:
    first = editor("draft", document=document(base=1), version=0)
    assert (first.status_code, first.json["version"], len(first.json["changes"])) == (200, 1, 1)
    again = editor("draft", document=document(base=1), version=0)
    assert (again.status_code, again.json["version"]) == (200, 1)
    other = editor("draft", document=document(base=2), version=0)
    assert (other.status_code, other.json["version"]) == (409, 1)
    assert other.json["theirs"]["body"]["base"] == 1
    assert [(change["before"], change["after"]) for change in other.json["changes"]] == [("1", "2")]


@pytest.mark.parametrize("sent", ["", "[]", '{"title": {}, "body": []}', '{"title": 1, "body": {}}', "{" * 10])
def test_what_is_no_definition_is_refused(editor: Any, sent: str) -> None:
    assert editor("draft", document=sent, version=0).status_code == 400
    assert editor("draft", document=document(), version="x").status_code == 400


def test_only_the_draft_that_was_looked_at_and_holds_is_published(editor: Any) -> None:
    rules = [{"key": "a", "title": {"zh": "甲"}, "points": "many", "when": {"all": []}}]
    editor("draft", document=document(rules=rules), version=0)
    refused = editor("publish", version=1)
    assert refused.status_code == 422
    assert "请填写加分" in refused.get_data(as_text=True)
    editor("draft", document=document(base=99), version=1)
    assert editor("publish", version=1).status_code == 409
    assert editor("publish", version=2).status_code in (200, 204)
    assert policies.STORE["hot"][0].revision == 3
    assert policies.STORE["hot"][0].body["base"] == 99
    assert editor("publish", version=2).status_code == 409


def test_an_earlier_version_becomes_the_draft_and_a_draft_can_be_thrown_away(editor: Any, reader: Any) -> None:
    editor("restore", revision=1)
    assert reader.get(URL + "/definition.json").json["base"] == 10
    editor("discard")
    assert reader.get(URL + "/definition.json").json["base"] == 12
    assert editor("restore", revision=9).status_code == 404


def test_an_unknown_definition_is_not_found(reader: Any) -> None:
    for path in ("/nowhere", "/nowhere/versions", "/nowhere/definition.json", "/nowhere/publish"):
        assert reader.get(policies.URL + path).status_code == 404
