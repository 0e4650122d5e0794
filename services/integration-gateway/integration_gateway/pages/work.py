"""My work, the inbox, and the fragments of the shell that every service's pages show."""

from typing import Any

from flask import Response, redirect, render_template

from chassis import clock, i18n
from chassis.api import Call
from chassis.errors import NotFound
from chassis.i18n import lazy as _
from chassis.i18n import pick
from console import navigation, replies
from console.pages import Pages
from engines import access, listing
from integration_gateway import calendar_feeds, company, ical, links, notifications, work_items
from integration_gateway.models import User
from integration_gateway.objects import USER
from integration_gateway.permits import person

pages = Pages("gateway", name="work", module="integration_gateway")
ALL = "/gateway/notifications"
PAGE = 50
FOUND_AT_ONCE = 8
SOURCES = {
    "leads": _("Leads"),
    "sales": _("Sales"),
    "service-desk": _("Service"),
    "approvals": _("Approvals"),
    "reporting": _("Reports"),
    "gateway": _("Administration"),
}

GROUPS = {
    "overdue": _("Overdue"),
    "today": _("Today"),
    "later": _("Later"),
    "undated": _("Without a date"),
    "done": _("Done"),
}
KINDS = {"task": _("Tasks"), "approval": _("Approvals"), "ticket": _("Tickets")}


@pages.get("", public=True)
def home(call: Call) -> Any:
    """The suite's start page."""
    return redirect(navigation.MENU[0].url, 303)


@pages.get("/work", allow=person)
def my_work(call: Call) -> str:
    """What the reader has to do in all services, and what they did."""
    done, kind = call.request.args.get("show") == "done", call.request.args.get("kind", "")
    kind = kind if kind in work_items.KINDS else ""
    items = work_items.mine(call.session, call.caller.id, done=done, kind=kind, limit=300)
    return render_template(
        "gateway/work.html",
        groups=[("done", items)] if done and items else work_items.by_day(items, call.settings.time_zone),
        titles=GROUPS,
        kinds=KINDS,
        kind=kind,
        calendar=calendar_feeds.of(call.session, call.caller.id),
        counts=work_items.counts(call.session, call.caller.id),
        done=done,
        now=clock.now(),
        sources=SOURCES,
        notices=notifications.latest(call.session, call.caller.id, limit=5),
        all_url=ALL,
        unfinished=access.has_right(call.session, call.caller, "user", "administer")
        and company.open_step(call.session) is not None,
    )


@pages.post("/calendar", allow=person)
def renew_calendar(call: Call) -> str:
    """A private address of the reader's calendar, shown once."""
    token = calendar_feeds.renew(call.session, call.caller.id)
    return render_template(
        "gateway/shown_once.html", heading=_("Calendar"), back=navigation.MENU[0].url,
        secret=calendar_feeds.address(call.settings.public_url, token),
        hint=_("Subscribe to this address in your calendar. Whoever knows it reads your work; it is shown only now."),
    )  # fmt: skip


@pages.post("/calendar/revoke", allow=person)
def revoke_calendar(call: Call) -> Any:
    """Take the address back."""
    calendar_feeds.revoke(call.session, call.caller.id)
    return replies.go(navigation.MENU[0].url, _("The calendar's address no longer works"))


@pages.get("/calendar/<token>.ics", public=True, session="write")
def calendar(call: Call, token: str) -> Any:
    """The work of whoever the private address belongs to, as iCalendar."""
    user = calendar_feeds.reader(call.session, token)
    if user is None:
        raise NotFound()
    i18n.speak(i18n.known(user.locale) or "zh")
    body = ical.calendar(
        work_items.mine(call.session, user.id, limit=500), name=str(_("My work")), address=call.settings.public_url,
        categories={key: str(label) for key, label in KINDS.items()},
    )  # fmt: skip
    answer = Response(body, content_type="text/calendar; charset=utf-8")
    answer.headers["Content-Disposition"] = 'inline; filename="work.ics"'
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.add_etag()
    answer.make_conditional(call.request)
    return answer


@pages.get("/fragments/work", allow=person)
def work_count(call: Call) -> str:
    """How much is open, for the menu."""
    return render_template("console/work_count.html", open=work_items.counts(call.session, call.caller.id)["open"])


@pages.get("/fragments/bell", allow=person)
def bell(call: Call) -> str:
    """The latest messages, or with `part=count` only how many are unread."""
    unread = notifications.unread(call.session, call.caller.id)
    if call.request.args.get("part") == "count":
        return render_template("gateway/unread.html", unread=unread)
    latest = notifications.latest(call.session, call.caller.id, limit=8)
    return render_template("console/bell.html", unread=unread, items=[_notice(item) for item in latest], all_url=ALL)


@pages.get("/notifications", allow=person)
def inbox(call: Call) -> str:
    """All messages, newest first."""
    before = call.request.args.get("before")
    found = notifications.latest(call.session, call.caller.id, before=before, limit=PAGE + 1)
    return render_template(
        "gateway/notifications.html",
        items=found[:PAGE],
        unread=notifications.unread(call.session, call.caller.id),
        more=f"{ALL}?before={found[PAGE - 1].id}" if len(found) > PAGE else "",
    )


@pages.get("/notifications/<id>", allow=person, session="write")
def open_notification(call: Call, id: str) -> Any:
    """Follow a message to what it is about; it counts as read from now on."""
    item = notifications.mark_read(call.session, call.caller.id, id)
    return redirect(links.local(item.link, ALL), 303)


@pages.post("/notifications/read-all", allow=person)
def read_all(call: Call) -> Any:
    """Mark everything as read."""
    notifications.mark_all_read(call.session, call.caller.id)
    return replies.go(ALL)


@pages.get("/fragments/search", allow=person)
def search(call: Call) -> Any:
    """People the reader may see, for the search box of the shell."""
    people = _people(call)
    if not people:
        return Response(status=204)
    hits = [(user.name, user.title or user.email, f"/gateway/users/{user.id}", "user") for user in people]
    return render_template("console/found.html", hits=hits, label=_people_label())


@pages.get("/lookup/people", allow=person)
def lookup(call: Call) -> dict[str, Any]:
    """People to choose from in forms: value, label, hint."""
    return {"items": [{"value": user.id, "label": user.name, "hint": user.title or ""} for user in _people(call)]}


def _people(call: Call) -> list[User]:
    if not access.has_right(call.session, call.caller, "user", "read"):
        raise NotFound()
    q = call.request.args.get("q", "").strip()
    found = (
        listing.readable(call.session, call.caller, USER, q=q)
        if q
        else access.readable(call.session, call.caller, User)
    )
    return list(call.session.scalars(found.where(User.active).order_by(User.name, User.id).limit(FOUND_AT_ONCE)))


def _people_label() -> str:
    return next(str(label) for name, label, _url in navigation.SEARCH if name == "gateway")


def _notice(item: notifications.Notification) -> tuple[str, str, str, Any, bool]:
    return pick(item.title), pick(item.text), f"{ALL}/{item.id}", item.created_at, item.read_at is not None
