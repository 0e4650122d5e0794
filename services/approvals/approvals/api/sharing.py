"""Routes of shares, by the shared ones."""

from approvals.objects import APPROVAL
from chassis.api import Api
from engines import sharing_api

api = Api("approvals", tag="sharing")
sharing_api.mount(api, [APPROVAL])
