"""Requests and answers between services: once each, back and forth, by card, in time."""

import orjson
from sqlalchemy import select

from approvals import instances
from approvals.app import SERVICE
from approvals.models import Instance, InstanceEvent, InstanceState, Task
from approvals.state import fold, new_state
from chassis.timers import fire_due


def press(company, task, decision="approve", who="wang"):
    data = {
        "task_id": task.id,
        "user_id": who,
        "decision": decision,
        "comment": "",
        "callback_id": "c",
        "channel": "wecom",
    }
    company.hear("gateway.chat_decision.received.v1", data)


def test_the_same_request_twice_starts_one_approval(company):
    request = company.ask()
    company.ask(request_id=request)
    assert len(company.events("instance.started")) == 1
    assert len(company.open_tasks("wang")) == 1


def test_the_task_event_has_what_cards_to_dos_and_shares_need(company):
    company.ask(base=600_000_00, discount=25)
    (data,) = company.events("task.created")
    task = company.tasks()["wang"]
    assert (data["task_id"], data["assignee_id"], data["link"]) == (task.id, "wang", f"/approvals/tasks/{task.id}")
    assert (data["subject"], data["subject_kind"], data["subject_id"], data["account_id"]) == (
        "contract/c1",
        "contract",
        "c1",
        "acc",
    )
    assert data["title"] == {"zh": "待审批：C-2026-000001 ERP", "en": "To approve: C-2026-000001 ERP"}
    assert data["facts"] in ({"客户": "海川模具", "金额": "CNY 600,000.00", "最大折扣": "25%"},
                             {"Account": "海川模具", "Amount": "CNY 600,000.00", "Highest discount": "25%"})  # fmt: skip
    assert "12300" not in orjson.dumps(data).decode(), "the margin is nobody's business who may not see it"
    assert ("approval_task", ("wang",)) in company.notices()


def test_a_returned_request_comes_back_as_the_same_approval_on_the_next_submission(company):
    first = company.ask()
    company.act("wang", "return", to="initiator", comment="补充说明")
    answers = company.events("instance.completed")
    assert [(row["request_id"], row["outcome"], row["comment"]) for row in answers] == [(first, "returned", "补充说明")]
    assert len(company.events("instance.returned")) == 1
    second = company.ask(base=600_000_00)
    company.act("wang")
    company.act("he")
    assert company.events("instance.completed")[-1]["request_id"] == second
    with company.database.reading() as session:
        assert len(session.scalars(select(Instance)).all()) == 1


def test_a_new_request_for_a_subject_still_in_approval_takes_the_old_one_back(company):
    first = company.ask()
    company.ask()
    assert [(row["request_id"], row["outcome"]) for row in company.events("instance.completed")] == [
        (first, "withdrawn")
    ]
    assert len(company.open_tasks("wang")) == 1


def test_a_running_approval_stays_on_its_version(company, client):
    company.ask(base=600_000_00)
    admin = client.as_user("root")
    body = admin.get("/approvals/api/v1/definitions/contract").json["definition"]
    admin.put("/approvals/api/v1/definitions/contract", json={"definition": {**body, "nodes": body["nodes"][:1]}})
    assert admin.post("/approvals/api/v1/definitions/contract/publish", json={}).status_code == 200
    company.act("wang")
    assert set(company.tasks()) == {"he"}
    company.ask(base=600_000_00, subject_id="c2", request_id="second")
    company.act("wang")
    assert company.instance("second").status == "approved"


def test_a_card_decides_once_for_the_person_asked(company):
    company.ask()
    task = company.tasks()["wang"]
    press(company, task, who="lin")
    assert company.instance().status == "running"
    press(company, task)
    press(company, task)
    assert company.instance().status == "approved"
    assert [key for key, _ in company.notices() if key == "approval_not_taken"] == ["approval_not_taken"]


def test_a_card_pressed_too_late_decides_nothing_and_says_so(company):
    company.ask()
    task = company.tasks()["wang"]
    company.act("wang", "reject")
    press(company, task)
    assert company.instance().status == "rejected"
    assert ("approval_not_taken", ("wang",)) in company.notices()


def test_deadlines_remind_before_and_after_and_end_with_the_task(company, time):
    company.ask()
    time.pass_(hours=20.1)
    assert fire_due(company.database, SERVICE.timers) == 1
    time.pass_(hours=4)
    fire_due(company.database, SERVICE.timers)
    time.pass_(hours=24)
    fire_due(company.database, SERVICE.timers)
    keys = [key for key, _ in company.notices()]
    assert (keys.count("approval_due"), keys.count("approval_overdue")) == (1, 2)
    company.act("wang")
    (done,) = company.events("task.completed")
    assert (done["outcome"], done["overdue"]) == ("approved", True)
    time.pass_(hours=100)
    assert fire_due(company.database, SERVICE.timers) == 0


def test_a_transfer_ends_one_card_and_sends_another(company):
    company.ask()
    old = company.tasks()["wang"]
    company.act("wang", "transfer", to="chen", comment="出差")
    new = company.tasks()["chen"]
    assert [(row["task_id"], row["outcome"]) for row in company.events("task.completed")] == [(old.id, "transferred")]
    assert [row["task_id"] for row in company.events("task.created")] == [old.id, new.id]


def test_nobody_is_bothered_who_has_approved_already(company):
    company.ask(by="wang", discount=25)  # the team head's own request: his manager is the sales director himself
    assert set(company.tasks()) == {"chen"}
    company.act("chen")
    assert company.instance().status == "approved"
    assert len(company.events("task.created")) == 1


def test_the_stored_state_is_the_fold_of_the_stored_events(company):
    company.ask(base=600_000_00, discount=25)
    company.act("wang")
    company.act("he", "return", to="manager")
    company.act("wang")
    with company.database.reading() as session:
        state = session.scalars(select(InstanceState)).one()
        rows = session.scalars(select(InstanceEvent).order_by(InstanceEvent.place)).all()
        begin = new_state(initiator="zhang", subject=rows[0].data["subject"])
        assert state.state == fold(begin, [{"kind": row.kind, **row.data} for row in rows])
        assert state.length == len(rows)
        stored = {row.id: row.status for row in session.scalars(select(Task))}
    assert stored == {key: task["status"] for key, task in state.state["tasks"].items()}


def test_an_absent_manager_is_stood_in_for_by_his_own(company):
    company.people.add("wang", roles=("sales_manager",), department="east", name="王丽娜", is_head=True, absent=True)
    company.ask()
    assert set(company.tasks()) == {"chen"}
    with company.database.reading() as session:
        trace = instances.events_of(session, company.instance().id)
    assert trace[2].data["why"]["for"] == {"chen": "wang"}
