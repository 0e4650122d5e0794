"""The pages on which records are shared, by the shared ones."""

from console import sharing
from service_desk.objects import TICKET
from service_desk.pages.edge import pages

sharing.mount(pages, [TICKET])
