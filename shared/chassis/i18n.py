"""Texts in the reader's language: gettext over .po catalogues with English msgids; the locale is a context variable.

Locales are named "en" and "zh" everywhere; the catalogue of "zh" is `<package>/locale/zh_Hans_CN/LC_MESSAGES/*.po`.
"""

import importlib.util
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

LOCALES = ("en", "zh")
COOKIE = "crm_locale"
_FOLDERS = {"zh": "zh_Hans_CN"}
_CONTEXT = "\x04"  # between context and msgid, as in GNU .mo files

_locale: ContextVar[str] = ContextVar("locale", default="en")
_packages: list[str] = ["chassis"]
_loaded: dict[str, dict[str, str | tuple[str, ...]]] = {}
_templates: dict[str, list[tuple[re.Pattern[str], str]]] = {}
_loading = threading.Lock()


class Text:
    """A text translated when it is read, for module-level titles and messages."""

    __slots__ = ("message", "params")

    def __init__(self, message: str, params: Mapping[str, Any] | None = None):
        self.message = message
        self.params = params or {}

    def __str__(self) -> str:
        return gettext(self.message, **self.params)

    def __repr__(self) -> str:
        return f"Text({self.message!r})"

    def __html__(self) -> str:
        from markupsafe import escape

        return str(escape(str(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and (self.message, self.params) == (other.message, other.params)

    def __hash__(self) -> int:
        return hash(self.message)


def lazy(message: str, **params: Any) -> Text:
    """`gettext` that waits until the text is shown."""
    return Text(message, params)


def gettext(message: str, **params: Any) -> str:
    """`message` in the current language, with `%(name)s` filled in."""
    found = _catalogue(_locale.get()).get(message)
    text = found if isinstance(found, str) else message
    return text % params if params else text


def ngettext(singular: str, plural: str, n: int, **params: Any) -> str:
    """The form for `n` things; `%(n)s` is filled in."""
    found = _catalogue(_locale.get()).get(singular)
    if isinstance(found, tuple):
        text = found[0] if len(found) == 1 or n == 1 else found[1]
    else:
        text = singular if n == 1 else plural
    return text % {"n": n, **params}


def pgettext(context: str, message: str, **params: Any) -> str:
    """`gettext` of a message that means something else elsewhere."""
    found = _catalogue(_locale.get()).get(context + _CONTEXT + message)
    text = found if isinstance(found, str) else message
    return text % params if params else text


def both(message: str, **params: Any) -> dict[str, str]:
    """{"zh": …, "en": …}: the form in which texts travel in events and definitions."""
    texts = {}
    for name in reversed(LOCALES):
        with speaking(name):
            texts[name] = gettext(message, **{key: str(value) for key, value in params.items()})
    return texts


def pick(texts: Mapping[str, str] | str | None) -> str:
    """The current language's text of a {"zh", "en"} pair, else whichever there is."""
    if not texts:
        return ""
    if isinstance(texts, str):
        return texts
    return texts.get(_locale.get()) or texts.get("en") or next(iter(texts.values()))


def current() -> str:
    """The locale in force: "en" or "zh"."""
    return _locale.get()


@contextmanager
def speaking(locale: str) -> Iterator[None]:
    """Within the block texts are in `locale`."""
    token = _locale.set(known(locale) or "en")
    try:
        yield
    finally:
        _locale.reset(token)


def speak(locale: str) -> None:
    """Set the locale of this context for good; the web edge does so once it knows who is asking."""
    _locale.set(known(locale) or "en")


def known(name: str | None) -> str | None:
    """The locale meant by a tag as users and browsers write it (`zh-CN`, `en_GB`), None when it is none of ours."""
    head = re.split(r"[-_]", (name or "").strip().lower())[0]
    return head if head in LOCALES else None


def negotiate(*, user: str | None = None, cookie: str | None = None, accept: Iterable[str] = ()) -> str:
    """The first language we speak of: the user's own, the cookie's, the browser's in order of preference; else "en"."""
    return next((found for found in map(known, (user, cookie, *accept)) if found), "en")


def use(*packages: str) -> None:
    """Merge the catalogues of `packages` after those in use; a later package's text wins."""
    with _loading:
        added = [name for name in packages if name not in _packages]
        if added:
            _packages.extend(added)
            _loaded.clear()
            _templates.clear()


def retranslate(message: str) -> str:
    """Translate a text that a library already filled in ("Longer than maximum length 40."), by its `{}` template."""
    catalogue = _catalogue(_locale.get())
    found = catalogue.get(message)
    if isinstance(found, str):
        return found
    for pattern, text in _templates.get(_locale.get(), ()):
        match = pattern.fullmatch(message)
        if match:
            return text.format(**match.groupdict())
    return message


def _catalogue(locale: str) -> dict[str, str | tuple[str, ...]]:
    try:
        return _loaded[locale]
    except KeyError:
        with _loading:
            if locale not in _loaded:
                _loaded[locale] = _read(locale)
            return _loaded[locale]


def _read(locale: str) -> dict[str, str | tuple[str, ...]]:
    merged: dict[str, str | tuple[str, ...]] = {}
    templates: list[tuple[re.Pattern[str], str]] = []
    for path in catalogue_files(locale):
        with path.open("rb") as file:
            for message in read_po(file, locale=_FOLDERS[locale]):
                if not message.id or not message.string or message.fuzzy:
                    continue
                if isinstance(message.id, str):
                    merged[f"{message.context}{_CONTEXT}{message.id}" if message.context else message.id] = str(
                        message.string
                    )
                    if "python-brace-format" in message.flags:
                        templates.append((_template(message.id), str(message.string)))
                else:
                    merged[message.id[0]] = tuple(message.string)
    _templates[locale] = templates
    return merged


def catalogue_files(locale: str) -> list[Path]:
    """The .po files of the packages in use, in the order in which they are merged."""
    if locale not in _FOLDERS:
        return []
    files = []
    for package in _packages:
        spec = importlib.util.find_spec(package)
        for place in (spec.submodule_search_locations or []) if spec else []:
            files += sorted(Path(place, "locale", _FOLDERS[locale], "LC_MESSAGES").glob("*.po"))
    return files


def _template(message: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", message)
    pattern = "".join(f"(?P<{part}>.*)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
    return re.compile(pattern, re.DOTALL)
