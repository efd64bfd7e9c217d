"""RFC 4475 and RFC 5118 at the message layer: what is valid is read right, what is not is refused as the RFC asks."""

import pytest
from torture_table import ACCEPT, CASES, DROP, ROOT, Case

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip import uri
from vorzimmer.sip.content import parts, sdp_of
from vorzimmer.sip.headers import parse_contacts, parse_cseq, parse_name_addr, parse_via
from vorzimmer.sip.message import Message, Request, Response, parse
from vorzimmer.sip.validate import check_request, check_response, check_support

BY_NAME = {case.name: case for case in CASES}


def verdict(case: Case) -> int:
    try:
        message = parse(case.data)
        if isinstance(message, Request):
            check_request(message)
            check_support(message, ("replaces",))
        else:
            check_response(message)
    except PeerError as error:
        return error.status if error.answerable else DROP
    return ACCEPT


def request(name: str) -> Request:
    message = parse(BY_NAME[name].data)
    assert isinstance(message, Request)
    return message


def response(name: str) -> Response:
    message = parse(BY_NAME[name].data)
    assert isinstance(message, Response)
    return message


def test_every_vector_is_in_the_table_and_none_is_left_out() -> None:
    files = {path.stem for path in ROOT.glob("*/*.dat")}
    assert files == set(BY_NAME)
    assert len(CASES) == 49 + 12


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rfc}-{case.section}-{case.name}")
def test_torture_verdict(case: Case) -> None:
    assert verdict(case) == case.parse


@pytest.mark.parametrize("case", [case for case in CASES if case.parse == ACCEPT], ids=lambda case: case.name)
def test_torture_valid_messages_round_trip(case: Case) -> None:
    once: Message = parse(case.data)
    assert parse(once.to_bytes()).to_bytes() == once.to_bytes()


def test_rfc4475_3_1_1_1_wsinv_values() -> None:
    message = request("wsinv")
    headers = message.headers
    to, sender = parse_name_addr(headers.get("To")), parse_name_addr(headers.get("From"))
    assert (to.uri_text, to.tag) == ("sip:vivekg@chair-dnrc.example.com", "1918181833n")
    assert (sender.display, sender.tag) == ('J Rosenberg \\"', "98asjd8")
    assert str(parse_cseq(headers.get("CSeq"))) == "9 INVITE"
    vias = [parse_via(value) for value in headers.list_of("Via")]
    assert [(via.transport, via.host, via.branch) for via in vias] == [
        ("UDP", "192.0.2.2", "390skdjuw"),
        ("TCP", "spindle.example.com", "z9hG4bK9ikj8"),
        ("UDP", "192.168.255.111", "z9hG4bK30239"),
    ]
    contacts = parse_contacts(headers)
    assert isinstance(contacts, tuple)
    assert contacts[0].display == 'Quoted string ""'
    assert (contacts[0].get("newparam"), contacts[0].get("q")) == ("newvalue", "0.33")
    assert headers.get("Subject") == ""
    assert headers.get("newfangledheader") == "newfangled value continued newfangled value"
    assert headers.get("UnknownHeaderWithUnusualValue") == ";;,,;;,;"
    assert int(headers.get("Max-Forwards")) == 68
    assert len(message.body) == 150


def test_rfc4475_3_1_1_2_intmeth_values() -> None:
    message = request("intmeth")
    assert message.method == "!interesting-Method0123456789_*+`.%indeed'~"
    target = uri.parse(message.uri)
    assert isinstance(target, uri.SipUri)
    assert target.user == "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
    assert target.password == "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"
    assert target.host == "example.com"
    assert parse_name_addr(message.headers.get("To")).display == "BEL:\x07 NUL:\x00 DEL:\x7f"
    assert parse_name_addr(message.headers.get("From")).get("fromparam''~+*_!.-%") == "работающий"


def test_rfc4475_3_1_1_3_esc01_user_with_escapes() -> None:
    target = uri.parse(request("esc01").uri)
    assert isinstance(target, uri.SipUri)
    assert (target.user, target.host) == ("sips:user@example.com", "example.net")
    to = uri.parse(parse_name_addr(request("esc01").headers.get("To")).uri_text)
    assert to.same(uri.parse("sip:user@example.com"))


def test_rfc4475_3_1_1_4_escnull_keeps_the_nulls() -> None:
    message = request("escnull")
    contacts = parse_contacts(message.headers)
    assert isinstance(contacts, tuple)
    users = [contact.uri.user for contact in contacts if isinstance(contact.uri, uri.SipUri)]
    assert users == ["\0", "\0\0"]


