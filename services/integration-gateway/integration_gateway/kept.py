"""People, departments, API clients and connectors carry a timeline, comments, files, tags and followers."""

from engines.record_kit import Kept, keep
from integration_gateway.connectors.objects import CONNECTOR
from integration_gateway.objects import API_CLIENT, DEPARTMENT, USER

KINDS = keep(
    "gateway",
    [
        Kept(kind=USER, page="/gateway/users/{id}"),
        Kept(kind=DEPARTMENT, page="/gateway/records/department/{id}"),
        Kept(kind=API_CLIENT, page="/gateway/api-clients/{id}"),
        Kept(kind=CONNECTOR, page="/gateway/connectors/{id}"),
    ],
)
