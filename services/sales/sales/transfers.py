"""Records of sales as files: the same use cases as by hand, people in the row of their account, lines below their paper."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from marshmallow import fields, validate
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.caller import Caller
from engines import access, money, transfer
from engines.objects import Field
from engines.ownership import require_giving, require_person
from engines.transfer import Children, Reference, Took, Transferable
from sales import accounts, catalogue, contracts, opportunities, ownership, payments, quotes
from sales.errors import AlreadyBooked, DuplicateAccount
from sales.models import Contact, Contract, Price, PriceBook, Product
from sales.objects import (
    ACCOUNT,
    CONTACT,
    CONTRACT,
    OPPORTUNITY,
    PAYMENT,
    PIPELINE,
    PRICE_BOOK,
    PRODUCT,
    QUOTE,
    RECEIVABLE,
)
from sales.schemas import catalogue as catalogue_schemas
from sales.schemas import contracts as contract_schemas
from sales.schemas import customers, deals
from sales.schemas.values import Part, reference
from sales.settings import current

_ACCOUNT = Reference(kind=ACCOUNT, by=("name", "credit_code"))
_OPPORTUNITY = Reference(kind=OPPORTUNITY, by=("name",))
_CONTRACT = Reference(kind=CONTRACT, by=("title",))
_PRODUCT = Reference(kind=PRODUCT, by=("code", "name"), shown="code")
_PIPELINE = Reference(kind=PIPELINE, by=("key",), shown="key")


def _field(name: str, kind: str, zh: str, en: str, **more: Any) -> Field:
    return Field(name, kind, {"zh": zh, "en": en}, **more)


def _amount(column: str) -> Callable[[Any], dict[str, Any] | None]:
    """The amount in a column, in the record's own currency."""
    return lambda record: money.outside(getattr(record, column), record.currency)


def _total(column: str) -> Callable[[Any], dict[str, Any] | None]:
    """The amount in a column, in the company's currency."""
    return lambda record: money.outside(getattr(record, column), current().base_currency)


def _require_assign(session: Session, caller: Caller, kind: str, owner_id: str | None) -> None:
    if owner_id and owner_id != caller.id:
        access.require_right(session, caller, kind, "assign")
        require_person(session, owner_id)


# ---- accounts with their people


class AccountPerson(customers.ContactEdit):
    """A person in the row of an account."""


class AccountRow(customers.AccountIn):
    """A new customer from a file, with people."""

    contacts = fields.List(Part(AccountPerson), validate=validate.Length(max=500))


class AccountRowEdit(customers.AccountEdit):
    """What a file may change in a customer; people are added or found again."""

    owner_id = reference()
    contacts = fields.List(Part(AccountPerson), validate=validate.Length(max=500))


def _create_account(session: Session, caller: Caller, body: dict[str, Any], options: Mapping[str, Any]) -> Took:
    people = body.pop("contacts", ())
    _require_assign(session, caller, "account", body.get("owner_id"))
    record = accounts.create(session, caller=caller, **body)
    _put_people(session, caller, record, people)
    return Took(record=record)


def _edit_account(session: Session, caller: Caller, record: Any, body: dict[str, Any]) -> bool:
    people, owner_id = body.pop("contacts", ()), body.pop("owner_id", None)
    if owner_id and owner_id != record.owner_id:
        access.require_right(session, caller, "account", "assign")
        require_giving(session, ownership.ACCOUNTS, record, caller)
        ownership.assign_account(session, record, owner_id=owner_id, caller=caller)
    accounts.edit(session, record, **body)
    return _put_people(session, caller, record, people)


def _put_people(session: Session, caller: Caller, record: Any, people: Sequence[dict[str, Any]]) -> bool:
    """Each person is found by number, address or name and changed where he differs, or entered; whether any was."""
    touched = False
    for person in people:
        known = accounts.find_contact(
            session, account_id=record.id, name=person["name"], phones=person.get("phones", []),
            emails=person.get("emails", []),
        )  # fmt: skip
        if known is None:
            access.require_right(session, caller, "contact", "create")
            accounts.add_contact(session, caller=caller, account_id=record.id, **person)
            touched = True
            continue
        changed = {name: value for name, value in person.items() if value != getattr(known, name)}
        if changed:
            access.require(session, caller, known, "edit")
            accounts.edit_contact(session, known, **changed)
            touched = True
    return touched


