"""Every kind of record a role can rule, with its fields and named rights, as all services declare them.

kinds.json is generated from the services' declarations by `./crm docs`, so that the directory needs none of them.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from chassis.i18n import gettext as _
from engines import conditions
from engines.objects import Field, ObjectType
from integration_gateway.errors import UnfitGrant

# No service's own record: every service has it, and `read` and `export` of it are granted like those of any other.
AUDIT = ObjectType(
    "audit",
    None,
    rights=("export",),
    label={"zh": "审计日志", "en": "Audit trail"},
    adds_record_fields=False,
    registered=False,
)


@cache
def known() -> Mapping[str, ObjectType]:
    """Kind → its declaration, without tables."""
    listed = json.loads((Path(__file__).parent / "kinds.json").read_text(encoding="utf-8"))
    return {AUDIT.kind: AUDIT} | {
        item["kind"]: ObjectType(
            item["kind"],
            None,
            [Field(field["name"], field["kind"], field["label"], choices=field["choices"]) for field in item["fields"]],
            item["rights"],
            item["label"],
            adds_record_fields=False,
            registered=False,
        )
        for item in listed
    }


def label(kind: str) -> Mapping[str, str] | str:
    """What people call the kind; the kind itself where no service declares it (yet)."""
    if kind == "*":
        return {"zh": "其他所有", "en": "Everything else"}
    found = known().get(kind)
    return (found.label or kind) if found is not None else kind


def check_grants(grants: Mapping[str, Mapping[str, Any]]) -> None:
    """UnfitGrant, naming kind and member, for a condition that does not fit its kind: such a grant would grant nothing."""
    for kind, grant in grants.items():
        only, found = grant.get("condition"), known().get(kind)
        if not only:
            continue
        if found is None:
            raise UnfitGrant(errors={f"grants.{kind}.condition": [_("Conditions are for one kind of record")]})
        try:
            conditions.check(only, found, at=f"grants.{kind}.condition")
        except conditions.ConditionError as error:
            raise UnfitGrant(errors=error.errors) from None


def listed() -> list[dict[str, Any]]:
    """The kinds as the API tells them."""
    return [
        {
            "kind": kind.kind,
            "label": dict(kind.label),
            "rights": list(kind.rights),
            "fields": [{"name": item.name, "kind": item.kind, "label": dict(item.label)} for item in kind.fields],
        }
        for kind in known().values()
    ]
