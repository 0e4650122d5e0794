"""Pages of records of the company's own kinds."""

from console import own_pages
from sales.pages.edge import pages

own_pages.mount_own(pages)
