"""Rich text made safe: an allow-list of tags and link targets; everything else stays as plain text or goes."""

from html import escape
from html.parser import HTMLParser
from urllib.parse import urlsplit

TAGS = frozenset(
    (
        "p",
        "br",
        "b",
        "strong",
        "i",
        "em",
        "u",
        "s",
        "h2",
        "h3",
        "h4",
        "ul",
        "ol",
        "li",
        "blockquote",
        "code",
        "pre",
        "a",
        "hr",
    )
)
_ALONE = frozenset(("br", "hr"))
_UNSEEN = frozenset(
    (
        "script",
        "style",
        "template",
        "noscript",
        "iframe",
        "object",
        "embed",
        "svg",
        "math",
        "title",
        "head",
        "textarea",
        "select",
    )
)
_BREAKS = frozenset(("div", "section", "article", "tr", "table", "h1", "h5", "h6"))


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.open: list[str] = []
        self.unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self.unseen += 1
        elif self.unseen:
            return
        elif tag in _ALONE:
            self.parts.append(f"<{tag}>")
        elif tag in TAGS:
            link = _target(dict(attrs).get("href")) if tag == "a" else ""
            self.parts.append(
                f'<a href="{escape(link)}" rel="noopener noreferrer nofollow">' if tag == "a" else f"<{tag}>"
            )
            self.open.append(tag)
        elif tag in _BREAKS:
            self.parts.append("<br>")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self.unseen = max(0, self.unseen - 1)
        elif not self.unseen and tag in self.open:
            while self.open:
                last = self.open.pop()
                self.parts.append(f"</{last}>")
                if last == tag:
                    break

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.parts.append(escape(data, quote=False))

    def finished(self) -> str:
        self.close()
        self.parts += [f"</{tag}>" for tag in reversed(self.open)]
        return "".join(self.parts).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.append("\n" if tag in {"p", "br", "li", "h2", "h3", "h4", "hr", "pre", "blockquote"} else "")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def sanitised(html: str) -> str:
    """`html` with nothing but known tags and safe links; the same when it is cleaned again."""
    cleaner = _Cleaner()
    cleaner.feed(html)
    return cleaner.finished()


def plain(html: str) -> str:
    """The words of a rich text."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "".join(reader.parts).strip()


def _target(href: str | None) -> str:
    """A link's address when it leads to a page, a mailbox or a telephone, else none."""
    text = "".join((href or "").split())
    try:
        scheme = urlsplit(text).scheme.lower()
    except ValueError:
        return ""
    return (
        text
        if scheme in {"http", "https", "mailto", "tel"} or (text.startswith("/") and not text.startswith("//"))
        else ""
    )
