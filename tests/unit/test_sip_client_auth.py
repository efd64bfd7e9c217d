"""Answering challenges as a client: RFC 3261 section 22, RFC 7616, RFC 8760; against our own server side too."""

import pytest

from vorzimmer.sip.client_auth import MOST_NONCES, Nonces, answer_challenge, credentials, next_nonce
from vorzimmer.sip.digest import Account, Authenticator, Challenge, Credentials, DigestConfig, Granted
from vorzimmer.sip.headers import parse_auth
from vorzimmer.sip.message import Headers, Request
from vorzimmer.testing.chance import SeededChance

ACCOUNT = Account("trunk", "geheim")
URI = "sip:+4930123@carrier.example"
NOTHING = Headers()


def challenge(*values: str, name: str = "WWW-Authenticate") -> Headers:
    return Headers([(name, value) for value in values])


def digest(realm: str = "carrier", nonce: str = "n1", algorithm: str = "", more: str = ', qop="auth"') -> str:
    kind = f", algorithm={algorithm}" if algorithm else ""
    return f'Digest realm="{realm}", nonce="{nonce}"{kind}{more}'


def lines(nonces: Nonces | None) -> list[tuple[str, str]]:
    assert nonces is not None
    return list(credentials(nonces, "INVITE", URI, ACCOUNT, cnonce="c").headers)


def test_rfc3261_22_2_a_401_and_a_407_are_answered_in_their_own_headers() -> None:
    for status, asked, answered in (
        (401, "WWW-Authenticate", "Authorization"),
        (407, "Proxy-Authenticate", "Proxy-Authorization"),
    ):
        nonces = answer_challenge(status, challenge(digest(), name=asked), (), NOTHING)
        ((name, value),) = lines(nonces)
        assert name == answered
        assert parse_auth(value).get("uri") == URI
        other = challenge(digest(), name="Proxy-Authenticate" if status == 401 else "WWW-Authenticate")
        assert answer_challenge(status, other, (), NOTHING) is None


def test_rfc8760_2_5_sha256_goes_before_md5_whatever_the_order() -> None:
    both = [digest(algorithm="MD5"), digest(algorithm="SHA-256")]
    for values in (both, both[::-1]):
        ((_, value),) = lines(answer_challenge(401, challenge(*values), (), NOTHING))
        assert parse_auth(value).get("algorithm") == "SHA-256"


def test_rfc7616_the_server_side_grants_what_the_client_side_answers() -> None:
    store = {"trunk": Credentials.of("trunk", "r", "geheim")}
    server = Authenticator(DigestConfig("r"), b"k" * 32, store.get, SeededChance(1))
    asked = server.check(Request("INVITE", URI), 1.0)
    assert isinstance(asked, Challenge)
    nonces = answer_challenge(asked.status, Headers(asked.headers), (), NOTHING)
    assert nonces is not None
    for count in (1, 2, 3):
        made = credentials(nonces, "INVITE", URI, ACCOUNT, cnonce="c")
        nonces = made.nonces
        assert nonces[0].count == count
        assert server.check(Request("INVITE", URI, Headers(made.headers)), 2.0) == Granted("trunk")


def test_rfc7616_3_3_a_refused_answer_is_not_given_again() -> None:
    nonces = answer_challenge(401, challenge(digest()), (), NOTHING)
    sent = Headers(lines(nonces))
    assert nonces is not None
    assert answer_challenge(401, challenge(digest(nonce="n2")), nonces, sent) is None


def test_rfc7616_3_3_stale_is_answered_with_the_new_nonce_and_counts_from_one() -> None:
    nonces = answer_challenge(401, challenge(digest()), (), NOTHING)
    made = credentials(nonces or (), "INVITE", URI, ACCOUNT, cnonce="c")
    again = answer_challenge(
        401, challenge(digest(nonce="n2", more=', qop="auth", stale=TRUE')), made.nonces, Headers(made.headers)
    )
    ((_, value),) = lines(again)
    assert (parse_auth(value).get("nonce"), parse_auth(value).get("nc")) == ("n2", "00000001")


def test_a_nonce_of_an_earlier_request_may_have_run_out_without_stale() -> None:
    first = credentials(
        answer_challenge(401, challenge(digest()), (), NOTHING) or (), "REGISTER", URI, ACCOUNT, cnonce="c"
    )
    second = credentials(first.nonces, "REGISTER", URI, ACCOUNT, cnonce="d")
    assert answer_challenge(401, challenge(digest(nonce="n2")), second.nonces, Headers(second.headers)) is not None
    assert answer_challenge(401, challenge(digest(nonce="n1")), second.nonces, Headers(second.headers)) is None


def test_only_the_configured_realm_is_answered() -> None:
    assert answer_challenge(401, challenge(digest("stranger")), (), NOTHING, realm="carrier") is None
    two = challenge(digest("stranger"), digest("carrier"))
    nonces = answer_challenge(401, two, (), NOTHING, realm="carrier")
    assert [nonce.realm for nonce in nonces or ()] == ["carrier"]


def test_rfc3261_22_3_several_realms_on_the_way_are_all_answered() -> None:
    first = answer_challenge(407, challenge(digest("one"), name="Proxy-Authenticate"), (), NOTHING)
    made = credentials(first or (), "INVITE", URI, ACCOUNT, cnonce="c")
    asked = challenge(digest("two"), digest("three"))
    both = answer_challenge(401, asked, made.nonces, Headers(made.headers))
    assert [(name, parse_auth(value).get("realm")) for name, value in lines(both)] == [
        ("Proxy-Authorization", "one"),
        ("Authorization", "two"),
        ("Authorization", "three"),
    ]
    many = challenge(*(digest(f"r{number}") for number in range(10)))
    assert len(answer_challenge(401, many, (), NOTHING) or ()) == MOST_NONCES


def test_rfc2069_without_qop_a_nonce_is_used_once() -> None:
    nonces = answer_challenge(401, challenge(digest(more="")), (), NOTHING)
    made = credentials(nonces or (), "INVITE", URI, ACCOUNT, cnonce="c")
    assert len(made.headers) == 1
    assert credentials(made.nonces, "INVITE", URI, ACCOUNT, cnonce="c").headers == ()


def test_rfc7616_3_5_the_next_nonce_is_taken_and_a_hostile_one_is_not() -> None:
    nonces = answer_challenge(401, challenge(digest()), (), NOTHING) or ()
    fresh = next_nonce(Headers([("Authentication-Info", 'qop=auth, nextnonce="n9"')]), nonces)
    ((_, value),) = lines(fresh)
    assert parse_auth(value).get("nonce") == "n9"
    assert next_nonce(Headers([("Authentication-Info", 'nextnonce="a\\"b"')]), nonces) == nonces


@pytest.mark.parametrize("value", ["Basic realm=x", 'Digest realm="r", nonce="n", qop="auth-int"', "Digest =", ""])
def test_what_cannot_be_answered_ends_the_request(value: str) -> None:
    assert answer_challenge(401, challenge(value), (), NOTHING) is None
    assert answer_challenge(403, challenge(digest()), (), NOTHING) is None
