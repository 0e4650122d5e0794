"""The page of one lead: head, score and owner with their explanations, timeline, tasks, steps."""

from collections.abc import Callable
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from chassis import clock
from chassis.api import Call
from chassis.errors import Problem
from chassis.i18n import gettext as _
from chassis.i18n import lazy
from console import details, explanations, fields, pools, record_kit, replies, sharing
from console.fields import Choice, Field
from engines import access, explain
from engines.access import right
from engines.ownership import require_giving, runs_pool
from leads import conversion, followup, lifecycle, merging, ownership, progress, queries, settings
from leads.models import Lead
from leads.objects import LEAD
from leads.pages.edge import GRADE, OWNER, REASON, SOURCE, STATUS, URL, expect, may, pages, row

_PATH = ("new", "assigned", "working", "qualified", "converting", "converted")


@pages.get("/leads/<id>", allow=right("lead", "read"))
def lead_page(call: Call, id: str) -> Any:
    """One lead."""
    lead = queries.lead(call.session, call.caller, id)
    people = queries.names(call.session, [lead.owner_id])
    shown = row(call, lead, people)
    decisions = {each.kind: each for each in reversed(explain.decisions_of(call.session, f"lead/{lead.id}"))}
    return details.page(
        details.Detail(
            title=shown.get("name") or shown.get("company") or lead.number or "",
            number=lead.number or "",
            kicker=_("Lead"),
            back=(URL, _("Leads")),
            record=shown,
            status=next(each for each in STATUS if each.value == lead.status),
            version=lead.version,
            warning=_warning(lead),
            steps=_steps(lead),
            actions=_actions(call, lead),
            facts=_facts(call.session, lead, people, decisions),
            sections=_sections(),
            timeline=pools.owner_entries(call.session, ownership.LEADS, lead.id),
            timeline_title=_("Owner"),
            kit=record_kit.shown(call, LEAD, lead),
        )
    )


def _may_write(call: Call, lead: Lead) -> bool:
    return not lead.duplicate_of and access.allows(call.session, call.caller, LEAD, lead, "edit")


def _warning(lead: Lead) -> str:
    if lead.duplicate_of:
        return _("This lead was merged into another one.")
    if lead.status == "conversion_failed":
        return _("The conversion failed: %(why)s", why=(lead.conversion or {}).get("reason") or "")
    if lead.duplicates:
        return _("It looks like %(n)s other leads; see the explanation of the match.", n=len(lead.duplicates))
    return ""


def _steps(lead: Lead) -> list[details.Step]:
    here = {"nurturing": "working", "conversion_failed": "converting", "disqualified": "new"}.get(
        lead.status, lead.status
    )
    place = _PATH.index(here)
    labels = {each.value: each.label for each in STATUS}
    return [
        details.Step(label=labels[status], state="done" if n < place else "now" if n == place else "ahead")
        for n, status in enumerate(_PATH)
    ]


def _actions(call: Call, lead: Lead) -> list[details.Action]:
    """The steps that are possible now and that the reader may take."""
    if lead.duplicate_of:
        return []
    return [*_step_actions(call, lead), sharing.action(LEAD, lead, "leads")]


