"""Who says who is calling (RFC 3323, RFC 3325, RFC 3326)."""

import pytest

from vorzimmer.sip.headers import parse_name_addr
from vorzimmer.sip.identity import (
    ANONYMOUS,
    ANSWERED_ELSEWHERE,
    Claim,
    ask_privacy,
    assert_identity,
    asserted,
    claim,
    is_anonymous,
    name_addr,
    reason,
    wants_privacy,
)
from vorzimmer.sip.message import Headers
from vorzimmer.sip.uri import SipUri, TelUri, Uri, parse


def owns(uri: Uri) -> bool:
    return (uri.user if isinstance(uri, SipUri) else uri.digits if isinstance(uri, TelUri) else "") in {
        "anna",
        "+498999998101",
    }


def test_rfc3325_9_2_asserted_identity_from_a_phone_is_dropped() -> None:
    headers = Headers([("From", '"Anna" <sip:anna@x>;tag=1'), ("P-Asserted-Identity", "<tel:+491>")])
    assert claim(headers, owns) == Claim(parse("sip:anna@x"), "Anna", False, ("P-Asserted-Identity",))


def test_rfc3325_9_2_preferred_identity_only_among_ones_own() -> None:
    mine = Headers([("From", "<sip:anna@x>"), ("P-Preferred-Identity", "<tel:+49-89-99998101>")])
    assert claim(mine, owns).preferred == parse("tel:+49-89-99998101")
    other = Headers([("From", "<sip:anna@x>"), ("P-Preferred-Identity", "<tel:+491>")])
    assert claim(other, owns) == Claim(parse("sip:anna@x"), "", False, ("P-Preferred-Identity",))


def test_a_from_that_claims_another_is_ignored_and_said_so() -> None:
    assert claim(Headers([("From", '"Chef" <sip:chef@x>')]), owns) == Claim(None, "Chef", False, ("From",))


@pytest.mark.parametrize("value", ["", "garbage", "<sip:a@b:0>", '"open <sip:a@b>'])
def test_unreadable_claims_are_none(value: str) -> None:
    found = claim(Headers([("From", value), ("P-Preferred-Identity", value)]), owns)
    assert found.preferred is None


@pytest.mark.parametrize(
    ("pairs", "hidden"),
    [
        ((("Privacy", "id"),), True),
        ((("Privacy", "header;user;critical"),), True),
        ((("Privacy", "none"),), False),
        ((("Privacy", "session"),), False),
        ((("From", ANONYMOUS),), True),
        ((("From", "<sip:Anonymous@pbx.example>"),), True),
        ((("From", "<sip:anna@pbx.example>"),), False),
        ((("From", "<tel:+49>"),), False),
    ],
)
def test_rfc3323_4_privacy(pairs: tuple[tuple[str, str], ...], hidden: bool) -> None:
    assert wants_privacy(Headers(pairs)) is hidden


def test_rfc3323_4_1_an_anonymous_from_is_no_false_claim_and_shows_no_name() -> None:
    headers = Headers([("From", ANONYMOUS + ";tag=1"), ("P-Preferred-Identity", "<sip:anna@x>")])
    assert claim(headers, owns) == Claim(parse("sip:anna@x"), "", True, ())
    assert is_anonymous(parse_name_addr(ANONYMOUS))


def test_rfc3325_9_1_at_most_one_sip_and_one_tel_of_a_trusted_peer() -> None:
    headers = Headers(
        [
            ("P-Asserted-Identity", '"A" <sip:a@x>, <tel:+49>, <sips:b@x>, <http://x>, "bad'),
            ("P-Asserted-Identity", "<tel:+50>"),
        ]
    )
    assert [identity.uri_text for identity in asserted(headers)] == ["sip:a@x", "tel:+49"]


HOSTILE = ["<script>\"'\\", "\u202eabc", "a\r\nVia: x", "\x00\x07", "=1+1", "ä" * 10_000, '";tag=1 <sip:evil@x>']


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_names(name: str) -> None:
    header, value = assert_identity(parse("sip:101@x"), name)
    assert header == "P-Asserted-Identity"
    for text in (value, name_addr(parse("sip:101@x"), name)):
        read = parse_name_addr(text)
        assert read.uri_text == "sip:101@x"
        assert len(read.display) <= 80
        assert not {"\r", "\n", "\u202e", "\x00"} & set(text)
    assert len(claim(Headers([("From", f"{value}")]), owns).display) <= 80


def test_rfc3326_reasons() -> None:
    assert ANSWERED_ELSEWHERE == 'SIP;cause=200;text="Call completed elsewhere"'
    assert reason(16, protocol="Q.850") == "Q.850;cause=16"
    assert reason(486, 'Busy "here"\r\n') == 'SIP;cause=486;text="Busy \\"here\\""'


def test_rfc3323_4_2_asking_for_privacy() -> None:
    assert ask_privacy() == ("Privacy", "id")
    assert ask_privacy("id", "critical") == ("Privacy", "id;critical")
