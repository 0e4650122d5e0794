"""The pages: everybody finds what waits for him, sees why, and decides there; in both languages."""

import re

import pytest

from engines import comments

HTML = {"Accept": "text/html"}
PAGES = ("/approvals/tasks", "/approvals/tasks/done", "/approvals/tasks/started", "/approvals/tasks/copies",
         "/approvals/definitions", "/approvals/definitions/contract", "/approvals/delegations",
         "/approvals/definitions/contract/preview?go=1&base_amount=600000&max_discount_percent=25")  # fmt: skip


@pytest.fixture
def browser(client, company):
    def open_(who, path, language="zh-CN"):
        return client.as_user(who).speaking(language).get(path, headers=HTML | {"Cookie": f"crm_locale={language[:2]}"})

    open_.post = lambda who, path, **form: client.as_user(who).post(path, data=form, headers=HTML)
    return open_


def words_of(page):
    return re.sub(r"<[^>]+>", " ", re.sub(r"<(script|style|svg).*?</\1>", "", page.text, flags=re.S))


@pytest.mark.parametrize("path", PAGES)
def test_every_page_speaks_both_languages(browser, company, path):
    company.ask(base=600_000_00, discount=25)
    company.act("wang")
    for who in ("chen", "zhang", "root"):
        for language, marker in (("zh-CN", "审批"), ("en", "pproval")):
            page = browser(who, path, language)
            assert page.status_code == 200, page.text[:2000]
            assert marker in page.text


def test_an_approver_finds_the_request_sees_why_and_approves_there(browser, company):
    company.ask(base=600_000_00, discount=25)
    inbox = browser("wang", "/approvals/tasks")
    task = company.tasks()["wang"]
    assert "C-2026-000001 ERP" in inbox.text
    assert "海川模具" in inbox.text
    assert browser("wang", f"/approvals/tasks/{task.id}").status_code == 302
    page = browser("wang", f"/approvals/instances/{task.instance_id}")
    text = words_of(page)
    assert "发起人的第 1 级上级" in text
    assert "600,000.00" in text
    assert f"/approvals/tasks/{task.id}/approve" in page.text
    assert "/sales/fragments/contract/c1" in page.text
    assert "/sales/fragments/account/acc" in page.text
    assert browser.post("wang", f"/approvals/tasks/{task.id}/approve", comment="同意").status_code == 303
    after = words_of(browser("zhang", f"/approvals/instances/{task.instance_id}"))
    assert "同意" in after
    assert "50 万元及以上" in after
    assert "C-2026-000001 ERP" in browser("wang", "/approvals/tasks/done").text
    assert "C-2026-000001 ERP" in browser("zhang", "/approvals/tasks/started").text


def test_what_a_role_hides_of_the_subject_is_not_on_the_page(browser, company):
    company.ask(base=600_000_00)
    instance = company.instance().id
    assert "123.00" not in browser("wang", f"/approvals/instances/{instance}").text
    assert "123.00" in browser("chen", f"/approvals/instances/{instance}").text


def test_a_stranger_finds_no_request_and_nobody_else_has_the_buttons(browser, company):
    company.ask()
    instance, task = company.instance().id, company.tasks()["wang"].id
    assert browser("lin", f"/approvals/instances/{instance}").status_code == 404
    page = browser("zhang", f"/approvals/instances/{instance}")
    assert f"/approvals/tasks/{task}/approve" not in page.text
    assert f"/approvals/instances/{instance}/urge" in page.text
    assert browser.post("zhang", f"/approvals/tasks/{task}/approve").status_code == 403


def test_several_requests_are_approved_at_once(browser, company):
    company.ask(subject_id="c1")
    company.ask(subject_id="c2")
    ids = [row["id"] for row in company.open_tasks("wang")]
    answer = browser.post("wang", "/approvals/tasks/bulk/approve", ids=[*ids, "nonsense"])
    assert answer.status_code == 200
    assert len(company.events("instance.completed")) == 2


def test_a_request_is_returned_handed_on_and_commented_from_its_page(browser, company):
    company.ask()
    instance = company.instance().id
    task = company.tasks()["wang"]
    assert browser.post("wang", f"/approvals/tasks/{task.id}/transfer", to="chen").status_code == 303
    handed = company.tasks()["chen"]
    assert "转交给 陈建国" in words_of(browser("chen", f"/approvals/instances/{instance}"))
    said = browser.post("zhang", f"/approvals/instances/{instance}/comments", comment="请看附件", mentions="lin")
    assert said.status_code == 303
    assert "请看附件" in browser("lin", f"/approvals/instances/{instance}").text
    with company.database.reading() as session:
        (comment,) = comments.of(session, "approval", instance)
    assert (comment.by, comment.text, comment.mentions, comment.unseen) == ("zhang", "请看附件", ["lin"], [])
    assert (
        browser.post("chen", f"/approvals/tasks/{handed.id}/return", to="initiator", comment="折扣说明").status_code
        == 303
    )
    assert "折扣说明" in browser("zhang", f"/approvals/instances/{instance}").text


def test_a_substitute_is_named_on_the_page(browser, company):
    refused = browser.post(
        "wang", "/approvals/delegations", substitute_id="wang", begins_on="2026-01-01", ends_on="2099-01-01"
    )
    assert refused.status_code == 422
    made = browser.post(
        "wang", "/approvals/delegations", substitute_id="chen", begins_on="2026-01-01", ends_on="2099-01-01"
    )
    assert made.status_code == 303
    assert "陈建国" in browser("wang", "/approvals/delegations").text
    company.ask()
    assert set(company.tasks()) == {"chen"}


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "//evil.example/x", "https://evil.example//evil.example/x", "data:x"]
)
def test_a_link_that_leaves_the_suite_is_never_a_link_on_a_page(browser, company, link):
    company.ask(link=link)
    page = browser("wang", f"/approvals/instances/{company.instance().id}").text
    assert not [
        found for found in re.findall(r'href="([^"]*)"', page) if "evil" in found or ":" in found.partition("/")[0]
    ]


def test_the_link_to_a_record_leads_to_its_page_on_this_origin(browser, company):
    company.ask()
    assert 'href="/sales/contracts/c1"' in browser("wang", f"/approvals/instances/{company.instance().id}").text