def _step_actions(call: Call, lead: Lead) -> list[details.Action]:
    allowed, base, writes = set(lifecycle.allowed(lead.status)), f"{URL}/{lead.id}", _may_write(call, lead)
    action = details.Action
    found = []
    if "convert" in allowed and writes and may(call, "convert"):
        found.append(
            action(label=_("Convert"), url=f"{base}/convert", icon="arrow-right", primary=True, fields=_convert_fields(lead),
                   values={"opportunity": lead.company or lead.name})
        )  # fmt: skip
    if "qualify" in allowed and writes:
        found.append(action(label=_("Qualify"), url=f"{base}/qualify", icon="check"))
    if lead.owner_id is None and "assign" in allowed and may(call, "claim"):
        found.append(action(label=_("Claim"), url=f"{base}/claim", icon="user-check", primary=True))
    gives = may(call, "assign") or runs_pool(call.session, ownership.LEADS, lead, call.caller)
    if "assign" in allowed and gives:
        found.append(action(label=_("Assign"), url=f"{base}/assign", icon="user-plus", fields=[OWNER]))
    if lead.owner_id and writes and may(call, "assign"):
        found += pools.manager_actions(base)
    if not writes:
        return found
    found.append(action(label=_("Edit"), url=f"{base}/edit", icon="pencil", method="get"))
    more: list[tuple[str, str, str, bool, tuple[Field, ...]]] = [
        ("nurture", _("Nurture"), "hourglass", False, ()),
        ("resume", _("Take up again"), "player-play", False, ()),
        ("release", _("Release to the pool"), "pool", False, ()),
        ("reopen", _("Reopen"), "refresh", False, ()),
        ("disqualify", _("Give up"), "x", True, (REASON,)),
    ]
    found += [
        action(label=label, url=f"{base}/{verb}", icon=icon, danger=danger, fields=asked, more=True)
        for verb, label, icon, danger, asked in more
        if verb in allowed
    ]
    return found


def _convert_fields(lead: Lead) -> list[Field]:
    """The opportunity's name and amount; after a failure also which account."""
    asked = [
        Field(name="opportunity", label=lazy("Opportunity"), required=True, max_length=200),
        Field(name="amount", label=lazy("Amount"), kind="money", currency=lead.budget_currency or "CNY"),
    ]
    candidates = (lead.conversion or {}).get("candidates") or []
    if candidates:
        offered = [Choice(value=str(each.get("account_id")), label=_candidate(each)) for each in candidates]
        new = Choice(value="new", label=_("A new account"))
        asked.append(
            Field(name="account", label=lazy("Account"), kind="choice", choices=(*offered, new), required=True)
        )
    return asked


def _candidate(candidate: dict[str, Any]) -> str:
    return str(candidate.get("name") or candidate.get("number") or candidate.get("account_id"))


def _facts(session: Session, lead: Lead, people: dict[str, str], decisions: dict[str, Any]) -> list[details.Fact]:
    owner = people.get(lead.owner_id or "") or (_("Pool: %(pool)s", pool=lead.pool) if lead.pool else _("Nobody yet"))
    found = [
        details.Fact(label=_("Score"), value=lead.score, kind="score", decision=_explained(decisions.get("score"))),
        details.Fact(label=_("Grade"), value=lead.grade),
        details.Fact(label=_("Owner"), value=owner, decision=_explained(decisions.get("assignment"))),
    ]
    if lead.response_due_at and not lead.first_activity_at and lead.status in ("new", "assigned"):
        late = lead.response_due_at < clock.now()
        found.append(
            details.Fact(
                label=_("Response due"), value=lead.response_due_at, kind="relative", colour="red" if late else ""
            )
        )
    elif lead.last_activity_at:
        found.append(details.Fact(label=_("Last activity"), value=lead.last_activity_at, kind="relative"))
    if lead.owner_id and (lead.next_reclaim_at or (lead.reclaim or {}).get("paused")):
        found.append(pools.reclaim_fact(session, ownership.LEADS, lead))
    if lead.account_id:
        link = {"name": _("Account"), "link": f"/sales/accounts/{lead.account_id}"}
        found.append(details.Fact(label=_("Converted to"), value=link, kind="record"))
    if "match" in decisions:
        found.append(
            details.Fact(label=_("Duplicates"), value=len(lead.duplicates), decision=_explained(decisions["match"]))
        )
    return found


def _explained(decision: Any) -> Any:
    """A decision in words: the points stand in the steps' texts already."""
    if decision is None:
        return None
    labels = {field.column: dict(field.label) for field in LEAD.fields}
    rules = {"none": lazy("none"), "standard": lazy("Standard")}
    drawn = explanations.shown(decision, labels, values=explanations.values_of(LEAD), rules=rules)
    for step in drawn["steps"]:
        step["points"] = None
    return drawn


