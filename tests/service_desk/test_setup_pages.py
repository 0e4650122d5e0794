"""The pages on which the desk is set up, and what customers said."""

import pytest

from service_desk import starting

HTML = {"Accept": "text/html"}


@pytest.fixture
def admin(client, database):
    with database.transaction() as session:
        starting.begin(session)
    return client.as_role("admin")


def test_every_page_opens_in_both_languages(admin):
    paths = [
        "sla-policies", "sla-policies/standard", "sla-policies/standard/versions", "sla-policies/new", "calendars",
        "calendars/china", "queues", "queues/first-line", "dispatch-rules", "dispatch-rules/standard", "working-days",
        "queue-members", "surveys", "surveys?show=low", "surveys?show=open",
    ]  # fmt: skip
    for path in paths:
        for language in ("zh-CN", "en"):
            answer = admin.get(f"/service-desk/{path}", headers=HTML | {"Accept-Language": language})
            assert answer.status_code == 200, (path, answer.text[:1500])


def test_a_draft_policy_is_tried_on_past_tickets(admin):
    body = {"position": 1, "when": {"all": []}, "calendar": "china", "targets": {"normal": {"first_response_min": 5}}}
    saved = admin.post("/service-desk/sla-policies/standard/draft", data={}, headers=HTML)
    assert saved.status_code < 500
    assert admin.post("/service-desk/sla-policies/standard/simulate", json=body, headers=HTML).status_code < 500
