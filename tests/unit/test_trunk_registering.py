"""Our registration at a carrier as a pure machine (RFC 3261 section 10.2, RFC 5626 section 4.5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.sip.digest import Account, Authenticator, Challenge, Credentials, DigestConfig, Granted
from vorzimmer.sip.message import Headers, Request
from vorzimmer.sip.registering import LONGEST_WAIT_S, Registering, RegisterSpec
from vorzimmer.testing.chance import SeededChance

CONTACT = "sip:token@192.0.2.1:5060"
SPEC = RegisterSpec("sip:carrier.example", "sip:konto@carrier.example", Account("konto", "geheim"), 600)


def machine(spec: RegisterSpec = SPEC) -> Registering:
    return Registering(spec, "call-1", 100.0)


def sent(register: Registering) -> Request:
    return register.request(CONTACT, "abcdef01")


def granted(seconds: int = 600, *more: tuple[str, str]) -> Headers:
    return Headers([("Contact", f"<{CONTACT}>;expires={seconds}"), *more])


def challenge(nonce: str, *, realm: str = "carrier", stale: bool = False) -> Headers:
    tail = ", stale=true" if stale else ""
    value = f'Digest realm="{realm}", nonce="{nonce}", algorithm=MD5, qop="auth"{tail}'
    return Headers([("WWW-Authenticate", value)])


def test_rfc3261_10_2_the_first_register_goes_out_at_once_with_one_call_id_and_rising_cseq() -> None:
    register = machine()
    assert register.due == 100.0
    first = sent(register)
    assert register.due is None
    register.answered(200, granted(), 101.0, 0.5)
    second = sent(register)
    assert [r.headers.get("CSeq") for r in (first, second)] == ["1 REGISTER", "2 REGISTER"]
    assert first.headers.get("Call-ID") == second.headers.get("Call-ID") == "call-1"
    assert first.headers.get("Expires") == "600"


@pytest.mark.parametrize("fraction", [0.0, 0.99])
@pytest.mark.parametrize("seconds", [30, 120, 3600])
def test_rfc3261_10_2_4_it_is_refreshed_well_before_it_runs_out(seconds: int, fraction: float) -> None:
    register = machine()
    sent(register)
    register.answered(200, granted(seconds), 100.0, fraction)
    assert register.due is not None
    assert 100.0 + seconds * 0.7 <= register.due <= 100.0 + seconds * 0.9
    assert register.registered(100.0 + seconds - 1)
    assert not register.registered(100.0 + seconds)


def test_rfc3261_10_2_4_our_own_contacts_expires_counts_not_that_of_others() -> None:
    register = machine()
    sent(register)
    others = Headers([("Contact", f"<sip:fremd@198.51.100.1>;expires=9999, <{CONTACT}>;expires=60")])
    register.answered(200, others, 100.0, 0.0)
    assert register.until == 160.0


def test_rfc3261_22_a_challenge_is_answered_once_and_the_nonce_is_used_again() -> None:
    register = machine()
    sent(register)
    register.answered(401, challenge("n1"), 100.0, 0.0)
    assert register.due == 100.0
    answer = sent(register)
    assert 'nonce="n1"' in answer.headers.get("Authorization")
    register.answered(200, granted(), 100.0, 0.0)
    again = sent(register)
    assert "nc=00000002" in again.headers.get("Authorization")


def test_rfc7616_3_3_stale_is_answered_again_a_refused_password_is_not() -> None:
    register = machine()
    sent(register)
    register.answered(401, challenge("n1"), 100.0, 0.0)
    sent(register)
    register.answered(401, challenge("n2", stale=True), 100.0, 0.0)
    assert register.due == 100.0
    sent(register)
    register.answered(401, challenge("n3"), 100.0, 0.0)
    assert register.due is not None
    assert register.due >= 115.0
    assert register.why == "REGISTER answered 401"


def test_rfc3261_22_another_realm_than_the_configured_one_is_never_answered() -> None:
    register = machine(RegisterSpec(SPEC.registrar, SPEC.address, SPEC.account, 600, "carrier"))
    sent(register)
    register.answered(401, challenge("n1", realm="somebody"), 100.0, 0.0)
    assert register.due != 100.0
    assert "Authorization" not in sent(register).headers


def test_a_real_registrar_takes_our_answer() -> None:
    known = Credentials.of("konto", "carrier", "geheim")
    server = Authenticator(DigestConfig("carrier"), bytes(32), lambda name: known, SeededChance(1))
    register = machine()
    asked = server.check(sent(register), 100.0)
    assert isinstance(asked, Challenge)
    register.answered(401, Headers(asked.headers), 100.0, 0.0)
    assert isinstance(server.check(sent(register), 100.0), Granted)


@pytest.mark.parametrize(
    ("least", "obeyed"), [("1200", True), ("600", False), ("0", False), ("x", False), ("9" * 12, False)]
)
def test_rfc3261_10_2_8_a_longer_interval_is_taken_and_nonsense_is_a_failure(least: str, obeyed: bool) -> None:
    register = machine()
    sent(register)
    register.answered(423, Headers([("Min-Expires", least)]), 100.0, 0.0)
    assert (register.due == 100.0) is obeyed
    if obeyed:
        assert sent(register).headers.get("Expires") == least


@pytest.mark.parametrize(("after", "seconds"), [("120", 120), ("120 (maintenance);duration=3", 120), ("999999", 3600)])
def test_rfc3261_20_33_retry_after_is_kept_to_within_reason(after: str, seconds: int) -> None:
    register = machine()
    sent(register)
    register.answered(503, Headers([("Retry-After", after)]), 100.0, 0.0)
    assert register.due == 100.0 + seconds


def test_rfc5626_4_5_failures_wait_longer_and_longer_and_try_another_server() -> None:
    register = machine()
    waits = []
    for turn in range(8):
        sent(register)
        register.answered(408, None, 1000.0 * turn, 0.999)
        assert register.due is not None
        waits.append(register.due - 1000.0 * turn)
        assert register.target == turn + 1
    assert waits == sorted(waits)
    assert 29 < waits[0] <= 30
    assert waits[-1] <= LONGEST_WAIT_S
    assert register.why == "no answer to REGISTER"
    sent(register)
    register.answered(200, granted(), 0.0, 0.0)
    assert register.why == ""


def test_a_failed_refresh_keeps_what_was_granted_until_it_runs_out() -> None:
    register = machine()
    sent(register)
    register.answered(200, granted(600), 100.0, 0.0)
    sent(register)
    register.answered(500, Headers([]), 550.0, 0.0)
    assert register.registered(690.0)
    assert not register.registered(701.0)


HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            ["Contact", "Expires", "Min-Expires", "Retry-After", "WWW-Authenticate", "Authentication-Info"]
        ),
        st.one_of(st.text('0123456789*<>sip:@;=expires",', max_size=40), st.just('Digest realm="r", nonce="n"')),
    ),
    max_size=5,
)


@given(st.lists(st.tuples(st.integers(100, 699), st.one_of(st.none(), HEADERS), st.floats(0, 0.999)), max_size=12))
def test_whatever_a_registrar_says_the_machine_goes_on_by_itself(
    said: list[tuple[int, list[tuple[str, str]] | None, float]],
) -> None:
    register = machine()
    now = 100.0
    for status, headers, fraction in said:
        sent(register)
        register.answered(status, Headers(headers) if headers is not None else None, now, fraction)
        assert register.due is not None
        assert now <= register.due <= now + 86_400
        now = register.due
