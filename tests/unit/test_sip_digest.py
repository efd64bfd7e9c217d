"""Digest on both sides: RFC 7616, RFC 8760, RFC 2069, and what an attacker may learn (nothing)."""

import pytest

from vorzimmer.sip import digest
from vorzimmer.sip.digest import Account, Authenticator, Challenge, Credentials, Denied, DigestConfig, Granted, answer
from vorzimmer.sip.headers import parse_auth
from vorzimmer.sip.message import Headers, Request
from vorzimmer.testing.chance import SeededChance

REALM = "vorzimmer"
ANNA = Account("anna-tisch", "geheim")
STORE = {"anna-tisch": Credentials.of("anna-tisch", REALM, "geheim")}


def server(seed: int = 1, key: bytes = b"k" * 32, **config: float) -> Authenticator:
    settings = DigestConfig(REALM, **config)  # type: ignore[arg-type]  # remembered is an int in the tests that set it
    return Authenticator(settings, key, STORE.get, SeededChance(seed))


def register() -> Request:
    return Request("REGISTER", "sip:musterbau.example", Headers([("CSeq", "1 REGISTER")]))


def answered(challenge: Challenge | Denied, account: Account = ANNA, *, count: int = 1, only: str = "") -> Request:
    request = register()
    kept = [(name, value) for name, value in challenge.headers if only in value]
    line = answer(Headers(kept), request, account, "0a4f113b", count=count)
    assert line is not None
    request.headers.add(*line)
    return request


def challenge_of(authenticator: Authenticator, now: float = 100.0) -> Challenge:
    verdict = authenticator.check(register(), now)
    assert isinstance(verdict, Challenge)
    return verdict


def test_rfc8760_2_4_two_challenges_sha256_first() -> None:
    challenge = challenge_of(server())
    assert challenge.status == 401
    offers = [parse_auth(value) for _, value in challenge.headers]
    assert [(offer.get("algorithm"), offer.get("qop"), offer.get("realm")) for offer in offers] == [
        ("SHA-256", "auth", REALM),
        ("MD5", "auth", REALM),
    ]
    assert {name for name, _ in challenge.headers} == {"WWW-Authenticate"}


def test_rfc3261_22_3_the_proxy_form_is_407() -> None:
    authenticator = server()
    verdict = authenticator.check(register(), 1.0, proxy=True)
    assert isinstance(verdict, Challenge)
    assert verdict.status == 407
    request = answered(verdict)
    assert "Proxy-Authorization" in request.headers
    assert authenticator.check(request, 1.0, proxy=True) == Granted("anna-tisch")


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
def test_rfc7616_3_4_a_right_answer_is_granted(algorithm: str) -> None:
    authenticator = server()
    request = answered(challenge_of(authenticator), only=algorithm)
    assert parse_auth(request.headers.get("Authorization")).get("algorithm") == algorithm
    assert authenticator.check(request, 101.0) == Granted("anna-tisch")


def test_rfc8760_2_5_the_client_takes_the_best_algorithm() -> None:
    request = answered(challenge_of(server()))
    assert parse_auth(request.headers.get("Authorization")).get("algorithm") == "SHA-256"


