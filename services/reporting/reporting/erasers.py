"""Where reporting's facts name persons and customers."""

from chassis.erasure.declaring import Personal
from engines.erasers import KIT
from reporting.models.money import Contract
from reporting.models.people import Usage
from reporting.models.selling import Account, Opportunity

ERASERS = (
    *KIT,
    Personal(Account, ("name",), kind="account"),
    Personal(Opportunity, ("name",), of={"account_id": "account"}),
    Personal(Contract, ("title",), of={"account_id": "account"}),
    Personal(Usage, of={"user_id": "user"}, delete=True),
)
