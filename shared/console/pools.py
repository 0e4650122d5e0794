"""Pages of pools: what lies in mine and what I may still take, the definitions, and trying one before it is in force."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import render_template, request
from sqlalchemy.orm import Session

from chassis import clock, directory, i18n
from chassis.api import Call
from chassis.errors import Invalid, NotFound, Problem
from chassis.i18n import lazy as _
from console import details, explanations, forms, pool_forms, replies
from console.fields import Field, Words, of_object, words
from console.pages import Pages
from engines.access import get, has_right, right
from engines.conditions.context import company_zone
from engines.ownership import api, definitions, publishing, reclaiming, simulation
from engines.ownership.definitions import HOLDING
from engines.ownership.errors import PoolRuleWrong
from engines.ownership.models import PoolRule
from engines.ownership.ownable import Ownable

REASON = Field(name="reason", label=_("Reason"), required=True, max_length=300)
UNTIL = Field(name="until", label=_("Until and with"), kind="date", help=_("Empty: the protection ends now"))


def mount(pages: Pages, kind: Ownable, plural: str, *, noun: Words, protect: Callable[..., Any], filtered: str) -> None:
    """Add /pools, /holding-limits and the managers' steps of each record to a service's pages.

    `filtered` is the address of the list that shows what lies in a pool; `protect` as for engines.ownership.api.mount.
    """
    shown = _Pages(pages, kind, noun, filtered)
    shown.mount_reading()
    shown.mount_writing()
    _mount_steps(pages, kind, f"/{pages.service}/{plural}", plural, protect)


def reclaim_fact(session: Session, kind: Ownable, record: Any) -> details.Fact:
    """When a record goes back to its pool, with why; for the strip under a record's head."""
    decision = reclaiming.explain(session, kind, record)
    labels = {item.name: dict(item.label) for item in kind.kind.fields}
    why = explanations.shown(decision, labels) if decision else None
    if record.next_reclaim_at is None:
        paused = ", ".join(words(label) for label in (record.reclaim or {}).get("paused", ()))
        return details.Fact(label=_("Back to the pool"), value=_("Paused: %(why)s", why=paused), decision=why)
    left = (record.next_reclaim_at - clock.now()).days
    colour = "red" if left < 1 else "orange" if left < 4 else ""
    return details.Fact(
        label=_("Back to the pool"), value=record.next_reclaim_at, kind="relative", colour=colour, decision=why
    )


def owner_entries(session: Session, kind: Ownable, record_id: str) -> list[details.Entry]:
    """Changes of owner for a record's timeline."""
    found = api.history(session, kind, record_id)
    people = directory.names(session, [id_ for each in found for id_ in (each.from_id, each.to_id, each.by)])
    return [
        details.Entry(
            at=each.at,
            title=_HOW.get(each.how, _("Changed hands")),
            icon="pool" if each.to_pool else "user-check",
            who=people.get(each.by, ""),
            text=each.reason,
            changes=()
            if each.how == "protect"
            else [(_("Owner"), _holder(people, each.from_id, each.from_pool), _holder(people, each.to_id, each.to_pool))],
        )
        for each in found
    ]  # fmt: skip


def _holder(people: Mapping[str, str], person_id: str | None, pool: str | None) -> str:
    return people.get(person_id, person_id) if person_id else pool or ""


_HOW = {
    "claim": _("Claimed from the pool"), "hand": _("Given by hand"), "rule": _("Given by rule"),
    "release": _("Released to the pool"), "reclaim": _("Taken back into the pool"), "hand_over": _("Handed over by a leaver"),
    "protect": _("Protection changed"),
}  # fmt: skip


def manager_actions(base: str) -> list[details.Action]:
    """What somebody who may assign can do with an owned record: protect it, take it back."""
    return [
        details.Action(label=_("Protect"), url=f"{base}/protect", icon="shield", more=True, fields=[UNTIL]),
        details.Action(
            label=_("Take back"), url=f"{base}/reclaim", icon="pool", more=True, danger=True, fields=[REASON]
        ),
    ]