def test_rfc7616_3_9_1_published_example() -> None:
    """The RFC's own numbers: Mufasa, both algorithms."""
    common = (
        'realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    request = Request("GET", "/dir/index.html")
    account = Account("Mufasa", "Circle of Life")
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    expected = {
        "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        "MD5": "8ca523f5e9506fed4657c9700eebdbec",
    }
    for algorithm, response in expected.items():
        challenge = Headers([("WWW-Authenticate", f"Digest {common}, algorithm={algorithm}")])
        line = answer(challenge, request, account, cnonce)
        assert line is not None
        given = parse_auth(line[1])
        assert given.get("response") == response
        assert given.get("opaque") == "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"


def test_wrong_password_and_unknown_user_get_the_same_answer() -> None:
    one, two = server(), server()
    wrong = one.check(answered(challenge_of(one), Account("anna-tisch", "falsch")), 101.0)
    unknown = two.check(answered(challenge_of(two), Account("niemand", "geheim")), 101.0)
    assert isinstance(wrong, Denied)
    assert isinstance(unknown, Denied)
    assert (wrong.status, wrong.headers, wrong.why) == (unknown.status, unknown.headers, unknown.why)


def test_wrong_password_and_unknown_user_cost_the_same_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    plain = digest._hash
    monkeypatch.setattr(digest, "_hash", lambda algorithm, text: calls.append(algorithm) or plain(algorithm, text))
    work = []
    for account in (Account("anna-tisch", "falsch"), Account("niemand", "falsch")):
        authenticator = server()
        request = answered(challenge_of(authenticator), account)
        calls.clear()
        authenticator.check(request, 101.0)
        work.append(list(calls))
    assert work[0] == work[1]


def test_rfc7616_3_4_nonce_count_replay_is_refused() -> None:
    authenticator = server()
    challenge = challenge_of(authenticator)
    first = answered(challenge)
    assert isinstance(authenticator.check(first, 101.0), Granted)
    again = authenticator.check(first, 102.0)
    assert isinstance(again, Challenge)
    assert again.stale
    assert all("stale=true" in value for _, value in again.headers)
    assert isinstance(authenticator.check(answered(challenge, count=2), 103.0), Granted)
    assert isinstance(authenticator.check(answered(challenge, count=2), 104.0), Challenge)


def test_an_old_nonce_is_stale_after_a_restart_and_after_its_time() -> None:
    before, after = server(seed=1), server(seed=2)
    request = answered(challenge_of(before, now=100.0))
    restarted = after.check(request, 101.0)
    assert isinstance(restarted, Challenge)
    assert restarted.stale
    assert isinstance(after.check(answered(restarted), 102.0), Granted)
    late = before.check(request, 100.0 + 601)
    assert isinstance(late, Challenge)
    assert late.stale


def test_a_wrong_answer_to_an_old_or_foreign_nonce_is_denied_not_stale() -> None:
    """Otherwise stale=true would tell right passwords from wrong ones without a failure being counted."""
    before, after = server(seed=1), server(seed=2, key=b"other" * 8)
    request = answered(challenge_of(before), Account("anna-tisch", "falsch"))
    assert isinstance(before.check(request, 9_999.0), Denied)
    assert isinstance(after.check(request, 101.0), Denied)


def test_a_forged_nonce_is_never_granted() -> None:
    authenticator = server()
    forged = Headers([("WWW-Authenticate", f'Digest realm="{REALM}", nonce="{"0" * 68}", qop="auth"')])
    request = register()
    line = answer(forged, request, ANNA, "c")
    assert line is not None
    request.headers.add(*line)
    verdict = authenticator.check(request, 0.0)
    assert isinstance(verdict, Challenge)
    assert verdict.stale


def test_counts_are_bounded_and_what_is_forgotten_is_stale() -> None:
    authenticator = server(remembered=3)
    requests = [answered(challenge_of(authenticator, now=100.0 + n)) for n in range(6)]
    assert all(isinstance(authenticator.check(request, 110.0), Granted) for request in requests)
    assert len(authenticator._counts) == 3
    assert all(isinstance(authenticator.check(request, 111.0), Challenge) for request in requests)


def test_rfc2069_an_answer_without_qop_is_good_once_per_nonce() -> None:
    authenticator = server()
    challenge = challenge_of(authenticator)
    old_style = [(name, value.replace(', qop="auth"', "")) for name, value in challenge.headers]
    request = register()
    line = answer(Headers(old_style), request, ANNA, "unused")
    assert line is not None
    assert "qop" not in line[1]
    request.headers.add(*line)
    assert isinstance(authenticator.check(request, 101.0), Granted)
    again = authenticator.check(request, 101.0)
    assert isinstance(again, Challenge)
    assert again.stale


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("algorithm=SHA-256", "algorithm=MD5-sess"),
        ("qop=auth", "qop=auth-int"),
        ("nc=00000001", "nc=1"),
        ('cnonce="0a4f113b"', 'cnonce=""'),
        ('nonce="', 'nonce="x'),
        ('response="', 'response="\udcff'),
        ('realm="vorzimmer"', 'realm="vorzimmer", garbage'),
    ],
)
def test_malformed_answers_are_denied(old: str, new: str) -> None:
    authenticator = server()
    request = answered(challenge_of(authenticator))
    text = request.headers.get("Authorization")
    assert old in text
    request.headers.set("Authorization", text.replace(old, new, 1))
    assert isinstance(authenticator.check(request, 101.0), Denied)


