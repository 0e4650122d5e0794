"""Tokens that must not work, and the ones that must: forged, confused, stale, revoked, for somebody else."""

import base64
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc import jwt
from joserfc.jwk import OKPKey

from chassis import auth, clock, keys
from chassis.testing import Client
from integration_gateway import clients, sessions, signing_keys, tokens
from integration_gateway.directory import users
from integration_gateway.models import ApiClient, LogInSession, User

ME = "/gateway/api/v1/me"


@pytest.fixture
def wei(database, company, log_in) -> dict[str, Any]:
    """A living log-in of a seller: its user, session, key and good claims."""
    entered = log_in("zhang.wei")
    with database.transaction() as session:
        user, started = session.get(User, entered.user_id), session.get(LogInSession, entered.session_id)
        key = signing_keys.current(session)
        token = tokens.for_person(session, user, started).text
        page = tokens.for_pages(session, user, started).text
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return {"key": key, "token": token, "page": page, "claims": claims, "session": entered.session_id, "id": user.id}


@pytest.fixture
def status(app, settings):
    """The status a Bearer token is answered with."""

    def ask(token: str) -> int:
        app.extensions["crm"].authenticator.directory.forget()
        return Client(app, settings, token).get(ME).status_code

    return ask


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_a_good_token_works(wei, status):
    assert status(wei["token"]) == 200


def test_a_token_of_a_key_made_a_moment_ago_works(database, wei, status):
    assert status(wei["token"]) == 200  # the key set is read and kept
    with database.transaction() as session:
        signing_keys.rotate(session)
        user, started = session.get(User, wei["id"]), session.get(LogInSession, wei["session"])
        fresh = tokens.for_person(session, user, started).text
    assert status(fresh) == 200
    assert status(wei["token"]) == 200


def test_the_services_own_token_acts_as_the_named_person_or_by_its_roles(wei, status, app, settings):
    assert status(keys.issue_local_token(settings, user=wei["id"])) == 200
    assert status(keys.issue_local_token(settings, user="01900000-0000-7000-8000-00000000ffff")) == 401
    by_role = keys.issue_local_token(settings, roles=("admin",))
    assert status(by_role) == 403  # nobody in particular has no profile
    assert Client(app, settings, by_role).get("/gateway/api/v1/users").status_code == 200


def test_an_unsigned_token_is_refused(wei, status):
    for alg in ("none", "None", "NONE", ""):
        head = part({"alg": alg, "typ": keys.ACCESS, "kid": wei["key"].kid})
        assert status(f"{head}.{part(wei['claims'])}.") == 401


def test_the_public_key_is_no_shared_secret(wei, status):
    public = wei["key"].as_pem(private=False)
    for secret in (public, wei["key"].as_dict(private=False)["x"].encode()):
        body = f"{part({'alg': 'HS256', 'typ': keys.ACCESS, 'kid': wei['key'].kid})}.{part(wei['claims'])}"
        seal = base64.urlsafe_b64encode(hmac.digest(secret, body.encode(), "sha256")).rstrip(b"=").decode()
        assert status(f"{body}.{seal}") == 401


def test_a_key_of_ones_own_does_not_sign_in(wei, status):
    foreign = OKPKey.generate_key("Ed25519")
    for kid in (
        wei["key"].kid,
        "gateway:x",
        "../../../../etc/passwd",
        "http://evil.example/jwks",
        "' OR 1=1 --",
        "",
        None,
    ):
        header = {
            "alg": "EdDSA",
            "typ": keys.ACCESS,
            "jwk": foreign.as_dict(private=False),
            "jku": "http://evil.example",
        }
        if kid is not None:
            header["kid"] = kid
        body = f"{part(header)}.{part(wei['claims'])}"
        private = load_pem_private_key(foreign.as_pem(private=True), None)
        signature = base64.urlsafe_b64encode(private.sign(body.encode())).rstrip(b"=").decode()
        assert status(f"{body}.{signature}") == 401, kid


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "leads"},
        {"aud": "leads"},
        {"aud": auth.PAGES},
        {"exp": 1},
        {"exp": "tomorrow"},
        {"exp": None},
        {"nbf": 9_999_999_999},
        {"epoch": 0},
        {"epoch": None},
        {"sub": "01900000-0000-7000-8000-00000000ffff"},
        {"sub": None},
        {"sub": 7},
    ],
    ids=str,
)
def test_each_claim_matters(wei, status, change):
    claims = {name: value for name, value in (wei["claims"] | change).items() if value is not None}
    header = {"alg": keys.ALGORITHM, "typ": keys.ACCESS, "kid": wei["key"].kid}
    assert status(jwt.encode(header, claims, wei["key"], algorithms=[keys.ALGORITHM])) == 401