def _mount_steps(pages: Pages, kind: Ownable, base: str, plural: str, protect: Callable[..., Any]) -> None:
    @pages.post(f"/{plural}/<id>/protect", allow=right(kind.name, "assign"))
    def protect_record(call: Call, id: str) -> Any:
        """Keep the record with its owner through a day."""
        record = get(call.session, call.caller, kind.model, id, "edit", lock=True)
        protect(call.session, record, caller=call.caller, until=_end_of(request.form.get("until", "")))
        return replies.go(f"{base}/{id}", _("Done"))

    @pages.post(f"/{plural}/<id>/reclaim", allow=right(kind.name, "assign"))
    def reclaim_record(call: Call, id: str) -> Any:
        """Take the record from its owner into the pool."""
        record = get(call.session, call.caller, kind.model, id, "edit", lock=True)
        reason = request.form.get("reason", "").strip()[:300]
        if not reason:
            return replies.refused(_("A reason is needed."))
        api.take_back(call.session, kind, record, caller=call.caller, reason=reason)
        return replies.go(f"{base}/{id}", _("It is in the pool now."))


def _end_of(day: str) -> datetime | None:
    """The end of a typed day in the company's zone; None when it is empty."""
    if not day:
        return None
    try:
        return datetime.combine(datetime.fromisoformat(day).date(), time(23, 59), ZoneInfo(company_zone())).astimezone(
            UTC
        )
    except ValueError:
        raise Invalid(errors={"until": [_("Must be a date such as 2026-08-01.")]}) from None


