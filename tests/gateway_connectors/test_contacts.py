"""The directory kept in step with WeCom: hints by event, full checks with a report."""

import pytest

from chassis.db import Database
from integration_gateway import contacts_sync
from integration_gateway.connectors.models import ContactCheck
from integration_gateway.models import Department, User


@pytest.fixture
def compare(database: Database, chat_connector):
    """Carry out a check and return it."""

    def check(*, member: str = "", apply: bool = True) -> ContactCheck:
        with database.transaction() as session:
            made = contacts_sync.ask(session, chat_connector, member=member, apply=apply).id
        contacts_sync.carry_out(database, made)
        with database.reading() as session:
            return session.get(ContactCheck, made)

    return check


def somebody(database: Database, person: User) -> User:
    with database.reading() as session:
        return session.get(User, person.id)


def test_a_full_check_reports_and_applies_what_differs(database, people_here, compare, wecom_fake):
    report = compare(apply=False).report
    assert len(report["people"]["missing_here"]) == 10
    assert len(report["departments"]["missing_here"]) == 3
    assert somebody(database, people_here["zhang.wei"]).title is None
    wecom_fake.book["members"]["ZhangWei"]["name"] = "张薇"
    compare()
    zhang = somebody(database, people_here["zhang.wei"])
    with database.reading() as session:
        names = {one.external_ids.get("wecom"): one.name for one in session.query(Department)}
        place = session.get(Department, zhang.department_id).name
    assert (zhang.name, place) == ("张薇", "华东销售组")
    assert len(names) == 4
    again = compare()
    assert again.report["people"]["changed"] == []
    assert again.report["departments"]["missing_here"] == []


def test_people_are_linked_by_mail_where_the_platform_shows_it(database, people_here, compare):
    assert not somebody(database, people_here["sun.qian"]).external_ids
    compare()
    assert somebody(database, people_here["sun.qian"]).external_ids == {"wecom": "SunQian"}


def test_a_change_event_refetches_only_that_member(database, people_here, chat_connector, client, wecom_fake):
    from gateway_connectors.test_chat import CALLBACK

    wecom_fake.change_member("ZhangWei", position="销售冠军")
    url, body = wecom_fake.sealed(wecom_fake.book["callbacks"][-1]["fields"])
    for _ in range(2):
        assert client.post(f"{CALLBACK}?{url.partition('?')[2]}", data=body).status_code == 200
    (asked,) = contacts_sync._asked(database)
    contacts_sync.carry_out(database, asked)
    assert somebody(database, people_here["zhang.wei"]).title == "销售冠军"
    assert not any("user/list" in call["path"] for call in wecom_fake.calls)


def test_who_leaves_there_is_locked_out_here(database, people_here, compare, wecom_fake):
    wecom_fake.change_member("ZhangWei", removed=True)
    report = compare(member="ZhangWei").report
    assert [one["id"] for one in report["people"]["missing_there"]] == ["ZhangWei"]
    assert not somebody(database, people_here["zhang.wei"]).active


def test_everybody_gone_at_once_is_reported_and_not_believed(database, people_here, compare, wecom_fake):
    wecom_fake.book["members"] = {"Else": wecom_fake.book["members"].pop("HeLi")}
    report = compare().report
    assert {one["id"] for one in report["refused"]} >= {"ZhangWei", "LinJing"}
    assert somebody(database, people_here["zhang.wei"]).active


def test_the_last_administrator_stays_and_the_report_says_why(database, people_here, compare, wecom_fake):
    wecom_fake.change_member("LinJing", removed=True)
    report = compare(member="LinJing").report
    assert somebody(database, people_here["lin.jing"]).active
    assert "administrator" in report["refused"][0]["why"]


def test_a_failed_check_says_why_and_comes_again(database, people_here, compare, wecom_fake):
    wecom_fake.faults.append({"on": "department/list", "do": "status", "status": 500, "times": 1})
    check = compare()
    assert check.done_at is None
    assert "500" in check.error
    assert check.due_at is not None


def test_the_nightly_check_asks_for_every_chat_and_arms_itself_again(database, chat_connector, service):
    from chassis import clock
    from chassis.timers import TABLE, Timer

    with database.transaction() as session:
        contacts_sync.begin(session)
        timer = Timer("1", "contacts_check", "nightly", clock.now(), {}, 0)
        service.timers.handlers["contacts_check"](session, timer)
        assert session.query(ContactCheck).count() == 1
        assert session.execute(TABLE.select().where(TABLE.c.kind == "contacts_check")).one().due_at > clock.now()
