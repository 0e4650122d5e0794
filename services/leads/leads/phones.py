"""Phone numbers in every notation people type → E.164, with the extension as RFC 3966 writes it (`;ext=801`)."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

_HAN_DIGITS = str.maketrans("〇零○一二两三四五六七八九幺壹贰叁肆伍陆柒捌玖", "0001223456789" + "1123456789")
_HAN_NUMBER = re.compile(r"[〇零○一二两三四五六七八九幺壹贰叁肆伍陆柒捌玖\s-]{11,}")
_EXTENSION = re.compile(
    r"(?:\s*(?:;\s*ext\s*=|ext\.?|extension|转|轉|分机号?|分機|内线|#|(?<=\d)\s*x|,{1,2}|[*](?=\d))\s*[:：.-]?\s*(\d{1,6}))\D*$",
    re.IGNORECASE,
)
_DASH_EXTENSION = re.compile(r"^(\+?[\d\s()-]*?\d{7,8})\s*[-—]\s*(\d{2,6})$")
_MOBILE = re.compile(r"(?:\+?(?:00)?86)?0?(1[3-9]\d{9})")
_NOT_NUMBER = re.compile(r"[^\d+]")
_SEPARATORS = re.compile(r"[;；、，/|\n]+|(?:\s+(?:或|or|和|and)\s+)|,(?!,?\s*\d{1,6}$)")
_TAIL = re.compile(r"[((\[][^)\]）]*[^\d\s()-][^)\]）]*[))\]]|[\u3400-\u9fff:：]+")


@dataclass(frozen=True)
class Phone:
    """`text` is E.164 plus `;ext=…`; `kind` is mobile, landline or other; `country` an ISO 3166 code ("CN")."""

    text: str
    kind: str
    country: str

    @property
    def number(self) -> str:
        """The number without the extension: what a switchboard shares."""
        return self.text.partition(";")[0]


@lru_cache(maxsize=20_000)
def phone(value: str, *, country: str = "CN") -> Phone | None:
    """The number `value` means for someone in `country`, or None when it is none.

    `０１３８ 1234 5678`, `86-138…`, `0086138…`, `(021)5123 4567转801`, `tel:+1-415-555-2671`, `13812345678.0` (a
    spreadsheet's), `一三八…`, `13812345678（微信同号）` are all understood.
    """
    typed = unicodedata.normalize("NFKC", value[:80]).strip()
    typed = re.sub(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff'\"`]", "", typed)
    typed = re.sub(r"[‐‑‒–—―－−_~.·]", "-", re.sub(r"\.0+$", "", typed))
    if _HAN_NUMBER.fullmatch(typed):
        typed = typed.translate(_HAN_DIGITS)
    typed, extension = _split_extension(re.sub(r"^(?:tel|phone|mobile|电话|手机)[:：]?\s*", "", typed, flags=re.I))
    typed = _TAIL.sub(" ", typed).strip()
    if len(re.findall(r"[A-Za-z]", typed)) > 0:
        return None
    digits = re.sub(r"(?<!^)\+", "", _NOT_NUMBER.sub("", typed.replace("(+", "+").replace("(0)", "")))
    if (mobile := _MOBILE.fullmatch(digits)) and (country == "CN" or digits.startswith(("+86", "0086", "86"))):
        return Phone(f"+86{mobile[1]}" + _ext(extension), "mobile", "CN")
    return _foreign_or_fixed(digits, extension, country)


def phones(value: str, *, country: str = "CN") -> list[Phone]:
    """Every number in a field that may hold several (`13800000000/021-51234567`), each once."""
    found = (phone(part, country=country) for part in [*_SEPARATORS.split(value[:400])] if part.strip())
    return list({each.text: each for each in found if each}.values())


def _foreign_or_fixed(digits: str, extension: str, country: str) -> Phone | None:
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    for candidate in _readings(digits, country):
        try:
            parsed = phonenumbers.parse(candidate, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            where = phonenumbers.region_code_for_number(parsed) or ""
            return Phone(
                phonenumbers.format_number(parsed, PhoneNumberFormat.E164) + _ext(extension), _kind(parsed), where
            )
    return None


def _readings(digits: str, country: str) -> list[str]:
    readings = [digits]
    if country == "CN" and not digits.startswith("+"):
        if digits.startswith("86") and len(digits) >= 12:
            readings.insert(0, "+" + digits)
        if len(digits) in (10, 11) and digits[0] in "2345678" and not digits.startswith(("400", "800")):
            readings.append("0" + digits)  # area code without its zero
        if digits.startswith("1") and len(digits) == 11:
            readings.append("+" + digits)  # a North American number with its country code
    return readings


def _split_extension(typed: str) -> tuple[str, str]:
    if (found := _EXTENSION.search(typed)) and len(re.findall(r"\d", typed[: found.start()])) >= 7:
        return typed[: found.start()], found[1]
    if (found := _DASH_EXTENSION.match(typed)) and not _MOBILE.fullmatch(_NOT_NUMBER.sub("", typed)):
        head = re.sub(r"\D", "", found[1])
        if len(head) >= 10:
            return found[1], found[2]
    return typed, ""


def _ext(extension: str) -> str:
    return f";ext={extension}" if extension else ""


def _kind(parsed: phonenumbers.PhoneNumber) -> str:
    kind = phonenumbers.number_type(parsed)
    if kind == PhoneNumberType.MOBILE:
        return "mobile"
    return "landline" if kind in (PhoneNumberType.FIXED_LINE, PhoneNumberType.FIXED_LINE_OR_MOBILE) else "other"
