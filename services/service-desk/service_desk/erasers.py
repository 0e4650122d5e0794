"""Where the service desk keeps personal data."""

from chassis.erasure.declaring import Personal
from engines.erasers import KIT
from service_desk.models import Account, ContactAddress, Message, Survey, Ticket

ERASERS = (
    *KIT,
    Personal(
        Ticket, ("subject", "requester_name", "requester_email", "requester_phone", "external_ids", "custom"),
        kind="ticket", of={"contact_id": "contact", "account_id": "account"}, phones=("requester_phone",),
        emails=("requester_email",), links={"contact_id": "contact"},
    ),
    Personal(Message, ("by_name", "address", "text", "attachments"), of={"ticket_id": "ticket"}, emails=("address",)),
    Personal(Survey, ("comment",), of={"ticket_id": "ticket"}),
    Personal(ContactAddress, of={"contact_id": "contact"}, emails=("address",), delete=True),
    Personal(Account, ("name",), kind="account"),
)  # fmt: skip
