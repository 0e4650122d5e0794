"""Status of a lead: one table of steps. Everything that changes a status goes through `step`."""

from leads.errors import MergedAway, WrongStatus
from leads.models import Lead

STATUSES = (
    "new", "assigned", "working", "nurturing", "qualified", "converting", "conversion_failed", "converted", "disqualified"
)  # fmt: skip
ENDS = frozenset({"converted", "disqualified"})
OPEN = tuple(status for status in STATUSES if status not in ENDS)
_WORKED = ("assigned", "working", "nurturing", "qualified")

# verb → {status before: status after}
STEPS: dict[str, dict[str, str]] = {
    "assign": {"new": "assigned"} | {status: status for status in (*_WORKED, "conversion_failed")},
    "release": dict.fromkeys((*_WORKED, "conversion_failed", "new", "disqualified"), "new"),
    "contact": {"new": "working", "assigned": "working", "nurturing": "working"}
    | {
        status: status
        for status in ("working", "qualified", "converting", "conversion_failed", "converted", "disqualified")
    },
    "nurture": {"assigned": "nurturing", "working": "nurturing", "qualified": "nurturing"},
    "resume": {"nurturing": "working"},
    "qualify": dict.fromkeys(("assigned", "working", "nurturing", "conversion_failed"), "qualified"),
    "convert": dict.fromkeys((*_WORKED, "conversion_failed"), "converting"),
    "complete": {"converting": "converted", "conversion_failed": "converted"},
    "fail": {"converting": "conversion_failed"},
    "disqualify": dict.fromkeys(("new", *_WORKED, "conversion_failed"), "disqualified"),
    "reopen": {"disqualified": "assigned"},
}


def allowed(status: str) -> list[str]:
    """The verbs possible from `status`."""
    return [verb for verb, moves in STEPS.items() if status in moves]


def step(lead: Lead, verb: str) -> str:
    """Take the step and return the status before. WrongStatus when there is none, MergedAway for a merged lead."""
    present_only(lead)
    if lead.status not in STEPS[verb]:
        raise WrongStatus(verb, lead.status, allowed(lead.status))
    before, lead.status = lead.status, STEPS[verb][lead.status]
    if lead.status == "assigned" and lead.owner_id is None:
        lead.status = "new"
    return before


def present_only(lead: Lead) -> None:
    """Refuse a lead that was merged into another one."""
    if lead.duplicate_of:
        raise MergedAway(survivor_id=lead.duplicate_of)


def require(lead: Lead, verb: str) -> None:
    """Refuse, without taking it, a step the lead can't take."""
    present_only(lead)
    if lead.status not in STEPS[verb]:
        raise WrongStatus(verb, lead.status, allowed(lead.status))
