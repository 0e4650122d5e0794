"""The facts sales publishes. Amounts are whole minor units; `base_minor` is the same in the company's base currency."""

from marshmallow import fields

from chassis.events import Event, personal


def _text(required: bool = True) -> fields.String:
    return fields.String(required=required, allow_none=not required)


def _minor(required: bool = True) -> fields.Integer:
    return fields.Integer(required=required, allow_none=not required)


# Accounts and contacts


class AccountFact(Event):
    """What every account event carries, enough for another service's replica."""

    account_id = _text()
    number = _text()
    name = personal(_text())
    tier = _text()
    owner_id = _text(required=False)
    department_id = _text(required=False)
    pool = _text(required=False)
    collaborator_ids = fields.List(fields.String())
    credit_code = personal(_text(required=False))
    industry = _text(required=False)
    region = _text(required=False)
    health = _text(required=False)
    contract_minor = _minor(required=False)
    paid_minor = _minor(required=False)
    open_minor = _minor(required=False)


class AccountCreated(AccountFact, type="sales.account.created.v1"):
    """A customer was entered by hand, by import or by a conversion."""


class AccountChanged(AccountFact, type="sales.account.changed.v1"):
    """An account was edited, or its totals moved."""


class AccountTierChanged(AccountFact, type="sales.account.tier_changed.v1"):
    """An account rose to or fell from a tier, by the tiering rule or by hand."""

    from_tier = _text()
    to_tier = _text()
    decision_id = _text(required=False)
    reason = _text(required=False)


class ContactFact(Event):
    """What every contact event carries."""

    contact_id = _text()
    account_id = _text(required=False)
    decision_role = _text(required=False)
    owner_id = _text(required=False)
    name = personal(_text(required=False))
    title = personal(_text(required=False))
    phones = personal(fields.List(fields.String()))
    emails = personal(fields.List(fields.String()))
    wechat = personal(_text(required=False))


class ContactCreated(ContactFact, type="sales.contact.created.v1"):
    """A person at an account was entered."""


class ContactChanged(ContactFact, type="sales.contact.changed.v1"):
    """A contact was edited."""


# Catalogue


class CatalogueFact(Event):
    """What the events of products, price books and pipelines carry."""

    id = _text()
    key = _text(required=False)
    name = fields.Raw(required=True)


class ProductSaved(CatalogueFact, type="sales.product.saved.v1"):
    """A product was entered or edited."""

    category = _text(required=False)
    active = fields.Boolean()


class PriceBookSaved(CatalogueFact, type="sales.price_book.saved.v1"):
    """A price book or its prices were entered or edited."""

    currency = _text()


class PipelineSaved(CatalogueFact, type="sales.pipeline.saved.v1"):
    """A pipeline was made or its stages changed; `stages` are in board order."""

    key = _text()
    stages = fields.List(fields.Dict(), required=True)


class ExchangeRateSet(Event, type="sales.exchange_rate.set.v1"):
    """One unit of `currency` is worth `rate` units of the base currency from `valid_from` on."""

    currency = _text()
    base_currency = _text()
    rate = _text()
    valid_from = _text()


# Opportunities


class OpportunityFact(Event):
    """What every opportunity event carries."""

    opportunity_id = _text()
    number = _text(required=False)
    name = personal(_text(required=False))
    account_id = _text()
    pipeline = _text()
    from_stage = _text(required=False)
    to_stage = _text()
    category = _text()
    probability = fields.Integer()
    forecast_category = _text(required=False)
    amount_minor = _minor()
    currency = _text()
    base_minor = _minor()
    owner_id = _text(required=False)
    department_id = _text(required=False)
    region = _text(required=False)
    source = _text(required=False)
    lead_id = _text(required=False)
    close_date = _text(required=False)


class OpportunityCreated(OpportunityFact, type="sales.opportunity.created.v1"):
    """A possible deal was entered, by hand or by a conversion."""


class OpportunityChanged(OpportunityFact, type="sales.opportunity.changed.v1"):
    """An opportunity was edited without moving."""


class OpportunityMoved(OpportunityFact, type="sales.opportunity.moved.v1"):
    """An opportunity passed a gate into another stage."""

    seconds_in_stage = fields.Integer()


class OpportunityWon(OpportunityFact, type="sales.opportunity.won.v1"):
    """An opportunity reached a won stage, by a person or because its contract was approved."""

    contract_id = _text(required=False)


class OpportunityLost(OpportunityFact, type="sales.opportunity.lost.v1"):
    """An opportunity was lost, with the reason."""

    loss_reason = _text()
    last_stage = _text(required=False)


class OpportunityStalled(OpportunityFact, type="sales.opportunity.stalled.v1"):
    """An opportunity stood in its stage longer than the stage allows."""

    days = fields.Integer()


# Quotes


class QuoteFact(Event):
    """What every quote event carries."""

    quote_id = _text()
    number = _text()
    revision = fields.Integer()
    status = _text()
    account_id = _text()
    opportunity_id = _text(required=False)
    owner_id = _text(required=False)
    department_id = _text(required=False)
    total_minor = _minor()
    currency = _text()
    base_minor = _minor()
    max_discount_percent = _text()


class QuoteCreated(QuoteFact, type="sales.quote.created.v1"):
    """A priced offer was made."""


class QuoteChanged(QuoteFact, type="sales.quote.changed.v1"):
    """A quote's lines, terms or status changed."""


