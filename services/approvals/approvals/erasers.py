"""Where approvals keep personal data."""

from approvals.models import Instance
from chassis.erasure.declaring import Personal
from engines.erasers import KIT

ERASERS = (
    *KIT,
    Personal(Instance, ("title", "comment"), about=("subject_kind", "subject_id"), of={"account_id": "account"}),
)
