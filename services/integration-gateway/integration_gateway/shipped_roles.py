"""The roles every installation starts with; a company changes them or adds its own."""

from typing import Any

Grant = dict[str, Any]


def _may(scope: str, *, create: bool = True, edit: str | None = None, delete: str = "none", **more: Any) -> Grant:
    """Read within `scope` and edit there too unless `edit` says otherwise; `rights` and `fields` as they come."""
    return {"create": create, "read": scope, "edit": scope if edit is None else edit, "delete": delete, **more}


def _sees(scope: str = "all", **more: Any) -> Grant:
    """Read only."""
    return _may(scope, create=False, edit="none", **more)


ALL_RIGHTS = ["*"]
_DIRECTORY = {"user": _sees(fields={"mobile": "mask", "allowed_networks": "none"}), "department": _sees()}
_OWN_APPROVALS = {"approval": _may("own", edit="own", rights=["approve", "transfer", "urge"])}
_CATALOGUE = {"product": _sees(), "price_book": _sees(), "pipeline": _sees(), "exchange_rate": _sees()}
_SALES_RECORDS = ("account", "contact", "registration", "opportunity", "quote", "contract", "payment_plan")
_MONEY_RECORDS = ("receivable", "payment", "invoice")
_POOL = ["see_pool", "claim", "release"]
_RUN_SALES = ["assign", "transfer", "merge", "move", "convert", "share", "import", "export", "bulk", *_POOL]
_HIDDEN_COST = {"cost": "none", "margin": "none"}


def _sales(scope: str, *, rights: list[str], fields: dict[str, str] | None = None) -> dict[str, Grant]:
    records = {kind: _may(scope, rights=rights, fields=fields or {}) for kind in _SALES_RECORDS}
    money = {kind: _sees(scope) for kind in _MONEY_RECORDS}
    return {"lead": _may(scope, rights=rights), **records, **money, "target": _sees(scope)}


