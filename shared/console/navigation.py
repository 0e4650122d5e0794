"""The one place that knows where the six services' pages are: menu, search, quick create, shortcuts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chassis.i18n import lazy as _
from console.fields import Words


@dataclass(frozen=True, kw_only=True)
class Item:
    """`needs` is the kind of record that one must be able to read to see it; `key` is typed after `g`."""

    name: str
    label: Words
    url: str
    icon: str
    service: str
    key: str = ""
    needs: str = ""
    phone: bool = False


MENU: Sequence[Item] = (
    Item(name="work", label=_("My work"), url="/gateway/work", icon="checklist", service="gateway", key="w", phone=True),
    Item(name="leads", label=_("Leads"), url="/leads/leads", icon="target", service="leads", key="l", needs="lead",
         phone=True),
    Item(name="opportunities", label=_("Opportunities"), url="/sales/opportunities", icon="layout-kanban",
         service="sales", key="o", needs="opportunity", phone=True),
    Item(name="accounts", label=_("Accounts"), url="/sales/accounts", icon="building", service="sales", key="a",
         needs="account"),
    Item(name="contracts", label=_("Contracts"), url="/sales/contracts", icon="file-text", service="sales", key="c",
         needs="contract"),
    Item(name="tickets", label=_("Tickets"), url="/service-desk/tickets", icon="ticket", service="service-desk",
         key="t", needs="ticket"),
    Item(name="approvals", label=_("Approvals"), url="/approvals/tasks", icon="rosette-discount-check",
         service="approvals", key="p", phone=True),
    Item(name="reports", label=_("Reports"), url="/reporting/dashboards", icon="chart-bar", service="reporting",
         key="r", needs="dashboard"),
    Item(name="objects", label=_("Own objects"), url="/sales/objects", icon="folder", service="sales", key="j"),
    Item(name="administration", label=_("Administration"), url="/gateway/administration", icon="settings",
         service="gateway", key="s", needs="role"),
)  # fmt: skip

CREATE: Sequence[Item] = (
    Item(name="lead", label=_("Lead"), url="/leads/leads/new", icon="target", service="leads", needs="lead"),
    Item(name="account", label=_("Account"), url="/sales/accounts/new", icon="building", service="sales",
         needs="account"),
    Item(name="opportunity", label=_("Opportunity"), url="/sales/opportunities/new", icon="layout-kanban",
         service="sales", needs="opportunity"),
    Item(name="ticket", label=_("Ticket"), url="/service-desk/tickets/new", icon="ticket", service="service-desk",
         needs="ticket"),
)  # fmt: skip

SEARCH = (
    ("leads", _("Leads"), "/leads/fragments/search"),
    ("sales", _("Accounts and deals"), "/sales/fragments/search"),
    ("service-desk", _("Tickets"), "/service-desk/fragments/search"),
    ("gateway", _("People"), "/gateway/fragments/search"),
)  # each answers ?q= with console/found.html, or 204 when it found nothing

BELL = "/gateway/fragments/bell"  # number of unread notifications and the latest of them
WORK = "/gateway/fragments/work"  # number of open work items
PROFILE = "/gateway/profile"
LOGIN = "/gateway/login"
LOGOUT = "/gateway/logout"

MaySee = Callable[[str], bool]


def menu(may_see: MaySee) -> list[Item]:
    """The entries the reader has a use for."""
    return [item for item in MENU if not item.needs or may_see(item.needs)]


def create(may_create: MaySee) -> list[Item]:
    """What the reader may make anew from anywhere."""
    return [item for item in CREATE if may_create(item.needs)]


def current(path: str) -> str:
    """The entry that the page at `path` belongs to, empty when none."""
    found = [item for item in MENU if path == item.url or path.startswith(item.url + "/")]
    return found[0].name if found else ""
