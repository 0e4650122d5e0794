"""Addresses of the gateway's own pages that are handed to people."""

from chassis.settings import Settings


def password(settings: Settings, secret: str) -> str:
    """Where a person chooses a password. The secret is in the fragment-free path and works once."""
    return f"{settings.public_url.rstrip('/')}/gateway/password/{secret}"


def set_up(settings: Settings, secret: str) -> str:
    """Where the first administrator is made."""
    return f"{settings.public_url.rstrip('/')}/gateway/set-up/{secret}"


def local(target: str | None, default: str) -> str:
    """`target` if it is a path of this suite, else `default`: a log-in never sends anybody elsewhere.

    Browsers take `//host`, `/\\host` and paths with control characters for other addresses.
    """
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return default
    if any(char < " " or char in "\\\x7f" for char in target):
        return default
    return target
