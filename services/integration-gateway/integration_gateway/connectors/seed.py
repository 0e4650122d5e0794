"""Connectors of the demo: they point at the servers that `./crm up` starts beside the suite."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from integration_gateway import demo_people
from integration_gateway.connectors import configured, settings
from integration_gateway.directory import departments, users
from integration_gateway.models import Department, User

WECOM = {
    "corp_id": "wwdemo00000000crm",
    "agent_id": 1000002,
    "secret": "demo-wecom-app-secret",
    "callback_token": "demoCallbackToken",
    "callback_aes_key": "demoCallbackAesKey0123456789abcdefghijklmno",
}
KINGDEE = {
    "acct_id": "5f0000000000aa",
    "user": "webapi",
    "app_id": "204399_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
    "app_secret": "0123456789abcdef0123456789abcdef",
}


def run(session: Session) -> None:
    """Set up what has an address, and say who the people of the demo are in the chat."""
    given = settings.current()
    if given.demo_wecom_url:
        configured.create(
            session, kind="wecom", name="企业微信", settings=WECOM | {"url": given.demo_wecom_url}, created_by="system"
        )
        _map_people(session)
    if given.demo_kingdee_url:
        configured.create(
            session,
            kind="kingdee",
            name="金蝶云星空",
            settings=KINGDEE | {"url": given.demo_kingdee_url},
            created_by="system",
        )


def _map_people(session: Session) -> None:
    """Chat ids are names in one word (ZhangWei), departments are numbered from the top."""
    company = demo_people.load()
    for place, item in enumerate(company["departments"], start=1):
        department = session.get(Department, item["id"])
        if department is not None:
            departments.change(session, department, external_ids={"wecom": str(place)})
    ids = {
        person["id"]: "".join(part.capitalize() for part in person["key"].split(".")) for person in company["people"]
    }
    for user in session.scalars(select(User).where(User.id.in_(ids))):
        users.change(session, user, external_ids={"wecom": ids[user.id]})
