"""Digest, registrar and identity under any text that a peer may send: a verdict or a peer error, and never a gift."""

import re
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.digest import Account, Authenticator, Challenge, Credentials, Denied, DigestConfig, Granted, answer
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.headers import parse_name_addr
from vorzimmer.sip.identity import asserted, claim, wants_privacy
from vorzimmer.sip.message import Headers, Request
from vorzimmer.sip.pack import pack
from vorzimmer.sip.registration import Policy, Visit, register
from vorzimmer.sip.uri import SipUri, Uri
from vorzimmer.testing.chance import SeededChance

STORE = {"anna": Credentials.of("anna", "r", "geheim")}
FLOW = Flow("udp", Address("192.0.2.1", 5060), Address("198.51.100.1", 5060))
wire_text = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.binary(max_size=30).map(lambda raw: raw.decode("utf-8", "surrogateescape")),
)


def server() -> Authenticator:
    return Authenticator(DigestConfig("r"), b"k" * 32, STORE.get, SeededChance(1))


def answered(authenticator: Authenticator, password: str = "geheim") -> Request:
    request = Request("REGISTER", "sip:r.example")
    challenge = authenticator.challenge(10.0)
    line = answer(Headers(challenge.headers), request, Account("anna", password), "c0ffee")
    assert line is not None
    request.headers.add(*line)
    return request


@given(
    wire_text,
    st.sampled_from(["Digest ", 'Digest realm="r", ', 'Digest realm="r",username="anna",nonce="', "", "Basic "]),
)
def test_any_authorization_is_a_verdict_and_never_granted(text: str, start: str) -> None:
    request = Request("REGISTER", "sip:r.example", Headers([("Authorization", start + text)]))
    assert isinstance(server().check(request, 11.0), Challenge | Denied)


@given(st.data())
@settings(max_examples=60)
def test_rfc7616_an_answer_that_was_tampered_with_is_not_granted_to_anybody_else(data: st.DataObject) -> None:
    authenticator = server()
    request = answered(authenticator)
    text = request.headers.get("Authorization")
    place = data.draw(st.integers(0, len(text) - 1))
    changed = text[:place] + data.draw(st.characters(min_codepoint=33, max_codepoint=126)) + text[place + 1 :]
    request.headers.set("Authorization", changed)
    verdict = authenticator.check(request, 11.0)
    # Only the case of letters may differ, where it means nothing, and how the parameters are kept apart.
    assert verdict == Granted("anna") if changed == text else True
    assert not isinstance(verdict, Granted) or (verdict.username == "anna" and _meaning(changed) == _meaning(text))


def _meaning(header: str) -> str:
    return re.sub(r"[\s,]+", ",", header.lower())


@given(wire_text.filter(lambda text: text != "geheim"))
def test_no_other_password_is_granted(password: str) -> None:
    authenticator = server()
    assert isinstance(authenticator.check(answered(authenticator, password), 11.0), Denied)


@given(wire_text, wire_text, wire_text)
def test_rfc3261_10_3_any_register_is_an_outcome_or_a_peer_error_and_can_be_stored(
    contact: str, expires: str, path: str
) -> None:
    lines = [("Contact", contact), ("Contact", f"<sip:a@b>;x={expires}"), ("Expires", expires), ("Path", path)]
    request = Request("REGISTER", "sip:x", Headers([("Call-ID", path), ("CSeq", "1 REGISTER"), *lines]))
    with suppress(PeerError):
        outcome = register((), request, Visit(FLOW, 0.0), Policy())
        assert all(0 < binding.expires <= 3600 for binding in outcome.bindings)
        for name, value in outcome.headers:
            if name == "Contact":
                parse_name_addr(value)
        pack(outcome.bindings)


def owns(uri: Uri) -> bool:
    return isinstance(uri, SipUri) and uri.user == "anna"


@given(wire_text, wire_text, wire_text)
def test_rfc3325_9_2_whatever_a_phone_claims_only_its_own_is_preferred(sender: str, wish: str, privacy: str) -> None:
    headers = Headers(
        [("From", sender), ("P-Preferred-Identity", wish), ("P-Asserted-Identity", wish), ("Privacy", privacy)]
    )
    found = claim(headers, owns)
    assert found.preferred is None or owns(found.preferred)
    assert len(found.display) <= 80
    assert found.hidden is wants_privacy(headers)
    assert "P-Asserted-Identity" in found.ignored
    assert len(asserted(headers)) <= 2
