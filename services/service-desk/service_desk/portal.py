"""The public form: what a visitor sends becomes a ticket; robots and floods are refused."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping

from marshmallow import ValidationError
from sqlalchemy.orm import Session

from chassis import clock, i18n, idempotency
from chassis.caller import PUBLIC
from chassis.errors import Invalid, TooManyRequests
from chassis.i18n import lazy as _
from service_desk import metrics, tickets
from service_desk.objects import TYPES
from service_desk.schemas import mail_address

SUBMISSION = "submission"  # names one filling-in of the form, so that sending it twice makes one ticket
HONEYPOT = "website_url"  # hidden from people; only a robot fills it in
FIELDS = {"name": 120, "email": 254, "phone": 40, "type": 40, "subject": 200, "text": 20_000}
OFFERED = ("question", "incident", "request", "complaint", "billing")
_KNOWN_ADDRESSES = 10_000


class Flood:
    """Submissions per address in the running minute, in this process's memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def refuse(self, address: str, *, per_minute: int) -> None:
        """TooManyRequests when this address has sent more than `per_minute`."""
        minute = int(clock.timestamp() // 60)
        with self._lock:
            seen, count = self._counts.pop(address, (minute, 0))
            count = count + 1 if seen == minute else 1
            self._counts[address] = (minute, count)
            while len(self._counts) > _KNOWN_ADDRESSES:
                self._counts.popitem(last=False)
        if count > per_minute:
            metrics.FORM_REFUSED.labels("rate").inc()
            raise TooManyRequests(retry_after=60 - int(clock.timestamp() % 60))


flood = Flood()


def submit(session: Session, *, values: Mapping[str, str], address: str, per_minute: int) -> str:
    """Take in one submission and say the ticket's number; nothing for a robot, who is told it worked.

    The same words sent again from the same page, by a second click or by the browser, get the first ticket's number.
    Invalid, TooManyRequests.
    """
    flood.refuse(address, per_minute=per_minute)
    if values.get(HONEYPOT):
        metrics.FORM_REFUSED.labels("robot").inc()
        return ""
    typed = _checked(values)
    once = _once(values.get(SUBMISSION) or "", typed)
    if once is not None:
        idempotency.wait(session, once)
        before = idempotency.find(session, once)
        if before is not None:
            return before.answer.decode()
    ticket = tickets.create(
        session, caller=PUBLIC, channel="portal", subject=typed["subject"], text=typed["text"],
        type=typed["type"] or "question", requester_name=tickets.line(typed["name"]), requester_email=typed["email"],
        requester_phone=tickets.line(typed["phone"]) or None, language=i18n.current(), acknowledge=True,
    )  # fmt: skip
    number = ticket.number or ""
    if once is not None:
        idempotency.keep(session, once, idempotency.Stored(201, {}, number.encode()))
    return number


def _checked(values: Mapping[str, str]) -> dict[str, str]:
    """What was typed, cut to its longest; Invalid with what is wrong in each field."""
    typed = {name: tickets.body(str(values.get(name) or ""))[:longest] for name, longest in FIELDS.items()}
    errors: dict[str, list[str]] = {
        name: [str(_("This is needed."))] for name in ("name", "email", "subject", "text") if not typed[name]
    }
    try:
        if typed["email"]:
            mail_address(typed["email"])
    except ValidationError:
        errors["email"] = [str(_("This is no e-mail address."))]
    if typed["type"] and typed["type"] not in OFFERED:
        errors["type"] = [str(_("Choose one of those offered."))]
    if errors:
        raise Invalid(errors=errors)
    return typed


def _once(submission: str, typed: Mapping[str, str]) -> idempotency.Asked | None:
    """The key of a submission. Its words are part of it: who goes back, writes something else and sends has two requests."""
    if not submission:
        return None
    words = hashlib.sha256("\0".join(typed[name] for name in FIELDS).encode()).hexdigest()
    key = hashlib.sha256(submission.encode()).hexdigest()
    return idempotency.asked(key, caller="portal", route=words, body=b"")


def offered() -> dict[str, Mapping[str, str]]:
    """The types of request a visitor may choose from."""
    return {key: TYPES[key] for key in OFFERED}
