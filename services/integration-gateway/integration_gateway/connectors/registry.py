"""The connectors there are. A new one is a folder with a CONNECTOR and a line here."""

from integration_gateway.connectors.contract import Connector
from integration_gateway.connectors.kingdee.plugin import CONNECTOR as KINGDEE
from integration_gateway.connectors.smtp.plugin import CONNECTOR as SMTP
from integration_gateway.connectors.webhook.plugin import CONNECTOR as WEBHOOK
from integration_gateway.connectors.wecom.plugin import CONNECTOR as WECOM

KINDS: dict[str, Connector] = {one.kind: one for one in (WECOM, KINGDEE, SMTP, WEBHOOK)}
