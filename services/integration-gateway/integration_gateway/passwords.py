"""Passwords: argon2id hashes, a check that takes as long for people who do not exist, and what makes one too weak."""

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

SHORTEST = 8
LONGEST = 128
ENOUGH = 3  # zxcvbn's scale: more than 10^8 guesses
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)  # OWASP's minimum for argon2id


def hashed(password: str) -> str:
    """The argon2id hash to store."""
    return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether `password` is the one behind `stored`; without a stored hash it costs the same and is False."""
    try:
        return _hasher.verify(stored or _nobody(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(stored: str) -> bool:
    """Whether `stored` was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def weakness(password: str, *, about: tuple[str, ...] = ()) -> str | None:
    """Why `password` must not be used: `short`, `long` or `guessable`; None when it is good.

    No composition rules (NIST SP 800-63B): its resistance to guessing is estimated, with `about` (name, e-mail,
    company) counting as known to the attacker.
    """
    if len(password) < SHORTEST:
        return "short"
    if len(password) > LONGEST:
        return "long"
    estimate = zxcvbn(password, user_inputs=[part for text in about for part in _parts(text)], max_length=LONGEST)
    return "guessable" if estimate["score"] < ENOUGH else None


def _parts(text: str) -> list[str]:
    return [text, text.partition("@")[0], *text.replace("@", ".").split(".")]


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _hasher.hash("nobody has this password")
