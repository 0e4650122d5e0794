"""The pages on which leads are set up: definitions, imports, duplicates."""

from io import BytesIO

import pytest
from sqlalchemy import select

from leads import starting
from leads.models import Import, Lead

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
    assert admin.get("/leads/imports/template.csv", headers=HTML).text.startswith("\ufeff")


def test_a_file_is_imported_and_each_row_says_what_became_of_it(admin, database):
    def send(content, **more):
        form = {"encoding": "utf-8", "source": "import", "policy": "", "file": (BytesIO(content), "名单.csv"), **more}
        return admin.post("/leads/imports/new", data=form, headers=HTML, content_type="multipart/form-data")

    done = send("姓名,手机\n李雷,13912345678\n,abc\n".encode())
    assert done.status_code == 303, done.text
    with database.reading() as session:
        job = session.scalars(select(Import)).one()
        assert (job.created, job.failed) == (1, 1)
    page = admin.get(f"/leads/imports/{job.id}", headers=HTML)
    assert page.status_code == 200
    assert admin.get(f"/leads/imports/{job.id}?outcome=created", headers=HTML).status_code == 200
    for bad in ({"encoding": "ebcdic"}, {"source": "moon"}, {"policy": "eat"}, {"file": (BytesIO(b""), "x.csv")}):
        assert send(b"name\nx\n", **bad).status_code == 422
    assert send(b"\xff\xfe\x00broken").status_code == 422


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
