"""The flows every installation starts with; a company changes them or adds its own."""

from typing import Any

Body = dict[str, Any]


def _approve(id_: str, zh: str, en: str, who: Body, **more: Any) -> Body:
    deadline = {"hours": 24, "remind_before": 4, "then": "remind"}
    return {
        "id": id_,
        "type": "approve",
        "name": {"zh": zh, "en": en},
        "who": who,
        "mode": "any",
        "deadline": deadline,
        **more,
    }


def _if(id_: str, zh: str, en: str, when: Body, name: tuple[str, str], *nodes: Body) -> Body:
    """A condition with one branch that adds `nodes`, and an otherwise that adds nothing."""
    otherwise: Body = {"id": "otherwise", "name": {"zh": "其他", "en": "Otherwise"}, "when": None, "nodes": []}
    branch = {"id": "applies", "name": {"zh": name[0], "en": name[1]}, "when": when, "nodes": list(nodes)}
    return {"id": id_, "type": "condition", "name": {"zh": zh, "en": en}, "branches": [branch, otherwise]}


def _branch(id_: str, zh: str, en: str, *nodes: Body) -> Body:
    return {"id": id_, "name": {"zh": zh, "en": en}, "nodes": list(nodes)}


MANAGER = _approve("manager", "直属上级审批", "Manager", {"kind": "manager", "level": 1})
DIRECTOR = _approve("director", "销售总监审批", "Sales director", {"kind": "role", "role": "sales_director"})
RISK = _approve("risk_control", "风控审批", "Risk control", {"kind": "role", "role": "risk_control"})
FINANCE = _approve("finance", "财务审批", "Finance", {"kind": "role", "role": "finance"})
DISCOUNT_OVER = {"field": "max_discount_percent", "op": "gt", "value": 20}

CONTRACT: Body = {
    "nodes": [
        MANAGER,
        {
            "id": "checks",
            "type": "parallel",
            "name": {"zh": "金额与折扣", "en": "Amount and discount"},
            "branches": [
                _branch(
                    "amount", "金额", "Amount",
                    _if(
                        "large", "金额是否较大", "Is it large?", {"field": "base_amount", "op": "ge", "value": 500000},
                        ("50 万元及以上", "500,000 and more"), RISK,
                    ),
                ),
                _branch(
                    "discount", "折扣", "Discount",
                    _if(
                        "cheap", "折扣是否较高", "Is it cheap?", DISCOUNT_OVER, ("折扣超过 20%", "Discount over 20 %"),
                        DIRECTOR,
                    ),
                ),
            ],
        },
    ],
    "on_resubmit": "restart",
}  # fmt: skip
QUOTE: Body = {
    "nodes": [
        MANAGER,
        _if(
            "large", "金额是否较大", "Is it large?", {"field": "base_amount", "op": "gt", "value": 50000},
            ("超过 5 万元", "Over 50,000"), DIRECTOR,
        ),
    ],
    "on_resubmit": "restart",
}  # fmt: skip
DISCOUNT: Body = {
    "nodes": [
        MANAGER,
        _if("deep", "折扣是否很高", "Is it deep?", DISCOUNT_OVER, ("折扣超过 20%", "Over 20 %"), DIRECTOR),
        {
            "id": "tell_finance", "type": "cc", "name": {"zh": "抄送财务", "en": "Copy to finance"},
            "who": {"kind": "role", "role": "finance"},
        },
    ],
    "on_resubmit": "restart",
}  # fmt: skip
REGISTRATION: Body = {
    "nodes": [
        MANAGER,
        _if(
            "doubtful", "是否疑似重复", "May it be a duplicate?", {"field": "duplicates", "op": "gt", "value": 0},
            ("有疑似重复客户", "It looks like a known one"), DIRECTOR,
        ),
    ],
    "on_resubmit": "restart",
}  # fmt: skip
REFUND: Body = {
    "nodes": [
        MANAGER,
        FINANCE,
        _if(
            "large", "金额是否较大", "Is it large?", {"field": "base_amount", "op": "ge", "value": 100000},
            ("10 万元及以上", "100,000 and more"),
            _approve("chief", "总经理审批", "Chief executive", {"kind": "role", "role": "ceo"}),
        ),
    ],
    "on_resubmit": "restart",
}  # fmt: skip

# key → kind of subject, title, body
SHIPPED: dict[str, tuple[str, dict[str, str], Body]] = {
    "contract": ("contract", {"zh": "合同审批", "en": "Contract"}, CONTRACT),
    "quote": ("quote", {"zh": "报价审批", "en": "Quote"}, QUOTE),
    "discount": ("quote", {"zh": "特价审批", "en": "Special discount"}, DISCOUNT),
    "registration": ("registration", {"zh": "客户报备", "en": "Customer registration"}, REGISTRATION),
    "refund": ("refund", {"zh": "退款审批", "en": "Refund"}, REFUND),
}
