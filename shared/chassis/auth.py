"""Who sent this request: Bearer tokens for programs, one signed cookie with CSRF protection for pages."""

import base64
import hashlib
import hmac
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from flask import Request

from chassis import clock, directory, i18n, keys, metrics
from chassis.caller import PUBLIC, Caller
from chassis.db import Database
from chassis.errors import Forbidden, Unauthorized
from chassis.i18n import lazy as _
from chassis.jwks import KeySet
from chassis.places import LOG_IN
from chassis.settings import Settings

COOKIE = "crm_session"
CSRF_HEADER, CSRF_FIELD = "X-CSRF-Token", "csrf_token"
ISSUER = LOG_IN
PAGES = "pages"  # audience of a session cookie
EVERYWHERE = "crm"  # audience of a person's token that every service takes
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_LOCAL = "local"  # added to verified claims: signed by this service's own key (`crm token`), not by the log-in
_CACHE_SECONDS, _CACHE_SIZE = 60, 4096


class CsrfRefused(Forbidden):
    code, title = "csrf_refused", _("This page is out of date; load it again and repeat")


class NetworkRefused(Forbidden):
    code, title = "network_refused", _("You may not work from this network")


class Authenticator:
    """Turns a request into a Caller; one per web process, shared by API and pages."""

    def __init__(self, settings: Settings, database: Database):
        self.settings = settings
        self.directory = directory.of(database)
        self.jwks = KeySet(settings)
        self._own = keys.own_key(settings)
        self._cache: OrderedDict[tuple[str, str], tuple[dict[str, Any], float]] = OrderedDict()
        self._lock = threading.Lock()

    def api_caller(self, request: Request) -> Caller:
        """Caller of an API route: a Bearer token, or the cookie together with the CSRF header. Unauthorized otherwise."""
        given = request.headers.get("Authorization")
        if given is not None:
            scheme, _space, token = given.partition(" ")
            if scheme.lower() != "bearer" or not token:
                raise self._refused("malformed")
            return self.caller_of(self._claims(token.strip(), keys.ACCESS), request.remote_addr)
        cookie = request.cookies.get(COOKIE)
        if not cookie:
            raise Unauthorized()
        claims = self._claims(cookie, keys.SESSION)
        self.check_csrf(request, claims)
        return self.caller_of(claims, request.remote_addr)

    def page_caller(self, request: Request) -> Caller:
        """Caller of a page; unsafe methods need the CSRF token. Unauthorized when nobody is logged in.

        A Bearer token works too, so that a lone service's pages can be used with `crm token`.
        """
        if "Authorization" in request.headers:
            return self.api_caller(request)
        claims = self.session_claims(request)
        if request.method not in SAFE_METHODS:
            self.check_csrf(request, claims)
        return self.caller_of(claims, request.remote_addr)

    def session_claims(self, request: Request) -> dict[str, Any]:
        """Verified claims of the session cookie; Unauthorized when it is missing or does not hold."""
        cookie = request.cookies.get(COOKIE)
        if not cookie:
            raise Unauthorized()
        return self._claims(cookie, keys.SESSION)

    def check_csrf(self, request: Request, claims: dict[str, Any]) -> None:
        """CsrfRefused unless the request comes from our own origin and carries the session's token."""
        origin = request.headers.get("Origin")
        if origin is not None and origin not in self._origins(request):
            raise CsrfRefused()
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise CsrfRefused()
        given = request.headers.get(CSRF_HEADER) or _form_token(request)
        if not given or not hmac.compare_digest(given.encode(), csrf_token(claims).encode()):
            raise CsrfRefused()

    def caller_of(self, claims: dict[str, Any], address: str | None = None) -> Caller:
        """The caller that verified claims stand for, checked against the replica: ended, outdated and inactive refused.

        With an `address` also whoever is not within the networks of the company, the roles and the person or client.
        """
        known = self.directory.snapshot()
        session_id = str(claims.get("sid", ""))
        if session_id and session_id in known.revoked:
            raise self._refused("revoked")
        scopes = frozenset(str(claims.get("scope", "")).split())
        roles = tuple(map(str, claims.get("roles") or ()))
        if claims.get("kind") == "client":
            self._check_place(known.lets_in(address or "", roles, claims.get("net") or ()), address)
            return Caller(
                id=str(claims["sub"]), kind="client", name=str(claims.get("name", "")), roles=roles, scopes=scopes,
                session_id=session_id, locale=i18n.current(), replica_age=self.directory.age,
                address=address or "",
            )  # fmt: skip
        local = claims.get(_LOCAL) is True
        user = known.users.get(claims["sub"])
        if user is None or not user.active:
            if not local or user is not None or (not roles and claims["sub"] != keys.LOCAL):
                raise self._refused("unknown or inactive")
            name = claims["sub"]
            return Caller(id=name, kind="user", name=name, roles=roles, scopes=scopes, locale=i18n.current())
        if not local and int(claims.get("epoch", -1)) < user.epoch:
            raise self._refused("revoked")
        self._check_place(known.lets_in(address or "", user.roles, user.allowed_networks), address)
        found = known.caller(user.id)
        assert found is not None
        return replace(
            found,
            session_id=session_id,
            scopes=scopes,
            roles=roles or found.roles,
            replica_age=self.directory.age,
            address=address or "",
        )

    def _check_place(self, lets_in: bool, address: str | None) -> None:
        if address is not None and not lets_in:
            metrics.TOKENS_REFUSED.labels("network").inc()
            raise NetworkRefused()

    def _claims(self, token: str, typ: str) -> dict[str, Any]:
        key = (typ, token)
        with self._lock:
            known = self._cache.get(key)
            if known is not None and known[1] > clock.monotonic():
                self._cache.move_to_end(key)
            else:
                known = None
        try:
            if known is not None:
                keys.check_times(known[0])
                return known[0]
            claims = self._verify(token, typ)
        except keys.TokenRefused as error:
            raise self._refused(str(error)) from None
        with self._lock:
            self._cache[key] = (claims, clock.monotonic() + _CACHE_SECONDS)
            while len(self._cache) > _CACHE_SIZE:
                self._cache.popitem(last=False)
        return claims

    def _verify(self, token: str, typ: str) -> dict[str, Any]:
        if len(token) > 8000:
            raise keys.TokenRefused("too long")
        kid = str(keys.header(token).get("kid", ""))
        own = kid == self._own.kid and typ == keys.ACCESS
        key = self._own if own else self.jwks.find(kid)
        if key is None:
            raise keys.TokenRefused("unknown key")
        claims = keys.verify(token, key, typ=typ)
        if claims.get("iss") != (self.settings.service if own else ISSUER) or not isinstance(claims.get("sub"), str):
            raise keys.TokenRefused("wrong issuer")
        audience = claims.get("aud")
        named = set(audience) if isinstance(audience, list) else {audience}
        wanted = {PAGES} if typ == keys.SESSION else {self.settings.service}
        if typ == keys.ACCESS and claims.get("kind") != "client":
            wanted.add(EVERYWHERE)
        if not named & wanted:
            raise keys.TokenRefused("for another service")
        return claims | {_LOCAL: own}

    def _origins(self, request: Request) -> set[str]:
        public = urlsplit(self.settings.public_url)
        return {f"{request.scheme}://{request.host}", f"{public.scheme}://{public.netloc}"}

    def _refused(self, reason: str) -> Unauthorized:
        metrics.TOKENS_REFUSED.labels(reason).inc()
        return Unauthorized(_("Your log-in has ended; log in again") if reason in ("expired", "revoked") else None)


