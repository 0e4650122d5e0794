"""The pool every installation starts with: silent customers go back sooner the lower their tier, VIPs never do."""

from typing import Any

_NOBODY: dict[str, list[str]] = {"users": [], "departments": [], "roles": []}

DEFAULT: dict[str, Any] = {
    "key": "default",
    "title": {"zh": "客户公海", "en": "Customer pool"},
    "body": {
        "members": _NOBODY,
        "admins": {**_NOBODY, "roles": ["sales_director"]},
        "collects": [],
        "hidden_fields": [],
        "claim": {"daily_limit": 10, "cool_down_days": 7, "freeze_hours": 0, "protect_days": 14},
        "reclaim": {
            "rules": [
                {
                    "key": f"silent-{tier.lower()}", "days": days,
                    "title": {"zh": f"{tier} 级客户长期未跟进", "en": f"Tier {tier}: no contact"},
                    "when": {"field": "tier", "op": "eq", "value": tier}, "count": "working",
                    "since": ["last_activity_at"],
                }
                for tier, days in (("A", 60), ("B", 40), ("C", 25))
            ],
            "grace_days": 5,
            "warn_days": [7, 3, 1],
        },
    },
}  # fmt: skip
