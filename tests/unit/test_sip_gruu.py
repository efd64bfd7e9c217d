"""Public GRUUs (RFC 5627): made from address and instance, given to phones that ask, leading to that instance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.kernel.address import Address
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.gruu import LONGEST, instance_of, names, public
from vorzimmer.sip.headers import parse_name_addr
from vorzimmer.sip.message import Headers, Request
from vorzimmer.sip.registration import Outcome, Policy, Visit, register
from vorzimmer.sip.uri import parse

URN = "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
INSTANCE = f'+sip.instance="<{URN}>"'
UDP = Flow("udp", Address("192.0.2.1", 5060), Address("192.0.2.9", 5060))
TLS = Flow("tls", Address("192.0.2.1", 5061), Address("192.0.2.9", 40000), 7)


def registered(contact: str, *extra: tuple[str, str], flow: Flow = UDP, via: int = 1) -> Outcome:
    base = [("To", "<sip:140@musterbau.example>"), ("Call-ID", "c"), ("CSeq", "1 REGISTER"), ("Contact", contact)]
    vias = [("Via", f"SIP/2.0/UDP 192.0.2.{number};branch=z9hG4bK{number}") for number in range(via)]
    request = Request("REGISTER", "sip:musterbau.example", Headers([*base, *vias, *extra]))
    return register((), request, Visit(flow, 0.0, 0.0, "sip:140@musterbau.example"), Policy())


def contact_of(outcome: Outcome) -> str:
    return dict(outcome.headers)["Contact"]


def test_rfc5627_5_3_a_phone_that_asks_gets_one_per_instance() -> None:
    found = contact_of(registered(f"<sip:a@192.0.2.9>;{INSTANCE}", ("Supported", "gruu")))
    assert parse_name_addr(found).get("pub-gruu") == f"sip:140@musterbau.example;gr={URN}"
    assert "temp-gruu" not in found
    for contact, extra in (
        (f"<sip:a@192.0.2.9>;{INSTANCE}", ()),
        ("<sip:a@192.0.2.9>", (("Supported", "gruu"),)),
    ):
        assert "gruu" not in contact_of(registered(contact, *extra))


def test_rfc5627_5_1_a_phone_does_not_choose_its_own() -> None:
    mine = 'pub-gruu="sip:boss@musterbau.example;gr=x"'
    found = contact_of(registered(f"<sip:a@192.0.2.9>;{INSTANCE};{mine}", ("Supported", "gruu")))
    assert "boss" not in found
    assert found.count("pub-gruu") == 1
    assert "boss" not in contact_of(registered(f"<sip:a@192.0.2.9>;{mine}"))


def test_rfc5627_6_the_instance_of_a_request_uri() -> None:
    assert instance_of(f"sip:140@musterbau.example;gr={URN}") == URN
    assert names(URN.upper(), f"<{URN}>")
    for uri in ("sip:140@musterbau.example", "sip:140@musterbau.example;gr", "tel:+49;gr=x", "sip:;gr=<", "nonsense"):
        assert instance_of(uri) == ""
    assert not names("", "<>")
    assert not names("", "")
    assert not names(URN, "<urn:uuid:other>")


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=LONGEST))
def test_whatever_an_instance_is_called_its_gruu_names_it(name: str) -> None:
    found = public("sip:140@musterbau.example", name)
    bare = name[1:-1] if name[0] == "<" and name[-1] == ">" else name
    if not bare:
        assert found == ""
        return
    parse(found)
    assert names(instance_of(found), name)


@pytest.mark.parametrize("instance", ["", "<>", "x" * (LONGEST + 1), "<\u00e4>"])
def test_an_unreasonable_instance_gets_none(instance: str) -> None:
    assert public("sip:140@musterbau.example", instance) == ""


# -- outbound beside it (RFC 5626 section 6) --------------------------------------------------------------------------
OUTBOUND = ("Supported", "path, outbound")


def test_rfc5626_6_outbound_is_required_and_streams_get_a_flow_timer() -> None:
    contact = f"<sip:a@192.0.2.9;ob>;{INSTANCE};reg-id=1"
    assert dict(registered(contact, OUTBOUND).headers)["Require"] == "outbound"
    assert "Flow-Timer" not in dict(registered(contact, OUTBOUND).headers)
    assert dict(registered(contact, OUTBOUND, flow=TLS).headers)["Flow-Timer"] == "120"
    assert "Require" not in dict(registered(contact).headers)
    assert "Require" not in dict(registered(f"<sip:a@192.0.2.9>;{INSTANCE}", OUTBOUND).headers)
    assert ";ob>" in contact_of(registered(contact, OUTBOUND))


def test_rfc5626_6_not_through_a_proxy_that_does_not_keep_flows() -> None:
    contact = f"<sip:a@192.0.2.9>;{INSTANCE};reg-id=1"
    assert "Require" not in dict(registered(contact, OUTBOUND, via=2).headers)
    through = registered(contact, OUTBOUND, ("Path", "<sip:edge.example;lr;ob>"), via=2)
    assert dict(through.headers)["Require"] == "outbound"


def test_rfc3261_10_3_what_the_registrar_can_is_told_to_whom_it_concerns() -> None:
    assert dict(registered("<sip:a@192.0.2.9>", ("Supported", "gruu")).headers)["Supported"] == "gruu, outbound, path"
    assert "Supported" not in dict(registered("<sip:a@192.0.2.9>", ("Supported", "replaces")).headers)
