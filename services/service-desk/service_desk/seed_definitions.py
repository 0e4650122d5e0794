"""The definitions of the demo company's service team."""

from typing import Any

LEAD, AGENT = "01900000-0000-7000-8000-00000000a009", "01900000-0000-7000-8000-00000000a010"
SERVICE = "01900000-0000-7000-8000-00000000d004"


def _targets(first: int, update: int, solution: int) -> dict[str, int]:
    return {"first_response_min": first, "update_min": update, "solution_min": solution}


def _queue(*members: tuple[str, list[str]]) -> dict[str, Any]:
    return {"members": [{"user_id": user, "skills": skills} for user, skills in members], "lead_id": LEAD}


_SKILLED, _STEERING = (AGENT, ["erp", "wms", "onboarding"]), (LEAD, ["erp", "mes", "vip"])
_LADDER = [{"after_min": 30, "level": 1}, {"after_min": 120, "level": 2}]
_VIP = {"field": "account_tier", "op": "eq", "value": "VIP"}

DEFINITIONS: tuple[tuple[str, str, dict[str, str], dict[str, Any]], ...] = (
    ("queue", "first-line", {"zh": "一线客服", "en": "First line"}, _queue(_SKILLED, _STEERING)),
    ("queue", "key-accounts", {"zh": "大客户服务", "en": "Key accounts"}, _queue(_STEERING, _SKILLED)),
    ("queue", "onboarding", {"zh": "交付上线", "en": "Onboarding"}, _queue(_SKILLED)),
    ("sla_policy", "vip", {"zh": "VIP：15 分钟响应，2 小时解决", "en": "VIP: 15 minutes, 2 hours"}, {
        "position": 10, "when": _VIP, "calendar": "china", "warn_percent": [50, 80], "escalations": _LADDER,
        "targets": {"urgent": _targets(15, 30, 120), "high": _targets(15, 60, 120), "normal": _targets(30, 60, 240),
                    "low": _targets(60, 240, 960)},
    }),
    ("sla_policy", "onboarding", {"zh": "交付上线", "en": "Onboarding"}, {
        "position": 20, "when": {"field": "type", "op": "eq", "value": "onboarding"}, "calendar": "china",
        "targets": {"high": _targets(120, 480, 4500), "normal": _targets(240, 960, 4500)},
    }),
    ("sla_policy", "standard", {"zh": "标准", "en": "Standard"}, {
        "position": 100, "calendar": "china", "warn_percent": [50, 80], "escalations": _LADDER,
        "targets": {"urgent": _targets(15, 60, 120), "high": _targets(30, 120, 480), "normal": _targets(60, 240, 900),
                    "low": _targets(240, 900, 2250)},
    }),
    ("dispatch_rules", "standard", {"zh": "标准派单", "en": "Standard dispatch"}, {
        "fallback_queue": "first-line",
        "rules": [
            {"key": "onboarding", "title": {"zh": "交付上线", "en": "Onboarding"}, "queue": "onboarding",
             "skills": ["onboarding"], "when": {"field": "type", "op": "eq", "value": "onboarding"}},
            {"key": "vip", "title": {"zh": "VIP 给负载最小的人", "en": "VIP to whoever has least"}, "queue": "key-accounts",
             "strategy": "least_open", "when": _VIP},
            {"key": "urgent", "title": {"zh": "紧急与投诉", "en": "Urgent and complaints"}, "queue": "first-line",
             "strategy": "least_open",
             "when": {"any": [{"field": "priority", "op": "eq", "value": "urgent"},
                              {"field": "type", "op": "eq", "value": "complaint"}]}},
            {"key": "rest", "title": {"zh": "其他轮流", "en": "The rest in turn"}, "queue": "first-line",
             "strategy": "round_robin", "max_open": 40},
        ],
    }),
)  # fmt: skip