def test_one_kind_of_token_never_passes_for_another(wei, status, app, settings):
    assert status(wei["page"]) == 401
    browser = app.test_client()
    browser.set_cookie(auth.COOKIE, wei["token"])
    assert browser.get("/gateway/work", headers={"Accept": "text/html"}).status_code == 303


def test_a_revoked_session_is_refused(database, wei, status):
    with database.transaction() as session:
        sessions.end(session, user_id=wei["id"], session_id=wei["session"])
    assert status(wei["token"]) == 401


def test_nobody_ends_somebody_elses_session(as_, wei, status):
    assert as_("wu.xiaotong").delete(f"/gateway/api/v1/me/sessions/{wei['session']}").status_code == 404
    assert status(wei["token"]) == 200


@pytest.mark.parametrize("what", ["log_out", "roles", "inactive"])
def test_what_narrows_a_person_ends_their_tokens(database, wei, status, what):
    with database.transaction() as session:
        user = session.get(User, wei["id"])
        if what == "log_out":
            users.log_out_everywhere(session, user)
        elif what == "roles":
            users.change(session, user, roles=["service_agent"])
        else:
            users.change(session, user, active=False)
    assert status(wei["token"]) == 401


def test_keys_rotate_without_anybody_noticing(database, wei, status, client, time):
    with database.transaction() as session:
        signing_keys.rotate(session)
    time.pass_(seconds=90)
    assert status(wei["token"]) == 200
    published = {key["kid"] for key in client.get("/gateway/.well-known/jwks.json").json["keys"]}
    assert wei["key"].kid in published
    assert len(published) == 2
    with database.transaction() as session:
        assert signing_keys.current(session).kid != wei["key"].kid
    time.pass_(hours=14)
    with database.transaction() as session:
        signing_keys.ensure(session)
    published = {key["kid"] for key in client.get("/gateway/.well-known/jwks.json").json["keys"]}
    assert wei["key"].kid not in published


def test_the_next_key_is_published_a_day_before_it_signs(database, company, client, time):
    with database.transaction() as session:
        signing = signing_keys.current(session).kid
    time.pass_(days=29, hours=1)
    with database.transaction() as session:
        signing_keys.ensure(session)
        signing_keys.ensure(session)
        assert signing_keys.current(session).kid == signing
    assert len(client.get("/gateway/.well-known/jwks.json").json["keys"]) == 2
    time.pass_(days=1)
    with database.transaction() as session:
        assert signing_keys.current(session).kid != signing


def test_a_compromised_key_is_withdrawn(database, wei, app, settings):
    with database.transaction() as session:
        signing_keys.rotate(session, compromised=True)
    app.extensions["crm"].authenticator._cache.clear()
    app.extensions["crm"].authenticator.jwks = signing_keys.OwnKeys(database)
    assert Client(app, settings, wei["token"]).get(ME).status_code == 401


