"""The definitions of the demo company."""

from typing import Any

_EAST, _SALES = "01900000-0000-7000-8000-00000000d003", "01900000-0000-7000-8000-00000000d002"
SELLERS = {  # of the demo directory: (person, department)
    "huang": ("01900000-0000-7000-8000-00000000a004", _SALES),
    "wang": ("01900000-0000-7000-8000-00000000a005", _EAST),
    "zhang": ("01900000-0000-7000-8000-00000000a006", _EAST),
    "wu": ("01900000-0000-7000-8000-00000000a007", _SALES),
}

DUPLICATE_POLICY: dict[str, Any] = {
    "default": "link",
    "by_source": {
        "website": "merge", "landing_page": "merge", "download": "merge", "import": "merge", "event": "merge", "api": "link",
        "manual": "refuse",
    },
    "threshold": 85,
}  # fmt: skip


def _rule(key: str, zh: str, en: str, points: float, when: dict[str, Any]) -> dict[str, Any]:
    return {"key": key, "title": {"zh": zh, "en": en}, "points": points, "when": when}


MODEL: dict[str, Any] = {
    "base": 10,
    "rules": [
        _rule("reachable", "留有手机或座机", "Left a phone number", 10, {"field": "phones", "op": "is_not_empty"}),
        _rule("company", "留有公司名称", "Named the company", 10, {"field": "company", "op": "is_not_empty"}),
        _rule("large", "规模 500 人以上", "500 people or more", 20,
              {"field": "company_size", "op": "in", "value": ["500-999", "1000+"]}),
        _rule("medium", "规模 100–499 人", "100–499 people", 12, {"field": "company_size", "op": "eq", "value": "100-499"}),
        _rule("industry", "重点行业", "Key industry", 12,
              {"field": "industry", "op": "in", "value": ["manufacturing", "software", "energy"]}),
        _rule("decides", "决策者职位", "Decides", 15, {"any": [
            {"field": "title", "op": "contains", "value": each} for each in ("总", "董事", "CEO", "CTO", "Director", "VP")]}),
        _rule("budget", "预算 20 万以上", "Budget over 200,000", 20, {"field": "budget", "op": "ge", "value": "200000"}),
        _rule("warm_source", "转介绍或活动", "Referral or event", 10,
              {"field": "source", "op": "in", "value": ["referral", "event", "partner"]}),
        _rule("free_mail", "既无电话也无公司", "Neither phone nor company", -20, {"all": [
            {"field": "phones", "op": "is_empty"}, {"field": "company", "op": "is_empty"}]}),
    ],
    "behaviours": [
        {"kind": "page_view", "points": 1, "half_life_days": 7, "cap": 8},
        {"kind": "download", "points": 6, "half_life_days": 14, "cap": 18},
        {"kind": "form", "points": 8, "half_life_days": 14, "cap": 16},
        {"kind": "mail_click", "points": 3, "half_life_days": 10, "cap": 12},
        {"kind": "webinar", "points": 10, "half_life_days": 21, "cap": 20},
        {"kind": "demo_request", "points": 20, "half_life_days": 21, "cap": 30},
        {"kind": "unsubscribe", "points": -15, "half_life_days": 60, "cap": 30},
    ],
    "grades": {"A": 75, "B": 55, "C": 35},
}  # fmt: skip

_WEEK = {"days": [1, 2, 3, 4, 5], "start": "09:00", "end": "18:00"}
RULES: dict[str, Any] = {
    "rules": [
        {"key": "key-accounts", "title": {"zh": "大客户", "en": "Key accounts"}, "users": [SELLERS["huang"][0]],
         "strategy": "least_open", "response_minutes": 60, "hours": _WEEK,
         "when": {"any": [{"field": "company_size", "op": "eq", "value": "1000+"},
                          {"field": "budget", "op": "ge", "value": "1000000"}]}},
        {"key": "hot", "title": {"zh": "高分线索给转化最好的人", "en": "Hot leads to the best converter"},
         "users": [SELLERS["wang"][0], SELLERS["zhang"][0], SELLERS["wu"][0]], "strategy": "best_converter", "daily_cap": 5,
         "response_minutes": 30, "hours": _WEEK, "when": {"field": "grade", "op": "eq", "value": "A"}},
        {"key": "east", "title": {"zh": "华东轮流", "en": "East China in turn"}, "departments": [_EAST],
         "strategy": "round_robin", "response_minutes": 120, "hours": _WEEK,
         "when": {"field": "region", "op": "eq", "value": "华东"}},
        {"key": "rest", "title": {"zh": "其他地区", "en": "Other regions"}, "users": [SELLERS["wu"][0], SELLERS["huang"][0]],
         "strategy": "weighted", "weights": {SELLERS["wu"][0]: 3, SELLERS["huang"][0]: 1}, "response_minutes": 240,
         "hours": _WEEK, "when": {"field": "grade", "op": "in", "value": ["A", "B", "C"]}},
    ],
    "fallback_pool": "default",
    "response_minutes": 480,
}  # fmt: skip

FORM: dict[str, Any] = {
    "title": {"zh": "联系我们", "en": "Contact us"},
    "intro": {
        "zh": "留下您的联系方式，我们会在一个工作日内与您联系。",
        "en": "Leave your details; we call within a working day.",
    },
    "thanks": {"zh": "谢谢！我们会尽快与您联系。", "en": "Thank you! We will be in touch soon."},
    "consent": {
        "zh": "我同意贵公司为答复本次咨询而处理我提供的个人信息。",
        "en": "I agree that my details are processed to answer this enquiry.",
    },
    "consent_version": "2026-01",
    "source": "website",
    "channel": "contact-form",
    "fields": [
        {"name": "name", "required": True, "label": {"zh": "姓名", "en": "Name"}},
        {"name": "company", "required": True, "label": {"zh": "公司", "en": "Company"}},
        {"name": "title", "label": {"zh": "职位", "en": "Position"}},
        {"name": "phone", "required": True, "label": {"zh": "电话", "en": "Phone"}},
        {"name": "email", "label": {"zh": "邮箱", "en": "E-mail"}},
        {"name": "city", "label": {"zh": "所在城市", "en": "City"}},
        {"name": "industry", "label": {"zh": "行业", "en": "Industry"}},
        {"name": "company_size", "label": {"zh": "公司规模", "en": "Company size"}},
        {"name": "message", "label": {"zh": "您的需求", "en": "How can we help?"}},
    ],
}
