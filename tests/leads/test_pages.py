"""Pages show what the reader may see, in both languages, and do what the API does."""

import re

import pytest

HTML = {"Accept": "text/html"}
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def chen(desk, client):
    return client.as_user("chen")


def see(client, path, **request):
    answer = client.get(path, headers=HTML, **request)
    assert answer.status_code == 200, answer.text[:2000]
    return answer.text


def test_the_list_shows_the_readers_leads(desk, client, chen):
    mine = desk.capture(name="张晓明", address="上海").lead
    desk.capture(name="李雷", phones=["13900000001"])
    page = see(chen, "/leads/leads")
    assert "张晓明" in page
    assert "李雷" in page
    hers = see(client.as_user("anna"), "/leads/leads")
    assert "张晓明" in hers
    assert "李雷" not in hers
    assert f"/leads/leads/{mine.id}" in hers


def test_the_list_filters_by_condition_and_says_what_is_wrong_with_one(desk, chen):
    desk.capture(name="张晓明", company_size="1000+")
    desk.capture(name="李雷", phones=["13900000001"])
    page = see(chen, "/leads/leads", query_string={"filter": '{"field": "score", "op": "ge", "value": 60}'})
    assert "张晓明" in page
    assert "李雷" not in page
    assert "no_such" in see(
        chen, "/leads/leads", query_string={"filter": '{"field": "no_such", "op": "eq", "value": 1}'}
    )


def test_a_lead_explains_its_score_and_owner(desk, chen):
    lead = desk.capture(address="上海", message="<script>alert(1)</script>").lead
    page = see(chen, f"/leads/leads/{lead.id}")
    assert "Has a phone" in page
    assert "gives it to Anna" in page
    assert "<script>alert(1)</script>" not in page
    assert "&lt;script&gt;" in page
    zh = (
        see(chen, f"/leads/leads/{lead.id}", headers=None)
        if False
        else chen.get(f"/leads/leads/{lead.id}", headers={**HTML, "Cookie": "crm_locale=zh"}).text
    )
    assert "有电话" in zh
    assert "转化" in zh


def test_phones_are_masked_on_pages_too(desk, client):
    lead = desk.capture(emails=["secret@x.cn"]).lead
    for path in ("/leads/leads", f"/leads/leads/{lead.id}"):
        page = see(client.as_user("mia"), path)
        assert "13812345678" not in page
        assert "secret@x.cn" not in page


def test_a_new_lead_by_form(desk, chen):
    assert 'name="phones"' in see(chen, "/leads/leads/new")
    filled = {
        "name": "王芳",
        "phones": "138 0000 0001，021-51234567",
        "source": "manual",
        "budget": "12,000",
        "address": "上海",
    }
    answer = chen.post("/leads/leads/new", data=filled, headers=HTML)
    assert answer.status_code == 303, answer.text
    (lead,) = desk.leads()
    assert lead.phones == ["+8613800000001", "+862151234567"]
    assert lead.budget == "1200000 CNY"
    again = chen.post("/leads/leads/new", data=filled, headers=HTML)
    assert again.status_code == 422
    assert lead.number in again.text
    assert "王芳" in again.text
    assert chen.post("/leads/leads/new", data={"name": "x", "source": "manual"}, headers=HTML).status_code == 422


def test_steps_from_the_page(desk, client, chen):
    lead = desk.capture(address="上海").lead
    anna, url = client.as_user("anna"), f"/leads/leads/{lead.id}"
    logged = anna.post(f"/leads/records/lead/{lead.id}/activities", data={"kind": "call", "text": "聊过"}, headers=HTML)
    assert logged.status_code == 303
    assert anna.post(f"{url}/qualify", data={}, headers=HTML).status_code == 303
    assert "聊过" in see(anna, url)
    assert anna.post(f"{url}/assign", data={"owner_id": "bo"}, headers=HTML).status_code == 403
    assert chen.post(f"{url}/assign", data={"owner_id": "bo"}, headers=HTML).status_code == 303
    assert chen.post(f"{url}/convert", data={"opportunity": "大单", "amount": "1,000"}, headers=HTML).status_code == 303
    assert desk.events("conversion_requested")[0]["data"]["opportunity"] == {
        "name": "大单",
        "amount": "1000.00",
        "currency": "CNY",
    }
    assert chen.post(f"{url}/nurture", data={}, headers=HTML).status_code == 409
    assert chen.post(f"{url}/assign", data={"owner_id": "wu", "version": "1"}, headers=HTML).status_code == 412


def test_bulk_from_the_list(desk, chen):
    first, second = desk.capture(address="上海").lead, desk.capture(phones=["13900000001"], name="李雷").lead
    data = {"ids": [first.id, second.id], "owner_id": "bo"}
    assert chen.post("/leads/leads/bulk/assign", data=data, headers=HTML).status_code == 200
    assert {lead.owner_id for lead in desk.leads()} == {"bo"}


