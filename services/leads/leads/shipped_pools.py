"""The pool every installation starts with: modest limits, contact details hidden until claimed, slow leads taken back."""

from typing import Any

_ALL: dict[str, Any] = {"all": []}
_NOBODY: dict[str, list[str]] = {"users": [], "departments": [], "roles": []}

DEFAULT: dict[str, Any] = {
    "key": "default",
    "title": {"zh": "线索公海", "en": "Lead pool"},
    "body": {
        "members": _NOBODY,
        "admins": {**_NOBODY, "roles": ["sales_director"]},
        "collects": [],
        "hidden_fields": ["phones", "emails", "wechat"],
        "claim": {"daily_limit": 20, "cool_down_days": 3, "freeze_hours": 0, "protect_days": 7},
        "reclaim": {
            "rules": [
                {
                    "key": "silent", "title": {"zh": "长期未跟进", "en": "No contact"}, "when": _ALL, "days": 15,
                    "count": "working", "since": ["last_activity_at"],
                },
                {
                    "key": "not-converted", "title": {"zh": "长期未转化", "en": "Not converted"}, "when": _ALL, "days": 90,
                    "count": "working", "since": [],
                },
                {
                    "key": "refused", "title": {"zh": "放弃后再流转", "en": "Given up, for others to try"}, "when": _ALL,
                    "days": 90, "count": "calendar", "since": ["disqualified_at"],
                },
            ],
            "grace_days": 3,
            "warn_days": [3, 1],
        },
    },
}  # fmt: skip
