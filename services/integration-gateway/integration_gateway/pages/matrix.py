"""What the pages of departments and roles show, worked out from plain rows."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from chassis.i18n import lazy as _
from integration_gateway.directory import kinds
from integration_gateway.models import Department, Role, User

SCOPE_NAMES = {
    "none": _("none"),
    "own": _("own"),
    "team": _("team"),
    "department_tree": _("department and below"),
    "all": _("all"),
}

ACTION_NAMES = {"create": _("Create"), "read": _("Read"), "edit": _("Edit"), "delete": _("Delete")}
RIGHT_NAMES = {
    "assign": _("assign"),
    "bulk": _("change many at once"),
    "export": _("export"),
    "import": _("import"),
    "see_pool": _("see the pool"),
    "claim": _("claim"),
    "release": _("release"),
    "merge": _("merge"),
    "move": _("move between stages"),
    "convert": _("convert"),
    "share": _("share"),
    "transfer": _("hand over"),
    "approve": _("approve"),
    "urge": _("urge"),
    "simulate": _("try out rules"),
    "set_tier": _("set the tier"),
    "terminate": _("terminate"),
    "aggregate": _("figures without records"),
    "publish": _("publish"),
    "allocate": _("allocate payments"),
    "refund": _("refund"),
    "retry": _("send again"),
    "administer": _("look after log-ins"),
}

KIND_NAMES = {
    "*": _("Everything else"),
    "lead": _("Leads"),
    "campaign": _("Campaigns"),
    "capture_form": _("Capture forms"),
    "scoring_model": _("Scoring models"),
    "assignment_rule": _("Assignment rules"),
    "pool_rule": _("Pool rules"),
    "automation_rule": _("Automation rules"),
    "journey": _("Journeys"),
    "segment": _("Segments"),
    "import": _("Imports"),
    "account": _("Accounts"),
    "contact": _("Contacts"),
    "registration": _("Registrations"),
    "product": _("Products"),
    "price_book": _("Price books"),
    "pipeline": _("Pipelines"),
    "opportunity": _("Opportunities"),
    "quote": _("Quotes"),
    "contract": _("Contracts"),
    "payment_plan": _("Payment plans"),
    "receivable": _("Receivables"),
    "payment": _("Payments"),
    "invoice": _("Invoices"),
    "target": _("Targets"),
    "exchange_rate": _("Exchange rates"),
    "ticket": _("Tickets"),
    "queue": _("Queues"),
    "sla_policy": _("Service levels"),
    "calendar": _("Business calendars"),
    "macro": _("Macros"),
    "survey": _("Surveys"),
    "article": _("Articles"),
    "approval": _("Approvals"),
    "report": _("Reports"),
    "dashboard": _("Dashboards"),
    "user": _("People"),
    "department": _("Departments"),
    "role": _("Roles"),
    "api_client": _("API clients"),
    "connector": _("Connectors"),
    "delivery": _("Deliveries"),
    "audit": _("Audit trail"),
}


def tree(departments: Sequence[Department], people: Sequence[User]) -> dict[str, Any]:
    """`rows`: each department in the order of the tree with depth, head's name and members."""
    names = {user.id: user.name for user in people}
    members, below = defaultdict(list), defaultdict(list)
    for user in people:
        members[user.department_id].append(user)
    for department in departments:
        below[department.parent_id].append(department)
    known = {department.id for department in departments}
    rows: list[dict[str, Any]] = []

    def visit(department: Department, depth: int) -> None:
        head = names.get(department.head_id or "", "")
        rows.append({"department": department, "depth": depth, "head": head, "members": members[department.id]})
        for child in below[department.id]:
            visit(child, depth + 1)

    for department in departments:
        if department.parent_id not in known:
            visit(department, 0)
    return {"rows": rows}


def name_of(kind: str) -> Any:
    """What people call a kind of record."""
    declared = kinds.known().get(kind)
    return KIND_NAMES.get(kind) or (dict(declared.label) if declared is not None else "") or kind


def kinds_of(roles: Sequence[Role]) -> list[str]:
    """The kinds that services declare and those the roles name; `*`, which counts for all others, comes last."""
    found = {*kinds.known(), *(kind for role in roles for kind in role.grants)} - {"*"}
    return [*sorted(found), "*"]


def of_roles(roles: Sequence[Role]) -> dict[str, Any]:
    """`kinds` × `roles` with the scope each may read."""
    cells = {
        kind: [
            SCOPE_NAMES.get((role.grants.get(kind) or role.grants.get("*") or {}).get("read", "none")) for role in roles
        ]
        for kind in kinds_of(roles)
    }
    return {"roles": roles, "cells": cells, "names": {kind: name_of(kind) for kind in cells}}
