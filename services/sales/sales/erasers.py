"""Where sales keeps personal data. Contracts, receivables and payments stay, without words: the law wants them kept."""

from chassis.erasure.declaring import Personal
from engines.erasers import KIT
from sales.models import Account, Contact, Contract, Conversion, CustomRecord, Opportunity, Quote, Receivable

_ACCOUNT = ("name", "name_key", "legal_name", "credit_code", "address", "external_ids", "custom")
_CONTACT = ("name", "title", "phones", "emails", "wechat", "birthday", "external_ids", "custom")

ERASERS = (
    *KIT,
    Personal(Account, _ACCOUNT, kind="account"),
    Personal(
        Contact, _CONTACT, kind="contact", of={"account_id": "account"}, phones=("phones",), emails=("emails",),
        links={"lead_id": "lead"},
    ),
    Personal(CustomRecord, ("name", "external_ids", "custom"), kind="custom_record", mentions=("custom",)),
    Personal(Opportunity, ("name", "next_step", "loss_note"), of={"lead_id": "lead", "account_id": "account"}),
    Personal(Quote, ("title", "notes"), of={"account_id": "account", "contact_id": "contact"}),
    Personal(Contract, ("title",), of={"account_id": "account"}),
    Personal(Receivable, ("title",), of={"account_id": "account"}),
    Personal(Conversion, ("candidates",), of={"lead_id": "lead", "contact_id": "contact"}),
)  # fmt: skip
