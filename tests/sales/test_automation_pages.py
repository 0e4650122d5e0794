"""The pages and routes of automation rules: built from a ready one, published, switched, looked through, refused to others."""

from typing import Any

import pytest

from sales import accounts, automation
from sales.models import Account
from tests.rules_running import run_rules
from tests.sales.conftest import ALL, HEAD, SELLER

HTML = {"Accept": "text/html"}
BODY: dict[str, Any] = {
    "about": "account", "trigger": {"on": "change", "fields": ["region"]},
    "actions": [{"do": "tag", "add": ["搬迁"]}],
}  # fmt: skip


@pytest.fixture
def hua(client, office):
    office.people.role("head", HEAD | {"automation_rule": ALL | {"rights": ["simulate"]}})
    return client.as_user("hua")


def publish(hua, key: str = "moved", **more: Any) -> Any:
    title = {"zh": "客户搬迁", "en": "Moved"}
    return hua.put(f"/sales/api/v1/automation-rules/{key}", json={"definition": BODY | more, "title": title})


def test_the_builder_of_every_kind_opens_in_both_languages(hua):
    for automated in automation.KINDS:
        for path in (automated.name, f"{automated.name}/new"):
            for language in ("zh-CN", "en"):
                answer = hua.get(f"/sales/automation/{path}", headers=HTML | {"Accept-Language": language})
                assert answer.status_code == 200, (path, answer.text[:800])


def test_a_rule_is_begun_from_a_ready_one_published_and_offers_its_runs(hua):
    form = {"zh": "大客户", "en": "Big", "key": "big", "like": "big_customer"}
    assert hua.post("/sales/automation/account/new", data=form, headers=HTML).status_code in (200, 204, 303)
    opened = hua.get("/sales/automation/account/big", headers=HTML)
    assert "step:set_tier" in opened.text
    published = hua.post("/sales/automation/account/big/publish", data={"version": "1"}, headers=HTML)
    assert published.status_code in (200, 204, 303), published.text[:500]
    assert "/sales/automation/runs/big" in hua.get("/sales/automation/account/big", headers=HTML).text


def test_what_a_rule_did_is_on_a_page_with_its_reasons_and_it_can_be_switched_off(hua, office):
    assert publish(hua).status_code == 200
    id_ = office.account(region="华东")
    with office.database.transaction() as session:
        accounts.edit(session, session.get_one(Account, id_), region="华南")
    run_rules(office.database)
    page = hua.get("/sales/automation/runs/moved", headers=HTML)
    assert "上海云帆科技有限公司" in page.text
    assert "Set tags" in page.text
    (told,) = hua.get("/sales/api/v1/automation-rules/moved/runs").json["items"]
    assert told["outcome"]["result"] == "done"
    assert hua.post("/sales/automation/switch/moved", data={"active": "0"}, headers=HTML).status_code in (200, 204, 303)
    assert hua.get("/sales/api/v1/automation-rules/moved").json["active"] is False


def test_a_run_about_a_record_out_of_sight_is_not_shown(hua, office, client):
    publish(hua)
    id_ = office.account(region="华东")
    with office.database.transaction() as session:
        accounts.edit(session, session.get_one(Account, id_), region="华南")
    run_rules(office.database)
    office.people.role("seller", SELLER | {"automation_rule": {"read": "all"}})
    wang = client.as_user("wang")
    assert wang.get("/sales/api/v1/automation-rules/moved/runs").json["items"] == []
    assert publish(wang).status_code == 403


def test_those_without_the_right_see_nothing_of_it(hua, client):
    publish(hua)
    lin = client.as_user("lin")
    for path in ("automation-rules", "automation-rules/moved", "automation-rules/moved/runs"):
        assert lin.get(f"/sales/api/v1/{path}").status_code == 403


def test_a_stale_version_and_a_wrong_rule_are_refused(hua):
    first = publish(hua).json
    again = hua.put(
        "/sales/api/v1/automation-rules/moved",
        json={"definition": BODY},
        headers={"If-Match": f'"{first["version"] + 7}"'},
    )
    assert again.status_code == 412
    wrong = publish(hua, trigger={"on": "change", "fields": ["nothing"]})
    assert wrong.status_code == 422
    assert "trigger.fields" in wrong.json["errors"]
