"""Ed25519 keys and the tokens signed with them. Each service has a key of its own (tokens between services, `crm token`):
its public half lies in the shared folder, its private half never does. The log-in service's signing keys are its own
business and come in as a JWKS."""

import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from chassis import clock
from chassis.settings import Settings

ALGORITHM = "Ed25519"  # EdDSA on this curve, by the name RFC 9864 gives it
ACCESS, SESSION, SERVICE = "at+jwt", "session+jwt", "service+jwt"  # `typ` header: one kind never passes for another
SERVICE_TOKEN_SECONDS = 300
LOCAL = "local"  # whom a token of `crm token` names that acts by roles only
CLOCK_SKEW = 30

_own: dict[tuple[Path, str, str], OKPKey] = {}
_peers: dict[Path, tuple[float, OKPKey]] = {}


class TokenRefused(Exception):
    """A token that does not hold; the message is a short reason without any part of the token."""


def new_key(kid: str = "") -> OKPKey:
    """A fresh key pair; `kid` is `kid-<thumbprint>` or just the thumbprint."""
    key = OKPKey.generate_key("Ed25519", private=True)
    return _named(key, kid)


def read_key(pem: bytes, kid: str = "") -> OKPKey:
    """The key pair in a PEM file."""
    return _named(OKPKey.import_key(pem), kid)


def public_jwk(key: OKPKey) -> dict[str, Any]:
    """The public half as a JWK for a key set."""
    return {**key.as_dict(private=False), "use": "sig", "alg": ALGORITHM}


def own_key(settings: Settings) -> OKPKey:
    """This service's key pair, its public half published under `keys_path` at first use; safe to race.

    All processes of a service must hold the same: where SECRET_KEY is set, the pair is derived from its first key, so that
    replicas on different machines agree; otherwise it is a file under DATA, made at first use.
    """
    secret = settings.secret_key.partition(",")[0].strip()
    known = (settings.data_path, settings.service, secret)
    if known not in _own:
        kept = private_file(settings, f"{settings.service}.pem")
        if secret:
            kept.unlink(missing_ok=True)  # of the time before there was a SECRET_KEY
            pem = _derived(settings.service, secret)
        else:
            if not kept.exists():
                create_private(kept, new_key().as_pem(private=True))
            pem = kept.read_bytes()
        key = read_key(pem, settings.service)
        _publish(settings, key)
        _own[known] = key
    return _own[known]


def private_file(settings: Settings, name: str) -> Path:
    """Where a private file of this service lies: DATA/private, which is nobody else's; one that lies in a folder of keys
    from before is moved there."""
    path = settings.private_path / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for folder in {settings.keys_path, settings.data_path / "keys"}:
        with suppress(FileNotFoundError):
            old = (folder / name).read_bytes()
            if not path.exists():
                create_private(path, old)
            (folder / name).unlink()
    return path


def peer_key(settings: Settings, service: str) -> OKPKey:
    """The public key another service put into the shared folder; TokenRefused when there is none."""
    path = settings.keys_path / f"{service}.pub.json"
    try:
        changed = path.stat().st_mtime
        known = _peers.get(path)
        if known is None or known[0] != changed:
            known = _peers[path] = (changed, OKPKey.import_key(orjson.loads(path.read_bytes())))
        return known[1]
    except (OSError, ValueError, JoseError):
        raise TokenRefused(f"no key of {service}") from None


