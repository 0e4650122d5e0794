"""The pipelines a company starts with: a short one of five stages and a consultative one of seven."""

from typing import Any


def _check(key: str, zh: str, en: str) -> dict[str, Any]:
    return {"key": key, "name": {"zh": zh, "en": en}, "required": True}


def _stage(key: str, zh: str, en: str, probability: int, category: str = "open", **demands: Any) -> dict[str, Any]:
    return {
        "key": key,
        "name": {"zh": zh, "en": en},
        "probability": probability,
        "category": category,
        "checklist": [],
        "required_fields": [],
        "required_documents": [],
        "max_days": 7 if category == "open" else None,
    } | demands


_LOST = _stage("lost", "输单", "Lost", 0, "lost", required_fields=["loss_reason"])

STANDARD = {
    "key": "standard",
    "name": {"zh": "标准销售流程", "en": "Standard sales"},
    "is_default": True,
    "stages": [
        _stage("discovery", "需求沟通", "Discovery", 10),
        _stage("qualified", "需求确认", "Qualified", 30, required_fields=["amount"],
               checklist=[_check("need_confirmed", "需求已书面确认", "Need confirmed in writing")]),
        _stage("proposal", "方案报价", "Proposal", 50, required_fields=["close_date"],
               checklist=[_check("decision_maker", "已识别决策人", "Decision maker identified")]),
        _stage("negotiation", "商务谈判", "Negotiation", 75, required_documents=["quote"], max_days=10),
        _stage("won", "赢单", "Won", 100, "won"),
        _LOST,
    ],
}  # fmt: skip

CONSULTATIVE = {
    "key": "consultative",
    "name": {"zh": "大客户销售流程", "en": "Key account sales"},
    "is_default": False,
    "stages": [
        _stage("contact", "初步接触", "First contact", 5),
        _stage("needs", "需求调研", "Needs analysis", 15, max_days=14,
               checklist=[_check("survey_done", "调研纪要已归档", "Survey notes filed")]),
        _stage("budget", "立项预算", "Budget", 30, required_fields=["amount", "close_date"],
               checklist=[_check("budget_confirmed", "客户预算已确认", "Budget confirmed")]),
        _stage("solution", "方案论证", "Solution", 50, required_documents=["competitor_analysis"], max_days=14,
               checklist=[_check("decision_maker", "已识别决策人", "Decision maker identified")]),
        _stage("bidding", "招投标", "Tender", 65, required_documents=["quote"], max_days=21),
        _stage("contracting", "合同谈判", "Contract talks", 85,
               checklist=[_check("legal_review", "法务已审阅", "Legal review done")]),
        _stage("won", "赢单", "Won", 100, "won"),
        _LOST,
    ],
}  # fmt: skip

TEMPLATES = (STANDARD, CONSULTATIVE)
DOCUMENT_KINDS = ("quote", "competitor_analysis", "contract", "tender", "proposal", "other")
