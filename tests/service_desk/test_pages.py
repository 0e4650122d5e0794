"""Pages in both languages, their forms, the public form and the survey; a part for the customer's page."""

import re
import threading

import pytest

from service_desk import portal, progress, surveys
from service_desk.models import Message, Survey, Ticket

URL = "/service-desk/tickets"
HTML = {"Accept": "text/html"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def page(desk, client):
    """GET a page as somebody, in a language; its text."""

    def get(address, who="anna", language="en", status=200):
        answer = client.as_user(who).open(address, headers=HTML | {"Cookie": f"crm_locale={language}"})
        assert answer.status_code == status, answer.text[:500]
        return answer.text

    return get


@pytest.fixture
def post(desk, client):
    """POST a form as somebody with a token, which needs no CSRF proof."""

    def send(address, who="anna", **form):
        return client.as_user(who).post(address, data=form, headers=HTML)

    return send


def test_the_list_shows_what_the_reader_may_see_with_the_views_of_a_desk(desk, page):
    desk.ticket(subject="Printer", account_id="acc-b")
    assert "Printer" in page(URL)
    assert "My open tickets" in page(URL)
    assert "Printer" not in page(f"{URL}?view=unassigned")
    assert "Printer" in page(f"{URL}?view=mine")
    assert "我的未结工单" in page(URL, language="zh")
    assert "Printer" in page(URL, who="sam")
    page(f"{URL}?filter=%7B%22field%22%3A%22x%22%7D")


def test_a_ticket_page_tells_the_conversation_the_clocks_and_why(desk, page):
    ticket_id = desk.ticket(subject="Printer", text="It is on fire", account_id="acc-vip", requester_name="Ada")
    desk.time.pass_(minutes=4)
    desk.do(progress.note, ticket_id, caller=desk.caller("anna"), text="Fetch water")
    shown = page(f"{URL}/{ticket_id}")
    for text in ("It is on fire", "Fetch water", "First response", "4 of 15 open minutes", "Why then?", "Asia/Shanghai",
                 "/sales/fragments/account/acc-vip", "Answer the customer", "Why this policy?"):  # fmt: skip
        assert text in shown
    assert "为什么是这个时间？" in page(f"{URL}/{ticket_id}", language="zh")
    assert "Answer the customer" not in page(f"{URL}/{ticket_id}", who="sam")


def test_everything_can_be_done_from_the_page(desk, post):
    ticket_id = desk.ticket()
    base = f"{URL}/{ticket_id}"
    assert post(f"{base}/reply", text="Try again", status="pending").status_code == 303
    assert post(f"{base}/note", text="hm").status_code == 303
    assert post(f"{base}/reply", text=" ").status_code == 409
    assert post(f"{base}/status/open").status_code == 303
    assert post(f"{base}/status/closed").status_code == 409
    assert post(f"{base}/assign", assignee_id="bo").status_code == 403
    assert post(f"{base}/assign", who="liu", assignee_id="bo").status_code == 303
    ticket = desk.get(ticket_id)
    assert (ticket.status, ticket.owner_id) == ("open", "bo")
    form = {
        "subject": "Neu",
        "priority": "urgent",
        "type": "incident",
        "requester_name": "A",
        "version": str(ticket.version),
    }
    assert post(f"{base}/edit", **form).status_code == 303
    assert desk.get(ticket_id).priority == "urgent"
    assert post(f"{base}/edit", **form).status_code == 409  # the version is an old one
    assert post(f"{base}/status/solved", version="1").status_code == 412


def test_a_ticket_is_taken_down_by_hand_and_typed_text_survives_a_mistake(desk, page, post):
    assert "requester_name" in page(f"{URL}/new")
    wrong = post(f"{URL}/new", requester_name="Ada", subject="Printer", text="", priority="normal", type="question",
                 channel="phone", requester_email="not an address")  # fmt: skip
    assert wrong.status_code == 422
    assert "Printer" in wrong.text
    made = post(f"{URL}/new", requester_name="Ada", subject="Printer", text="Fire", priority="high", type="incident",
                channel="phone", account_id="acc-b")  # fmt: skip
    assert made.status_code == 303
    assert desk.all(Ticket)[-1].channel == "phone"


def test_bulk_steps_say_what_was_refused(desk, post):
    ids = [desk.ticket(type="billing"), desk.ticket()]
    answer = post(f"{URL}/bulk/claim", who="bo", ids=ids)
    assert answer.status_code == 200
    assert "1" in answer.headers["HX-Trigger"]
    assert desk.get(ids[0]).owner_id == "bo"
    assert desk.get(ids[1]).owner_id == "anna"


def test_definitions_can_be_read(desk, page):
    assert "vip" in page("/service-desk/sla-policies")
    policy = page("/service-desk/sla-policies/vip")
    assert "account_tier" in policy
    assert "data-publish" not in policy, "an agent reads it and no more"
    assert "anna" in page("/service-desk/queue-members")
    calendar = page("/service-desk/working-days")
    assert "made-up working day" in calendar
    assert "provisional" in calendar
    assert "调休上班" in page("/service-desk/working-days", language="zh")


def test_parts_for_other_pages(desk, page):
    desk.ticket(subject="Printer", account_id="acc-b")
    for address in ("/service-desk/fragments/account/acc-b", "/service-desk/fragments/accounts/acc-b/tickets"):
        assert "Printer" in page(address)
        assert "<html" not in page(address)
    assert "Printer" in page("/service-desk/fragments/search?q=print")
    assert page("/service-desk/fragments/search?q=nothing", status=204) == ""
    assert "anna" in page("/service-desk/lookup/people?q=")
    assert "acc-b" in page("/service-desk/lookup/accounts?q=acc-b")


FORM = {"name": "Ada", "email": "ada@kunde.example", "subject": "Printer", "text": "Fire", "type": "incident"}


def test_the_public_form_makes_a_ticket_and_answers_in_the_visitors_language(desk, client):
    for language, greeting in (("en", "Contact our service team"), ("zh", "联系客户服务")):
        shown = client.speaking(language).open("/service-desk/portal/new", headers=HTML)
        assert shown.status_code == 200
        assert greeting in shown.text
    assert not CHINESE.search(
        client.speaking("en").open("/service-desk/portal/new", headers=HTML).text.replace("中文", "")
    )
    made = client.speaking("en").post("/service-desk/portal/new", data=FORM, headers=HTML)
    assert made.status_code == 201
    assert "T-2026-000001" in made.text
    (ticket,) = desk.all(Ticket)
    assert (ticket.channel, ticket.requester_email, ticket.language) == ("portal", "ada@kunde.example", "en")
    assert desk.mails()[0]["text"].startswith("We have received your request")


def test_the_public_form_refuses_robots_floods_and_half_of_it(desk, client):
    robot = client.post("/service-desk/portal/new", data=FORM | {portal.HONEYPOT: "x"}, headers=HTML)
    assert robot.status_code == 201
    assert desk.all(Ticket) == []
    half = client.post("/service-desk/portal/new", data={"name": "Ada <b>", "email": "nope"}, headers=HTML)
    assert half.status_code == 422
    assert "Ada &lt;b&gt;" in half.text
    codes = [client.post("/service-desk/portal/new", data=FORM, headers=HTML).status_code for _ in range(10)]
    assert codes == [201] * 8 + [429] * 2


def test_a_form_that_is_sent_twice_makes_one_ticket_and_both_answers_name_it(desk, client):
    shown = client.open("/service-desk/portal/new", headers=HTML).text
    submission = re.search(r'name="submission" value="([^"]+)"', shown)[1]
    assert submission not in client.open("/service-desk/portal/new", headers=HTML).text
    answers, ready = [], threading.Barrier(4)

    def send():
        ready.wait(10)
        answers.append(client.post("/service-desk/portal/new", data=FORM | {"submission": submission}, headers=HTML))

    clicks = [threading.Thread(target=send) for _click in range(4)]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    assert [(answer.status_code, "T-2026-000001" in answer.text) for answer in answers] == [(201, True)] * 4
    assert len(desk.all(Ticket)) == 1
    assert len(desk.mails()) == 1
    other = FORM | {"submission": submission, "text": "Water, too"}
    assert "T-2026-000002" in client.post("/service-desk/portal/new", data=other, headers=HTML).text


def test_what_was_wrong_and_is_sent_again_put_right_makes_one_ticket(desk, client):
    half = client.post("/service-desk/portal/new", data=FORM | {"submission": "s-1", "email": ""}, headers=HTML)
    assert half.status_code == 422
    assert 'name="submission" value="s-1"' in half.text
    for _again in range(2):
        assert (
            client.post("/service-desk/portal/new", data=FORM | {"submission": "s-1"}, headers=HTML).status_code == 201
        )
    assert len(desk.all(Ticket)) == 1


def test_looking_at_a_survey_counts_nothing_and_sending_it_counts_once(desk, client):
    ticket_id = desk.ticket()
    desk.do(progress.reply, ticket_id, caller=desk.caller("anna"), text="Done", status="solved")
    (survey,) = desk.all(Survey)
    address = f"/service-desk/survey/{surveys.token(survey.id)}"
    shown = client.speaking("en").open(f"{address}?score=4", headers=HTML)
    assert shown.status_code == 200
    assert 'value="4" checked' in shown.text
    assert desk.get(ticket_id).csat is None
    assert client.post(address, data={"score": "9"}, headers=HTML).status_code == 422
    assert "4" in client.post(address, data={"score": "4", "comment": "ok"}, headers=HTML).text
    client.post(address, data={"score": "1"}, headers=HTML)
    assert desk.get(ticket_id).csat == 4
    assert client.open("/service-desk/survey/v1.forged.token", headers=HTML).status_code == 404


def test_what_customers_write_is_never_html(desk, page):
    ticket_id = desk.ticket(subject="<script>alert(1)</script>", text="<img src=x onerror=alert(2)>")
    shown = page(f"{URL}/{ticket_id}")
    assert "<script>alert(1)" not in shown
    assert "<img src=x" not in shown
    assert desk.all(Message)[0].text == "<img src=x onerror=alert(2)>"


def test_the_cells_of_the_list_are_edited_by_who_may_and_refusals_keep_what_was_typed(desk, page, post):
    ticket_id = desk.ticket(subject="Printer", account_id="acc-b")
    cell = f"{URL}/{ticket_id}/cells"
    assert 'data-edits="priority"' in page(URL)
    version = re.search(r'name="version" value="(\d+)"', page(f"{cell}/subject"))[1]
    changed = post(f"{cell}/subject", value="Printer is on fire", version=version)
    assert changed.status_code == 200
    assert "Printer is on fire" in changed.text
    assert post(f"{cell}/subject", value="Again", version=version).status_code == 409
    refused = post(f"{cell}/priority", value="very", version=str(int(version) + 1))
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    assert post(f"{cell}/status", value="closed", version=version).status_code == 404
