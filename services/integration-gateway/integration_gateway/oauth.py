"""The OAuth2 token endpoint for machines (client credentials, RFC 6749 §4.4) and the public keys."""

from flask import Blueprint, Response, current_app, request

from chassis import answers, auth
from chassis.causation import Cause, because
from chassis.errors import TooManyRequests
from integration_gateway import clients, guard, signing_keys
from integration_gateway.clients import TokenRefused
from integration_gateway.models import ApiClient

KEYS_CACHED = 300  # seconds; a new key is published a day before it signs

oauth = Blueprint("oauth", __name__, url_prefix="/gateway")


def token() -> Response:
    """Exchange a client's id and secret, by HTTP Basic or in the form, for a Bearer token."""
    try:
        client_id, secret = _credentials()
        return _json(_granted(client_id, secret))
    except TokenRefused as refused:
        answer = _json({"error": refused.error, "error_description": refused.description}, refused.status)
        if refused.status == 401:
            answer.headers["WWW-Authenticate"] = 'Basic realm="crm"'
        return answer
    except TooManyRequests as refused:
        answer = _json({"error": "slow_down", "error_description": "Too many failed attempts"}, 429)
        answer.headers.update(refused.headers)
        return answer


def jwks() -> Response:
    """The public keys, the next one included and old ones until their last token has expired."""
    with current_app.extensions["crm"].database.reading() as session:
        answer = Response(answers.to_json(signing_keys.published(session)), mimetype="application/jwk-set+json")
    answer.headers["Cache-Control"] = f"public, max-age={KEYS_CACHED}"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def _credentials() -> tuple[str, str]:
    """Client id and secret from the Authorization header or the form, but not from both (§2.3) and never the URL."""
    form, basic = request.form, request.authorization
    if request.mimetype != "application/x-www-form-urlencoded":
        raise TokenRefused("invalid_request", "Send application/x-www-form-urlencoded")
    for name in ("grant_type", "client_id", "client_secret", "scope"):
        if len(form.getlist(name)) > 1:
            raise TokenRefused("invalid_request", f"{name} is given twice")
    if form.get("grant_type") != "client_credentials":
        error = "unsupported_grant_type" if form.get("grant_type") else "invalid_request"
        raise TokenRefused(error, "grant_type must be client_credentials")
    if basic is not None and basic.type == "basic":
        if "client_secret" in form:
            raise TokenRefused("invalid_request", "Use one way to authenticate, not two")
        return basic.username or "", basic.password or ""
    if "client_id" in form and "client_secret" in form:
        return form["client_id"], form["client_secret"]
    raise TokenRefused("invalid_client", "The client did not authenticate", 401)


def _granted(client_id: str, secret: str) -> dict[str, object]:
    database, address = current_app.extensions["crm"].database, request.remote_addr or ""
    counted = guard.keys(client=client_id, address=address)
    with because(Cause(actor="public", origin=f"oauth {address}")), database.transaction() as session:
        wait = guard.begin(session, counted)
        client = clients.by_client_id(session, client_id)
        known = client.id if client is not None else None
        right = not wait and clients.is_right(client, secret)
        if right:
            guard.succeeded(session, counted)
        elif not wait:
            guard.failed(session, counted)
    if wait:
        raise TooManyRequests(retry_after=int(wait.total_seconds()) + 1)
    if not right or known is None:
        raise TokenRefused("invalid_client", "Unknown client or wrong secret", 401)
    with database.transaction() as session:
        client = session.get_one(ApiClient, known)
        audience = request.form.getlist("audience") or request.form.getlist("resource")
        scope = request.form.get("scope", "")
        issued, scopes = clients.grant(session, client, scope=scope, audience=audience, address=address)
    return {
        "access_token": issued.text,
        "token_type": "Bearer",
        "expires_in": issued.seconds,
        "scope": " ".join(scopes),
    }


def _json(body: dict[str, object], status: int = 200) -> Response:
    answer = Response(answers.to_json(body), status=status, mimetype="application/json")
    answer.headers.update({"Cache-Control": "no-store", "Pragma": "no-cache"})
    return answer


oauth.add_url_rule("/oauth/token", "token", auth.declare(token, public=True), methods=["POST"])
oauth.add_url_rule("/.well-known/jwks.json", "jwks", auth.declare(jwks, public=True))
