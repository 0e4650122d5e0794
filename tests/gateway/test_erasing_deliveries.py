"""What was still to be sent about an erased person is cancelled and says why; what was sent is left as it is."""

from sqlalchemy import insert, select

from chassis.db import Database
from chassis.erasure import erasing
from chassis.erasure.person import Person
from integration_gateway import deliveries
from integration_gateway.connectors.models import Connector, Delivery
from integration_gateway.erasers import ERASERS


def test_open_deliveries_of_an_erased_person_are_cancelled_with_what_waits_for_them(database: Database) -> None:
    with database.transaction() as session:
        made = insert(Connector).values(kind="smtp", name="Mail", created_by="u", version=1).returning(Connector.id)
        connector_id = session.scalars(made).one()
        for key, subject, state, after in (
            ("open", "lead/1", "pending", None), ("sent", "lead/1", "succeeded", None), ("tried", "lead/1", "sending", None),
            ("waits", "contract/9", "pending", "open"), ("other", "lead/2", "pending", None),
        ):  # fmt: skip
            first = session.scalar(select(Delivery.id).where(Delivery.key == after)) if after else None
            session.add(Delivery(connector_id=connector_id, action="send", key=key, subject=subject, state=state,
                                 after_id=first, payload={"to": key}))  # fmt: skip
            session.flush()
    for _round in range(2):
        with database.transaction() as session:
            erasing.erase(session, ERASERS, Person(given={"lead/1"}))
    with database.reading() as session:
        now = {item.key: item for item in session.scalars(select(Delivery))}
        assert {key: item.state for key, item in now.items()} == {
            "open": "cancelled", "sent": "succeeded", "tried": "cancelled", "waits": "cancelled", "other": "pending",
        }  # fmt: skip
        assert {key for key, item in now.items() if item.error == deliveries.PERSON_ERASED} == {
            "open",
            "tried",
            "waits",
        }
        assert now["tried"].generation == 1, "an answer under way changes nothing"
        assert (now["open"].payload, now["other"].payload) == ({}, {"to": "other"})
