"""What the business watches; no person or customer ever is in a label."""

from prometheus_client import Counter

MOVES = Counter(
    "crm_opportunity_moves_total", "Opportunities moved to a stage, by the category of the stage", ["category"]
)
REFUSED_MOVES = Counter("crm_opportunity_moves_refused_total", "Moves a stage's gate refused")
STALLED = Counter("crm_opportunities_stalled_total", "Opportunities found standing in a stage for too long")
CONVERSIONS = Counter("crm_conversions_total", "Leads converted or refused", ["outcome"])
QUOTES = Counter("crm_quotes_total", "Quotes by what happened to them", ["outcome"])
CONTRACTS = Counter("crm_contracts_total", "Contracts by what happened to them", ["outcome"])
PAYMENTS = Counter("crm_payments_total", "Payments booked, by where they came from", ["source"])
PAID = Counter("crm_paid_base_units_total", "Payments booked, in units of the base currency")
OVERDUE = Counter("crm_receivables_overdue_total", "Receivables that passed their due date unpaid")
TIER_CHANGES = Counter("crm_account_tier_changes_total", "Accounts that changed tier", ["tier"])
