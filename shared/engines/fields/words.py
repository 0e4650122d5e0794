"""Kinds whose values are words: text, long and rich text, phone, e-mail, address of a page, identity numbers."""

import re
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import phonenumbers
from marshmallow import fields as shapes
from marshmallow import validate

from chassis.i18n import Text
from chassis.i18n import lazy as _
from engines.fields.kind import MAX_TEXT, Kind, Spec, Wrong, is_empty, text_of
from engines.fields.rich import plain, sanitised
from engines.fields.world import World

MAX_LONG, MAX_RICH, MAX_PATTERN = 20_000, 100_000, 200
MAX_MATCHED, MAX_OPEN = 200, 3  # what a pattern is held against, and how many parts of any length it may have
_MAIL = re.compile(r"[^@\s,;<>\"']{1,64}@(?:[^@\s.,;<>\"']{1,63}\.)+[^@\s.,;<>\"']{2,63}")


class Words(Kind):
    """Text of one line."""

    name, label, icon = "text", {"zh": "单行文本", "en": "Text"}, "letter-case"
    options = {
        "max_length": shapes.Integer(validate=validate.Range(1, MAX_TEXT)),
        "min_length": shapes.Integer(validate=validate.Range(0, MAX_TEXT)),
        "pattern": shapes.String(validate=validate.Length(1, MAX_PATTERN)),
    }
    may_be_unique = True
    limit, lines = MAX_TEXT, False

    def check(self, spec: Spec) -> dict[str, Text]:
        pattern = spec.options.get("pattern")
        if pattern is not None and (fault := pattern_fault(pattern)):
            return {"pattern": fault}
        if spec.options.get("min_length", 0) > spec.options.get("max_length", self.limit):
            return {"max_length": _("Must not be less than the least length.")}
        return {}

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        if is_empty(given):
            return None
        text = text_of(given, spec.options.get("max_length", self.limit), lines=self.lines)
        if text and len(text) < spec.options.get("min_length", 0):
            raise Wrong(_("Shorter than %(n)s characters.", n=spec.options["min_length"]))
        pattern = spec.options.get("pattern")
        if text and pattern and (len(text) > MAX_MATCHED or not re.fullmatch(pattern, text)):
            raise Wrong(_("Does not have the form %(pattern)s.", pattern=pattern))
        return text or None

    def shape(self, spec: Spec) -> dict[str, Any]:
        made: dict[str, Any] = {"type": "string", "maxLength": spec.options.get("max_length", self.limit)}
        return made | ({"pattern": f"^(?:{spec.options['pattern']})$"} if spec.options.get("pattern") else {})


class LongText(Words):
    name, label, icon = "long_text", {"zh": "多行文本", "en": "Long text"}, "align-left"
    options = {"max_length": shapes.Integer(validate=validate.Range(1, MAX_LONG))}
    widget = "long_text"
    may_be_unique = may_be_indexed = sortable = False
    limit, lines = MAX_LONG, True


class RichText(Kind):
    """Text with headings, lists, links and emphasis; everything else is taken out when it comes in."""

    name, label, icon = "rich_text", {"zh": "富文本", "en": "Rich text"}, "text-size"
    widget = "rich_text"
    may_be_indexed = sortable = False

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        if is_empty(given):
            return None
        clean = sanitised(text_of(given, MAX_RICH, lines=True))
        return clean if plain(clean) else None

    def shape(self, spec: Spec) -> dict[str, Any]:
        return {"type": "string", "contentMediaType": "text/html", "maxLength": MAX_RICH}


class Phone(Kind):
    """A telephone number, kept as E.164 (+8613800138000)."""

    name, label, icon = "phone", {"zh": "电话", "en": "Phone"}, "phone"
    options = {"country": shapes.String(validate=validate.Regexp(r"^[A-Z]{2}$"))}
    widget = "phone"
    may_be_unique = True

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        if is_empty(given):
            return None
        try:
            found = phonenumbers.parse(text_of(given, 40), spec.options.get("country", "CN"))
        except phonenumbers.NumberParseException:
            raise Wrong(_("Not a telephone number.")) from None
        if not phonenumbers.is_valid_number(found):
            raise Wrong(_("There is no such telephone number."))
        return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)


