"""A leaver's tickets and tasks: counted first, then handed to the successor, once however often it is asked."""

from sqlalchemy import select

from engines import timeline
from engines.timeline import Task
from service_desk import progress
from service_desk.models import Ticket

ASKED = {"hand_over_id": "h-1", "leaver_id": "anna"}
GO = ASKED | {"successors": {"*": "bo"}, "requested_by": "liu"}


def owners(desk):
    return {ticket.subject: ticket.owner_id for ticket in desk.all(Ticket)}


def test_open_tickets_and_tasks_go_over_and_what_is_solved_stays_with_who_solved_it(desk):
    first, second, solved = (desk.ticket(subject=name, assignee_id="anna") for name in ("open", "also open", "solved"))
    desk.do(progress.reply, solved, caller=desk.caller("anna"), text="Done", status="solved")
    other = desk.ticket(subject="of somebody else", assignee_id="bo")
    with desk.database.transaction() as session:
        task = timeline.create_task(
            session, subject_kind="ticket", subject_id=other, title="Call", assignee_id="anna"
        ).id
    before = owners(desk)
    desk.hear("gateway.hand_over.preview_requested.v1", **ASKED)
    assert owners(desk) == before, "counting moves nothing"
    counted = desk.events("hand_over.counted")[0]["data"]
    assert (counted["counts"]["ticket"], counted["counts"]["task"]) == (2, 1)
    for _again in range(2):
        desk.hear("gateway.hand_over.started.v1", **GO)
        desk.due()
    assert owners(desk) == {"open": "bo", "also open": "bo", "solved": "anna", "of somebody else": "bo"}
    with desk.database.reading() as session:
        assert session.scalar(select(Task.assignee_id).where(Task.id == task)) == "bo"
    done = [each["data"] for each in desk.events("hand_over.completed")]
    assert len(done) == 1
    assert (done[0]["moved"]["ticket"], done[0]["moved"]["task"]) == (2, 1)
    assert {first, second} <= {ticket.id for ticket in desk.all(Ticket) if ticket.owner_id == "bo"}
