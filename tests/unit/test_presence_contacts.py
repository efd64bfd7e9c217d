"""Contacts that no phone may name (issue: bad input): refused before anything is stored."""

import pytest

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import PeerError
from vorzimmer.presence.contacts import check_contacts
from vorzimmer.sdp.addresses import Own, refused
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.message import Headers, Request

FLOW = Flow("udp", Address("203.0.113.1", 5060), Address("198.51.100.7", 40123))
OWN = Own(frozenset({"203.0.113.1"}), ((5060, 5060), (20000, 29999)))


def check(contact: str, *, loopback: bool = False) -> None:
    request = Request("REGISTER", "sip:x", Headers([("Contact", contact)]))
    check_contacts(request, FLOW, lambda address, flow: refused(address, loopback, OWN))


@pytest.mark.parametrize(
    "contact",
    [
        "<sip:anna@169.254.1.1>",
        "<sip:anna@[fe80::1]:5060>",
        "<sip:anna@224.0.0.5>",
        "<sip:anna@127.0.0.1:5080>",
        "<sip:anna@[::1]>",
        "<sip:anna@203.0.113.1:5060>",
        "<sip:anna@203.0.113.1>",
        "<sip:anna@192.0.2.9>, <sip:anna@127.0.0.1>",
    ],
)
def test_a_contact_that_nobody_may_name_is_403(contact: str) -> None:
    with pytest.raises(PeerError) as error:
        check(contact)
    assert error.value.status == 403


@pytest.mark.parametrize("contact", ["*", "<sip:anna@10.0.0.5:5060>", "<sip:anna@phone.example>", "<tel:+4989>"])
def test_other_contacts_pass(contact: str) -> None:
    check(contact)


def test_loopback_may_be_named_where_the_listener_is_on_loopback() -> None:
    check("<sip:anna@127.0.0.1:5080>", loopback=True)
