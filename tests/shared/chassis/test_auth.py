"""Who may come in: tokens, the cookie with its CSRF token, revocation by the replica, keys while the gateway is down."""

import threading
from dataclasses import replace

import orjson
import pytest

from chassis import auth, clock, directory, keys
from chassis.jwks import KeySet
from chassis.settings import Settings
from chassis.testing import wait_until

API = "/gadgets/api/v1"
WHO = f"{API}/whoami"


@pytest.fixture
def gateway_key(settings):
    """The log-in service's key, published through the shared folder."""
    key = keys.new_key()
    publish(settings, key)
    return key


@pytest.fixture
def ann(people):
    return people.add("ann", roles=("all",), department="shop")


def publish(settings, *signing):
    settings.keys_path.mkdir(parents=True, exist_ok=True)
    document = orjson.dumps({"keys": [keys.public_jwk(key) for key in signing]})
    (settings.keys_path / "gateway.jwks.json").write_bytes(document)


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def person(key, **claims):
    given = {"subject": "ann", "kind": "user", "audience": "gadgets", "seconds": 60, "epoch": 0, "session_id": "s1"}
    return auth.sign_access(key, **(given | claims))


def session(key, **claims):
    given = {"user_id": "ann", "session_id": "s1", "epoch": 0, "csrf": "secret", "seconds": 60}
    return auth.sign_session(key, **(given | claims))


def test_nobody_is_let_in_without_a_token(client):
    answer = client.get(WHO)
    assert (answer.status_code, answer.json["code"]) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_person_comes_in_with_a_token_of_the_log_in_service(client, gateway_key, ann):
    assert client.get(WHO, headers=bearer(person(gateway_key))).json["id"] == "ann"
    assert client.get(WHO, headers=bearer(person(gateway_key, audience="crm"))).json["id"] == "ann"


@pytest.mark.parametrize(
    "make",
    [
        lambda key, settings: person(key, audience="sales"),
        lambda key, settings: person(key, subject="nobody"),
        lambda key, settings: person(key, seconds=-1),
        lambda key, settings: person(keys.new_key()),
        lambda key, settings: session(key),
        lambda key, settings: keys.sign(key, typ=keys.ACCESS, seconds=60, iss="sales", aud="gadgets", sub="ann", epoch=0),
        lambda key, settings: keys.sign_service_token(settings, "gadgets"),
        lambda key, settings: keys.issue_local_token(replace(settings, service="sales"), user="ann"),
        lambda key, settings: person(key)[:-4] + "AAAA",
        lambda key, settings: "nonsense",
        lambda key, settings: "x." * 5000,
        lambda key, settings: person(key, kind="client", audience="crm"),
    ],
    ids=["other audience", "unknown person", "expired", "unknown key", "a cookie's token", "other issuer", "a service's token",
         "local token of another service", "changed", "no token", "huge", "client for everything"],
)  # fmt: skip
def test_a_token_that_does_not_hold_is_refused(client, settings, gateway_key, ann, make):
    assert client.get(WHO, headers=bearer(make(gateway_key, settings))).status_code == 401


def test_an_unsigned_token_is_refused(client, gateway_key, ann):
    head, body, _signature = person(gateway_key).split(".")
    unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0." + body + "."
    assert client.get(WHO, headers=bearer(unsigned)).status_code == 401
    assert client.get(WHO, headers=bearer(f"{head}.{body}.")).status_code == 401


def test_a_machine_needs_the_scope_and_its_role(client, gateway_key):
    def ask(scope, roles=("all",)):
        token = auth.sign_access(
            gateway_key, subject="erp", kind="client", audience="gadgets", seconds=60, roles=list(roles), scope=scope
        )
        return client.get(WHO, headers=bearer(token))

    assert ask("gadgets:read").json["kind"] == "client"
    assert ask("gadgets:write").json["code"] == "missing_scope"
    assert ask("").json["code"] == "missing_scope"
    assert ask("gadgets:read", roles=()).json["code"] == "forbidden"


def test_a_local_token_acts_as_a_person_of_the_replica(client, ann):
    assert client.as_user("ann").get(WHO).json["id"] == "ann"
    assert client.as_user("bob").get(WHO).status_code == 401
    assert client.as_role("see").get(WHO).status_code == 200
    assert client.as_role("make").get(WHO).status_code == 403


@pytest.mark.parametrize("how", ["session", "epoch", "inactive"])
def test_an_ended_session_is_refused_at_once(client, people, gateway_key, ann, how):
    headers = bearer(person(gateway_key))
    assert client.get(WHO, headers=headers).status_code == 200
    if how == "session":
        people.revoke(session_id="s1")
    elif how == "epoch":
        people.revoke(user_id="ann", epoch=1)
    else:
        people.add("ann", roles=("all",), active=False)
    assert client.get(WHO, headers=headers).status_code == 401
    if how == "epoch":
        assert client.get(WHO, headers=bearer(person(gateway_key, epoch=1))).status_code == 200