def test_rfc4475_3_1_1_5_esc02_percent_outside_uris_is_a_character() -> None:
    message = request("esc02")
    assert message.method == "RE%47IST%45R"
    assert parse_name_addr(message.headers.get("To")).display == "%Z%45"
    contacts = parse_contacts(message.headers)
    assert isinstance(contacts, tuple)
    assert [contact.uri_text for contact in contacts] == [
        "sip:alias1@host1.example.com",
        "sip:alias3@host3.example.com",
    ]


def test_rfc4475_3_1_1_6_lwsdisp_and_3_1_1_9_semiuri() -> None:
    assert parse_name_addr(request("lwsdisp").headers.get("From")).display == "caller"
    target = uri.parse(request("semiuri").uri)
    assert isinstance(target, uri.SipUri)
    assert (target.user, target.params) == ("user;par=u@example.net", ())


def test_rfc4475_3_1_1_7_longreq_keeps_all_vias() -> None:
    message = request("longreq")
    assert len(message.headers.list_of("Via")) == 34
    assert len(parse_name_addr(message.headers.get("From")).tag) == 155


def test_rfc4475_3_1_1_8_dblreq_trailing_octets_are_dropped() -> None:
    message = request("dblreq")
    assert (message.method, message.body) == ("REGISTER", b"")


def test_rfc4475_3_1_1_10_unknown_transports() -> None:
    vias = [parse_via(value) for value in request("transports").headers.list_of("Via")]
    assert [via.transport for via in vias] == ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]


def test_rfc4475_3_1_1_11_mpart01_binary_part_is_whole() -> None:
    found = parts(request("mpart01"))
    assert [part.type.name for part in found] == ["text/plain", "application/octet-stream"]
    assert found[0].body == b"Hello"
    assert found[1].body[:2] == b"0\x82"


def test_rfc4475_3_1_1_12_and_13_reason_phrases() -> None:
    assert response("unreason").reason.startswith("= 2**3 * 5**2 но сто")
    assert (response("noreason").status, response("noreason").reason) == (100, "")


def test_rfc4475_3_2_1_badbranch_is_seen_as_no_branch_of_worth() -> None:
    assert parse_via(request("badbranch").headers.get("Via")).branch == "z9hG4bK"


def test_rfc4475_3_3_12_to_14_contact_and_uri_parameters_are_told_apart() -> None:
    for name, uri_text, header_param in (
        ("cparam01", "sip:+19725552222@gw1.example.net", True),
        ("cparam02", "sip:+19725552222@gw1.example.net;unknownparam", False),
        ("regescrt", "sip:user@example.com?Route=%3Csip:sip.example.com%3E", False),
    ):
        contacts = parse_contacts(request(name).headers)
        assert isinstance(contacts, tuple)
        assert contacts[0].uri_text == uri_text
        assert (("unknownparam", None) in contacts[0].params) is header_param
    route = uri.parse_sip("sip:user@example.com?Route=%3Csip:sip.example.com%3E").header("route")
    assert route == "<sip:sip.example.com>"


def test_rfc4475_3_4_1_inv2543_needs_no_tag_and_no_branch() -> None:
    message = request("inv2543")
    assert parse_name_addr(message.headers.get("From")).tag == ""
    assert parse_name_addr(message.headers.get("To")).get("user") == "phone"
    assert sdp_of(message) is not None


def test_rfc5118_4_3_and_4_4_port_inside_and_after_the_brackets() -> None:
    ambiguous, clear = uri.parse(request("port-ambiguous").uri), uri.parse(request("port-unambiguous").uri)
    assert isinstance(ambiguous, uri.SipUri)
    assert isinstance(clear, uri.SipUri)
    assert (ambiguous.host, ambiguous.port) == ("2001:db8::10:5070", None)
    assert (clear.host, clear.port) == ("2001:db8::10", 5070)


def test_rfc5118_4_5_received_with_and_without_brackets() -> None:
    for name in ("via-received-param-no-delim", "via-received-param-with-delim"):
        assert parse_via(request(name).headers.get("Via")).received == "2001:db8::9:255"


def test_rfc5118_4_9_ipv4_mapped() -> None:
    vias = [parse_via(value) for value in request("ipv4-mapped-ipv6").headers.list_of("Via")]
    assert [(via.host, via.port) for via in vias] == [("::ffff:192.0.2.10", 19823), ("::ffff:192.0.2.2", None)]


def test_rfc5118_4_10_the_third_colon_is_read_over_and_not_written() -> None:
    wrong, right = (
        uri.parse(request("ipv6-bug-abnf-3-colons").uri),
        uri.parse(request("ipv6-correct-abnf-2-colons").uri),
    )
    assert wrong == right
    assert str(wrong) == "sip:user@[2001:db8::192.0.2.1]"
