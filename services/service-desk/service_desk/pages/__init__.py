"""Pages of the service desk, a file per area; importing this registers them on their blueprints."""

from service_desk.pages import automation, definitions, fragments, public, sharing, surveys, ticket, tickets
from service_desk.pages.edge import pages

PAGES = [pages.blueprint, public.pages.blueprint]

__all__ = [
    "PAGES",
    "automation",
    "definitions",
    "fragments",
    "pages",
    "public",
    "sharing",
    "surveys",
    "ticket",
    "tickets",
]