class QuoteRevised(QuoteFact, type="sales.quote.revised.v1"):
    """A new version of a quote replaced the one before."""

    previous_id = _text()


class QuoteAccepted(QuoteFact, type="sales.quote.accepted.v1"):
    """The customer accepted; a contract was drafted from it."""

    contract_id = _text()


class QuoteOpened(QuoteFact, type="sales.quote.opened.v1"):
    """The customer opened the shared link of a quote."""

    opens = fields.Integer()


# Approval


class ApprovalRequested(Event):
    """A subject asks for approval; `definition` names the flow, `snapshot` holds what the approvers judge."""

    request_id = _text()
    subject_kind = _text()
    subject_id = _text()
    definition = _text()
    title = personal(_text())
    snapshot = fields.Dict(required=True)
    names = personal(fields.Dict(metadata={"description": "what of the snapshot names the customer"}))
    requested_by = _text(required=False)
    account_id = _text(required=False)
    link = _text()


class QuoteApprovalRequested(ApprovalRequested, type="sales.quote.approval_requested.v1"):
    """A quote is too large or too cheap to send without approval."""


class ContractApprovalRequested(ApprovalRequested, type="sales.contract.approval_requested.v1"):
    """A contract was submitted."""


# Contracts


class ContractFact(Event):
    """What every contract event carries."""

    contract_id = _text()
    number = _text()
    title = personal(_text(required=False))
    status = _text()
    account_id = _text()
    opportunity_id = _text(required=False)
    owner_id = _text(required=False)
    department_id = _text(required=False)
    amount_minor = _minor()
    currency = _text()
    base_minor = _minor()
    cost_minor = _minor(required=False)
    region = _text(required=False)


class ContractCreated(ContractFact, type="sales.contract.created.v1"):
    """A contract was drafted, from a quote or by hand."""


class ContractChanged(ContractFact, type="sales.contract.changed.v1"):
    """A draft was edited, or a number or state came back from the ERP."""


class ContractApproved(ContractFact, type="sales.contract.approved.v1"):
    """Approval was given: the order and the receivables can be booked."""

    max_discount_percent = _text()
    lines = fields.List(fields.Dict(), required=True)
    payment_plan = fields.List(fields.Dict(), required=True)
    account = personal(fields.Dict(required=True))
    approved_at = _text()


class ContractRejected(ContractFact, type="sales.contract.rejected.v1"):
    """Approval was refused or the contract was sent back; it is a draft again."""

    outcome = _text()
    comment = personal(_text(required=False))


class ContractActivated(ContractFact, type="sales.contract.activated.v1"):
    """An approved contract took effect."""


class ContractCompleted(ContractFact, type="sales.contract.completed.v1"):
    """Everything owed under the contract was paid."""


class ContractTerminated(ContractFact, type="sales.contract.terminated.v1"):
    """A contract ended before it was fulfilled."""

    reason = _text()


# Receivables and payments


class ReceivableFact(Event):
    """What every receivable event carries."""

    receivable_id = _text()
    number = _text()
    contract_id = _text()
    account_id = _text()
    owner_id = _text(required=False)
    department_id = _text(required=False)
    amount_minor = _minor()
    paid_minor = _minor()
    currency = _text()
    base_minor = _minor()
    due_date = _text()
    status = _text()


class ReceivableOpened(ReceivableFact, type="sales.receivable.opened.v1"):
    """A term of an approved contract's payment plan became something owed."""


class ReceivableChanged(ReceivableFact, type="sales.receivable.changed.v1"):
    """A part was paid, or an ERP number arrived."""


class ReceivableOverdue(ReceivableFact, type="sales.receivable.overdue.v1"):
    """A receivable passed its due date unpaid."""

    days_overdue = fields.Integer()


class ReceivableClosed(ReceivableFact, type="sales.receivable.closed.v1"):
    """A receivable was paid in full."""

    closed_at = _text()


class PaymentRecorded(Event, type="sales.payment.recorded.v1"):
    """Money came in and was laid on receivables; what is left over is a prepayment."""

    payment_id = _text()
    number = _text()
    contract_id = _text(required=False)
    account_id = _text()
    owner_id = _text(required=False)
    department_id = _text(required=False)
    amount_minor = _minor()
    currency = _text()
    base_minor = _minor()
    allocations = fields.List(fields.Dict(), required=True)
    unallocated_minor = _minor()
    system = _text(required=False)
    external_id = _text(required=False)
    paid_at = _text()


# Between services


class ConversionCompleted(Event, type="sales.conversion.completed.v1"):
    """A lead became, or was linked to, an account, a contact and an opportunity."""

    lead_id = _text()
    account_id = _text()
    contact_id = _text(required=False)
    opportunity_id = _text()
    account_created = fields.Boolean()


class ConversionFailed(Event, type="sales.conversion.failed.v1"):
    """A lead could not be converted without a person's choice; `candidates` are the accounts it may belong to."""

    lead_id = _text()
    reason = _text()
    candidates = personal(fields.List(fields.Dict(), required=True))


class TicketRequested(Event, type="sales.ticket.requested.v1"):
    """Sales asks the service desk for a ticket, such as the onboarding of a new customer."""

    request_id = _text()
    account_id = _text()
    contract_id = _text(required=False)
    title = fields.String(required=True, data_key="subject")
    body = _text()
    priority = _text()
    kind = fields.String(required=True, data_key="type")
