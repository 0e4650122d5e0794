"""Passwords, one-time codes and brute force."""

import threading
from dataclasses import replace
from typing import Any, ClassVar

import pyotp
import pytest
from argon2 import PasswordHasher, extract_parameters
from hypothesis import given
from hypothesis import strategies as st

from chassis import clock, networks, timers
from chassis.errors import Problem
from integration_gateway import accounts, guard, logging_in, one_time_codes, passwords, second_factor
from integration_gateway import timers as gateway_timers
from integration_gateway.directory import roles, users
from integration_gateway.errors import (
    AddressNotAllowed,
    SecondFactorRequired,
    TooManyAttempts,
    WeakPassword,
    WrongCode,
    WrongCredentials,
)
from integration_gateway.models import Credential, LogInGuard, LogInSession, Role, User
from tests.gateway.conftest import PASSWORD, PLACE


def attempt(log_in, key="zhang.wei", password="wrong", **given) -> type[Problem] | None:
    try:
        log_in(key, password, **given)
    except Problem as refused:
        return type(refused)
    return None


def code_of(secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(int(clock.timestamp()) + steps * 30)


@pytest.fixture
def second(database, company, time):
    """The seller with a second factor: its secret and recovery codes."""
    with database.transaction() as session:
        user = session.get(User, company["zhang.wei"]["id"])
        secret = second_factor.begin(session, user).secret
        codes = second_factor.confirm(session, user, code=code_of(secret))
    time.pass_(seconds=31)
    return secret, codes


def test_the_right_password_logs_in(log_in, company):
    assert log_in("zhang.wei").user_id == company["zhang.wei"]["id"]


def test_each_lock_lasts_longer(log_in, time):
    assert [attempt(log_in) for _ in range(5)] == [WrongCredentials] * 5
    waits = []
    for _ in range(9):
        with pytest.raises(TooManyAttempts) as refused:
            log_in("zhang.wei")
        waits.append(int(refused.value.headers["Retry-After"]))
        time.pass_(seconds=waits[-1])
        assert attempt(log_in) is WrongCredentials
    assert waits[:4] == [5, 10, 20, 40]
    assert waits[-1] == 900
    time.pass_(seconds=900)
    assert attempt(log_in, password=PASSWORD) is None
    assert attempt(log_in) is WrongCredentials, "a log-in that worked starts anew"


def test_an_unknown_account_locks_like_a_known_one(database, company):
    def ask() -> type[Problem]:
        with pytest.raises(Problem) as refused:
            logging_in.log_in(database, email="nobody@qiming.example", password="x", place=PLACE)
        return refused.type

    assert [ask() for _ in range(6)] == [WrongCredentials] * 5 + [TooManyAttempts]


def test_one_address_cannot_try_all_accounts(database, company):
    found = []
    for number in range(32):
        with pytest.raises(Problem) as refused:
            logging_in.log_in(database, email=f"u{number}@qiming.example", password="x", place=PLACE)
        found.append(refused.type)
    assert found[-1] is TooManyAttempts
    assert found[0] is WrongCredentials
    elsewhere = replace(PLACE, address="10.0.0.8")
    assert logging_in.log_in(database, email=company["zhang.wei"]["email"], password=PASSWORD, place=elsewhere)


def test_parallel_guesses_get_no_more_tries_than_one_after_the_other(log_in):
    found: list[type[Problem] | None] = []
    threads = [threading.Thread(target=lambda: found.append(attempt(log_in))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.count(WrongCredentials) <= 5
    assert found.count(TooManyAttempts) >= 7


def test_a_person_who_does_not_exist_costs_the_same_work(database, company, monkeypatch):
    class Watched(PasswordHasher):
        checked: ClassVar[list[Any]] = []

        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            self.checked.append(extract_parameters(str(hash)))
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Watched(time_cost=2, memory_cost=19456, parallelism=1))
    for email in (company["zhang.wei"]["email"], "nobody@qiming.example"):
        with pytest.raises(WrongCredentials):
            logging_in.log_in(database, email=email, password="wrong", place=PLACE)
    known, unknown = Watched.checked
    assert known == unknown


def test_somebody_who_left_cannot_log_in(database, company, log_in):
    with database.transaction() as session:
        users.change(session, session.get(User, company["zhang.wei"]["id"]), active=False)
    assert attempt(log_in, password=PASSWORD) is WrongCredentials


def test_a_code_is_asked_for_and_works_once(log_in, second):
    secret, _codes = second
    assert attempt(log_in, password=PASSWORD) is SecondFactorRequired
    code = code_of(secret)
    assert attempt(log_in, password=PASSWORD, code=code) is None
    assert attempt(log_in, password=PASSWORD, code=code) is WrongCredentials


def test_a_recovery_code_works_once(log_in, second):
    _secret, codes = second
    assert attempt(log_in, password=PASSWORD, code=codes[0].upper()) is None
    assert attempt(log_in, password=PASSWORD, code=codes[0]) is WrongCredentials
    assert attempt(log_in, password=PASSWORD, code=codes[1]) is None


def test_a_known_password_does_not_reset_the_guesses_at_codes(database, company, second):
    outcomes = []
    for number in range(12):
        place = replace(PLACE, address=f"10.2.0.{number}")
        try:
            logging_in.log_in(database, email=company["zhang.wei"]["email"], password=PASSWORD, place=place)
        except SecondFactorRequired as asked:
            challenge = asked.facts["challenge"]
        except TooManyAttempts:
            outcomes.append(TooManyAttempts)
            continue
        try:
            logging_in.answer(database, challenge=challenge, code="000000", place=place)
        except Problem as refused:
            outcomes.append(type(refused))
    assert outcomes.count(WrongCredentials) <= 5
    assert outcomes[-1] is TooManyAttempts


def test_a_challenge_ends_after_five_minutes(database, log_in, second, time):
    secret, _codes = second
    with pytest.raises(SecondFactorRequired) as asked:
        log_in("zhang.wei")
    time.pass_(minutes=6)
    with pytest.raises(WrongCredentials):
        logging_in.answer(database, challenge=asked.value.facts["challenge"], code=code_of(secret), place=PLACE)


def test_the_second_factor_is_removed_only_with_a_code(database, company, second, time):
    _secret, codes = second
    wei = company["zhang.wei"]["id"]
    with pytest.raises(WrongCode):
        accounts.with_code(database, second_factor.remove, user_id=wei, code="123456", address="10.0.0.7")
    accounts.with_code(database, second_factor.remove, user_id=wei, code=codes[3], address="10.0.0.7")
    with database.reading() as session:
        assert session.get(Credential, wei).otp_secret is None
        assert second_factor.recovery_codes_left(session, wei) == 0


def test_the_secret_of_the_second_factor_is_encrypted_at_rest(database, second):
    secret, codes = second
    with database.connection() as connection:
        stored = connection.exec_driver_sql("SELECT otp_secret FROM credential WHERE otp_secret IS NOT NULL").scalar()
        digests = connection.exec_driver_sql("SELECT digest FROM recovery_code").scalars().all()
    assert secret not in stored
    assert not set(codes) & set(digests)


@given(st.integers(min_value=0, max_value=2**31))
def test_the_codes_are_those_of_rfc_6238(moment):
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # the RFC's test key
    expected = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}
    for at, code in expected.items():
        assert pyotp.TOTP(secret).at(at) == code
    assert len(pyotp.TOTP(secret).at(moment)) == 6


def test_a_code_of_the_neighbouring_steps_is_accepted_and_no_other(time):
    secret = one_time_codes.new_secret()
    step = int(clock.timestamp()) // 30
    for off, accepted in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        found = one_time_codes.accepted_step(secret, code_of(secret, off), after=0)
        assert (found == step + off) is accepted or code_of(secret, off) in {code_of(secret, n) for n in (-1, 0, 1)}
    for text in ("", "12345", "1234567", "１２３４５６", "abcdef", code_of(secret) + " "):
        assert one_time_codes.accepted_step(secret, text, after=0) is None


@pytest.mark.parametrize(
    "password", ["short", "password1", "12345678", "woaini520", "zhang.wei", "x" * 129, "qwertyuiop"]
)
def test_a_weak_password_is_refused(password):
    assert passwords.weakness(password, about=("张伟", "zhang.wei@qiming.example")) is not None


@pytest.mark.parametrize("password", ["seven grey horses", "我的密码很长很难猜到", "Demo-pass-2026", "kQ7$ vvm-L2 ~8"])
def test_a_good_password_of_any_make_is_accepted(password):
    assert passwords.weakness(password) is None


def test_passwords_are_compared_exactly():
    stored = passwords.hashed("Seven Grey Horses ")
    assert passwords.matches(stored, "Seven Grey Horses ")
    assert not passwords.matches(stored, "Seven Grey Horses")
    assert not passwords.matches(stored, "seven grey horses ")
    assert stored.startswith("$argon2id$")


def test_changing_the_password_needs_the_old_one_and_ends_all_sessions(database, company, log_in, as_):
    wei, client = company["zhang.wei"]["id"], as_("zhang.wei")
    path, new = "/gateway/api/v1/me/password", "seven grey horses sleeping"
    assert client.post(path, json={"current": "wrong", "new": new}).status_code == 401
    weak = client.post(path, json={"current": PASSWORD, "new": "12345678"})
    assert weak.status_code == 422
    assert "password" in weak.json["errors"]
    assert client.post(path, json={"current": PASSWORD, "new": new}).status_code == 204
    client.app.extensions["crm"].authenticator.directory.forget()
    assert client.get("/gateway/api/v1/me").status_code == 401
    assert attempt(log_in, password=PASSWORD) is WrongCredentials
    assert logging_in.log_in(database, email=company["zhang.wei"]["email"], password=new, place=PLACE).user_id == wei


def test_a_password_link_works_once_and_not_for_weak_passwords(database, company):
    with database.transaction() as session:
        secret = accounts.new_link(session, session.get(User, company["zhang.wei"]["id"]))
    with pytest.raises(WeakPassword):
        accounts.choose_password(database, secret=secret, password="12345678")
    accounts.choose_password(database, secret=secret, password="seven grey horses")
    with pytest.raises(Problem):
        accounts.choose_password(database, secret=secret, password="seven white horses")


@pytest.mark.parametrize("of", ["user", "role"])
def test_a_list_of_networks_keeps_others_out(database, company, log_in, of):
    with database.transaction() as session:
        if of == "user":
            user = session.get(User, company["zhang.wei"]["id"])
            users.change(session, user, allowed_networks=["192.168.0.0/16"])
        else:
            found = next(role for role in session.query(Role) if role.key == "seller")
            roles.change(session, found, allowed_networks=["192.168.0.0/16"])
    assert attempt(log_in, password=PASSWORD) is AddressNotAllowed
    assert attempt(log_in, password=PASSWORD, place=replace(PLACE, address="192.168.3.4")) is None


@pytest.mark.parametrize(
    ("address", "lists", "inside"),
    [
        ("10.0.0.1", [[]], True),
        ("10.0.0.1", [["10.0.0.0/8"]], True),
        ("10.0.0.1", [["10.0.0.0/8"], ["192.168.0.0/16"]], False),
        ("::ffff:10.0.0.1", [["10.0.0.0/8"]], True),
        ("2001:db8::1", [["2001:db8::/32"]], True),
        ("2001:db8::1", [["10.0.0.0/8"]], False),
        ("nonsense", [["10.0.0.0/8"]], False),
        ("", [[]], True),
    ],
)
def test_networks(address, lists, inside):
    assert networks.allowed(address, lists) is inside


def test_one_ipv6_subscriber_counts_as_one():
    assert networks.counted_as("2001:db8:1:2:3::1") == networks.counted_as("2001:db8:1:2:ffff::9")
    assert networks.counted_as("::ffff:10.0.0.1") == "10.0.0.1"


@given(st.integers(min_value=0, max_value=10_000))
def test_locks_never_get_shorter(failures):
    assert guard.lock_time(failures, 5) <= guard.lock_time(failures + 1, 5) <= guard.LONGEST_LOCK


def test_old_counts_and_sessions_are_dropped_by_themselves(database, company, log_in, service, time):
    log_in("zhang.wei")
    assert attempt(log_in) is WrongCredentials
    with database.transaction() as session:
        gateway_timers.begin(session)
    time.pass_(days=100)
    timers.fire_due(database, service.timers)
    with database.reading() as session:
        assert session.query(LogInGuard).count() == session.query(LogInSession).count() == 0
        assert timers.next_due(session) > clock.now(), "it is armed again"
