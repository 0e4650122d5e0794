"""Routes of shares, by the shared ones."""

from chassis.api import Api
from engines import sharing_api
from sales.objects import ACCOUNT, CONTACT, CONTRACT, OPPORTUNITY, PAYMENT, QUOTE, RECEIVABLE

api = Api("sales", tag="sharing")
sharing_api.mount(api, [ACCOUNT, CONTACT, CONTRACT, OPPORTUNITY, PAYMENT, QUOTE, RECEIVABLE])
