"""Who stands above whom, and who hears of a ticket."""

from sqlalchemy.orm import Session

from chassis import directory
from service_desk import definitions
from service_desk.models import Ticket


def supervisor(session: Session, user_id: str | None, *, level: int = 1) -> str | None:
    """The head `level` steps above a person in the tree of departments; the highest there is when it ends before."""
    people = directory.snapshot(session)
    found, above = None, user_id
    for _ in range(level):
        above = _head_above(people, above)
        if above is None:
            break
        found = above
    return found


def _head_above(people: directory.Snapshot, user_id: str | None) -> str | None:
    person = people.users.get(user_id or "")
    department = people.departments.get(person.department_id or "") if person else None
    for _ in range(20):  # a loop in the tree must not hold us
        if department is None:
            return None
        if department.head_id and department.head_id != user_id:
            return department.head_id
        department = people.departments.get(department.parent_id or "")
    return None


def responsible(session: Session, ticket: Ticket) -> str | None:
    """The assignee, else the lead of the queue."""
    return ticket.owner_id or lead_of(session, ticket)


def lead_of(session: Session, ticket: Ticket) -> str | None:
    """The lead of the ticket's queue, else the assignee's supervisor."""
    queue = definitions.in_force(session).queues.get(ticket.queue or "")
    return (queue.lead_id if queue else None) or supervisor(session, ticket.owner_id)
