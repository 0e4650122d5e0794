"""The guided first run: one link, one administrator, and step by step to a company that can work; resumable throughout."""

import pytest
from sqlalchemy import select

from chassis import seeding
from chassis import testing_demo as demo_data
from integration_gateway import company, upkeep
from integration_gateway.app import SERVICE
from integration_gateway.directory import roster
from integration_gateway.models import DemoData, Department, User
from tests.gateway.browser import Browser

PASSWORD = "four unusual words here"
COMPANY = {"name": "远航电子", "time_zone": "Asia/Shanghai", "base_currency": "CNY", "entity_0": "无锡远航电子有限公司",
           "code_0": "91320200ma1abcdef0", "erp_0": "100"}  # fmt: skip
PEOPLE = """姓名,邮箱,部门,角色,职务
李雷,li.lei@yuanhang.example,销售部/华东组,销售,客户经理
韩梅,han.mei@yuanhang.example,客服部,,
"""


@pytest.fixture
def browser(app, database, settings):
    """The first administrator, who has just opened the link."""
    upkeep.look(database, settings, is_first=True)
    path = (settings.data_path / upkeep.LINK_FILE).read_text().strip().removeprefix(settings.public_url)
    made = Browser(app)
    made.client.set_cookie("crm_locale", "en")
    form = made.hidden(made.get(path)) | {"name": "Ann", "email": "ann@new.example", "password": PASSWORD}
    assert made.post(path, form).status_code == 303
    made.look_again()
    return made


def where(browser):
    """The step the set-up stands at."""
    return browser.get("/gateway/start").headers["Location"].rpartition("/")[2]


def test_the_steps_follow_each_other_and_can_be_resumed(browser, database):
    assert where(browser) == "security"
    assert "second factor" in browser.get("/gateway/start/security").text
    assert "not finished" in browser.get("/gateway/work").text
    browser.send("/gateway/start/security", {})
    assert where(browser) == "company"
    assert browser.send("/gateway/start/done", {}).headers["Location"] == "/gateway/start/company"
    assert browser.send("/gateway/start/company", COMPANY).status_code == 303
    assert where(browser) == "organisation"
    assert "远航电子" in browser.get("/gateway/start/company").text
    added = browser.send("/gateway/start/organisation/departments", {"departments": "销售部\n  华南组\n客服部"})
    assert added.status_code == 303
    page = browser.send("/gateway/start/organisation/people", {"people": PEOPLE})
    assert page.status_code == 200
    assert page.text.count("/gateway/password/") == 2
    assert page.headers["Cache-Control"] == "no-store"
    browser.send("/gateway/start/organisation", {})
    assert "/sales/fragments/pipeline-templates/consultative" in browser.get("/gateway/start/pipeline").text
    assert browser.send("/gateway/start/pipeline", {"template": "nine_stages"}).status_code == 422
    assert browser.send("/gateway/start/pipeline", {"template": "consultative"}).status_code == 303
    assert where(browser) == "done"
    assert browser.send("/gateway/start/done", {}).status_code == 303
    assert "/gateway/connectors" in browser.get("/gateway/start/done").text
    assert "not finished" not in browser.get("/gateway/work").text
    with database.reading() as session:
        found = company.current(session)
        assert (found.name, found.pipeline_template) == ("远航电子", "consultative")
        assert found.legal_entities[0]["credit_code"] == "91320200MA1ABCDEF0"
        names = {row.id: row.name for row in session.scalars(select(Department))}
        assert sorted(names.values()) == sorted(["远航电子", "销售部", "华南组", "华东组", "客服部"])
        person = session.scalars(select(User).where(User.email == "li.lei@yuanhang.example")).one()
        assert (names[person.department_id], person.roles, person.title) == ("华东组", ["seller"], "客户经理")


def test_a_wrong_entry_keeps_what_was_typed_and_changes_nothing(browser, database):
    wrong = COMPANY | {"name": "", "time_zone": "Mars/Base", "code_0": "123", "entity_1": "", "erp_1": "7"}
    answer = browser.send("/gateway/start/company", wrong)
    assert answer.status_code == 422
    for said in ("2 to 120 characters", "no such time zone", "18 letters and digits", "Enter the registered name"):
        assert said in answer.text
    assert "无锡远航电子有限公司" in answer.text
    bad = PEOPLE.replace("han.mei@yuanhang.example", "li.lei@yuanhang.example").replace(
        "销售,客户经理", "皇帝,客户经理"
    )
    answer = browser.send("/gateway/start/organisation/people", {"people": bad})
    assert answer.status_code == 422
    assert "Line 2: there is no role “皇帝”" in answer.text
    assert "Line 3: the e-mail address exists already" in answer.text
    with database.reading() as session:
        assert len(session.scalars(select(User)).all()) == 1
        assert company.current(session) is None or not company.current(session).name


def test_only_administrators_see_the_set_up(app, company, as_):
    browser = Browser(app)
    browser.log_in(company["zhang.wei"]["email"])
    for path in ("/gateway/start", "/gateway/start/company", "/gateway/demo-data"):
        assert browser.get(path).status_code == 403


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A\nA/B\nC > D", [("A",), ("A", "B"), ("C",), ("C", "D")]),
        ("销售部\n  华东\n    上海\n  华南\n客服", [("销售部",), ("销售部", "华东"), ("销售部", "华东", "上海"),
                                       ("销售部", "华南"), ("客服",)]),
        ("\n \n", []),
    ],
)  # fmt: skip
def test_departments_are_read_as_paths_or_by_indentation(text, expected):
    assert roster.paths(text) == expected


@pytest.mark.parametrize("mark", [",", "\t", ";", "，"])
def test_people_are_read_from_any_spreadsheet(mark):
    text = mark.join(["Wang Lei", "w@x.example", "Sales/East", "Sales"]) + "\n"
    sheet = roster.read(text, roles={"sales": "sales"})
    assert sheet.faults == []
    entry = sheet.entries[0]
    assert (entry.name, entry.email, entry.department, entry.roles) == (
        "Wang Lei", "w@x.example", ("Sales", "East"), ("sales",),
    )  # fmt: skip


def test_rubbish_is_refused_line_by_line():
    assert roster.read("", roles={}).faults
    assert len(roster.read("only a name\n\x00,not-a-mail\n", roles={}).faults) >= 2
    assert roster.read("\n".join(f"P{n},p{n}@x.example" for n in range(roster.LIMIT + 1)), roles={}).faults


def test_without_an_own_administrator_the_demos_stays_and_nobody_is_locked_out(database):
    demo_data.filled(SERVICE, database)
    left = demo_data.emptied(SERVICE, database)
    assert left["user"] == 1
    assert "connector" not in left
    with database.reading() as session:
        user = session.scalars(select(User)).one()
        assert user.roles == ["admin"]
        assert seeding.is_demo_person(user.id)
        assert session.scalars(select(DemoData)).all() == []
