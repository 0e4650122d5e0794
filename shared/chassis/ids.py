"""Ids of records and events: UUIDv7 (RFC 9562), so that they sort by creation."""

import os
import threading
import time
import uuid

_lock = threading.Lock()
_last = 0


def uuid7() -> str:
    """A new UUIDv7 string; strictly increasing within this process."""
    global _last
    stamp = time.time_ns() // 250  # 12 bits below the millisecond, RFC 9562 §6.2 method 3
    with _lock:
        _last = stamp = max(stamp, _last + 1)
    millis, fraction = divmod(stamp, 4000)
    head, tail = millis & (1 << 48) - 1, int.from_bytes(os.urandom(8)) & (1 << 62) - 1 | 0b10 << 62
    return f"{head >> 16:08x}-{head & 0xFFFF:04x}-7{fraction & 0xFFF:03x}-{tail >> 48:04x}-{tail & 0xFFFFFFFFFFFF:012x}"


def is_uuid(text: object) -> bool:
    """Whether `text` is the canonical form of a UUID."""
    try:
        return isinstance(text, str) and str(uuid.UUID(text)) == text
    except ValueError:
        return False