class _Pages:
    """The pool pages of one kind of record."""

    def __init__(self, pages: Pages, kind: Ownable, noun: Words, filtered: str):
        self.pages, self.kind, self.noun, self.filtered = pages, kind, noun, filtered
        self.url = f"/{pages.service}/pools"
        self.holding_url = f"/{pages.service}/holding-limits"

    def mount_reading(self) -> None:
        @self.pages.get("/pools", allow=right(self.kind.name, "read"))
        def pools(call: Call) -> Any:
            """My pools with how I stand, and the definitions for those who keep them."""
            mine = [
                item | {"name": _name(item["title"], item["key"]), "list": self._list_of(item["key"])}
                for item in api.standing(call.session, self.kind, call.caller)
            ]
            keeps = has_right(call.session, call.caller, "pool_rule", "read")
            rules = definitions.listed(call.session, self.kind, "pool") if keeps else ()
            return render_template(
                "console/pools.html", mine=mine, rules=[self._row(rule) for rule in rules], keeps=keeps, noun=self.noun,
                url=self.url, holding_url=self.holding_url, back=self.filtered,
                edits=has_right(call.session, call.caller, "pool_rule", "edit"),
            )  # fmt: skip

    def _list_of(self, pool: str) -> str:
        condition = {"all": [{"field": "pool", "op": "eq", "value": pool}]}
        return f"{self.filtered}?{urlencode({'filter': json.dumps(condition)})}"

    def _row(self, rule: PoolRule) -> dict[str, Any]:
        claim, reclaim = rule.body["claim"], rule.body["reclaim"]
        return {
            "name": _name(rule.title, rule.key), "key": rule.key, "revision": rule.revision, "active": rule.active,
            "daily_limit": claim["daily_limit"], "protect_days": claim["protect_days"], "rules": len(reclaim["rules"]),
            "url": f"{self.url}/{rule.key}",
        }  # fmt: skip

    def mount_writing(self) -> None:
        allow = right("pool_rule", "edit")

        @self.pages.get("/pools/new", allow=allow)
        def new_pool(call: Call) -> Any:
            """The form of a new pool."""
            return self._form(call, None)

        @self.pages.get("/pools/<key>", allow=right("pool_rule", "read"))
        def pool_form(call: Call, key: str) -> Any:
            """The form of a pool."""
            return self._form(call, definitions.find(call.session, self.kind, "pool", key))

        @self.pages.post("/pools/new", allow=allow)
        def create_pool(call: Call) -> Any:
            """Put a new pool in force."""
            return self._publish(call, None)

        @self.pages.post("/pools/<key>", allow=allow)
        def publish_pool(call: Call, key: str) -> Any:
            """Put a new version of a pool in force."""
            return self._publish(call, definitions.find(call.session, self.kind, "pool", key))

        @self.pages.post("/pools/<key>/try", allow=right("pool_rule", "simulate"), session="read")
        def try_pool(call: Call, key: str) -> Any:
            """Show what the typed version would do, without storing it."""
            return self._try(call, key)

        @self.pages.get("/holding-limits", allow=right("pool_rule", "read"))
        def holding_form(call: Call) -> Any:
            """The form of the holding limits."""
            return self._holding_page(self._holding_form(call))

        @self.pages.post("/holding-limits", allow=allow)
        def publish_holding(call: Call) -> Any:
            """Put new holding limits in force."""
            form = self._holding_form(call)
            try:
                body = pool_forms.holding_body(forms.values(form, request.form))
                self._store(call, HOLDING, HOLDING, body, {}, active=True)
            except Problem as problem:
                return self._holding_page(forms.typed(form, request.form, pool_forms.errors(problem)))
            return replies.go(self.url, _("Saved"), accepted=form.key)

    def _form(self, call: Call, rule: PoolRule | None, **more: Any) -> Any:
        return self._page(self._pool_form(call, rule), **more)

    def _pool_form(self, call: Call, rule: PoolRule | None) -> forms.Form:
        return pool_forms.pool_form(call.session, self.kind, rule, url=self.url)

    def _holding_form(self, call: Call) -> forms.Form:
        rule = definitions.row(call.session, self.kind, HOLDING, HOLDING)
        return pool_forms.holding_form(call.session, self.kind, rule, url=self.holding_url, cancel=self.url)

    def _page(self, form: forms.Form, *, template: str = "console/pool_form.html", **more: Any) -> Any:
        return forms.page(form, template=template, about=of_object(self.kind.kind), **more)

    def _holding_page(self, form: forms.Form) -> Any:
        return self._page(form, template="console/condition_form.html")

    def _publish(self, call: Call, rule: PoolRule | None) -> Any:
        form = self._pool_form(call, rule)
        posted = forms.values(form, request.form)
        try:
            key = rule.key if rule else str(posted.get("key") or "")
            if rule is None and definitions.row(call.session, self.kind, "pool", key):
                raise PoolRuleWrong(errors={"key": [_("There is a pool with this key already.")]})
            title = {"zh": posted["title_zh"] or "", "en": posted["title_en"] or ""}
            self._store(call, "pool", key, pool_forms.pool_body(posted), title, active=bool(posted["active"]))
        except Problem as problem:
            typed = forms.typed(form, request.form, pool_forms.errors(problem))
            return self._page(typed)
        return replies.go(self.url, _("Saved: every held record's date follows"), accepted=form.key)

    def _store(
        self, call: Call, purpose: str, key: str, body: dict[str, Any], title: dict[str, str], *, active: bool
    ) -> None:
        version = request.form.get("version", "")
        publishing.publish_rule(
            call.session, self.kind, caller=call.caller, purpose=purpose, key=key, body=body, title=title, active=active,
            version=int(version) if version.isdigit() else None,
        )  # fmt: skip

    def _try(self, call: Call, key: str) -> Any:
        rule = definitions.row(call.session, self.kind, "pool", key)
        if rule is None and key != "new":
            raise NotFound()
        form = self._pool_form(call, rule)
        try:
            body = pool_forms.pool_body(forms.values(form, request.form))
            found = simulation.simulate(
                call.session, self.kind, caller=call.caller, key=rule.key if rule else request.form.get("key", ""),
                definition=body,
            )  # fmt: skip
        except Problem as problem:
            typed = forms.typed(form, request.form, pool_forms.errors(problem))
            return self._page(typed)
        people = directory.names(call.session, [item["owner_id"] for item in found["items"]])
        changed: Sequence[dict[str, Any]] = [
            item | {"owner": people.get(item["owner_id"], "")} for item in found["items"] if item["changed"]
        ]
        typed = forms.typed(form, request.form, {})
        return self._page(typed, tried=found | {"items": changed[:50]})


def _name(title: Any, key: str) -> str:
    return i18n.pick(title) or key
