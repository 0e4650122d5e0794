"""The company's own fields on the pages of leads: typed in, shown, listed; and the pages where forms are designed."""

import json

import pytest

from tests.leads.test_own_fields import BASIS, BY_KIND, field, form
from tests.shared.field_samples import DEPARTMENT, PERSON, SAMPLES, Sample

FORMS = "/leads/record-forms"


@pytest.fixture
def page(desk, client):
    desk.people.department(DEPARTMENT)
    desk.people.add(PERSON, name="Wang Fang", department=DEPARTMENT)
    desk.people.add("root", roles=("admin",))
    return client.as_user("root")


def published(client, *fields):
    answer = client.put("/leads/api/v1/forms/lead", json={"definition": form(*fields)})
    assert answer.status_code == 200, answer.text


def typed(sample: Sample):
    if sample.posted is None:
        return sample.given
    if set(sample.posted) == {""}:
        return sample.posted[""]
    return "/".join(sample.posted.values())


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.given is not None], ids=lambda sample: sample.kind)
def test_a_field_of_each_kind_is_typed_in_shown_and_listed(page, desk, sample: Sample):
    published(page, sample.definition())
    shown = page.get("/leads/leads/new")
    assert f'name="custom.{sample.key}"' in shown.text
    sent = {"name": "张晓明", "company": "云帆", "source": "manual", f"custom.{sample.key}": typed(sample)}
    made = page.post("/leads/leads/new", data=sent)
    assert made.status_code == 303, made.text[-3000:]
    record = page.get(made.headers["Location"])
    assert (sample.shown or str(sample.text)) in record.text
    lead = desk.leads()[-1]
    assert page.get(f"/leads/api/v1/leads/{lead.id}").json["custom"][sample.key] == sample.answer
    listed = page.get("/leads/leads", query_string={"columns": f"name,custom.{sample.key}"})
    assert (sample.shown or str(sample.text)) in listed.text
    edit = page.get(f"/leads/records/lead/{lead.id}/fields")
    assert edit.status_code == 200
    again = page.post(
        f"/leads/records/lead/{lead.id}/fields", data={f"custom.{sample.key}": typed(sample), "version": lead.version}
    )
    assert again.status_code == 303, again.text[-2000:]
    assert page.get(f"/leads/api/v1/leads/{lead.id}").json["custom"][sample.key] == sample.answer


def test_what_is_wrong_stands_beside_the_field_and_nothing_typed_is_lost(page):
    published(page, field("size", "integer", required=True))
    sent = {"name": "张晓明", "company": "云帆", "source": "manual", "custom.size": "many"}
    answer = page.post("/leads/leads/new", data=sent)
    assert answer.status_code == 422
    assert "Must be a number." in answer.text
    assert 'value="many"' in answer.text


def test_worked_out_fields_are_shown_and_a_qr_code_is_drawn(page, desk):
    sample = BY_KIND["qr_code"]
    published(page, sample.definition(), *(BY_KIND[kind].definition() for kind in BASIS))
    lead = desk.capture(custom={BY_KIND["text"].key: "Hello 世界"}).lead
    shown = page.get(f"/leads/leads/{lead.id}").text
    assert "<svg" in shown
    assert "<title>Hello 世界</title>" in shown


def test_forms_are_listed_designed_checked_and_published_on_pages(page, desk):
    assert "Lead" in page.get(FORMS).text
    editor = page.get(f"{FORMS}/lead")
    assert editor.status_code == 200
    assert "form_designer" in editor.text
    published(page, field("size", "integer"))
    desk.capture(custom={"size": 50})
    draft = form(field("size", "integer", options={"maximum": "10"}))
    document = json.dumps({"title": {"zh": "线索", "en": "Lead"}, "body": draft})
    saved = page.post(f"{FORMS}/lead/draft", data={"document": document, "version": "0"})
    assert saved.status_code == 200, saved.text
    problems = saved.json["problems"]
    assert [each["level"] for each in problems] == ["warning"]
    assert "1 records do not fit" in problems[0]["text"]
    assert "50" in page.post(f"{FORMS}/lead/simulate", data={"days": "30"}).text
    done = page.post(f"{FORMS}/lead/publish", data={"version": str(saved.json["version"])})
    assert done.status_code == 303, done.text
    assert page.get(f"{FORMS}/lead/versions").status_code == 200
    assert page.get("/leads/api/v1/forms/lead").json["revision"] == 2
