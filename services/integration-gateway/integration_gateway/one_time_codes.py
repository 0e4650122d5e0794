"""Second factor: time-based one-time codes (RFC 6238), each accepted once, and recovery codes."""

import hashlib
import hmac
import secrets

import pyotp
import segno

from chassis import clock

ISSUER = "CRM"
STEP = 30
DRIFT = 1  # steps a phone's clock may be off, either way
RECOVERY_CODES = 10
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # no look-alikes; people copy these from paper


def new_secret() -> str:
    """A base32 secret of 160 bits."""
    return pyotp.random_base32()


def enrolment_uri(secret: str, *, account: str) -> str:
    """The otpauth:// address an authenticator app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER)


def qr_svg(uri: str) -> str:
    """`uri` as an SVG element, dark on light in either theme."""
    return str(segno.make(uri, error="m").svg_inline(scale=4, border=3, dark="#000", light="#fff", svgclass="qr"))


def accepted_step(secret: str, code: str, *, after: int) -> int | None:
    """The time step `code` belongs to, if it is right and later than `after` (the last step used); else None."""
    if not (len(code) == 6 and code.isascii() and code.isdigit()):
        return None
    now = int(clock.timestamp()) // STEP
    totp = pyotp.TOTP(secret)
    found = None
    for step in range(now - DRIFT, now + DRIFT + 1):  # always all of them: the time must not tell which
        if hmac.compare_digest(totp.generate_otp(step), code) and step > after:
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Fresh codes of about 50 bits, to be shown once."""
    return [f"{_word()}-{_word()}" for _ in range(RECOVERY_CODES)]


def recovery_digest(code: str) -> str:
    """What is stored of a recovery code; the code is random enough for a plain digest."""
    return hashlib.sha256(code.strip().lower().replace(" ", "").encode()).hexdigest()


def _word() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(5))
