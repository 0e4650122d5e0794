"""Routes of records of the company's own kinds."""

from chassis.api import Api
from engines.forms import own_api
from sales.models import CustomRecord

api = Api("sales", tag="objects")
own_api.mount(api, CustomRecord)
