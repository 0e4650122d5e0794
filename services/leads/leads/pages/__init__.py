"""Pages of the leads service, a file per area; importing this registers them on their blueprints."""

from leads.pages import automation, capture, definitions, editing, imports, lead, leads, sharing
from leads.pages.edge import pages

PAGES = [pages.blueprint, capture.pages.blueprint]

__all__ = ["PAGES", "automation", "capture", "definitions", "editing", "imports", "lead", "leads", "pages", "sharing"]
