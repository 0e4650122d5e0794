"""Company names as keys: what two spellings of one company have in common."""

import re
import unicodedata
from collections.abc import Callable

# longest first, so that "股份有限公司" is not cut to "股份"
_LEGAL_FORMS = (
    "集团股份有限公司", "有限责任公司", "股份有限公司", "集团有限公司", "有限公司", "股份公司", "分公司", "集团", "公司",
)  # fmt: skip
_FOREIGN_FORM = re.compile(
    r"[\s,.]+(co[\s.,]*ltd|company limited|limited|ltd|inc|incorporated|corp|corporation|llc|plc|gmbh|ag|s\.?a|b\.?v|kk"
    r"|pte)[\s.]*$"
)


def name_key(name: str) -> str:
    """`name` without width, case, punctuation and legal form. Idempotent; never empty for a name with letters."""
    text = unicodedata.normalize("NFKC", name).casefold().strip()
    text = _repeat(text, lambda given: _FOREIGN_FORM.sub("", given).strip())
    return _repeat("".join(char for char in text if char.isalnum()), _without_form)


def credit_code(text: str | None) -> str | None:
    """A unified social credit code (统一社会信用代码) in its written form, None when `text` is none.

    GB 32100-2015: 17 characters weighted by powers of 3 modulo 31, the 18th is the check character.
    """
    code = unicodedata.normalize("NFKC", text or "").upper().replace(" ", "").replace("-", "")
    if len(code) != 18 or any(char not in _CREDIT_ALPHABET for char in code):
        return None
    total = sum(_CREDIT_ALPHABET.index(char) * pow(3, place, 31) for place, char in enumerate(code[:17]))
    return code if _CREDIT_ALPHABET[-total % 31] == code[17] else None


_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def with_check_character(first: str) -> str:
    """The credit code that begins with the 17 characters `first`."""
    return next(first + char for char in _CREDIT_ALPHABET if credit_code(first + char))


def _without_form(text: str) -> str:
    form = next((form for form in _LEGAL_FORMS if text.endswith(form)), "")
    return text.removesuffix(form) if len(text) - len(form) >= 2 else text


def _repeat(text: str, shorten: Callable[[str], str]) -> str:
    while (shorter := shorten(text)) and shorter != text:
        text = shorter
    return text
