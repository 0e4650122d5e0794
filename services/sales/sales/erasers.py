"""Where sales keeps personal data. Contracts, receivables and payments stay, without words: the law wants them kept."""

from chassis.erasure.declaring import Personal
from engines.erasers import KIT
from sales.models import Account, Contact, Contract, Conversion, CustomRecord, Opportunity, Quote, Receivable

_ACCOUNT = ("name", "name_key", "legal_name", "credit_code", "address", "external_ids", "custom")
_CONTACT = ("name", "title", "phones", "emails", "wechat", "birthday", "external_ids", "custom")
_OPPORTUNITY = ("name", "next_step", "loss_note")
_CUSTOMERS = {"account_id": "account"}  # what belongs to a customer goes with all that was written about it

ERASERS = (
    *KIT,
    Personal(Account, _ACCOUNT, kind="account"),
    Personal(
        Contact, _CONTACT, kind="contact", of={"account_id": "account"}, phones=("phones",), emails=("emails",),
        links={"lead_id": "lead"},
    ),
    Personal(CustomRecord, ("name", "external_ids", "custom"), kind="custom_record", mentions=("custom",)),
    Personal(Opportunity, _OPPORTUNITY, kind="opportunity", of=_CUSTOMERS),
    Personal(Opportunity, _OPPORTUNITY, of={"lead_id": "lead"}),
    Personal(Quote, ("title", "notes"), kind="quote", of=_CUSTOMERS),
    Personal(Quote, ("title", "notes"), of={"contact_id": "contact"}),
    Personal(Contract, ("title",), kind="contract", of=_CUSTOMERS),
    Personal(Receivable, ("title",), of={"account_id": "account"}),
    Personal(Conversion, ("candidates",), of={"lead_id": "lead", "contact_id": "contact"}),
)  # fmt: skip