def test_the_key_set_never_shows_a_private_half_and_may_be_cached(company, client):
    answer = client.get("/gateway/.well-known/jwks.json")
    assert all("d" not in key for key in answer.json["keys"])
    assert "max-age" in answer.headers["Cache-Control"]
    again = client.get("/gateway/.well-known/jwks.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


class TestClientCredentials:
    """RFC 6749 §4.4."""

    @pytest.fixture
    def ask(self, app, company):
        def post(
            id: str = "demo-website", secret: str = "demo-website-secret-2026", basic: bool = True, **form: Any
        ) -> Any:
            headers = {}
            if basic:
                headers["Authorization"] = "Basic " + base64.b64encode(f"{id}:{secret}".encode()).decode()
            form = {"grant_type": "client_credentials"} | form
            return app.test_client().post("/gateway/oauth/token", data=form, headers=headers)

        return post

    def test_by_basic_and_by_form(self, ask):
        answer = ask(scope="leads:write")
        assert answer.status_code == 200
        assert answer.json["token_type"] == "Bearer"
        assert answer.json["scope"] == "leads:write"
        assert "no-store" in answer.headers["Cache-Control"]
        form = ask(basic=False, client_id="demo-website", client_secret="demo-website-secret-2026")
        assert form.status_code == 200
        assert form.json["scope"] == "events:read leads:read leads:write"

    @pytest.mark.parametrize(
        ("given", "status", "error"),
        [
            ({"secret": "wrong"}, 401, "invalid_client"),
            ({"id": "nobody"}, 401, "invalid_client"),
            ({"basic": False}, 401, "invalid_client"),
            ({"client_secret": "twice"}, 400, "invalid_request"),
            ({"grant_type": "password"}, 400, "unsupported_grant_type"),
            ({"grant_type": ""}, 400, "invalid_request"),
            ({"scope": "sales:write"}, 400, "invalid_scope"),
            ({"scope": "leads:write *"}, 400, "invalid_scope"),
            ({"audience": "evil"}, 400, "invalid_target"),
        ],
        ids=str,
    )
    def test_errors_are_those_of_the_rfc(self, ask, given, status, error):
        answer = ask(**given)
        assert (answer.status_code, answer.json["error"]) == (status, error)

    def test_json_is_no_form(self, app, company):
        answer = app.test_client().post("/gateway/oauth/token", json={"grant_type": "client_credentials"})
        assert answer.status_code == 400
        assert answer.json["error"] == "invalid_request"

    def test_guessing_secrets_is_slowed_down(self, ask):
        found = [ask(secret=f"guess {n}").status_code for n in range(12)]
        assert found[:9] == [401] * 9
        assert found[-1] == 429
        assert ask().status_code == 429  # the right secret has to wait as well

    def test_a_token_is_for_the_services_asked_for(self, ask, app, settings):
        token = ask(scope="leads:read", audience="leads").json["access_token"]
        assert Client(app, settings, token).get("/gateway/api/v1/users").status_code == 401

    def test_scope_and_role_both_count(self, ask, app, settings):
        token = ask(scope="events:read").json["access_token"]
        answer = Client(app, settings, token).get("/gateway/api/v1/users")
        assert answer.status_code == 403
        assert answer.json["code"] == "missing_scope"

    @pytest.mark.parametrize("what", ["secret", "active", "scopes"])
    def test_narrowing_a_client_ends_its_tokens(self, ask, app, settings, database, what):
        with database.transaction() as session:
            found = clients.by_client_id(session, "demo-website")
            clients.change(session, found, scopes=["gateway:read"])
        token = ask(scope="gateway:read").json["access_token"]
        asked = Client(app, settings, token)
        assert asked.get("/gateway/api/v1/users").status_code == 200
        assert asked.get(ME).status_code == 403  # no machine is a person
        with database.transaction() as session:
            found = session.get(ApiClient, found.id)
            if what == "secret":
                clients.renew_secret(session, found)
            else:
                clients.change(session, found, **{"active": {"active": False}, "scopes": {"scopes": []}}[what])
        app.extensions["crm"].authenticator.directory.forget()
        assert asked.get("/gateway/api/v1/users").status_code == 401
        assert ask(scope="gateway:read").status_code in (400, 401)

    def test_an_expired_client_gets_nothing(self, ask, database):
        with database.transaction() as session:
            found = clients.by_client_id(session, "demo-website")
            clients.change(session, found, expires_at=clock.now() - timedelta(seconds=1))
        assert ask().status_code == 401

    def test_only_from_its_networks(self, ask, database):
        with database.transaction() as session:
            clients.change(session, clients.by_client_id(session, "demo-website"), allowed_networks=["203.0.113.0/24"])
        assert ask().json["error"] == "unauthorized_client"


def test_a_clients_secret_is_shown_once(as_):
    admin = as_("lin.jing")
    made = admin.post(
        "/gateway/api/v1/api-clients", json={"name": "BI", "scopes": ["leads:read"], "roles": ["integration"]}
    )
    assert made.status_code == 201
    assert made.json["client_secret"].startswith("crm_secret_")
    address = f"/gateway/api/v1/api-clients/{made.json['id']}"
    assert "client_secret" not in admin.get(address).json
    assert "secret" not in admin.get("/gateway/api/v1/api-clients").text.replace("crm_secret", "")
    renewed = admin.post(address + "/secret")
    assert renewed.json["client_secret"] != made.json["client_secret"]
    assert admin.delete(address).status_code == 204
    assert admin.get(address).status_code == 404
