"""One mail as the desk needs it: who, what, which conversation; whatever is in it, reading never fails."""

import binascii
import email
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parseaddr
from html.parser import HTMLParser

_ID = re.compile(r"<([^<>\s]{1,250})>")
_NUMBER = re.compile(r"\[#(T-\d{4}-\d{6,})\]")
_SPACES = re.compile(r"[ \t\u00a0]+")
_PREFIXES = re.compile(r"^(?:\s*(?:re|fw|fwd|aw|wg|回复|答复|转发)\s*(?:\[\d+\])?[:：])+\s*", re.IGNORECASE)
_QUOTE_HEADS = re.compile(
    r"^(?:on .{5,200} wrote:|在.{5,200}写道[:：]|-{3,}\s*(?:original message|原始邮件|forwarded message).*"
    r"|发件人[:：].*|from: .*@.*)$",
    re.IGNORECASE,
)
_ROBOTS = re.compile(r"^(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)([+.@-]|$)", re.IGNORECASE)
_BULK = frozenset(("bulk", "list", "junk", "auto_reply"))
_BLOCKS = frozenset(
    ("p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "table", "blockquote", "pre", "hr", "ul", "ol")
)
_SILENT = frozenset(("script", "style", "head", "title", "template", "noscript"))
LONGEST = 100_000
LONGEST_HEADER = 4000
MOST_PARTS = 200
MOST_REFERENCES = 50


@dataclass(frozen=True)
class Enclosed:
    """A file that came with a mail."""

    name: str
    type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Mail:
    """What was read of a mail. `robot` says why it wants no answer, empty for a person's mail."""

    sender: str
    name: str
    subject: str
    text: str
    message_id: str | None
    references: tuple[str, ...] = ()  # Message-IDs it answers, the nearest first
    number: str | None = None  # of the ticket named in the subject
    robot: str = ""
    attachments: list[Enclosed] = field(default_factory=list)


def read(content: bytes, *, envelope_from: str = "") -> Mail:
    """Read a mail as it came over the wire; malformed parts are left out, never an error."""
    message = _parsed(content)
    name, sender = parseaddr(_header(message, "From"))
    subject = _header(message, "Subject")
    text, attachments = _content(message)
    number = _NUMBER.search(subject)
    ids = _ID.findall(_header(message, "Message-ID"))
    answered = _ID.findall(_header(message, "In-Reply-To")) + _ID.findall(_header(message, "References"))[::-1]
    address = _address(sender) or _address(envelope_from)
    return Mail(
        sender=address,
        name=_clean(name)[:120],
        subject=_clean(_PREFIXES.sub("", _NUMBER.sub("", subject)))[:200],
        text=without_quotes(text)[:LONGEST],
        message_id=ids[0] if ids else None,
        references=tuple(dict.fromkeys(answered))[:MOST_REFERENCES],
        number=number[1] if number else None,
        robot=_robot(message, address, envelope_from),
        attachments=attachments,
    )


def _parsed(content: bytes) -> Message:
    """The mail as a tree of parts; one nested deeper than Python goes counts as its head alone."""
    try:
        message = email.message_from_bytes(content)
        for _part in message.walk():
            pass
    except RecursionError:
        message = email.message_from_bytes(content.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    return message


def _header(message: Message, name: str) -> str:
    """A header decoded, on one line and of bounded length; "" when it is missing."""
    raw = str(message.get(name, ""))[:LONGEST_HEADER]
    raw = raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        return _clean(str(make_header(decode_header(raw))))
    except (LookupError, ValueError, UnicodeError, binascii.Error, HeaderParseError):
        return _clean(raw)


def _clean(text: str) -> str:
    """Without control characters and halves of surrogate pairs, on one line."""
    return " ".join("".join(char for char in text if char.isprintable() or char == " ").split())


def _address(text: str) -> str:
    address = text.strip().lower()
    found = getaddresses([address])
    address = found[0][1] if len(found) == 1 else ""
    local, _at, domain = address.rpartition("@")
    return address if local and domain and len(address) <= 254 and address.isprintable() and " " not in address else ""


def _robot(message: Message, sender: str, envelope_from: str) -> str:
    """Why this is no mail of a person (RFC 3834 and what mail programs do), else empty."""
    if not envelope_from:
        return "bounce"
    if not sender or _ROBOTS.match(sender):
        return "robot"
    submitted = _header(message, "Auto-Submitted").lower()
    if submitted and not submitted.startswith("no"):
        return "auto_reply"
    if (
        _header(message, "Precedence").lower() in _BULK
        or _header(message, "List-Id")
        or _header(message, "List-Unsubscribe")
    ):
        return "bulk"
    if _header(message, "X-Autoreply") or _header(message, "X-Autorespond") or _header(message, "X-Loop"):
        return "auto_reply"
    return ""


def _content(message: Message) -> tuple[str, list[Enclosed]]:
    """The text (plain before HTML) and what was attached."""
    plain: list[str] = []
    html: list[str] = []
    attachments: list[Enclosed] = []
    for part in _parts(message):
        kind = part.get_content_type()
        name = _file_name(part)
        if name or part.get_content_disposition() == "attachment" or not kind.startswith("text/"):
            attachments.append(Enclosed(name or kind, kind[:100], _payload(part)))
        elif kind == "text/html":
            html.append(html_to_text(_text(part)))
        else:
            plain.append(_text(part))
    text = "\n\n".join(each.strip() for each in plain if each.strip()) or "\n\n".join(each for each in html if each)
    return text.replace("\0", ""), attachments[:50]


def _parts(message: Message) -> Iterator[Message]:
    for place, part in enumerate(message.walk()):
        if place >= MOST_PARTS:
            return
        if not part.is_multipart():
            yield part


def _file_name(part: Message) -> str:
    try:
        name = str(make_header(decode_header((part.get_filename() or "")[:1000])))
    except Exception:  # the parser stumbles over many forms of parameters
        name = "?"
    return _clean(name.replace("/", "_").replace("\\", "_"))[:200]


def _payload(part: Message) -> bytes:
    try:
        found = part.get_payload(decode=True)
    except Exception:
        return b""
    return found if isinstance(found, bytes) else b""


def _text(part: Message) -> str:
    raw = _payload(part)[: LONGEST * 4]
    try:
        charset = part.get_content_charset() or "utf-8"
        text = raw.decode({"gb2312": "gb18030", "gbk": "gb18030"}.get(charset, charset), "replace")
    except (LookupError, ValueError):
        text = raw.decode("utf-8", "replace")
    return text.replace("\r\n", "\n").encode("utf-8", "replace").decode()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.silent = 0
        self.link = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self.silent += 1
        elif tag in _BLOCKS:
            self.found.append("\n• " if tag == "li" else "\n")
        elif tag == "a":
            href = dict(attributes).get("href") or ""
            self.link = href if href.startswith(("http://", "https://")) else ""

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag in _BLOCKS:
            self.found.append("\n")
        elif tag == "a" and self.link:
            if self.link not in "".join(self.found[-3:]):
                self.found.append(f" ({self.link})")
            self.link = ""

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(_SPACES.sub(" ", data.replace("\n", " ")))


def html_to_text(html: str) -> str:
    """What a person reads of an HTML mail, links in brackets; nothing of it is ever shown as HTML."""
    reader = _Reader()
    try:
        reader.feed(html[:1_000_000])
        reader.close()
    except (AssertionError, ValueError):
        pass
    lines = [line.strip() for line in "".join(reader.found).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def without_quotes(text: str) -> str:
    """The text without the quoted mail below it; the whole when nothing else would be left."""
    lines = text.split("\n")
    for place, line in enumerate(lines):
        rest = [each for each in lines[place:] if each.strip()]
        if _QUOTE_HEADS.match(line.strip()[:250]) or (
            line.startswith(">") and all(each.startswith(">") for each in rest)
        ):
            lines = lines[:place]
            break
    return "\n".join(lines).strip() or text.strip()
