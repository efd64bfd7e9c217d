"""RFC 3263 over a scripted DNS: which servers a Hop leads to, in which order, and what of it is kept."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.kernel.address import Address
from vorzimmer.net.avoided import AVOIDED, Avoided
from vorzimmer.net.name_cache import CachedNames, Keeping
from vorzimmer.net.names import Naptr, Srv
from vorzimmer.net.resolver import MAX_TARGETS, DnsResolver, Target, naptr_in_order, srv_in_order
from vorzimmer.sip.flow import Hop
from vorzimmer.testing.chance import SeededChance
from vorzimmer.testing.loop import VirtualClock, run
from vorzimmer.testing.names import ScriptedNames

ALL = ("tls", "udp", "tcp")
ZONE = {
    ("carrier.example", "NAPTR"): (
        Naptr(20, 10, "s", "SIP+D2U", "_sip._udp.carrier.example"),
        Naptr(10, 20, "S", "sip+d2t", "_sip._tcp.carrier.example"),
        Naptr(10, 10, "s", "SIPS+D2T", "_sips._tcp.carrier.example"),
        Naptr(5, 10, "u", "E2U+sip", ""),
    ),
    ("_sips._tcp.carrier.example", "SRV"): (Srv(1, 0, 5061, "edge.carrier.example"),),
    ("_sip._tcp.carrier.example", "SRV"): (Srv(1, 0, 5060, "edge.carrier.example"),),
    ("_sip._udp.carrier.example", "SRV"): (
        Srv(20, 0, 5080, "spare.carrier.example"),
        Srv(10, 0, 5070, "edge.carrier.example"),
        Srv(10, 0, 5070, "broken.carrier.example"),
    ),
    ("edge.carrier.example", "A"): ("192.0.2.1",),
    ("edge.carrier.example", "AAAA"): ("2001:db8::1",),
    ("spare.carrier.example", "A"): ("192.0.2.2",),
    ("carrier.example", "A"): ("192.0.2.9",),
    ("only-srv.example", "A"): ("192.0.2.7",),
    ("_sip._tcp.only-srv.example", "SRV"): (Srv(1, 1, 5071, "spare.carrier.example"),),
    ("_sip._udp.closed.example", "SRV"): (Srv(0, 0, 0, ""),),
    ("closed.example", "A"): ("192.0.2.8",),
}


def found(hop: Hop, able: Sequence[str] = ALL, zone: dict = ZONE) -> list[str]:
    names = ScriptedNames(zone)
    targets = run(DnsResolver(names, SeededChance()).resolve(hop, able))
    return [f"{target.transport}:{target.address}" for target in targets]


def test_rfc3263_4_1_naptr_says_the_transport_and_srv_the_servers() -> None:
    assert found(Hop("", "carrier.example", 0)) == [
        "tls:192.0.2.1:5061",
        "tls:[2001:db8::1]:5061",
        "tcp:192.0.2.1:5060",
        "tcp:[2001:db8::1]:5060",
        "udp:192.0.2.1:5070",
        "udp:[2001:db8::1]:5070",
        "udp:192.0.2.2:5080",
    ]


def test_rfc3263_4_1_a_transport_that_we_do_not_speak_is_passed_over() -> None:
    assert {text.partition(":")[0] for text in found(Hop("", "carrier.example", 0), ("udp",))} == {"udp"}


def test_rfc3263_4_2_with_a_transport_only_its_srv_counts() -> None:
    assert found(Hop("udp", "carrier.example", 0)) == [
        "udp:192.0.2.1:5070",
        "udp:[2001:db8::1]:5070",
        "udp:192.0.2.2:5080",
    ]


def test_rfc3263_4_2_a_port_asks_for_neither_naptr_nor_srv() -> None:
    names = ScriptedNames(ZONE)
    targets = run(DnsResolver(names, SeededChance()).resolve(Hop("tcp", "carrier.example", 5090), ALL))
    assert targets == (Target("tcp", Address("192.0.2.9", 5090)),)
    assert {kind for _, kind in names.asked} == {"A", "AAAA"}


@pytest.mark.parametrize(("transport", "port"), [("udp", 5060), ("tcp", 5060), ("tls", 5061)])
def test_rfc3263_4_2_without_srv_the_name_itself_at_the_usual_port(transport: str, port: int) -> None:
    assert found(Hop(transport, "only-srv.example", 0) if transport != "tcp" else Hop("tcp", "closed.example", 0)) == [
        f"{transport}:192.0.2.{8 if transport == 'tcp' else 7}:{port}"
    ]


def test_rfc3263_4_1_without_naptr_the_srv_of_each_transport() -> None:
    assert found(Hop("", "only-srv.example", 0)) == ["tcp:192.0.2.2:5071"]
    assert found(Hop("", "spare.carrier.example", 0)) == ["udp:192.0.2.2:5060"], "neither: UDP"


def test_rfc2782_a_lone_dot_says_that_there_is_no_such_service() -> None:
    with pytest.raises(OSError, match="no server"):
        found(Hop("udp", "closed.example", 0))


@pytest.mark.parametrize("host", ["df7jal23ls0d.invalid", "nowhere.example", "x.INVALID."])
def test_rfc6761_and_unknown_names_lead_nowhere(host: str) -> None:
    with pytest.raises(OSError):
        found(Hop("udp", host, 5060))


def test_rfc6761_6_4_invalid_is_asked_of_nobody() -> None:
    names = ScriptedNames({})
    with pytest.raises(OSError):
        run(DnsResolver(names, SeededChance()).resolve(Hop("", "phone.invalid", 0), ALL))
    assert not names.asked


def test_a_hostile_zone_keeps_us_no_longer_than_any_other() -> None:
    many = tuple(Srv(1, 1, port, f"s{port}.x") for port in range(2000))
    zone = {("_sip._udp.x", "SRV"): many, **{(f"s{port}.x", "A"): ("192.0.2.1",) * 50 for port in range(2000)}}
    names = ScriptedNames(zone)
    targets = run(DnsResolver(names, SeededChance()).resolve(Hop("udp", "x", 0), ALL))
    assert len(targets) <= MAX_TARGETS
    assert len(names.asked) < 100


SRVS = st.lists(st.builds(Srv, st.integers(0, 3), st.integers(0, 9), st.integers(1, 9), st.sampled_from("abcd")))


@given(SRVS, st.integers())
def test_rfc2782_every_record_once_and_priorities_in_order(records: list[Srv], seed: int) -> None:
    ordered = srv_in_order(records, SeededChance(seed))
    assert Counter(ordered) == Counter(records)
    assert [each.priority for each in ordered] == sorted(each.priority for each in records)


def test_rfc2782_weights_are_shares() -> None:
    records = [Srv(1, 30, 1, "a"), Srv(1, 10, 1, "b"), Srv(1, 0, 1, "c")]
    chance = SeededChance(7)
    first = Counter(srv_in_order(records, chance)[0].target for _ in range(4000))
    assert 2700 < first["a"] < 3300
    assert 700 < first["b"] < 1250
    assert 0 < first["c"] < 250


def test_rfc3403_order_comes_before_preference() -> None:
    records = [Naptr(2, 1, "s", "SIP+D2U", "u"), Naptr(1, 9, "s", "SIP+D2T", "t"), Naptr(1, 9, "", "SIP+D2U", "n")]
    assert naptr_in_order(records, ALL) == [("tcp", "t"), ("udp", "u")]


# -- what is kept ----------------------------------------------------------------------------------------------------


def test_rfc1035_answers_are_kept_for_their_time_and_names_ignore_case() -> None:
    async def main() -> None:
        names, clock = ScriptedNames({("a.x", "A"): ("192.0.2.1",)}, ttl=100), VirtualClock()
        cached = CachedNames(names, clock)
        answers = await asyncio.gather(*(cached.ask(name, "A") for name in ("a.x", "A.X", "a.x.")))
        assert {answer.records for answer in answers} == {("192.0.2.1",)}
        assert len(names.asked) == 1, "asked once, also at the same time"
        await clock.sleep(99)
        await cached.ask("a.x", "A")
        assert len(names.asked) == 1
        await clock.sleep(2)
        await cached.ask("a.x", "A")
        assert len(names.asked) == 2

    run(main())


@pytest.mark.parametrize(("ttl", "kept"), [(0, 5), (10**9, 3600)])
def test_times_to_live_have_bounds(ttl: float, kept: float) -> None:
    async def main() -> None:
        names, clock = ScriptedNames({("a.x", "A"): ("192.0.2.1",)}, ttl=ttl), VirtualClock()
        cached = CachedNames(names, clock)
        await cached.ask("a.x", "A")
        await clock.sleep(kept - 1)
        await cached.ask("a.x", "A")
        assert len(names.asked) == 1
        await clock.sleep(2)
        await cached.ask("a.x", "A")
        assert len(names.asked) == 2

    run(main())


def test_rfc2308_denials_are_kept_for_less() -> None:
    async def main() -> None:
        names, clock = ScriptedNames({}, ttl=3000), VirtualClock()
        cached = CachedNames(names, clock)
        for wait in (0, 59, 2):
            await clock.sleep(wait)
            assert (await cached.ask("a.x", "A")).records == ()
        assert len(names.asked) == 2

    run(main())


def test_rfc8767_an_old_answer_serves_while_nobody_answers() -> None:
    async def main() -> None:
        names, clock = ScriptedNames({("a.x", "A"): ("192.0.2.1",)}, ttl=60), VirtualClock()
        cached = CachedNames(names, clock)
        await cached.ask("a.x", "A")
        names.silent.add("a.x")
        await clock.sleep(3600)
        assert (await cached.ask("a.x", "A")).records == ("192.0.2.1",)
        asked = len(names.asked)
        await cached.ask("a.x", "A")
        assert len(names.asked) == asked, "not asked again at once"
        await clock.sleep(90_000)
        with pytest.raises(OSError):
            await cached.ask("a.x", "A")
        names.silent.clear()
        await clock.sleep(6)
        assert (await cached.ask("a.x", "A")).records == ("192.0.2.1",)

    run(main())


def test_the_cache_does_not_grow() -> None:
    async def main() -> None:
        cached = CachedNames(ScriptedNames({}), VirtualClock(), Keeping(entries=10))
        for number in range(100):
            await cached.ask(f"{number}.x", "A")
        assert len(cached) == 10
        await cached.close()

    run(main())


def test_servers_that_failed_are_tried_last_for_a_while() -> None:
    async def main() -> None:
        clock = VirtualClock()
        avoided = Avoided(clock)
        one, two, three = (Target("udp", Address(f"192.0.2.{number}", 5060)) for number in (1, 2, 3))
        avoided.failed(one.address)
        assert avoided.in_order((one, two, three), ()) == [two, three, one]
        assert avoided.in_order((one, two, three), (two.address,)) == [three, one]
        await clock.sleep(AVOIDED + 1)
        assert avoided.in_order((one, two, three), ()) == [one, two, three]

    run(main())
