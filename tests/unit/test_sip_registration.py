"""The registrar's rules (RFC 3261 section 10.3, RFC 3581, RFC 5626)."""

from itertools import count

import msgspec
import pytest

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.headers import parse_name_addr
from vorzimmer.sip.message import Headers, Request
from vorzimmer.sip.registration import Binding, Outcome, Policy, Visit, register
from vorzimmer.sip.validate import RefusedError

FLOW = Flow("udp", Address("192.0.2.10", 5060), Address("198.51.100.7", 40123), listener="udp")
POLICY = Policy(least=60, most_seconds=3600, usual=600)
_cseq = count(1)


def request(
    *contacts: str, expires: str = "", call_id: str = "c1", cseq: int = 0, extra: tuple[tuple[str, str], ...] = ()
) -> Request:
    pairs = [("To", "<sip:anna@x>"), ("Call-ID", call_id), ("CSeq", f"{cseq or next(_cseq)} REGISTER")]
    pairs += [("Contact", contact) for contact in contacts]
    pairs += [("Expires", expires)] if expires else []
    return Request("REGISTER", "sip:x", Headers([*pairs, *extra]))


def run(request_: Request, current: tuple[Binding, ...] = (), now: float = 1000.0, fraction: float = 0.0) -> Outcome:
    return register(current, request_, Visit(FLOW, now, fraction), POLICY)


def uris(outcome: Outcome) -> list[str]:
    return [binding.uri for binding in outcome.bindings]


def status(request_: Request, current: tuple[Binding, ...] = ()) -> int:
    with pytest.raises(PeerError) as caught:
        run(request_, current)
    return caught.value.status


def test_rfc3261_10_3_several_bindings_with_q_and_flow() -> None:
    outcome = run(
        request(
            "<sip:anna@10.0.0.1;transport=udp>;q=0.7;expires=300", '"Sofa" <sip:anna@10.0.0.2>;q=0.25', expires="120"
        )
    )
    first, second = outcome.bindings
    assert (first.uri, first.q, first.expires, first.flow) == ("sip:anna@10.0.0.1;transport=udp", 700, 1300.0, FLOW)
    assert (second.q, second.expires) == (250, 1120.0)
    listed = [parse_name_addr(value) for name, value in outcome.headers if name == "Contact"]
    assert [(c.uri_text, c.get("expires"), c.get("q")) for c in listed] == [
        ("sip:anna@10.0.0.1;transport=udp", "300", "0.7"),
        ("sip:anna@10.0.0.2", "120", "0.25"),
    ]


def test_rfc3261_10_2_3_a_query_changes_nothing_and_lists_what_is_left() -> None:
    current = run(request("<sip:a@1.2.3.4>", expires="300")).bindings
    outcome = run(request(), current, now=1100.0)
    assert outcome.bindings == current
    assert outcome.headers == (("Contact", "<sip:a@1.2.3.4>;expires=200"),)
    assert run(request(), current, now=1300.0).bindings == ()


@pytest.mark.parametrize(
    ("contact", "expires", "seconds"),
    [
        ("<sip:a@b>", "", 600),
        ("<sip:a@b>;expires=90", "300", 90),
        ("<sip:a@b>", "300", 300),
        ("<sip:a@b>", "100000000000000000000000", 3600),
        ("<sip:a@b>;expires=never", "", 3600),
        ("<sip:a@b>;expires=60", "", 60),
    ],
)
def test_rfc3261_10_2_1_1_expires(contact: str, expires: str, seconds: int) -> None:
    assert run(request(contact, expires=expires)).bindings[0].expires == 1000.0 + seconds


def test_rfc3261_10_3_7_interval_too_brief() -> None:
    with pytest.raises(RefusedError) as caught:
        run(request("<sip:a@b>;expires=59"))
    assert (caught.value.status, caught.value.extra) == (423, (("Min-Expires", "60"),))


@pytest.mark.parametrize(("fraction", "seconds"), [(0.0, 1000), (0.5, 900), (0.999, 800)])
def test_granted_times_are_shortened_by_up_to_a_fifth(fraction: float, seconds: int) -> None:
    outcome = run(request("<sip:a@b>", expires="1000"), fraction=fraction)
    assert outcome.bindings[0].expires == 1000 + seconds
    assert outcome.headers[0][1].endswith(f"expires={seconds}")


def test_shortening_never_goes_below_the_least() -> None:
    assert run(request("<sip:a@b>", expires="62"), fraction=0.99).bindings[0].expires == 1060.0


def test_rfc3261_10_2_2_removal_of_one_and_of_all() -> None:
    current = run(request("<sip:a@b>", "<sip:c@d>")).bindings
    assert uris(run(request("<sip:A@b>;expires=0"), current)) == ["sip:a@b", "sip:c@d"]
    assert uris(run(request("<sip:a@B>;expires=0"), current)) == ["sip:c@d"]
    assert uris(run(request("<sip:a@b>", expires="0"), current)) == ["sip:c@d"]
    outcome = run(request("*", expires="0"), current)
    assert (outcome.bindings, outcome.headers) == ((), ())


