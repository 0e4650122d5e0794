"""Contacts: /sales/api/v1/contacts."""

from typing import Any

from chassis.api import Api, Call
from engines import access, listing
from engines.access import right
from sales import accounts
from sales.api import writing
from sales.models import Account, Contact
from sales.objects import CONTACT
from sales.schemas import customers as schemas

api = Api("sales", tag="Contacts")
PAGE = listing.paged(CONTACT)


@api.get("/contacts", answer=schemas.ContactOut, allow=right("contact", "read"), page=PAGE, query=listing.QUERY)
def list_contacts(call: Call) -> Any:
    """The contacts the caller may read."""
    return listing.rows(call, CONTACT)


@api.post("/contacts", body=schemas.ContactIn, answer=schemas.ContactOut, status=201, allow=right("contact", "create"))
def create_contact(call: Call) -> Any:
    """Enter a person at an account."""
    writing.check_references(call.session, call.caller, call.body)
    writing.referred(call.session, call.caller, Account, call.body["account_id"], field="account_id")
    return accounts.add_contact(call.session, caller=call.caller, **call.body)


@api.get("/contacts/<id>", answer=schemas.ContactOut, allow=right("contact", "read"))
def read_contact(call: Call, id: str) -> Any:
    """One contact."""
    return access.get(call.session, call.caller, Contact, id)


@api.patch(
    "/contacts/<id>", body=schemas.ContactEdit(partial=True), answer=schemas.ContactOut, allow=right("contact", "edit")
)
def edit_contact(call: Call, id: str) -> Any:
    """Change a contact."""
    writing.check_references(call.session, call.caller, call.body)
    return accounts.edit_contact(call.session, writing.locked(call.session, call.caller, Contact, id), **call.body)