def test_another_process_sees_a_revocation_within_a_second(database, people, ann):
    other = directory.Directory(database)
    assert other.snapshot().users["ann"].active
    people.add("ann", active=False)
    wait_until(lambda: not other.snapshot().users["ann"].active, seconds=1)


def test_a_cached_token_still_expires(client, gateway_key, ann, time):
    headers = bearer(person(gateway_key))
    assert client.get(WHO, headers=headers).status_code == 200
    time.pass_(seconds=61)
    assert client.get(WHO, headers=headers).status_code == 401


def test_the_api_takes_the_cookie_only_with_the_csrf_header(client, gateway_key, ann):
    token = session(gateway_key)
    csrf = auth.csrf_token({"csrf": "secret", "sid": "s1"})
    cookie = {"Cookie": f"{auth.COOKIE}={token}"}
    assert client.get(WHO, headers=cookie).json["code"] == "csrf_refused"
    assert client.get(WHO, headers=cookie | {auth.CSRF_HEADER: "ü"}).json["code"] == "csrf_refused"
    assert client.get(WHO, headers=cookie | {auth.CSRF_HEADER: csrf}).json["id"] == "ann"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": "http://127.0.0.1:8000"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
    ids=lambda value: " ".join(value.values()) if isinstance(value, dict) else None,
)
def test_a_form_needs_the_token_and_our_own_origin(client, gateway_key, ann, headers, status):
    cookie = {"Cookie": f"{auth.COOKIE}={session(gateway_key)}"}
    token = client.get("/gadgets/form", headers=cookie).get_data(as_text=True).split()[1]
    good = client.post("/gadgets/form", headers=cookie | headers, data={"csrf_token": token})
    assert good.status_code == status
    assert client.post("/gadgets/form", headers=cookie | headers, data={"csrf_token": "x"}).status_code == 403
    assert client.post("/gadgets/form", headers=cookie | headers).status_code == 403


def test_the_csrf_token_belongs_to_one_session():
    assert auth.csrf_token({"csrf": "a", "sid": "1"}) != auth.csrf_token({"csrf": "a", "sid": "2"})
    assert auth.csrf_token({"csrf": "a", "sid": "1"}) != auth.csrf_token({"csrf": "b", "sid": "1"})


def test_a_caller_knows_the_departments_below_and_the_team(client, people):
    people.department("company")
    people.department("shop", parent="company", head="ann")
    people.department("north", parent="shop")
    for name, department, is_head in (("ann", "shop", True), ("bob", "shop", False), ("cy", "north", False)):
        people.add(name, roles=("see",), department=department, is_head=is_head)
    head, member = client.as_user("ann").get(WHO).json, client.as_user("bob").get(WHO).json
    assert head["departments"] == member["departments"] == ["north", "shop"]
    assert head["team"] == ["ann", "bob", "cy"]
    assert member["team"] == ["ann", "bob"]


def test_departments_may_arrive_before_the_ones_above(database, people):
    people.department("leaf", parent="middle")
    people.department("middle", parent="top")
    people.department("top")
    assert directory.of(database).snapshot().departments["leaf"].path == ("top", "middle", "leaf")
    people.department("top", parent="leaf")
    assert directory.of(database).snapshot().below("top") == ("leaf", "middle", "top")


def test_the_language_is_the_persons_own(client, people):
    people.add("li", roles=("see",), locale="zh")
    assert client.as_user("li").speaking("en").get(WHO).json["locale"] == "zh"
    assert client.as_user("li").get(f"{API}/gadgets/none").json["title"] == "内容不存在，或您无权查看"


def test_the_age_of_the_replica_grows_until_the_directory_is_heard(database, people, ann, time):
    replica = directory.of(database)
    with database.transaction() as session:
        directory.heard(session)
    replica.forget()
    replica.snapshot()
    assert replica.age == 0
    time.pass_(seconds=301)
    assert replica.age == 301


def test_services_know_each_other_by_the_keys_in_the_shared_folder(tmp_path):
    leads, sales, desk = (Settings(service=name, data=str(tmp_path)) for name in ("leads", "sales", "service-desk"))
    token = keys.sign_service_token(desk, "leads")
    assert keys.verify_service_token(leads, token) == "service-desk"
    with pytest.raises(keys.TokenRefused):
        keys.verify_service_token(sales, token)
    with pytest.raises(keys.TokenRefused):
        keys.verify_service_token(
            leads, keys.sign_service_token(Settings(service="leads", data=str(tmp_path / "x")), "leads")
        )


