"""Where leads keep personal data."""

from chassis.erasure.declaring import Personal
from engines.erasers import KIT
from leads.models import Behaviour, Lead, LeadKey, Merge

_LEAD = (
    "name", "company", "title", "phones", "emails", "wechat", "address", "message", "referrer_url", "disqualify_reason",
    "external_ids", "custom",
)  # fmt: skip

ERASERS = (
    *KIT,
    Personal(
        Lead, _LEAD, kind="lead", phones=("phones",), emails=("emails",),
        links={"contact_id": "contact", "duplicate_of": "lead"},
    ),
    Personal(LeadKey, of={"lead_id": "lead"}, delete=True),
    Personal(Behaviour, ("detail",), of={"lead_id": "lead"}),
    Personal(Merge, ("before", "changed", "conflicts"), of={"survivor_id": "lead", "merged_id": "lead"}),
)  # fmt: skip
