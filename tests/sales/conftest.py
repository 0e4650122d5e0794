"""A small sales office: two sellers, their head, finance; products with prices; builders for the rest."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from chassis import clock, db, directory, event_log
from chassis.caller import SYSTEM, Caller
from chassis.subscriptions import Received
from sales import accounts, catalogue, contracts, opportunities
from sales import settings as sales_settings
from sales.app import SERVICE
from sales.models import PriceBook, Product
from sales.money import Amount

OWN = {"create": True, "read": "own", "edit": "own", "delete": "none"}
KINDS = ("account", "contact", "opportunity", "quote", "contract")
SELLER = {
    **{kind: OWN | {"rights": ["move"], "fields": {"cost": "none", "margin": "none"}} for kind in KINDS},
    **{kind: {"read": "own"} for kind in ("receivable", "payment")},
    **{kind: {"read": "all"} for kind in ("product", "price_book", "pipeline", "exchange_rate")},
}
ALL = {"create": True, "read": "all", "edit": "all", "rights": ["move", "assign", "bulk"]}
HEAD = {**dict.fromkeys(KINDS, ALL), "pipeline": ALL, "product": ALL, "price_book": ALL, "exchange_rate": ALL,
        "receivable": {"read": "all"}, "payment": {"read": "all"}}  # fmt: skip
FINANCE = {"payment": ALL, "receivable": {"read": "all"}, "contract": {"read": "all"}, "account": {"read": "all"}}


@pytest.fixture(scope="session")
def service():
    return SERVICE


@pytest.fixture(autouse=True)
def in_force(request):
    """The settings in force are the test's own."""
    if "settings" in request.fixturenames:
        sales_settings.use(request.getfixturevalue("settings"))
    else:
        sales_settings.use(sales_settings.Settings(service="sales"))


@dataclass
class Office:
    """Builders on the test's database, each in a transaction of its own."""

    database: db.Database
    people: Any
    ids: dict[str, str] = field(default_factory=dict)

    def open(self) -> "Office":
        people = self.people
        for key, grants in (("seller", SELLER), ("head", HEAD), ("finance", FINANCE)):
            people.role(key, grants)
        people.department("east", head="hua")
        people.add("lin", roles=("seller",), department="east", name="林悦")
        people.add("wang", roles=("seller",), department="east", name="王磊")
        people.add("hua", roles=("head",), department="east", name="华清", is_head=True)
        people.add("cai", roles=("finance",), department=None, name="蔡敏")
        with self.database.transaction() as session:
            pipelines = catalogue.ensure_pipelines(session, caller=SYSTEM)
            self.ids |= {f"pipeline.{record.key}": record.id for record in pipelines}
            product = catalogue.save_product(
                session,
                Product(),
                caller=SYSTEM,
                code="ERP-STD",
                name="云 ERP 标准版",
                unit="套",
                tax_percent=13,
                unit_cost=4000,
            )
            prices = [
                {"product_id": product.id, "min_quantity": low, "unit_price": price}
                for low, price in ((1, 10000), (10, 9000))
            ]
            catalogue.save_price_book(
                session, PriceBook(), caller=SYSTEM, name="标准价", currency="CNY", is_default=True, prices=prices
            )
            self.ids["product"] = product.id
        return self

    def caller(self, who: str) -> Caller:
        return directory.of(self.database).snapshot().caller(who)

    def account(self, name: str = "上海云帆科技有限公司", *, owner: str = "lin", **values: Any) -> str:
        with self.database.transaction() as session:
            return accounts.create(session, caller=self.caller(owner), name=name, allow_duplicate=True, **values).id

    def opportunity(
        self, account_id: str | None = None, *, owner: str = "lin", minor: int = 10_000_000, **values: Any
    ) -> str:
        account_id = account_id or self.account(owner=owner)
        with self.database.transaction() as session:
            values = {"name": "ERP 升级", "amount": Amount(minor, "CNY"), "close_date": date(2030, 1, 1)} | values
            return opportunities.create(session, caller=self.caller(owner), account_id=account_id, **values).id

    def contract(self, *, price: str = "10000", owner: str = "lin", terms: Any = None, **values: Any) -> str:
        if not values.get("opportunity_id") and not values.get("account_id"):
            values["account_id"] = self.account(owner=owner)
        line = {"product_id": self.ids["product"], "quantity": "1", "unit_price": price}
        with self.database.transaction() as session:
            return contracts.create(session, caller=self.caller(owner), lines=[line], payment_terms=terms, **values).id

    def get(self, model: Any, id_: str) -> Any:
        with self.database.reading() as session:
            return session.get(model, id_)

    def events(self, type_: str = "") -> list[dict[str, Any]]:
        """The events published so far as {type, subject, data, names}, oldest first; `type_` without service and version."""
        with self.database.reading() as session:
            rows = session.execute(select(event_log.LOG).order_by(event_log.LOG.c.id)).all()
        return [
            {
                "type": row.type,
                "subject": row.subject,
                "data": orjson.loads(row.data),
                "personal": row.personal,
                "names": orjson.loads(row.personal or "{}").get("data", {}),
                "changes": orjson.loads(row.changes or "{}"),
            }
            for row in rows
            if not type_ or row.type == f"sales.{type_}.v1"
        ]

    def hear(self, type_: str, data: dict[str, Any], *, sequence: int = 1) -> None:
        """Let the service's own handlers take in an event, as its worker would."""
        service, _, _rest = type_.partition(".")
        body = Received(
            id=f"event-{sequence}", source=service, type=type_, subject="x/1", time=clock.now(), sequence=sequence,
            epoch="e", aggregateversion=1, data=data,
        )  # fmt: skip
        for group in SERVICE.subscriptions.groups.values():
            found = group.match(type_)
            if found is not None:
                with self.database.transaction() as session:
                    found.handle(session, found.load(body))


@pytest.fixture
def office(database, people) -> Office:
    return Office(database, people).open()