def test_the_shared_folder_holds_public_halves_only(tmp_path):
    leads = Settings(service="leads", data=str(tmp_path / "leads"), keys=str(tmp_path / "keys"))
    keys.own_key(leads)
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["leads.pub.json"]
    assert "d" not in orjson.loads((tmp_path / "keys" / "leads.pub.json").read_bytes())
    private = tmp_path / "leads" / "private"
    assert private.stat().st_mode & 0o777 == 0o700
    assert (private / "leads.pem").stat().st_mode & 0o777 == 0o600


def test_a_private_key_that_an_older_version_left_in_the_shared_folder_moves_out_of_it_at_start(tmp_path):
    leads = Settings(service="leads", data=str(tmp_path / "leads"), keys=str(tmp_path / "keys"))
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "leads.pem").write_bytes(keys.new_key().as_pem(private=True))
    before = keys.read_key((tmp_path / "keys" / "leads.pem").read_bytes(), "leads")
    assert keys.own_key(leads).kid == before.kid
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["leads.pub.json"]
    assert (tmp_path / "leads" / "private" / "leads.pem").exists()


def test_replicas_with_one_secret_have_one_key_wherever_they_run_and_no_file_of_it(tmp_path):
    shared = str(tmp_path / "keys")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "leads.pem").write_bytes(keys.new_key().as_pem(private=True))
    here, there = (
        Settings(service="leads", data=str(tmp_path / place), keys=shared, secret_key="new,old")
        for place in ("here", "there")
    )
    sales = Settings(service="sales", data=str(tmp_path / "s"), keys=shared, secret_key="new")
    assert keys.own_key(here).kid == keys.own_key(there).kid
    assert keys.own_key(here).thumbprint() != keys.own_key(sales).thumbprint()
    for replica in (here, there):
        assert keys.verify_service_token(sales, keys.sign_service_token(replica, "sales")) == "leads"
    assert not list(tmp_path.rglob("*.pem"))


def test_processes_that_start_at_once_agree_on_one_key(tmp_path):
    settings = Settings(service="leads", data=str(tmp_path))
    found, ready = [], threading.Barrier(8)

    def read():
        ready.wait(10)
        keys._own.clear()
        found.append(keys.own_key(settings).kid)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["leads.pub.json"]
    assert [path.name for path in (tmp_path / "private").iterdir()] == ["leads.pem"]


@pytest.fixture
def key_server(tmp_path):
    """A log-in service that answers what `state` says and counts how often it was asked."""
    from werkzeug.serving import make_server
    from werkzeug.wrappers import Request, Response

    state = {"body": b"", "status": 200, "asked": 0}

    @Request.application
    def answer(request):
        state["asked"] += 1
        return Response(state["body"], status=state["status"], mimetype="application/json")

    server = make_server("127.0.0.1", 0, answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    state["settings"] = Settings(
        service="leads", data=str(tmp_path), jwks_url=f"http://127.0.0.1:{server.server_port}/jwks.json"
    )
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


def test_keys_are_fetched_once_kept_on_disk_and_used_while_the_log_in_service_is_down(key_server):
    key = keys.new_key()
    key_server["body"] = orjson.dumps({"keys": [keys.public_jwk(key)]})
    first = KeySet(key_server["settings"])
    assert first.find(key.kid) is not None
    key_server.update(status=500, asked=0)
    assert first.find(key.kid) is not None
    assert KeySet(key_server["settings"]).find(key.kid) is not None
    assert key_server["asked"] == 0


def test_unknown_key_ids_do_not_make_us_ask_again_and_again(key_server, monkeypatch):
    known, fresh = keys.new_key(), keys.new_key()
    key_server["body"] = orjson.dumps({"keys": [keys.public_jwk(known)]})
    key_set = KeySet(key_server["settings"])
    for _ in range(20):
        assert key_set.find("made up") is None
    assert key_server["asked"] == 1
    key_server["body"] = orjson.dumps({"keys": [keys.public_jwk(known), keys.public_jwk(fresh)]})
    assert key_set.find(fresh.kid) is None
    later = clock.monotonic() + 31
    monkeypatch.setattr(clock, "monotonic", lambda: later)
    assert key_set.find(fresh.kid) is not None


@pytest.mark.parametrize("body", [b"", b"[]", b'{"keys": []}', b'{"keys": [{"kty": "RSA"}]}', b"<html>"])
def test_a_broken_answer_does_not_replace_good_keys(key_server, body, monkeypatch):
    key = keys.new_key()
    key_server["body"] = orjson.dumps({"keys": [keys.public_jwk(key)]})
    key_set = KeySet(key_server["settings"])
    assert key_set.fetch()
    key_server["body"] = body
    assert not key_set.fetch()
    assert key_set.find(key.kid) is not None