def test_search_and_lookup(desk, chen):
    desk.capture(name="张晓明")
    assert "张晓明" in see(chen, "/leads/fragments/search", query_string={"q": "晓明"})
    assert chen.get("/leads/fragments/search", query_string={"q": "nothing"}).status_code == 204
    assert chen.get("/leads/lookup/people", query_string={"q": "an"}).json["items"][0]["value"] == "anna"


def test_the_public_form_works_without_script_and_on_other_sites(desk, client):
    answer = client.get("/leads/capture/contact", headers=HTML, query_string={"utm_source": "baidu"})
    assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]
    assert 'name="utm_source" value="baidu"' in answer.text
    assert 'name="consent"' in answer.text
    filled = {"name": "陈晨", "phone": "13812345678", "utm_source": "baidu"}
    refused = client.post("/leads/capture/contact", data=filled, headers=HTML)
    assert refused.status_code == 422
    assert 'value="陈晨"' in refused.text
    assert client.post("/leads/capture/contact", data=filled | {"consent": "1"}, headers=HTML).status_code == 201
    assert desk.leads()[0].utm == {"source": "baidu"}
    script = client.get("/leads/capture/contact/embed.js")
    assert script.mimetype == "text/javascript"
    assert "/leads/capture/contact" in script.text
    assert client.get("/leads/capture/none", headers=HTML).status_code == 404


def test_pages_speak_one_language_at_a_time(desk, chen):
    lead = desk.capture(name="Mary Smith", company="Acme", address="").lead
    for path in ("/leads/leads/new", "/leads/capture/contact"):
        page = chen.get(path, headers={**HTML, "Cookie": "crm_locale=en"}).text
        text = re.sub(r"<script.*?</script>|<[^>]*>|中文", "", page, flags=re.S)
        assert not HAN.search(text), HAN.findall(text)
    assert lead


def test_a_cell_of_the_list_is_changed_like_the_form_changes_it(desk, client, chen):
    lead = desk.capture(address="上海", company="旧公司").lead
    cell = f"/leads/leads/{lead.id}/cells"
    assert 'data-edits="company"' in see(chen, "/leads/leads")
    assert 'value="旧公司"' in see(chen, f"{cell}/company")
    done = chen.post(f"{cell}/phones", data={"value": "138 0000 0009", "version": str(lead.version)}, headers=HTML)
    assert done.status_code == 200
    assert "tel:+8613800000009" in done.text
    (now,) = desk.leads()
    assert now.phones == ["+8613800000009"]
    assert desk.events("lead.changed")
    # over what somebody else changed meanwhile: both are shown, nothing is lost, nothing is written
    stale = chen.post(f"{cell}/company", data={"value": "我的公司", "version": str(lead.version)}, headers=HTML)
    assert stale.status_code == 409
    assert 'value="我的公司"' in stale.text
    assert "旧公司" in stale.text
    assert desk.leads()[0].company == "旧公司"
    assert "旧公司" in see(chen, f"{cell}/company?cancel=1")


def test_a_refused_cell_keeps_what_was_typed_and_says_why(desk, client, chen):
    lead = desk.capture(address="上海", emails=[]).lead
    cell = f"/leads/leads/{lead.id}/cells"
    refused = chen.post(f"{cell}/budget", data={"value": "many", "version": str(lead.version)}, headers=HTML)
    assert refused.status_code == 422
    assert 'value="many"' in refused.text
    assert 'role="alert"' in refused.text
    gone = chen.post(f"{cell}/phones", data={"value": "", "version": str(lead.version)}, headers=HTML)
    assert gone.status_code == 422  # then nobody could reach the lead
    assert chen.post(f"{cell}/status", data={"value": "converted"}, headers=HTML).status_code == 404
    assert client.as_user("mia").post(f"{cell}/phones", data={"value": "1"}, headers=HTML).status_code in (403, 404)
    assert desk.leads()[0].version == lead.version


def test_a_lead_is_edited_by_form_and_two_versions_stand_side_by_side(desk, chen):
    lead = desk.capture(address="上海", company="旧公司").lead
    url = f"/leads/leads/{lead.id}"
    assert f"{url}/edit" in see(chen, url)
    assert 'value="旧公司"' in see(chen, f"{url}/edit")
    filled = {
        "name": "张三",
        "company": "新公司",
        "phones": "13812345678",
        "budget": "9,000",
        "version": str(lead.version),
    }
    assert chen.post(f"{url}/edit", data=filled, headers=HTML).status_code == 303
    (now,) = desk.leads()
    assert (now.name, now.company, now.budget) == ("张三", "新公司", "900000 CNY")
    stale = chen.post(f"{url}/edit", data=filled | {"company": "又一家"}, headers=HTML)
    assert stale.status_code == 409
    assert "新公司" in stale.text
    assert "又一家" in stale.text
    wrong = chen.post(f"{url}/edit", data=filled | {"budget": "x", "version": str(now.version)}, headers=HTML)
    assert wrong.status_code == 422
    assert 'value="张三"' in wrong.text
