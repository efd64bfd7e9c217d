"""Codes, lock-outs, names and passwords of sign-in, without a clock."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.accounts import lockout, login, secret, totp, validity
from vorzimmer.accounts.lockout import Lockouts, Tally
from vorzimmer.accounts.model import ApiToken, Session, Ticket

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
EVA = lockout.pair("192.0.2.1", "eva")


@pytest.mark.parametrize(
    ("now", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_rfc6238_appendix_b_codes(now: int, code: str) -> None:
    assert totp.code_at(RFC_SECRET, now // 30) == code
    assert totp.step_of(RFC_SECRET, code, now) == now // 30


def test_rfc4226_appendix_d_codes() -> None:
    codes = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
    assert [totp.code_at(RFC_SECRET, counter) for counter in range(10)] == codes


def test_rfc6238_5_2_a_code_counts_one_step_before_and_after_and_never_twice() -> None:
    code = totp.code_at(RFC_SECRET, 100)
    assert [totp.step_of(RFC_SECRET, code, 30.0 * step) for step in (98, 99, 100, 101, 102)] == [
        None, 100, 100, 100, None,
    ]  # fmt: skip
    assert totp.step_of(RFC_SECRET, code, 3000.0, after=99) == 100
    assert totp.step_of(RFC_SECRET, code, 3000.0, after=100) is None


@pytest.mark.parametrize("bad", ["", "12345", "1234567", "28708２", "٢٨٧٠٨٢", "28 70 8x", "287082" * 100])
def test_what_is_no_code_is_wrong(bad: str) -> None:
    assert totp.step_of(RFC_SECRET, bad, 59) is None


def test_a_code_may_be_typed_with_a_gap() -> None:
    assert totp.step_of(RFC_SECRET, " 287 082 ", 59) == 1


def test_the_uri_for_apps_survives_hostile_names() -> None:
    text = totp.uri("ABC", "eva&secret=x@musterbau.example", "Müller & Söhne?")
    assert text.startswith("otpauth://totp/M%C3%BCller%20%26%20S%C3%B6hne%3F%3Aeva%26secret%3Dx%40musterbau.example?")
    assert text.count("secret=") == 1


def test_a_lockout_waits_longer_each_time_and_is_forgotten() -> None:
    lockouts = Lockouts(lambda name, tally: None)
    waits = []
    now = 0.0
    for _ in range(9):
        lockouts.tried(EVA, now)
        waits.append(lockouts.wait(EVA, now))
        now += waits[-1]
    assert waits == [0, 0, 0, 0, 0, 60, 120, 240, 480]
    assert lockouts.wait(EVA, now) == 0
    lockouts.tried(EVA, now + lockout.PAIR.window + 1)
    assert lockouts.wait(EVA, now + lockout.PAIR.window + 1) == 0


def test_nobody_locks_anothers_account_from_outside() -> None:
    lockouts = Lockouts(lambda name, tally: None)
    for _ in range(1_000):
        lockouts.tried(lockout.pair("198.51.100.7", "eva"), 0.0)
    assert lockouts.wait(lockout.pair("198.51.100.7", "eva"), 0.0) > 0
    assert lockouts.wait(EVA, 0.0) == 0


def test_one_source_does_not_try_many_names() -> None:
    lockouts = Lockouts(lambda name, tally: None)
    for number in range(101):
        lockouts.tried(lockout.pair("192.0.2.1", f"user{number}"), 0.0)
    assert lockouts.wait(lockout.pair("192.0.2.1", "somebody"), 0.0) == 60
    assert lockouts.wait(lockout.pair("192.0.2.2", "somebody"), 0.0) == 0


def test_an_attacker_with_a_whole_ipv6_network_is_one_source() -> None:
    lockouts = Lockouts(lambda name, tally: None)
    for number in range(6):
        lockouts.tried(lockout.pair(f"2001:db8::{number:x}", "eva"), 0.0)
    assert lockouts.wait(lockout.pair("2001:db8::ffff%eth0", "eva"), 0.0) == 60
    assert lockouts.wait(lockout.pair("2001:db8:0:1::1", "eva"), 0.0) == 0
    assert lockout.network("::ffff:192.0.2.1") == "192.0.2.1"


def test_an_office_behind_one_address_does_not_pile_up_a_days_mistakes() -> None:
    lockouts = Lockouts(lambda name, tally: None)
    for number in range(1_000):
        lockouts.tried(lockout.pair("192.0.2.1", f"user{number}"), number * 31.0)
        assert lockouts.wait(lockout.pair("192.0.2.1", "somebody"), number * 31.0) == 0
    now = 31_000.0
    for number in range(101):
        lockouts.tried(lockout.pair("192.0.2.1", f"user{number}"), now)
    assert lockouts.wait(lockout.pair("192.0.2.1", "somebody"), now) == 60


def test_success_takes_back_what_was_counted() -> None:
    lockouts = Lockouts(lambda name, tally: None)
    for _ in range(99):
        lockouts.tried(lockout.pair("192.0.2.1", "other"), 0.0)
    for _ in range(20):
        lockouts.tried(EVA, 0.0)
        lockouts.succeeded(EVA, 0.0)
    assert lockouts.wait(EVA, 0.0) == 0
    lockouts.tried(EVA, 0.0)
    lockouts.tried(EVA, 0.0)
    assert lockouts.wait(EVA, 0.0) == 60


def test_tallies_outlive_a_restart_and_name_nobody() -> None:
    kept: dict[str, Tally | None] = {}
    lockouts = Lockouts(kept.__setitem__)
    for _ in range(6):
        lockouts.tried(EVA, 0.0)
    again = Lockouts(lambda name, tally: None, {name: tally for name, tally in kept.items() if tally is not None})
    assert again.wait(EVA, 0.0) == 60
    assert not any("eva" in name or "192" in name for name in kept)


def test_lockouts_do_not_grow_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockout, "REMEMBERED", 10)
    gone = []
    lockouts = Lockouts(lambda name, tally: gone.append(name) if tally is None else None)
    for number in range(20):
        lockouts.tried(lockout.asking("192.0.2.1", str(number)), 0.0)
    assert len(lockouts) == 10
    assert len(gone) == 10


def test_a_login_has_one_form() -> None:
    assert login.fold("  Eva.MÜLLER@Musterbau.Example ") == "eva.müller@musterbau.example"
    assert login.fold("STRASSE") == login.fold("straße")
    assert login.fold("ﬁnn") == "finn"
    assert login.is_login("eva")
    assert login.fold("e\x00v\u202ea\ud800") == "eva"
    for bad in ("", "e", "eva müller", "\x00\u202e", "x" * 255):
        assert not login.is_login(login.fold(bad) if len(bad) < 255 else bad)


@given(st.text(max_size=600))
def test_folding_twice_changes_nothing(text: str) -> None:
    folded = login.fold(text)
    assert login.fold(folded) == folded
    assert len(folded) <= login.MAX_LOGIN


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("kurz", "short"),
        ("x" * 300, "long"),
        ("Passwort123", "known"),
        ("aaaaaaaaaaaa", "known"),
        ("eva.schneider1", "name"),
        ("drei Wörter reichen", None),
        ("eva.schneider mag Kuchen", None),
        ("🔑 sehr geheim 🔑", None),
    ],
)
def test_passwords_are_judged_by_length_and_what_is_known(password: str, fault: str | None) -> None:
    assert login.fault_of(password, "eva.schneider@musterbau.example") == fault


def test_a_session_ends_by_idleness_and_by_age() -> None:
    session = Session("s", b"", "a", "password", 0.0, 0.0, 0.0, validity.ABSOLUTE)
    assert validity.session_counts(session, validity.IDLE - 1)
    assert not validity.session_counts(session, validity.IDLE)
    busy = Session("s", b"", "a", "password", 0.0, validity.ABSOLUTE, 0.0, validity.ABSOLUTE)
    assert not validity.session_counts(busy, validity.ABSOLUTE)
    assert validity.is_fresh(session, validity.FRESH - 1)
    assert not validity.is_fresh(session, validity.FRESH)


def test_tokens_and_tickets_end() -> None:
    assert validity.token_counts(ApiToken("t", b"", "a", "", (), 0.0), 1e12)
    assert not validity.token_counts(ApiToken("t", b"", "a", "", (), 0.0, expires=5.0), 5.0)
    assert validity.ticket_counts(Ticket(b"", "reset", "a", 5.0), 4.9)
    assert not validity.ticket_counts(Ticket(b"", "reset", "a", 5.0), 5.0)
    assert not validity.ticket_counts(None, 0.0)


def test_what_is_stored_of_a_secret_does_not_open_anything() -> None:
    word = secret.csrf_of("cookie")
    assert secret.hashed("cookie").hex() not in word
    assert secret.csrf_of("cookie2") != word
    code = secret.recovery_code("00112233445566778899")
    assert [len(part) for part in code.split("-")] == [4, 4, 4, 4]
    assert secret.recovery_hash("a1", code.upper().replace("-", " ")) == secret.recovery_hash("a1", code)
    assert secret.recovery_hash("a2", code) != secret.recovery_hash("a1", code)


@given(st.binary(max_size=100))
def test_base64url_goes_there_and_back(data: bytes) -> None:
    assert secret.from_base64url(secret.base64url(data)) == data


@given(st.text(max_size=50))
def test_hostile_text_is_no_crash(text: str) -> None:
    secret.hashed(text)
    secret.folded_code(text)
    totp.step_of(RFC_SECRET, text, 59)
    login.fault_of(text, login.fold(text))
    lockout.pair(text, text)
