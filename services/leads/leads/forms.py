"""Public capture forms: what a visitor sends becomes a lead; robots, floods and missing consent are refused."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from chassis import clock
from chassis.caller import PUBLIC
from chassis.errors import Invalid, NotFound, TooManyRequests
from chassis.i18n import lazy as _
from leads import capture, definitions, metrics, normalise
from leads.capture import Captured
from leads.errors import ConsentMissing, DuplicateRefused, FormClosed
from leads.models import Definition
from leads.objects import INDUSTRIES, SIZES

HONEYPOT = "website_url"  # hidden from people; only a robot fills it in
LONGEST = {"message": 5000}
_TO_LEAD = {"phone": "phones", "email": "emails"}
_KNOWN_ADDRESSES = 10_000


class Flood:
    """Submissions per form and address in the running minute, in this process's memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: OrderedDict[tuple[str, str], tuple[int, int]] = OrderedDict()

    def refuse(self, form_key: str, address: str, *, per_minute: int) -> None:
        """TooManyRequests when this address has sent more than `per_minute`."""
        minute = int(clock.timestamp() // 60)
        with self._lock:
            seen, count = self._counts.pop((form_key, address), (minute, 0))
            count = count + 1 if seen == minute else 1
            self._counts[form_key, address] = (minute, count)
            while len(self._counts) > _KNOWN_ADDRESSES:
                self._counts.popitem(last=False)
        if count > per_minute:
            metrics.FORM_REFUSED.labels("rate").inc()
            raise TooManyRequests(retry_after=60 - int(clock.timestamp() % 60))


flood = Flood()


def find(session: Session, form_key: str) -> dict[str, Any]:
    """The form in force. NotFound, or FormClosed for one that was switched off."""
    found = definitions.in_force(session).forms.get(form_key)
    if found is None:
        if session.query(Definition.id).filter_by(purpose="capture_form", key=form_key).first():
            raise FormClosed()
        raise NotFound()
    return found


def submit(
    session: Session,
    *,
    form_key: str,
    values: Mapping[str, str],
    address: str,
    per_minute: int,
    locale: str,
    referrer: str = "",
) -> Captured | None:
    """Take in one submission; None for a robot, who is told it worked.

    `values` are the form's fields by name plus `consent`, `utm_*` and the honeypot. Invalid, ConsentMissing, FormClosed,
    TooManyRequests.
    """
    form = find(session, form_key)
    flood.refuse(form_key, address, per_minute=per_minute)
    if values.get(HONEYPOT):
        metrics.FORM_REFUSED.labels("robot").inc()
        return None
    record = _record(form, values)
    if form.get("consent"):
        if str(values.get("consent", "")).lower() not in ("1", "on", "true", "yes"):
            metrics.FORM_REFUSED.labels("consent").inc()
            raise ConsentMissing(errors={"consent": [str(ConsentMissing.title)]})
        record["consent"] = {
            "given": True, "at": clock.iso(clock.now()), "version": form["consent_version"], "locale": locale,
            "text": form["consent"].get(locale) or form["consent"].get("en") or "",
        }  # fmt: skip
    utm = {key.removeprefix("utm_"): value for key, value in values.items() if key.startswith("utm_") and value}
    try:
        return capture.capture(
            session, caller=PUBLIC, source=form["source"], form_key=form_key, behaviour="form", utm=dict(list(utm.items())[:10]),
            channel=form.get("channel"), campaign_id=form.get("campaign_id"), referrer_url=referrer[:1000] or None, **record,
        )  # fmt: skip
    except DuplicateRefused:  # a visitor must not learn who is known here
        metrics.FORM_REFUSED.labels("duplicate").inc()
        return None


def _record(form: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """The lead's fields from the form's; Invalid names what is missing or not among the choices."""
    record: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for field in form["fields"]:
        name = field["name"]
        typed = normalise.paragraph(str(values.get(name) or ""), limit=LONGEST.get(name, 500))
        if not typed:
            if field["required"]:
                errors[name] = [str(_("This is needed."))]
            continue
        choices = choices_of(field)
        if choices and typed not in choices:
            errors[name] = [str(_("Choose one of those offered."))]
        elif name == "budget":
            record["message"] = "\n".join(filter(None, (record.get("message"), f"Budget: {typed}")))
        elif name == "product_interest":
            record[name] = [typed]
        elif name == "message":
            record[name] = "\n".join(filter(None, (typed, record.get("message"))))
        elif name in _TO_LEAD:
            record[_TO_LEAD[name]] = [typed]
        else:
            record[name] = typed
    if errors:
        raise Invalid(errors=errors)
    return record


def choices_of(field: Mapping[str, Any]) -> dict[str, Any]:
    """Value → label of a field that offers choices; {} for free text."""
    if field["name"] == "industry":
        return INDUSTRIES
    if field["name"] == "company_size":
        return SIZES
    return {each: {"zh": each, "en": each} for each in field.get("choices") or ()}