ROLES: dict[str, dict[str, Any]] = {
    "admin": {
        "name": {"zh": "系统管理员", "en": "Administrator"},
        "grants": {"*": _may("all", delete="all", rights=ALL_RIGHTS)},
    },
    "everyone": {"name": {"zh": "全体人员", "en": "Everyone"}, "grants": {}},
    "ceo": {
        "name": {"zh": "总经理", "en": "Chief executive"},
        "grants": {
            "*": _sees(rights=["export", "see_pool"]),
            "approval": _may("all", edit="own", rights=["approve", "transfer", "urge", "export"]),
            "report": _may("all", edit="own", delete="own", rights=["export", "aggregate", "share"]),
            "dashboard": _may("all", edit="own", delete="own", rights=["export", "share"]),
            "api_client": _may("none", create=False),
        },
    },
    "sales_director": {
        "name": {"zh": "销售总监", "en": "Sales director"},
        "grants": {
            **_DIRECTORY,
            **_CATALOGUE,
            **_sales("all", rights=[*_RUN_SALES, "approve", "simulate", "set_tier", "terminate"]),
            "target": _may("all", delete="all"),
            "product": _may("all", rights=["export"]),
            "price_book": _may("all"),
            "assignment_rule": _may("all", rights=["simulate"]),
            "pool_rule": _may("all", rights=["simulate"]),
            "automation_rule": _may("all", rights=["simulate"]),
            "pipeline": _may("all", rights=["simulate"]),
            "import": _may("all"),
            "campaign": _sees(),
            "ticket": _sees(),
            "approval": _may("all", edit="own", rights=["approve", "transfer", "urge"]),
            "report": _may("all", edit="own", delete="own", rights=["export", "aggregate", "share"]),
            "dashboard": _may("all", edit="own", delete="own", rights=["export", "share"]),
        },
    },
    "sales_manager": {
        "name": {"zh": "销售经理", "en": "Sales manager"},
        "grants": {
            **_DIRECTORY,
            **_CATALOGUE,
            **_sales("department_tree", rights=_RUN_SALES, fields=_HIDDEN_COST),
            "target": _may("department_tree"),
            "import": _may("own"),
            "campaign": _sees(),
            "ticket": _sees("department_tree"),
            **_OWN_APPROVALS,
            "report": _may("department_tree", edit="own", delete="own", rights=["export", "aggregate"]),
            "dashboard": _may("department_tree", edit="own", delete="own", rights=["export"]),
        },
    },
    "seller": {
        "name": {"zh": "销售", "en": "Seller"},
        "grants": {
            **_DIRECTORY,
            **_CATALOGUE,
            **_sales("own", rights=["move", "convert", "share", *_POOL], fields=_HIDDEN_COST),
            "campaign": _sees(),
            "ticket": _may("own", edit="none"),
            **_OWN_APPROVALS,
            "report": _sees("own"),
            "dashboard": _sees("own"),
        },
    },
    "marketing": {
        "name": {"zh": "市场", "en": "Marketing"},
        "grants": {
            **_DIRECTORY,
            "lead": _may("all", edit="own", rights=["import", "export", "assign", "merge", "simulate", "see_pool"]),
            **{
                kind: _may("all", delete="own", rights=["simulate"])
                for kind in ("campaign", "capture_form", "journey", "scoring_model", "segment")
            },
            "import": _may("own"),
            "assignment_rule": _sees(rights=["simulate"]),
            "account": _sees(fields={"phones": "mask", "totals": "none"}),
            "contact": _sees(fields={"phones": "mask", "wechat": "mask"}),
            "article": _sees(),
            **_OWN_APPROVALS,
            "report": _may("all", edit="own", delete="own", rights=["export", "aggregate"]),
            "dashboard": _may("all", edit="own", delete="own", rights=["export"]),
        },
    },
    "service_lead": {
        "name": {"zh": "客服主管", "en": "Service team lead"},
        "grants": {
            **_DIRECTORY,
            "ticket": _may("all", rights=["assign", "merge", "export", "import", "bulk", "see_pool", "claim"]),
            **{
                kind: _may("all", delete="all", rights=["simulate"])
                for kind in ("queue", "sla_policy", "calendar", "macro", "survey")
            },
            "article": _may("all", delete="all", rights=["publish"]),
            "account": _sees(),
            "contact": _sees(),
            "contract": _sees(fields=_HIDDEN_COST),
            "product": _sees(),
            **_OWN_APPROVALS,
            "report": _may("all", edit="own", delete="own", rights=["export", "aggregate"]),
            "dashboard": _may("all", edit="own", delete="own", rights=["export"]),
        },
    },
    "service_agent": {
        "name": {"zh": "客服", "en": "Service agent"},
        "grants": {
            **_DIRECTORY,
            "ticket": _may("team", rights=["claim", "see_pool", "merge"]),
            "queue": _sees(),
            "macro": _sees(),
            "sla_policy": _sees(),
            "calendar": _sees(),
            "article": _may("all", edit="own"),
            "account": _sees(fields={"totals": "none"}),
            "contact": _sees(),
            "product": _sees(),
            **_OWN_APPROVALS,
            "report": _sees("own"),
        },
    },
    "finance": {
        "name": {"zh": "财务", "en": "Finance"},
        "grants": {
            **_DIRECTORY,
            **_CATALOGUE,
            "exchange_rate": _may("all"),
            **{kind: _may("all", rights=["export", "import", "bulk", "allocate", "refund"]) for kind in _MONEY_RECORDS},
            "account": _sees(rights=["export"]),
            "contract": _sees(rights=["export", "approve"]),
            "payment_plan": _may("all", rights=["export"]),
            "quote": _sees(),
            "opportunity": _sees(),
            "delivery": _sees(rights=["retry"]),
            **_OWN_APPROVALS,
            "report": _may("all", edit="own", delete="own", rights=["export", "aggregate"]),
            "dashboard": _may("all", edit="own", delete="own", rights=["export"]),
        },
    },
    "risk_control": {
        "name": {"zh": "风控", "en": "Risk control"},
        "grants": {
            **_DIRECTORY,
            "account": _sees(fields={"phones": "mask"}),
            "contact": _sees(fields={"phones": "mask", "wechat": "mask"}),
            "opportunity": _sees(),
            "quote": _sees(),
            "contract": _sees(rights=["approve"]),
            "payment_plan": _sees(),
            "receivable": _sees(),
            "payment": _sees(),
            "approval": _may("all", edit="own", rights=["approve", "transfer", "urge"]),
            "report": _sees(rights=["export"]),
        },
    },
    "integration": {
        "name": {"zh": "系统对接", "en": "Integration"},
        "grants": {
            **_CATALOGUE,
            "lead": _may("all", rights=["import", "export", "bulk"]),
            **{kind: _may("all", rights=["import", "export", "bulk"]) for kind in _SALES_RECORDS},
            **{kind: _may("all", rights=["import", "export", "bulk"]) for kind in _MONEY_RECORDS},
            "ticket": _may("all", rights=["import", "export", "bulk"]),
            "import": _may("own"),
            "user": _sees(fields={"mobile": "none", "allowed_networks": "none"}),
            "department": _sees(),
        },
    },
}