def sign(key: OKPKey, *, typ: str, seconds: float, **claims: Any) -> str:
    """A token of kind `typ` that holds for `seconds`; claims that are None are left out."""
    now = int(clock.timestamp())
    body = {"iat": now, "exp": int(now + seconds), "jti": secrets.token_urlsafe(9)}
    body |= {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": ALGORITHM, "typ": typ, "kid": key.kid}, body, key, algorithms=[ALGORITHM])


def verify(token: str, key: OKPKey, *, typ: str) -> dict[str, Any]:
    """Claims of `token` if `key` signed it, it is of kind `typ` and has not expired; else TokenRefused."""
    try:
        decoded = jwt.decode(token, key, algorithms=[ALGORITHM])
    except (JoseError, ValueError):
        raise TokenRefused("bad signature") from None
    if decoded.header.get("typ") != typ:
        raise TokenRefused("wrong kind of token")
    check_times(decoded.claims)
    return dict(decoded.claims)


def check_times(claims: Mapping[str, Any]) -> None:
    """TokenRefused unless the token holds now."""
    now = clock.timestamp()
    expires, begins = claims.get("exp"), claims.get("nbf", claims.get("iat", 0))
    if not isinstance(expires, int | float) or not isinstance(begins, int | float):
        raise TokenRefused("no times")
    if now >= expires:
        raise TokenRefused("expired")
    if now < begins - CLOCK_SKEW:
        raise TokenRefused("not yet valid")


def header(token: str) -> dict[str, Any]:
    """The unverified header, to find the key by; TokenRefused when it is no token."""
    import base64

    head = token.partition(".")[0]
    try:
        found = orjson.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except ValueError:
        raise TokenRefused("malformed") from None
    if not isinstance(found, dict):
        raise TokenRefused("malformed")
    return found


def sign_service_token(settings: Settings, audience: str) -> str:
    """A token with which this service asks `audience` for its feed; holds for five minutes."""
    return sign(own_key(settings), typ=SERVICE, seconds=SERVICE_TOKEN_SECONDS, iss=settings.service, aud=audience)


def service_tokens(settings: Settings, audience: str) -> Callable[[], str]:
    """Tokens for one source's feed, signed by our own key and made anew before they expire.

    Kept by the clock they carry: when that jumps, the old token would be refused.
    """
    made: list[Any] = [0.0, ""]

    def token() -> str:
        now = clock.timestamp()
        if not made[0] <= now < made[0] + SERVICE_TOKEN_SECONDS / 2:
            made[:] = now, sign_service_token(settings, audience)
        return str(made[1])

    return token


def verify_service_token(settings: Settings, token: str) -> str:
    """Name of the service that signed `token` for this one; TokenRefused otherwise."""
    issuer = str(header(token).get("kid", "")).partition(":")[0]
    if not issuer or not issuer.replace("-", "").isalnum():
        raise TokenRefused("no issuer")
    claims = verify(token, peer_key(settings, issuer), typ=SERVICE)
    if claims.get("iss") != issuer or claims.get("aud") != settings.service:
        raise TokenRefused("for another service")
    return issuer


def issue_local_token(
    settings: Settings, *, user: str | None = None, roles: tuple[str, ...] = (), scope: str = "", seconds: float = 43200
) -> str:
    """A Bearer token that only this service accepts, for `crm token`: it acts as `user` of the replica, or by `roles`."""
    return sign(
        own_key(settings), typ=ACCESS, seconds=seconds, iss=settings.service, aud=settings.service,
        sub=user or LOCAL, kind="user", roles=list(roles) or None, scope=scope or None,
    )  # fmt: skip


def _derived(service: str, secret: str) -> bytes:
    """The private key of a service by HKDF-SHA-256 (RFC 5869) from its secret, as PEM."""
    seed = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=f"crm service key {service}".encode())
    return Ed25519PrivateKey.from_private_bytes(seed.derive(secret.encode())).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _publish(settings: Settings, key: OKPKey) -> None:
    """Put the public half into the shared folder, unless it is there."""
    settings.keys_path.mkdir(parents=True, exist_ok=True)
    public, document = settings.keys_path / f"{settings.service}.pub.json", orjson.dumps(public_jwk(key))
    if not public.exists() or public.read_bytes() != document:
        draft = public.with_name(f".{public.name}.{os.getpid()}.{secrets.token_hex(4)}")
        draft.write_bytes(document)
        draft.replace(public)


def _named(key: OKPKey, prefix: str) -> OKPKey:
    kid = f"{prefix}:{key.thumbprint()[:12]}" if prefix else key.thumbprint()
    return OKPKey.import_key({**key.as_dict(private=key.is_private), "kid": kid})


def create_private(path: Path, content: bytes) -> None:
    """Write a new private file; when another process was first, its file stands."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
