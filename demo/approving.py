"""Chapter six: approvers decide from their inbox and on a card in the chat; why each was asked is kept."""

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from demo.narration import Broken
from demo.suite import BY_ID, BY_KEY, Person, eq, until

if TYPE_CHECKING:
    from demo.story import Stage

INSTANCES, TASKS = "/approvals/api/v1/instances", "/approvals/api/v1/tasks"


def the_contract_is_approved(stage: "Stage") -> None:
    """500,000 and more adds risk control, over 20 % discount the sales director; the last word is sales' to hear."""
    tell, owner = stage.narration, stage.seller
    tell.chapter("6. The contract is approved: by inbox, and on a card in WeCom")
    instance_id = stage.ids["approval"] = started(stage, stage.ids["contract"])
    path = f"/sales/api/v1/contracts/{stage.ids['contract']}"
    nodes = [step["node"] for step in _read(stage, instance_id)["steps"]]
    case = f"{stage.facts['amount']} with up to {stage.facts['discount']} % off"
    tell.check({"risk_control", "director"} <= {*nodes}, f"{case} goes through {' → '.join(nodes)}")
    if stage.stand_ins.wecom is None:
        tell.say("no WeCom stand-in beside this suite: all decide in their inbox")
    decide(stage, instance_id, keep_last=True, card=True)
    for key in BY_KEY:  # whoever acts later has a token before the gateway goes
        stage.suite.log_in(key)
    with ExitStack() as away:
        for service in ("gateway", "service-desk"):
            away.enter_context(stage.outage.of(service))
        decide(stage, instance_id)
        approved = until(lambda: owner.read(path)["status"] not in ("draft", "in_approval"))
        tell.need(approved, f"sales has heard it: the contract is {owner.read(path)['status']}")
    _trace(stage, instance_id)


def started(stage: "Stage", subject_id: str) -> str:
    """The id of the instance that a request by event has started."""
    found = until(lambda: _director(stage).read(INSTANCES, filter=eq(subject_id=subject_id))["items"])
    stage.narration.need(found, "approvals has heard the request and started its flow")
    stage.narration.say(f"approval {found[0]['number']} {found[0]['id']}: {found[0]['title']}")
    return str(found[0]["id"])


def decide(stage: "Stage", instance_id: str, *, keep_last: bool = False, card: bool = False) -> None:
    """Everybody who is asked approves, in turn. `keep_last` leaves the last decision open, `card` takes the first in the chat."""
    while True:
        instance = until(lambda: _waiting_or_over(_read(stage, instance_id)))
        if instance is None:
            raise Broken(f"approval {instance_id} runs and nobody is asked")
        pending = [task for task in instance["tasks"] if task["status"] == "pending"]
        is_last = len(pending) == 1 and not any(step["state"] == "ahead" for step in instance["steps"])
        if instance["status"] != "running" or (keep_last and is_last):
            return
        if card and stage.stand_ins.wecom is not None:
            _press_the_card(stage, pending[0])
            card = False
        else:
            _approve_from_inbox(stage, pending[0])


def _approve_from_inbox(stage: "Stage", task: dict[str, Any]) -> None:
    tell, person = stage.narration, stage.suite.by_id(task["assignee_id"])
    inbox = until(lambda: [one for one in person.read(TASKS, limit=200)["items"] if one["id"] == task["id"]])
    tell.need(inbox, f"{task['node_name']['zh']}: {person.name} finds it in the inbox")
    facts = [f"{item['label']['zh']} {item['value']}" for item in inbox[0]["highlights"]]
    tell.say(f"    {inbox[0]['instance']['title']} ({', '.join(facts)})")
    person.done(f"{TASKS}/{task['id']}/approve", {"comment": "同意"})
    tell.check(person.read(f"{TASKS}/{task['id']}")["status"] == "approved", f"{person.name} approves")


def _press_the_card(stage: "Stage", task: dict[str, Any]) -> None:
    """The button is pressed in WeCom: its sealed callback comes to the gateway, and by event to approvals."""
    tell, wecom = stage.narration, stage.stand_ins.wecom
    assert wecom is not None
    name = BY_ID[task["assignee_id"]]["name"]["zh"]
    card = until(lambda: (wecom.book("cards") or {}).get(task["id"]))
    tell.need(card, f"{task['node_name']['zh']}: {name} has a card with buttons in WeCom")
    for row in card["card"]["horizontal_content_list"]:
        tell.say(f"    {row['keyname']}: {row['value']}")
    pressed = until(lambda: (wecom.do("press", task_id=task["id"], key="approve") or {}).get("delivered") == [200])
    tell.check(pressed, f"{name} presses 同意, and WeCom delivers it as a sealed callback")
    closed = until(lambda: _director(stage).read(f"{TASKS}/{task['id']}")["status"] == "approved")
    tell.need(closed, "approvals took the decision from the chat")
    replaced = until(lambda: wecom.book("cards")[task["id"]]["replaced"])
    tell.check(replaced, f"the card's buttons gave way to {', '.join((replaced or {}).values())!r}")


def _trace(stage: "Stage", instance_id: str) -> None:
    tell = stage.narration
    instance = _read(stage, instance_id)
    tell.check(instance["status"] == "approved", f"approval {instance['number']} is {instance['status']}")
    entries = _director(stage).read(f"{INSTANCES}/{instance_id}/trace")["items"]
    asked = [entry for entry in entries if entry["kind"] == "task_created"]
    for entry in entries:
        if entry["kind"] == "task_created":
            tell.say(
                f"    {entry['name']['zh']}: {BY_ID[entry['who']]['name']['zh']}, because: {entry['text'].get('zh')}"
            )
        for step in entry["steps"]:
            tell.say(f"    {entry['name'].get('zh', '')}: {step['text']}")
    tell.check(asked and all(entry["text"] for entry in asked), "the trace says of each person why they were asked")


def _waiting_or_over(instance: Any) -> Any:
    over = instance["status"] != "running"
    return instance if over or any(task["status"] == "pending" for task in instance["tasks"]) else None


def _read(stage: "Stage", instance_id: str) -> Any:
    return _director(stage).read(f"{INSTANCES}/{instance_id}").body


def _director(stage: "Stage") -> Person:
    """Sees every approval, as reader."""
    return stage.suite.log_in("chen.jianguo")
