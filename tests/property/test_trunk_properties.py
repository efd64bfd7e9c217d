"""Whatever names, numbers and settings say: an INVITE over a trunk is well-formed, and what is withheld stays so."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.calls.outside import Way, broken, invite, rest
from vorzimmer.directory.numbers import NumberPlan
from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.address import Address
from vorzimmer.presence.trunk_line import Line
from vorzimmer.routing.model import Diverted, Offer, Route
from vorzimmer.sip.flow import Hop
from vorzimmer.sip.headers import parse_name_addr
from vorzimmer.sip.message import Headers
from vorzimmer.sip.uri import SipUri, parse

NUMBERS = st.sampled_from(["+498999998100", "+493023125222", "+43123456789", "+49115", "112", ""])
NAMES = st.one_of(st.just("Anna Schneider"), st.text(max_size=30), st.just('"\r\nEvil: 1'))
HOP = Hop("udp", "203.0.113.9", 5060)


@st.composite
def ways(draw: st.DrawFn) -> Way:
    line = Line(
        draw(st.sampled_from(["eins", "zwei"])), HOP, "carrier.example", "firma.example",
        draw(st.sampled_from(["pai", "ppi", "from"])),
        draw(st.sampled_from(["e164", "international", "digits", "national"])),
        NumberPlan(), draw(st.sampled_from(["konto", ""])), Address("192.0.2.1", 5060),
    )  # fmt: skip
    route = Route(
        line.trunk, draw(NUMBERS), draw(NUMBERS), draw(NAMES), draw(st.booleans()), draw(st.booleans()),
        draw(st.sampled_from([0, 0, 403])),
    )  # fmt: skip
    return Way(route, line)


DIVERTED = st.lists(
    st.builds(Diverted, NUMBERS.filter(bool), st.sampled_from(["unconditional", "unknown"]), st.booleans())
)
TARGETS = st.sampled_from(["+491713920001", "112", "+49116117"])


@given(ways(), DIVERTED, TARGETS)
def test_rfc3323_an_invite_over_a_trunk_is_well_formed_and_keeps_what_is_withheld(
    way: Way, diverted: list[Diverted], number: str
) -> None:
    offer = Offer(Ref("number", number), "user", diverted=tuple(diverted))
    spec = invite(way, offer, b"", (20.0, 60))
    assert isinstance(parse(spec.uri), SipUri)
    assert isinstance(parse_name_addr(spec.remote).uri, SipUri)
    sender = parse_name_addr(spec.local)
    headers = Headers(spec.extra)
    for name, value in spec.extra:
        assert not set("\r\n\x00") & set(value), name
        if name in {"P-Asserted-Identity", "P-Preferred-Identity", "Diversion"}:
            assert isinstance(parse_name_addr(value).uri, SipUri)
    for entry in headers.list_of("History-Info"):
        assert parse_name_addr(entry).get("index")
    assert len(headers.get_all("Diversion")) == len(diverted)
    assert ("id" in headers.get("Privacy")) is way.route.private
    if way.route.private:
        assert isinstance(sender.uri, SipUri)
        assert (sender.uri.user, sender.uri.host) == ("anonymous", "anonymous.invalid")
        assert way.route.name.strip() not in sender.display or way.route.name.strip() in "Anonymous"
    assert spec.max_forwards == 59


@given(st.lists(ways(), min_size=1, max_size=6), st.integers(300, 699))
def test_12_2_fail_over_always_comes_to_an_end_and_a_number_is_tried_again_on_its_own_trunk_only(
    found: list[Way], status: int
) -> None:
    left = tuple(found)
    tried = [left[0]]
    while left := rest(left, status):
        tried.append(left[0])
    assert len(tried) <= len(found)
    for before, after in pairwise(tried):
        if after.route.after and after.route.after == status and not broken(status):
            assert after.route.trunk == before.route.trunk
    if not broken(status) and status != 403:
        assert len(tried) == 1
