"""The pages on which leads are set up: definitions, imports, duplicates."""

from io import BytesIO

import pytest
from sqlalchemy import select

from engines.transfer import running
from leads import starting
from leads.models import Lead

HTML = {"Accept": "text/html"}


@pytest.fixture
def admin(client, database):
    with database.transaction() as session:
        starting.begin(session)
    return client.as_role("admin")


def test_every_page_opens_in_both_languages(admin):
    paths = [
        "scoring-models", "scoring-models/standard", "scoring-models/standard/versions", "scoring-models/new",
        "assignment-rules", "assignment-rules/new", "duplicate-policies", "duplicate-policies/standard", "forms",
        "forms/contact", "form-links", "imports", "imports/new", "duplicates", "duplicates?company=上海云帆",
    ]  # fmt: skip
    for path in paths:
        for language in ("zh-CN", "en"):
            answer = admin.get(f"/leads/{path}", headers=HTML | {"Accept-Language": language})
            assert answer.status_code == 200, (path, answer.text[:1500])
    assert "/leads/capture/contact/embed.js" in admin.get("/leads/form-links", headers=HTML).text


def test_look_alikes_are_shown_and_merged(admin, database):
    for name in ("王海涛", "王海涛"):
        body = {"name": name, "company": "苏州精工机械制造有限公司", "emails": ["w@jg.example"]}
        assert admin.post("/leads/api/v1/leads", json={**body, "source": "partner"}).status_code in (200, 201)
    with database.reading() as session:
        leads = session.scalars(select(Lead).order_by(Lead.created_at)).all()
    assert len(leads) == 2
    page = admin.get(f"/leads/leads/{leads[0].id}/duplicates", headers=HTML)
    assert page.status_code == 200
    assert leads[1].id in page.text
    merged = admin.post(f"/leads/leads/{leads[0].id}/merge", data={"other": leads[1].id}, headers=HTML)
    assert merged.status_code == 303, merged.text
    with database.reading() as session:
        assert session.get(Lead, leads[1].id).duplicate_of == leads[0].id


def test_a_file_goes_through_the_pages_from_its_columns_to_its_undoing(admin, database, settings):
    def send(content, name="名单.csv"):
        form = {"kind": "lead", "file": (BytesIO(content), name)}
        return admin.post("/leads/imports/new", data=form, headers=HTML, content_type="multipart/form-data")

    def work():
        while running.step(database, settings):
            pass

    page = send("姓名,手机,别的\n李雷,13912345678,x\n,abc,y\n".encode()).headers["Location"]
    for language in ("zh-CN", "en"):
        shown = admin.get(page, headers=HTML | {"Accept-Language": language})
        assert shown.status_code == 200, shown.text[:2000]
        assert "13912345678" in shown.text
    plan = {"format": "csv", "encoding": "utf-8", "delimiter": ",", "header": "1", "date_order": "ymd", "decimal": ".",
            "mode": "create", "empty": "keep", "field": ["name", "phones", ""]}  # fmt: skip
    wrong = admin.post(f"{page}/plan", data=plan | {"mode": "update"}, headers=HTML)
    assert wrong.status_code == 422
    assert "which record a row is about" in wrong.text
    assert admin.post(f"{page}/plan", data=plan | {"then": "try"}, headers=HTML).status_code == 303
    work()
    assert "Trial run" in admin.get(page, headers=HTML).text
    assert admin.post(f"{page}/plan", data=plan | {"then": "start"}, headers=HTML).status_code == 303
    assert 'hx-trigger="every 1s"' in admin.get(page, headers=HTML).text
    work()
    assert admin.get(f"{page}/progress", headers=HTML).headers["HX-Refresh"] == "true"
    done = admin.get(f"{page}?outcome=failed", headers=HTML)
    assert "abc" not in done.text
    assert admin.get(f"{page}/rejected.csv", headers=HTML).text.count("\n") == 2
    assert admin.get(f"{page}/verification", headers=HTML).status_code == 200
    assert admin.post(f"{page}/undo", headers=HTML).status_code == 303
    work()
    with database.reading() as session:
        assert session.scalars(select(Lead)).all() == []
    assert send(b"").status_code == 422
    assert send(b"PK\x03\x04broken", "x.xlsx").status_code == 422
    assert admin.get("/leads/imports/templates/lead.csv", headers=HTML).text.startswith("\ufeff")
    assert admin.get("/leads/files/leads/export.xlsx?columns=name,owner", headers=HTML).status_code == 200
    assert 'href="/leads/files/leads/export.csv"' in admin.get("/leads/leads", headers=HTML).text
