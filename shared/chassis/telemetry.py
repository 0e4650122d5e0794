"""Spans made by hand (W3C trace context); an unsampled one costs a few microseconds, exported ones go out by OTLP.

OpenTelemetry is imported only when `trace_endpoint` is set, and only in `start`, which runs after the fork.
"""

import os
import random
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import Any

from chassis.settings import Settings

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


@dataclass(slots=True)
class Span:
    """One step of a trace. `exported` is OpenTelemetry's span when this one is sampled and an exporter runs."""

    trace_id: str
    span_id: str
    sampled: bool
    exported: Any = None
    _token: Token["Span | None"] | None = field(default=None, repr=False)

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    def set(self, **attributes: Any) -> None:
        """Add attributes, `_` for the dots of their names."""
        if self.exported is not None:
            self.exported.set_attributes({name.replace("_", "."): value for name, value in attributes.items()})

    def name(self, name: str) -> None:
        if self.exported is not None:
            self.exported.update_name(name)


_current: ContextVar[Span | None] = ContextVar("span", default=None)
_exporter: Any = None  # chassis.trace_export.Exporter, once `start` made one
_ratio = 0.0


def current() -> Span | None:
    """The span in force."""
    return _current.get()


def trace_id() -> str:
    """Trace id (32 hex digits) of the work in hand, "" outside of any."""
    found = _current.get()
    return found.trace_id if found else ""


def traceparent() -> str | None:
    """W3C traceparent of the work in hand, for events and outbound calls."""
    found = _current.get()
    return found.traceparent if found else None


def parse(header: str | None) -> tuple[str, str, bool] | None:
    """(trace id, span id, sampled) of a traceparent header, None when it is malformed."""
    match = _TRACEPARENT.fullmatch(header) if header and len(header) <= 512 else None
    if match is None or match[1] == "0" * 32 or match[2] == "0" * 16:
        return None
    return match[1], match[2], bool(int(match[3], 16) & 1)


def begin(
    name: str, *, kind: str = "internal", parent: str | None = None, attributes: Mapping[str, Any] | None = None
) -> Span:
    """Open a span below `parent` (a traceparent), else below the one in force, else a new trace sampled by ratio.

    `kind` is internal, server, client, producer or consumer. Close it with `end`.
    """
    above = parse(parent)
    if above is None and (around := _current.get()) is not None:
        above = (around.trace_id, around.span_id, around.sampled)
    sampled = above[2] if above else random.random() < _ratio
    if sampled and _exporter is not None:
        exported = _exporter.start(name, kind, above, attributes)
        context = exported.get_span_context()
        span = Span(f"{context.trace_id:032x}", f"{context.span_id:016x}", True, exported)
    else:
        span = Span(above[0] if above else os.urandom(16).hex(), os.urandom(8).hex(), sampled)
    span._token = _current.set(span)
    return span


def end(span: Span, error: BaseException | None = None) -> None:
    """Close a span opened by `begin` in the same context."""
    if span._token is not None:
        _current.reset(span._token)
        span._token = None
    if span.exported is not None:
        if error is not None:
            _exporter.fail(span.exported, error)
        span.exported.end()


@contextmanager
def span(
    name: str, *, kind: str = "internal", parent: str | None = None, attributes: Mapping[str, Any] | None = None
) -> Iterator[Span]:
    """`begin` and `end` around a block; an exception marks the span as failed."""
    opened = begin(name, kind=kind, parent=parent, attributes=attributes)
    try:
        yield opened
    except BaseException as error:
        end(opened, error)
        raise
    end(opened)


def start(settings: Settings) -> None:
    """Set the sampling ratio and, with an endpoint, begin to export. Call it after the fork, once per process."""
    global _exporter, _ratio
    _ratio = settings.trace_ratio
    if settings.trace_endpoint:
        from chassis.trace_export import Exporter

        _exporter = Exporter(settings)


def stop() -> None:
    """Send what is left and stop exporting."""
    global _exporter
    if _exporter is not None:
        _exporter.stop()
        _exporter = None