def _people_of(session: Session, records: Sequence[Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    names = [item.name for item in _PERSON]
    ids = [record.id for record in records]
    for start in range(0, len(ids), 400):
        wanted = select(Contact).where(Contact.account_id.in_(ids[start : start + 400]))
        for person in session.scalars(wanted.order_by(Contact.created_at, Contact.id)):
            found.setdefault(str(person.account_id), []).append({name: getattr(person, name) for name in names})
    return found


def _untouched_people(session: Session, ids: Sequence[str]) -> dict[str, list[str]]:
    """People of these accounts that nobody has changed since they were entered."""
    wanted = select(Contact.id).where(Contact.account_id.in_(ids), Contact.version == 1)
    return {"contact": list(session.scalars(wanted))}


_PERSON = [CONTACT.by_name[name] for name in ("name", "title", "phones", "emails", "wechat")]
ACCOUNTS = Transferable(
    kind=ACCOUNT,
    resource="accounts",
    page="/sales/accounts/{id}",
    taken=AccountRow(),
    edited=AccountRowEdit(),
    create=_create_account,
    edit=_edit_account,
    keys=("number", "name", "credit_code"),
    references={"parent_id": _ACCOUNT},
    children=Children(
        name="contacts",
        label={"zh": "联系人", "en": "Contact"},
        fields=_PERSON,
        of=_people_of,
        are_records=True,
        came_with=_untouched_people,
    ),
    refused=(DuplicateAccount,),
    value={
        "contract_total": _total("contract_minor"),
        "paid_total": _total("paid_minor"),
        "open_total": _total("open_minor"),
    },
    reads={"contract_total": ("contract_minor",), "paid_total": ("paid_minor",), "open_total": ("open_minor",)},
    headings={"name": "公司|公司名称|单位|企业名称|company|account", "credit_code": "税号|信用代码"},
)


# ---- people


class ContactRowEdit(customers.ContactEdit):
    """What a file may change in a person."""


def _create_contact(session: Session, caller: Caller, body: dict[str, Any], options: Mapping[str, Any]) -> Took:
    return Took(record=accounts.add_contact(session, caller=caller, **body))


def _edit_contact(session: Session, caller: Caller, record: Any, body: dict[str, Any]) -> None:
    accounts.edit_contact(session, record, **body)


CONTACTS = Transferable(
    kind=CONTACT,
    resource="contacts",
    page="/sales/records/contact/{id}",
    taken=customers.ContactIn(),
    edited=ContactRowEdit(),
    create=_create_contact,
    edit=_edit_contact,
    keys=("number", "phones", "emails"),
    references={"account_id": _ACCOUNT},
    headings={"phones": "手机|手机号|mobile|phone", "emails": "email|电子邮箱", "account_id": "公司|company"},
)


# ---- deals and papers


class OpportunityRowEdit(deals.OpportunityEdit):
    """What a file may change in a deal; its stage moves through the gates alone."""

    owner_id = reference()


def _create_opportunity(session: Session, caller: Caller, body: dict[str, Any], options: Mapping[str, Any]) -> Took:
    _require_assign(session, caller, "opportunity", body.get("owner_id"))
    return Took(record=opportunities.create(session, caller=caller, **body))


def _edit_opportunity(session: Session, caller: Caller, record: Any, body: dict[str, Any]) -> None:
    owner_id = body.pop("owner_id", None)
    if owner_id and owner_id != record.owner_id:
        _require_assign(session, caller, "opportunity", owner_id)
        opportunities.assign(session, record, owner_id=owner_id, caller=caller)
    opportunities.edit(session, record, **body)


OPPORTUNITIES = Transferable(
    kind=OPPORTUNITY,
    resource="opportunities",
    page="/sales/opportunities/{id}",
    taken=deals.OpportunityIn(),
    edited=OpportunityRowEdit(),
    create=_create_opportunity,
    edit=_edit_opportunity,
    references={"account_id": _ACCOUNT, "pipeline_id": _PIPELINE},
    value={"amount": _amount("amount_minor"), "base_amount": _total("base_minor")},
    reads={"amount": ("amount_minor", "currency"), "base_amount": ("base_minor",)},
)

_LINE = (
    _field("product_id", "id", "产品", "product"),
    _field("name", "text", "名称", "name"),
    _field("quantity", "number", "数量", "quantity"),
    _field("unit_price", "number", "单价", "unit price"),
    _field("discount_percent", "number", "折扣", "discount"),
    _field("tax_percent", "number", "税率", "tax"),
)


def _lines_of(session: Session, records: Sequence[Any]) -> dict[str, list[dict[str, Any]]]:
    names = [item.name for item in _LINE]
    return {record.id: [{name: line.get(name) for name in names} for line in record.lines or ()] for record in records}


_LINES = Children(name="lines", label={"zh": "明细", "en": "Line"}, fields=_LINE, of=_lines_of, reads=("lines",))


def _paper(create: Callable[..., Any]) -> Callable[..., Took]:
    return lambda session, caller, body, options: Took(record=create(session, caller=caller, **body))


def _edit_contract(session: Session, caller: Caller, record: Any, body: dict[str, Any]) -> None:
    contracts.edit(session, record, **body) if body else contracts.changed(session, record)


def _edit_quote(session: Session, caller: Caller, record: Any, body: dict[str, Any]) -> None:
    quotes.edit(session, record, **body)


CONTRACTS = Transferable(
    kind=CONTRACT,
    resource="contracts",
    page="/sales/contracts/{id}",
    taken=contract_schemas.ContractIn(),
    edited=contract_schemas.ContractEdit(),
    create=_paper(contracts.create),
    edit=_edit_contract,
    references={
        "account_id": _ACCOUNT,
        "opportunity_id": _OPPORTUNITY,
        "quote_id": Reference(kind=QUOTE),
        "product_id": _PRODUCT,
    },
    children=_LINES,
    value={"amount": _amount("amount_minor"), "paid": _amount("paid_minor"), "base_amount": _total("base_minor")},
    reads={"amount": ("amount_minor", "currency"), "paid": ("paid_minor", "currency"), "base_amount": ("base_minor",)},
)
QUOTES = Transferable(
    kind=QUOTE,
    resource="quotes",
    page="/sales/quotes/{id}",
    taken=deals.QuoteIn(),
    edited=deals.QuoteEdit(),
    create=_paper(quotes.create),
    edit=_edit_quote,
    references={"account_id": _ACCOUNT, "opportunity_id": _OPPORTUNITY, "product_id": _PRODUCT},
    children=_LINES,
    value={"total": _amount("total_minor"), "base_amount": _total("base_minor")},
    reads={"total": ("total_minor", "currency"), "base_amount": ("base_minor",)},
)


# ---- products and prices


def _create_product(session: Session, caller: Caller, body: dict[str, Any], options: Mapping[str, Any]) -> Took:
    return Took(record=catalogue.save_product(session, Product(), caller=caller, **body))


def _edit_product(session: Session, caller: Caller, record: Any, body: dict[str, Any]) -> None:
    catalogue.save_product(session, record, caller=caller, **body)


PRODUCTS = Transferable(
    kind=PRODUCT,
    resource="products",
    page="/sales/products/{id}/edit",
    taken=catalogue_schemas.ProductEdit(),
    edited=catalogue_schemas.ProductEdit(),
    create=_create_product,
    edit=_edit_product,
    keys=("number", "code"),
    extra=(_field("description", "text", "说明", "Description"),),
)

_PRICE = (
    _field("product_id", "id", "产品", "product"),
    _field("min_quantity", "number", "起订量", "from quantity"),
    _field("unit_price", "number", "单价", "unit price"),
)


def _prices_of(session: Session, records: Sequence[Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    wanted = select(Price).where(Price.price_book_id.in_([record.id for record in records]))
    for price in session.scalars(wanted.order_by(Price.product_id, Price.min_quantity)):
        found.setdefault(price.price_book_id, []).append({item.name: getattr(price, item.name) for item in _PRICE})
    return found


def _create_price_book(session: Session, caller: Caller, body: dict[str, Any], options: Mapping[str, Any]) -> Took:
    return Took(record=catalogue.save_price_book(session, PriceBook(), caller=caller, **body))


def _edit_price_book(session: Session, caller: Caller, record: Any, body: dict[str, Any]) -> None:
    catalogue.save_price_book(session, record, caller=caller, **body)


PRICE_BOOKS = Transferable(
    kind=PRICE_BOOK,
    resource="price-books",
    page="/sales/price-books/{id}/edit",
    taken=catalogue_schemas.PriceBookEdit(),
    edited=catalogue_schemas.PriceBookEdit(),
    create=_create_price_book,
    edit=_edit_price_book,
    keys=("number", "name"),
    references={"product_id": _PRODUCT},
    children=Children(name="prices", label={"zh": "价格", "en": "Price"}, fields=_PRICE, of=_prices_of),
)


# ---- money


class PaymentRow(contract_schemas.PaymentIn):
    """Money that came in, from a bank's or the books' list."""


def _create_payment(session: Session, caller: Caller, body: dict[str, Any], options: Mapping[str, Any]) -> Took:
    contract = access.get(session, caller, Contract, body.pop("contract_id"))
    return Took(record=payments.record_payment(session, caller=caller, contract=contract, **body))


PAYMENTS = Transferable(
    kind=PAYMENT,
    resource="payments",
    page="/sales/records/payment/{id}",
    taken=PaymentRow(),
    create=_create_payment,
    keys=("number", "external_id"),
    references={"account_id": _ACCOUNT, "contract_id": _CONTRACT},
    extra=(_field("method", "text", "付款方式", "Method"), _field("note", "text", "备注", "Note")),
    refused=(AlreadyBooked,),
    value={"amount": _amount("amount_minor"), "unallocated": _amount("unallocated_minor")},
    reads={"amount": ("amount_minor", "currency"), "unallocated": ("unallocated_minor", "currency")},
)
RECEIVABLES = Transferable(
    kind=RECEIVABLE,
    resource="receivables",
    page="/sales/records/receivable/{id}",
    references={"account_id": _ACCOUNT, "contract_id": _CONTRACT},
    value={"amount": _amount("amount_minor"), "paid": _amount("paid_minor")},
    reads={"amount": ("amount_minor", "currency"), "paid": ("paid_minor", "currency")},
)
KINDS = transfer.declare(
    "sales", [ACCOUNTS, CONTACTS, OPPORTUNITIES, QUOTES, CONTRACTS, PRODUCTS, PRICE_BOOKS, PAYMENTS, RECEIVABLES]
)