def _sections() -> list[details.Section]:
    def of(*names: str) -> list[Field]:
        return fields.of_object(LEAD, *names, source={"choices": SOURCE}, grade={"choices": GRADE})

    return [
        details.Section(
            title=_("Contact"), fields=of("name", "title", "company", "phones", "emails", "wechat", "address")
        ),
        details.Section(
            title=_("Interest"), fields=of("industry", "company_size", "product_interest", "budget", "message")
        ),
        details.Section(
            title=_("Origin"), fields=of("source", "channel", "region", "city", "form_key", "created_at"), folded=True
        ),
    ]


@pages.post("/leads/<id>/convert", allow=right("lead", "convert"))
def convert(call: Call, id: str) -> Any:
    """Ask sales for account, contact and opportunity."""
    lead = queries.lead(call.session, call.caller, id, "edit")
    expect(lead)
    account, amount = request.form.get("account", ""), request.form.get("amount", "").replace(",", "").strip()
    opportunity = {"name": request.form.get("opportunity", "").strip()[:200] or followup.label(lead)}
    if amount:
        try:
            opportunity |= conversion.typed_amount(amount, lead.budget_currency or "CNY")
        except ValueError:
            return replies.refused(_("This is no amount"), status=409)
    conversion.request(
        call.session, lead, caller=call.caller, opportunity=opportunity,
        wait_seconds=settings.of(call.settings).conversion_wait_seconds,
        account_id=account if account not in ("", "new") else None, new_account=account == "new",
    )  # fmt: skip
    return replies.go(f"{URL}/{id}", _("Sales was asked to take the lead over"))


_STEPS: dict[str, Callable[[Call, Lead], Any]] = {
    "qualify": lambda call, lead: progress.qualify(call.session, lead),
    "nurture": lambda call, lead: progress.nurture(call.session, lead),
    "resume": lambda call, lead: progress.resume(call.session, lead),
    "reopen": lambda call, lead: progress.reopen(call.session, lead),
    "release": lambda call, lead: ownership.release(
        call.session, lead, caller=call.caller, reason=request.form.get("reason", "").strip()[:200]
    ),
    "claim": lambda call, lead: ownership.claim(call.session, lead, caller=call.caller),
    "assign": lambda call, lead: ownership.assign(
        call.session, lead, caller=call.caller, owner_id=request.form.get("owner_id")
    ),
    "disqualify": lambda call, lead: progress.disqualify(
        call.session,
        lead,
        caller=call.caller,
        reason=request.form.get("reason", "").strip()[:200] or _("No reason given"),
    ),
}
_BY_READING = ("claim", "assign")


pools.mount(pages, ownership.LEADS, "leads", noun=lazy("Leads"), protect=ownership.protect, filtered=URL)


@pages.post("/leads/<id>/<step>", allow=right("lead", "read"))
def take_step(call: Call, id: str, step: str) -> Any:
    """Any other step of the lead's head."""
    if step not in _STEPS:
        return replies.refused(_("There is no such action"), status=404)
    if step == "claim" and not may(call, "claim"):
        return replies.refused(_("You may not do this."), status=403)
    lead = queries.lead(call.session, call.caller, id, "read" if step in _BY_READING else "edit")
    expect(lead)
    try:
        if step == "assign":
            require_giving(call.session, ownership.LEADS, lead, call.caller)
        _STEPS[step](call, lead)
    except Problem as problem:
        return replies.refused(str(problem), status=problem.status)
    return replies.go(f"{URL}/{id}", _("Done"))


@pages.post("/merges/<id>/undo", allow=right("lead", "merge"))
def undo_merge(call: Call, id: str) -> Any:
    """Take a merge apart."""
    lead = queries.lead(call.session, call.caller, merging.find(call.session, id).survivor_id, "edit")
    merging.undo(call.session, id)
    return replies.go(f"{URL}/{lead.id}", _("The merge was undone"))
