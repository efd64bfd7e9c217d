"""Documents for watchers (RFC 4235, RFC 3680): well-formed whatever names hold, and never more than a detail allows."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.kernel.address import Address
from vorzimmer.presence import dialog_info, reg_info
from vorzimmer.presence.markup import escape, filled
from vorzimmer.presence.resources import Detail, State, Talk, Who
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.registration import Binding

NS = f"{{{dialog_info.NAMESPACE}}}"
FLOW = Flow("udp", Address("192.0.2.1", 5060), Address("192.0.2.2", 5060))
TALK = Talk("c1", "confirmed", initiator=True, held=True, other=Who("Carl", "sip:102@a.example"))


def parsed(state: State, detail: str = Detail.PARTY, version: int = 7) -> ElementTree.Element:
    return ElementTree.fromstring(filled(dialog_info.document(state, detail), version, "tok"))


def test_rfc4235_4_1_a_full_document() -> None:
    root = parsed(State("sip:101@a.example", True, (TALK,)))
    assert (root.tag, root.get("version"), root.get("state")) == (f"{NS}dialog-info", "7", "full")
    assert root.get("entity") == "sip:101@a.example"
    (dialog,) = root
    assert (dialog.get("id"), dialog.get("direction")) == ("tok.c1", "initiator")
    assert dialog.findtext(f"{NS}state") == "confirmed"
    identity = dialog.find(f"{NS}remote/{NS}identity")
    assert identity is not None
    assert (identity.get("display"), identity.text) == ("Carl", "sip:102@a.example")
    param = dialog.find(f"{NS}local/{NS}target/{NS}param")
    assert param is not None
    assert (param.get("pname"), param.get("pvalue")) == ("+sip.rendering", "no")


@pytest.mark.parametrize(
    ("detail", "direction", "party"),
    [(Detail.STATE, False, False), (Detail.DIRECTION, True, False), (Detail.PARTY, True, True)],
)
def test_blf_4_a_watcher_sees_what_it_may_and_nothing_else(detail: Detail, direction: bool, party: bool) -> None:
    text = dialog_info.document(State("sip:101@a.example", True, (TALK,)), detail)
    assert (b"direction=" in text) is direction
    assert (b"102" in text) is party
    assert (b"Carl" in text) is party


def test_exa_44_a_private_caller_stays_anonymous_for_everybody() -> None:
    talk = Talk("c1", "early", other=Who("Secret", "sip:+4915112345@a.example", private=True))
    text = dialog_info.document(State("sip:101@a.example", True, (talk,)), Detail.PARTY)
    assert b"anonymous@anonymous.invalid" in text
    assert b"Secret" not in text
    assert b"4915112345" not in text


def test_no_document_names_a_call_id_or_a_tag() -> None:
    text = dialog_info.document(State("sip:101@a.example", True, (TALK,)), Detail.PARTY)
    assert not any(word in text for word in (b"call-id", b"local-tag", b"remote-tag"))


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (State("e", False), "offline"),
        (State("e"), "idle"),
        (State("e", True, (Talk("1", "early"),)), "ringing"),
        (State("e", True, (Talk("1", "early"), Talk("2", "confirmed"))), "talking"),
        (State("e", True, (Talk("1", "confirmed", held=True),)), "held"),
        (State("e", True, (Talk("1", "confirmed", held=True), Talk("2", "confirmed"))), "talking"),
    ],
)
def test_blf_2_a_state_in_a_word(state: State, word: str) -> None:
    assert state.word == word
    assert (b"<offline" in dialog_info.document(state, "state")) is (word == "offline")


def test_a_document_fits_into_a_datagram() -> None:
    talk = Talk("c" * 8, "confirmed", held=True, other=Who("x" * 30, "sip:+498912345678@musterbau.example"))
    text = dialog_info.document(State("sip:101@musterbau.example", True, (talk,)), Detail.PARTY)
    assert len(text) < 700
    many = State("sip:101@musterbau.example", True, (talk,) * 50)
    assert len(parsed(many)) == dialog_info.MOST_TALKS


@given(st.text(), st.text(), st.text())
def test_whatever_a_name_holds_the_document_is_well_formed(name: str, uri: str, entity: str) -> None:
    talk = Talk("c", "early", other=Who(name, uri))
    root = parsed(State(entity, True, (talk,)))
    assert len(root) == 1
    assert root.get("version") == "7"


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_escaped_text_has_nothing_that_means_something(text: str) -> None:
    safe = escape(text)
    assert not set(safe) & set("<>\"'\x00\x01\x02\r\n")
    safe.encode()


def test_rfc3680_5_a_registration() -> None:
    binding = Binding('sip:100@192.0.2.2:5060;x="<"', FLOW, "i", 1, expires=160.0, q=500)
    text = filled(reg_info.document("sip:100@a.example", (binding,), 100.0), 3, "")
    root = ElementTree.fromstring(text)
    ns = "{urn:ietf:params:xml:ns:reginfo}"
    assert (root.get("version"), root.get("state")) == ("3", "full")
    registration = root.find(f"{ns}registration")
    assert registration is not None
    assert (registration.get("aor"), registration.get("state")) == ("sip:100@a.example", "active")
    (contact,) = registration
    assert (contact.get("expires"), contact.get("q"), contact.findtext(f"{ns}uri")) == ("60", "0.5", binding.uri)
    assert b'state="terminated"' in reg_info.document("sip:100@a.example", (), 0.0)