def test_rfc4475_3_3_7_another_scheme_or_realm_counts_as_no_answer() -> None:
    authenticator = server()
    for value in ("NoOneKnowsThisScheme opaque-data=here", 'Digest realm="other", username="anna-tisch", nonce="1"'):
        request = register()
        request.headers.add("Authorization", value)
        verdict = authenticator.check(request, 1.0)
        assert isinstance(verdict, Challenge)
        assert not verdict.stale


@pytest.mark.parametrize(
    ("claimed", "actual", "good"),
    [
        ("sip:a@x.example", "sip:a@x.example", True),
        ("sip:x.example:5060", "sip:X.example;transport=tcp", True),
        ("sip:a@x.example", "sip:b@x.example", False),
        ("sip:a@x.example", "sip:a@y.example", False),
        ("sips:a@x.example", "sip:a@x.example", False),
        ("tel:+4989", "tel:+4989", True),
        ("garbage", "sip:a@x.example", False),
    ],
)
def test_rfc7616_3_4_6_the_uri_must_name_the_request_uri(claimed: str, actual: str, good: bool) -> None:
    assert digest.same_target(claimed, actual) is good


def test_an_answer_for_another_uri_or_method_is_denied() -> None:
    authenticator = server()
    request = answered(challenge_of(authenticator))
    elsewhere = Request("REGISTER", "sip:other.example", request.headers)
    verdict = authenticator.check(elsewhere, 101.0)
    assert isinstance(verdict, Denied)
    assert verdict.why == "uri"
    assert isinstance(authenticator.check(Request("INVITE", request.uri, request.headers), 101.0), Denied)


def test_an_algorithm_that_was_not_offered_is_denied() -> None:
    both = server()
    only = Authenticator(DigestConfig(REALM, algorithms=("MD5",)), b"k" * 32, STORE.get, SeededChance(1))
    assert [parse_auth(value).get("algorithm") for _, value in challenge_of(only).headers] == ["MD5"]
    assert isinstance(only.check(answered(challenge_of(both), only="SHA-256"), 101.0), Denied)
    assert isinstance(only.check(answered(challenge_of(only)), 101.0), Granted)


def test_the_client_answers_nothing_it_cannot() -> None:
    for value in (
        "Basic realm=x",
        'Digest realm="r", nonce="n", qop="auth-int"',
        'Digest realm="r", nonce="n", algorithm=FOO',
        "Digest =",
    ):
        assert answer(Headers([("WWW-Authenticate", value)]), register(), ANNA, "c") is None


def test_hostile_user_names_stay_inside_their_quotes() -> None:
    account = Account('a", realm="evil\r\nX: y', "p")
    line = answer(Headers([("WWW-Authenticate", 'Digest realm="r", nonce="n"')]), register(), account, "c")
    assert line is not None
    assert parse_auth(line[1]).get("realm") == "r"
    assert parse_auth(line[1]).get("username") == 'a", realm="evil  X: y'


@pytest.mark.parametrize("agent", ["baresip v1.0.0 (x86_64/linux)", "sipp"])
def test_rfc8760_a_phone_known_to_stop_at_sha256_is_challenged_with_md5_alone(agent: str) -> None:
    """Seen with baresip 1.0.0 and sipp 3.6, which end a registration at the first challenge that is not MD5."""
    authenticator = Authenticator(DigestConfig("r"), b"k" * 32, lambda name: None, SeededChance(1))
    request = Request("REGISTER", "sip:r", Headers([("User-Agent", agent)]))
    verdict = authenticator.check(request, 0.0)
    assert isinstance(verdict, Challenge)
    assert ["MD5" in value for _, value in verdict.headers] == [True]
