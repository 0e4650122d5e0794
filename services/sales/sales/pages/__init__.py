"""The pages of sales, a file per noun; importing this registers them all on one blueprint."""

from sales.pages import (
    accounts,
    automation,
    board,
    catalogue,
    contracts,
    fragments,
    line_editor,
    money_lists,
    offers,
    opportunities,
    own,
    pipelines,
    quotes,
    sharing,
)
from sales.pages.edge import pages

__all__ = [
    "accounts",
    "automation",
    "board",
    "catalogue",
    "contracts",
    "fragments",
    "line_editor",
    "money_lists",
    "offers",
    "opportunities",
    "own",
    "pages",
    "pipelines",
    "quotes",
    "sharing",
]