class Email(Kind):
    name, label, icon = "email", {"zh": "邮箱", "en": "E-mail"}, "mail"
    widget = "email"
    may_be_unique = True

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        if is_empty(given):
            return None
        text = text_of(given, 254)
        if not _MAIL.fullmatch(text):
            raise Wrong(_("Not an e-mail address."))
        box, _at, domain = text.rpartition("@")
        return f"{box}@{domain.lower()}"

    def shape(self, spec: Spec) -> dict[str, Any]:
        return {"type": "string", "format": "email"}


class Url(Kind):
    name, label, icon = "url", {"zh": "网址", "en": "Web address"}, "link"
    widget = "url"
    may_be_unique = True

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        if is_empty(given):
            return None
        text = text_of(given, MAX_TEXT)
        if "://" not in text and re.match(r"[\w-]+(\.[\w-]+)+(/|$|:\d)", text):
            text = f"https://{text}"
        try:
            parts = urlsplit(text)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in {"http", "https"} or not parts.hostname or " " in text:
            raise Wrong(_("Not a web address that begins with http:// or https://."))
        return text

    def shape(self, spec: Spec) -> dict[str, Any]:
        return {"type": "string", "format": "uri"}


class CreditCode(Kind):
    """Unified social credit code (统一社会信用代码), GB 32100-2015: base 31 with a check digit modulo 31."""

    name, label, icon = "credit_code", {"zh": "统一社会信用代码", "en": "Credit code"}, "building"
    may_be_unique = True
    DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        if is_empty(given):
            return None
        code = re.sub(r"[\s-]", "", text_of(given, 40)).upper()
        if len(code) != 18 or any(letter not in self.DIGITS for letter in code):
            raise Wrong(_("A unified social credit code has 18 digits and letters, without I, O, S, V and Z."))
        total = sum(self.DIGITS.index(each) * weight for each, weight in zip(code, self.WEIGHTS, strict=False))
        if self.DIGITS[(31 - total % 31) % 31] != code[17]:
            raise Wrong(_("The check digit is wrong: look for a mistyped place."))
        return code

    def shape(self, spec: Spec) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[0-9A-HJ-NP-RTUW-Y]{18}$"}


class IdCard(Kind):
    """Resident identity number (居民身份证), GB 11643-1999: birthday inside, check digit modulo 11 (ISO 7064 MOD 11-2).

    Lists and pages show it masked; the API gives it in full to those who may read the field in full.
    """

    name, label, icon = "id_card", {"zh": "居民身份证号", "en": "Identity number"}, "id"
    may_be_unique = True
    WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        if is_empty(given):
            return None
        code = re.sub(r"[\s-]", "", text_of(given, 40)).upper()
        if not re.fullmatch(r"[1-9][0-9]{16}[0-9X]", code):
            raise Wrong(_("An identity number has 18 digits, the last of which may be X."))
        try:
            born = date(int(code[6:10]), int(code[10:12]), int(code[12:14]))
        except ValueError:
            raise Wrong(_("The birthday inside is no date.")) from None
        if born.year < 1850:
            raise Wrong(_("The birthday inside is no date."))
        total = sum(int(digit) * weight for digit, weight in zip(code, self.WEIGHTS, strict=False))
        if "10X98765432"[total % 11] != code[17]:
            raise Wrong(_("The check digit is wrong: look for a mistyped place."))
        return code

    def cell(self, spec: Spec, stored: Any, world: World) -> Any:
        return f"{stored[:6]}********{stored[-4:]}" if isinstance(stored, str) and len(stored) == 18 else stored

    def typed(self, spec: Spec, stored: Any, world: World) -> Any:
        return stored

    def shape(self, spec: Spec) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[1-9][0-9]{16}[0-9X]$"}


def pattern_fault(pattern: str) -> Text | None:
    """Why a pattern cannot be used: it does not read, or might search without end.

    A repeated or referred-back group is refused and so are more than three open repeats: with texts of at most
    MAX_MATCHED characters no match then takes noticeable time.
    """
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return _("The pattern cannot be read.")
    bare = re.sub(r"\\[^1-9]|\[(?:\\.|[^\]\\])+\]", "d", pattern)
    if re.search(r"\)[*+{]|\\[1-9]|\(\?[^:]", bare):
        return _("A pattern may not repeat a group, refer back to one or look around.")
    if len(re.findall(r"[*+]|\{\d*,\d*\}", bare)) > MAX_OPEN:
        return _("A pattern may have at most %(n)s parts of any length.", n=MAX_OPEN)
    return None
