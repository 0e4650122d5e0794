"""JSON logs, one line each, with the trace id; personal data and secrets are masked before anything is written."""

import logging
import re
import sys
import traceback
from typing import Any

import orjson

from chassis import clock, telemetry
from chassis.settings import Settings

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_SECRET_NAME = re.compile(
    r"passw|secret|token|authorization|cookie|api_?key|private_?key|credential|phone|mobile|e?mail|wechat|id_card|body$",
    re.IGNORECASE,
)
_SECRET_PAIR = re.compile(  # access_token=…, "password": "…", corpsecret=…: partner APIs carry secrets in their URLs
    r"""((?:[\w-]*(?:token|secret|passw(?:or)?d|api_?key|ticket)|authorization|jscode|auth_?code)["']?\s*[=:]\s*["']?)"""
    r"""(?:(?:Bearer|Basic)\s+)?[^\s"'&,;})]+""",
    re.IGNORECASE,
)
_PATTERNS = (
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), "[token]"),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]+", re.IGNORECASE), r"\1 [secret]"),
    (re.compile(r"://[^\s/@:]+:[^\s/@]+@"), "://[secret]@"),
    (re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"), "[email]"),
    (re.compile(r"(?<![\w-])\d{17}[\dXx](?![\w-])"), "[id]"),
    (re.compile(r"(?<![\w-])(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![\w-])"), "[phone]"),
    (re.compile(r"(?<![\w-])\+\d[\d ()-]{6,18}\d(?![\w-])"), "[phone]"),
    (re.compile(r"(?<![\w-])\(?0\d{2,3}\)?[ -]\d{7,8}(?![\w-])"), "[phone]"),
)


def mask(text: str) -> str:
    """`text` without phone numbers, mail and identity card numbers, passwords, tokens and secrets in URLs."""
    text = _SECRET_PAIR.sub(r"\1[secret]", text)
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def mask_value(name: str, value: Any) -> Any:
    """A logged value, masked by its name and by what it looks like, at any depth."""
    if _SECRET_NAME.search(name) and value not in (None, "", True, False):
        return "[masked]"
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {str(key): mask_value(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [mask_value("", item) for item in value]
    return value if isinstance(value, int | float | bool) or value is None else mask(str(value))


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON; `extra` values become members."""

    def __init__(self, service: str):
        super().__init__()
        self.service = service

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "ts": clock.iso(clock.now()),
            "level": record.levelname.lower(),
            "service": self.service,
            "logger": record.name,
            "event": mask(record.getMessage()),
        }
        span = telemetry.current()
        if span is not None:
            line |= {"trace_id": span.trace_id, "span_id": span.span_id}
        for name, value in vars(record).items():
            if name not in _STANDARD:
                line[name] = mask_value(name, value)
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["traceback"] = mask("".join(traceback.format_exception(*record.exc_info)))
        return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def configure(settings: Settings) -> None:
    """Send all logging of the process to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(settings.service))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    logging.captureWarnings(True)
    logging.getLogger("urllib3").setLevel(logging.WARNING)  # its debug lines are whole URLs
