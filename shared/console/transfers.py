"""Where lists lead to files of their records: the import and export entries the reader may use."""

from typing import Any

from chassis.api import Call
from chassis.i18n import gettext as _
from engines.access import has_right
from engines.transfer import Transferable


def around(call: Call, kind: Transferable) -> dict[str, Any]:
    """`exports` and `imports` of a lists.List: `lists.List(…, **transfers.around(call, LEADS))`."""
    service = call.service.name
    found: dict[str, Any] = {}
    if has_right(call.session, call.caller, kind.name, "export"):
        base = f"/{service}/files/{kind.resource}/export"
        found["exports"] = [("Excel", f"{base}.xlsx"), (_("CSV"), f"{base}.csv")]
    if kind.takes and has_right(call.session, call.caller, kind.name, "import"):
        found["imports"] = f"/{service}/imports/new?kind={kind.name}"
    return found
