"""The pages on which records are shared, by the shared ones."""

from console import sharing
from sales.objects import ACCOUNT, CONTACT, CONTRACT, OPPORTUNITY, PAYMENT, QUOTE, RECEIVABLE
from sales.pages.edge import pages

sharing.mount(pages, [ACCOUNT, CONTACT, CONTRACT, OPPORTUNITY, PAYMENT, QUOTE, RECEIVABLE])