@pytest.mark.parametrize(
    ("contacts", "expires"), [(("*",), ""), (("*",), "60"), (("*",), "x"), (("*", "<sip:a@b>"), "0")]
)
def test_rfc3261_10_3_6_star_only_with_expires_0_and_alone(contacts: tuple[str, ...], expires: str) -> None:
    assert status(request(*contacts, expires=expires)) == 400


def test_rfc3261_10_3_an_older_request_of_the_same_call_id_fails_whole() -> None:
    current = run(request("<sip:a@b>", cseq=5000)).bindings
    assert status(request("<sip:new@d>", "<sip:a@b>", cseq=4999), current) == 500
    assert status(request("<sip:a@b>", cseq=5000), current) == 500
    assert status(request("*", expires="0", cseq=4999), current) == 500
    assert uris(run(request("<sip:a@b>", cseq=1, call_id="other"), current)) == ["sip:a@b"]
    assert uris(run(request("<sip:a@b>;expires=0", cseq=5001), current)) == []


def test_rfc3261_10_3_a_refresh_moves_the_binding_to_its_new_flow() -> None:
    current = run(request("<sip:a@b>")).bindings
    newer = Flow("udp", FLOW.local, Address("198.51.100.7", 50001), listener="udp")
    outcome = register(current, request("<sip:a@b>"), Visit(newer, 1010.0), POLICY)
    assert [binding.flow for binding in outcome.bindings] == [newer]


def test_rfc5626_6_instance_and_reg_id_replace() -> None:
    instance = '+sip.instance="<urn:uuid:1>"'
    current = run(request(f"<sip:a@1.1.1.1:1>;{instance};reg-id=1", f"<sip:a@1.1.1.1:2>;{instance};reg-id=2")).bindings
    assert len(current) == 2
    outcome = run(request(f"<sip:a@1.1.1.1:3>;{instance};reg-id=1", extra=(("Supported", "path, outbound"),)), current)
    assert uris(outcome) == ["sip:a@1.1.1.1:2", "sip:a@1.1.1.1:3"]
    assert ("Require", "outbound") in outcome.headers
    assert f"<sip:a@1.1.1.1:3>;{instance};reg-id=1;expires=600" in [value for _, value in outcome.headers]


def test_a_phone_that_restarts_on_a_new_port_leaves_no_dead_binding() -> None:
    instance = '+sip.instance="<urn:uuid:1>"'
    current = run(request(f"<sip:a@1.1.1.1:1>;{instance}", "<sip:a@2.2.2.2>")).bindings
    outcome = run(request(f"<sip:a@1.1.1.1:9>;{instance}", call_id="after-restart"), current)
    assert uris(outcome) == ["sip:a@2.2.2.2", "sip:a@1.1.1.1:9"]


def test_too_many_bindings_are_refused_but_refreshes_go_on() -> None:
    current = run(request(*(f"<sip:a@10.0.0.{n}>" for n in range(1, 11)))).bindings
    assert status(request("<sip:a@10.0.0.11>"), current) == 403
    assert len(run(request("<sip:a@10.0.0.3>"), current).bindings) == 10


def test_contacts_must_be_sip() -> None:
    assert status(request("<tel:+4989>")) == 400
    assert status(request("<name:John_Smith>")) == 400


def test_one_request_may_name_a_contact_twice_and_the_last_word_counts() -> None:
    assert [b.q for b in run(request("<sip:a@b>;q=0.1", "<sip:a@b>;q=0.2")).bindings] == [200]


def test_rfc3327_path_is_kept_and_answered() -> None:
    outcome = run(request("<sip:a@b>", extra=(("Path", "<sip:p1;lr>, <sip:p2;lr>"),)))
    assert outcome.bindings[0].path == ("<sip:p1;lr>", "<sip:p2;lr>")
    assert ("Path", "<sip:p1;lr>, <sip:p2;lr>") in outcome.headers


@pytest.mark.parametrize(
    ("text", "q"),
    [("", 1000), ("1", 1000), ("0", 0), ("0.5", 500), ("0.123", 123), ("0.1234", 1000), ("7", 1000), ("x", 1000)],
)
def test_rfc3261_20_10_q(text: str, q: int) -> None:
    assert run(request(f"<sip:a@b>;q={text}" if text else "<sip:a@b>")).bindings[0].q == q


def test_bindings_go_to_bytes_and_back() -> None:
    current = run(
        request('<sip:a@b;x>;+sip.instance="<urn:uuid:1>";reg-id=1', extra=(("User-Agent", "ä\x00" * 500),))
    ).bindings
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(current), type=tuple[Binding, ...]) == current
    assert len(current[0].agent) == 200
