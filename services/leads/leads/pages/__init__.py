"""Pages of the leads service, a file per area; importing this registers them on their blueprints."""

from leads.pages import automation, capture, definitions, duplicates, editing, lead, leads, sharing
from leads.pages.edge import pages

PAGES = [pages.blueprint, capture.pages.blueprint]

__all__ = [
    "PAGES",
    "automation",
    "capture",
    "definitions",
    "duplicates",
    "editing",
    "lead",
    "leads",
    "pages",
    "sharing",
]