def csrf_token(claims: dict[str, Any]) -> str:
    """The token that forms of this session carry: derived from a secret claim inside the HttpOnly cookie, so that every
    service can check it, nobody else can make it, and it survives renewal of the cookie within the session."""
    secret, session_id = str(claims["csrf"]), str(claims["sid"])
    digest = hmac.new(secret.encode(), f"csrf:{session_id}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def sign_session(key: Any, *, user_id: str, session_id: str, epoch: int, csrf: str, seconds: float) -> str:
    """The cookie's token; `csrf` is a random secret made once per session and kept over renewals."""
    return keys.sign(
        key,
        typ=keys.SESSION,
        seconds=seconds,
        iss=ISSUER,
        aud=PAGES,
        sub=user_id,
        sid=session_id,
        epoch=epoch,
        csrf=csrf,
    )


def sign_access(
    key: Any, *, subject: str, kind: str, audience: str | list[str], seconds: float, epoch: int | None = None,
    session_id: str | None = None, roles: list[str] | None = None, scope: str | None = None, name: str | None = None,
    networks: list[str] | None = None,
) -> str:  # fmt: skip
    """A Bearer token from the log-in service: `kind` is user (needs `epoch`) or client (needs roles and scope).

    `networks` are a client's own; those of people and roles are in every service's replica.
    """
    return keys.sign(
        key, typ=keys.ACCESS, seconds=seconds, iss=ISSUER, aud=audience, sub=subject, kind=kind, epoch=epoch,
        sid=session_id, roles=roles, scope=scope, name=name, net=networks or None,
    )  # fmt: skip


def cookie_options(settings: Settings) -> dict[str, Any]:
    """Arguments of `set_cookie` for the session cookie."""
    return {
        "httponly": True, "samesite": "Lax", "secure": settings.public_url.startswith("https:"), "path": "/",
    }  # fmt: skip


Allow = Callable[[Any], bool]


def declare(view: Any, *, allow: Allow | None = None, public: bool = False) -> Any:
    """Mark a view with who may use it; the web process refuses to start with a view that says nothing."""
    if (allow is None) != public:
        raise TypeError(f"{getattr(view, '__name__', view)}: say either allow=… or public=True")
    view.access = PUBLIC.kind if public else allow
    return view


def _form_token(request: Request) -> str | None:
    if request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return request.form.get(CSRF_FIELD)
    return None
