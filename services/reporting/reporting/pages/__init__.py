"""Pages of reporting."""

from reporting.pages import dashboards, dictionary, own, records  # noqa: F401 - they declare their views
from reporting.pages.edge import pages

__all__ = ["pages"]
