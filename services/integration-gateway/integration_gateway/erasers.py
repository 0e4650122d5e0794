"""Where the gateway keeps personal data: people who work here, messages, and what went to outside systems."""

from chassis.erasure.declaring import Personal
from engines.erasers import KIT
from integration_gateway import deliveries
from integration_gateway.connectors.models import ChatCallback, ChatCard, ContactCheck, Delivery
from integration_gateway.models import (
    Absence,
    Credential,
    Erasure,
    LogInSession,
    Notification,
    RecoveryCode,
    User,
    WorkItem,
)

ERASERS = (
    *KIT,
    Personal(
        User, ("name", "email", "mobile", "title", "external_ids", "custom"), kind="user", phones=("mobile",),
        emails=("email",),
    ),
    Personal(Erasure, ("phones", "emails")),  # nobody's row: emptied when the erasure ends
    Personal(Credential, of={"user_id": "user"}, delete=True),
    Personal(RecoveryCode, of={"user_id": "user"}, delete=True),
    Personal(LogInSession, of={"user_id": "user"}, delete=True),
    Personal(Absence, ("reason",), of={"user_id": "user"}),
    Personal(Notification, ("title", "text"), about=("subject",), mentions=("title", "text", "link")),
    Personal(WorkItem, ("title",), about=("subject",), mentions=("title", "link")),
    Personal(
        Delivery, ("payload", "result", "error"), about=("subject",), mentions=("payload",),
        also=deliveries.end_with_person, todo="{action} {subject} (connector {connector_id})",
    ),
    Personal(ChatCard, ("title", "member"), of={"user_id": "user", "member": "external"}),
    Personal(ChatCallback, ("member",), of={"member": "external"}),
    Personal(ContactCheck, ("member", "report"), of={"member": "external"}, mentions=("report",)),
)  # fmt: skip
