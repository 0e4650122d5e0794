"""The JSON API of sales, a file per noun."""

from sales.api import (
    accounts,
    automation,
    catalogue,
    contacts,
    contracts,
    opportunities,
    own,
    ownership,
    payments,
    quotes,
    sharing,
    timeline,
)

APIS = (
    accounts.api,
    contacts.api,
    opportunities.api,
    quotes.api,
    contracts.api,
    payments.api,
    catalogue.api,
    timeline.api,
    ownership.api,
    sharing.api,
    own.api,
    automation.api,
)
