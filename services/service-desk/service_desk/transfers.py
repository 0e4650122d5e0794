"""Tickets as files: taken in like any request, dispatched and put under their SLA."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate
from sqlalchemy.orm import Session

from chassis.caller import Caller
from engines import access, transfer
from engines.objects import Field
from engines.transfer import Reference, Took, Transferable
from service_desk import tickets
from service_desk.objects import ACCOUNT, TICKET
from service_desk.schemas import TicketEdit, TicketIn


class TicketRowEdit(TicketEdit):
    """What a file may change in a ticket; another assignee is given as by hand."""

    assignee_id = fields.String(allow_none=True, validate=validate.Length(1, 36))


def _create(session: Session, caller: Caller, body: dict[str, Any], options: Mapping[str, Any]) -> Took:
    if body.get("assignee_id") not in (None, caller.id):
        access.require_right(session, caller, "ticket", "assign")
    return Took(record=tickets.create(session, caller=caller, **body))


def _edit(session: Session, caller: Caller, ticket: Any, body: dict[str, Any]) -> None:
    assignee_id = body.pop("assignee_id", None)
    if assignee_id and assignee_id != ticket.owner_id:
        access.require_right(session, caller, "ticket", "assign")
        tickets.assign(session, ticket, caller=caller, assignee_id=assignee_id)
    if body or session.is_modified(ticket):
        tickets.edit(session, ticket, caller=caller, **body)


TICKETS = Transferable(
    kind=TICKET,
    resource="tickets",
    page="/service-desk/tickets/{id}",
    taken=TicketIn(),
    edited=TicketRowEdit(),
    create=_create,
    edit=_edit,
    references={"account_id": Reference(kind=ACCOUNT, by=("name",))},
    extra=(Field("text", "text", {"zh": "正文", "en": "Text"}),),
    headings={"subject": "标题|title", "text": "内容|描述|description", "requester_name": "客户姓名|联系人"},
)
KINDS = transfer.declare("service-desk", [TICKETS])
