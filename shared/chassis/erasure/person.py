"""Whose data it is: the records that are this person, and the phones and addresses he is known by."""

import re
from dataclasses import dataclass, field
from typing import Any

from chassis.errors import Invalid
from chassis.i18n import lazy as _

SUBJECT = re.compile(r"[a-z_]{1,40}/[0-9A-Za-z_-]{1,64}")
PHONE_DIGITS = 11  # without country code; shorter numbers are compared whole


@dataclass
class Person:
    """`given` are the records that were named and those linked to them; `found` what their phones and addresses led to.

    Phones and addresses are learnt from given records only: a company's switchboard must not lead from one person to the
    next.
    """

    given: set[str] = field(default_factory=set)
    found: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)

    @property
    def subjects(self) -> set[str]:
        return self.given | self.found

    def ids(self, kind: str) -> set[str]:
        """Ids of the person's records of one kind."""
        return {subject.partition("/")[2] for subject in self.subjects if subject.startswith(f"{kind}/")}

    def needles(self) -> list[str]:
        """Texts that give the person away wherever they stand: long ids, addresses and phones."""
        ids = {subject.partition("/")[2] for subject in self.subjects}
        return sorted({item for item in ids if len(item) >= 16} | self.emails | {p for p in self.phones if len(p) >= 7})

    def take(self, other: "Person") -> bool:
        """Learn what `other` knows; True when there was news."""
        before = self.size
        self.given |= other.given
        self.found |= other.found - self.given
        self.phones |= other.phones
        self.emails |= other.emails
        return self.size > before

    @property
    def size(self) -> int:
        return len(self.subjects) + len(self.phones) + len(self.emails)


def named(*, subject: str = "", phone: str = "", email: str = "") -> Person:
    """The person somebody named; Invalid when it is none of a record ("lead/<id>"), a phone or an address."""
    if subject and not SUBJECT.fullmatch(subject):
        raise Invalid(errors={"subject": [_("A kind and an id, such as lead/0190…")]})
    digits = phone_key(phone)
    if phone and len(digits) < 5:
        raise Invalid(errors={"phone": [_("A phone number has at least five digits")]})
    if email and not re.fullmatch(r"[^@\s%]+@[^@\s%]+", email):
        raise Invalid(errors={"email": [_("This is no e-mail address")]})
    if not (subject or phone or email):
        raise Invalid(_("Name a record, a phone number or an e-mail address"))
    return Person(
        given={subject} if subject else set(),
        phones={digits} if phone else set(),
        emails={email.strip().lower()} if email else set(),
    )


def phone_key(text: str) -> str:
    """The digits that tell phone numbers apart, however they are written."""
    return re.sub(r"\D", "", text)[-PHONE_DIGITS:]


def texts_in(value: Any) -> list[str]:
    """The texts of a column's value: itself, or those of a list."""
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
