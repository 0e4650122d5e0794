"""The pages of sales, a file per noun; importing this registers them all on one blueprint."""

from sales.pages import accounts, board, contracts, fragments, line_editor, offers, opportunities, quotes
from sales.pages.edge import pages

__all__ = ["accounts", "board", "contracts", "fragments", "line_editor", "offers", "opportunities", "pages", "quotes"]
