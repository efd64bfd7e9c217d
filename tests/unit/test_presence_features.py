"""A phone's own keys kept in step with the server: package as-feature-event (FEATURES.md BAS-5, BAS-1 to BAS-3)."""

from contextlib import suppress
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.simulation.companies import NORD, change
from tests.simulation.phones import Handset
from tests.watch_bench import Bench, play

from vorzimmer.app.house import zone
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.features.codes.phone_keys import step_of
from vorzimmer.kernel.errors import PeerError
from vorzimmer.presence import feature_state
from vorzimmer.presence.feature_state import CONTENT_TYPE, NAMESPACE, FeatureState, Wish, read
from vorzimmer.presence.subscriptions import MOST_WISHES
from vorzimmer.testing.phone_watch import Watch

EVENT = "as-feature-event"
SAMPLE = '<?xml version="1.0" encoding="ISO-8859-1"?>\n<{0} xmlns="{1}"><device>7659366</device>{2}</{0}>'


def dnd(on: str) -> tuple[str, bytes]:
    inside = f"<doNotDisturbOn>{on}</doNotDisturbOn>"
    return CONTENT_TYPE, SAMPLE.format("SetDoNotDisturb", NAMESPACE, inside).encode()


def forward(kind: str, on: str, to: str = "") -> tuple[str, bytes]:
    inside = (
        f"<activateForward>{on}</activateForward><forwardingType>{kind}</forwardingType>"
        f"<forwardDN>{to}</forwardDN><ringCount>3</ringCount>"
    )
    return CONTENT_TYPE, SAMPLE.format("SetForwarding", NAMESPACE, inside).encode()


def documents(body: bytes) -> list[ElementTree.Element]:
    """The documents of a NOTIFY, of several parts or not."""
    found = []
    for piece in body.split(b"--vorzimmer"):
        start = piece.find(b"<?xml")
        if start >= 0:
            found.append(ElementTree.fromstring(piece[start:].strip()))
    return found


def told(watch: Watch) -> dict[str, tuple[str, str]]:
    """What the phone shows after all NOTIFYs: feature -> (on, number)."""
    ns, shown = f"{{{NAMESPACE}}}", {}
    for notify in watch.notifies:
        for root in documents(notify.body):
            if root.tag == f"{ns}DoNotDisturbEvent":
                shown["dnd"] = root.findtext(f"{ns}doNotDisturbOn") or "", ""
            else:
                kind = root.findtext(f"{ns}forwardingType") or ""
                shown[kind] = root.findtext(f"{ns}forwardStatus") or "", root.findtext(f"{ns}forwardTo") or ""
            assert root.findtext(f"{ns}device") == "100"
    return shown


async def in_step(bench: Bench, device: str = "anna-1", **named: str) -> tuple[Handset, Watch]:
    bench.server.service = bench.server.changing
    await bench.restart()
    handset = await bench.phone(device, **named)  # type: ignore[arg-type]  # transport, agent
    watch = await bench.watch(handset, "100", EVENT)
    await bench.clock.sleep(1)
    return handset, watch


def is_quiet(bench: Bench) -> bool:
    book = bench.server.exchange.house.book("nord")
    entry = book.entry(Ref("user", "anna"))
    assert entry is not None
    return bool(entry.data.get("dnd"))


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_bas_5_a_phone_is_told_how_its_owners_features_stand(transport: str) -> None:
    async def script(bench: Bench) -> None:
        _, watch = await in_step(bench, transport=transport)
        assert told(watch) == {
            "dnd": ("false", ""),
            "forwardImmediate": ("false", ""),
            "forwardBusy": ("false", ""),
            "forwardNoAns": ("false", ""),
        }
        for notify in watch.notifies:
            assert transport == "tcp" or len(notify.to_bytes()) < 1300
        assert len(watch.notifies) == (1 if transport == "tcp" else 2)
        before = len(watch.notifies)
        await bench.server.apply(change(NORD, "anna", "dnd: true"))
        await bench.clock.sleep(1)
        assert told(watch)["dnd"] == ("true", "")
        assert len(watch.notifies) == before + 1
        assert watch.notifies[-1].headers.get("Content-Type") == CONTENT_TYPE
        await bench.server.apply(change(NORD, "anna", "call_waiting: false"))
        await bench.clock.sleep(1)
        assert len(watch.notifies) == before + 1

    play(script)


def test_bas_5_the_phones_own_key_sets_do_not_disturb_by_the_one_door_and_callers_find_it() -> None:
    async def script(bench: Bench) -> None:
        anna, watch = await in_step(bench)
        other = await bench.phone("anna-2")
        beside = await bench.watch(other, "100", EVENT)
        bea = await bench.phone("bea-1")
        watch.subscribe(body=dnd("true"))
        await bench.clock.sleep(2)
        assert watch.statuses == [200, 200]
        assert is_quiet(bench)
        assert told(watch)["dnd"] == told(beside)["dnd"] == ("true", "")
        call = bea.phone.call("100")
        await bench.clock.sleep(1)
        assert call.statuses[-1] == 486
        assert anna.phone.calls == other.phone.calls == []
        watch.subscribe(body=dnd("false"))
        await bench.clock.sleep(2)
        assert not is_quiet(bench)
        assert told(watch)["dnd"] == told(beside)["dnd"] == ("false", "")

    play(script)


def test_bas_5_no_notify_between_key_and_change_tells_the_old_state() -> None:
    """A phone takes it for a change at the server and switches its key off again."""

    async def script(bench: Bench) -> None:
        _, watch = await in_step(bench, transport="tcp")
        before = len(watch.notifies)
        bench.server.slow = 0.2
        watch.subscribe(body=dnd("true"))
        await bench.clock.sleep(3)
        later = [d for notify in watch.notifies[before:] for d in documents(notify.body) if "DoNotDisturb" in d.tag]
        assert later
        assert all(d.findtext(f"{{{NAMESPACE}}}doNotDisturbOn") == "true" for d in later)

    play(script)


def test_bas_1_the_phones_forwarding_key_sets_forwarding() -> None:
    async def script(bench: Bench) -> None:
        anna, watch = await in_step(bench)
        bea, carl = await bench.phone("bea-1"), await bench.phone("carl-1")
        watch.subscribe(body=forward("forwardImmediate", "true", "102"))
        await bench.clock.sleep(2)
        assert told(watch)["forwardImmediate"] == ("true", "102")
        bea.phone.call("100")
        await bench.clock.sleep(1)
        assert len(carl.phone.calls) == 1
        assert anna.phone.calls == []
        watch.subscribe(body=forward("forwardImmediate", "false"))
        await bench.clock.sleep(2)
        assert told(watch)["forwardImmediate"] == ("false", "102")
        watch.subscribe(body=forward("forwardNoAns", "true", "089 99997 101"))
        await bench.clock.sleep(2)
        assert told(watch)["forwardNoAns"] == ("true", "+498999997101")

    play(script)


@pytest.mark.parametrize("to", ["112", "999", "100", "sip:bea@elsewhere.example", "'); drop"])
def test_bas_1_a_number_that_leads_nowhere_changes_nothing_and_the_phone_is_told_so(to: str) -> None:
    async def script(bench: Bench) -> None:
        _, watch = await in_step(bench)
        before = len(watch.notifies)
        watch.subscribe(body=forward("forwardImmediate", "true", to))
        await bench.clock.sleep(2)
        assert watch.statuses[-1] == 200
        assert told(watch)["forwardImmediate"] == ("false", "")
        assert len(watch.notifies) > before

    play(script)


def test_bas_5_the_key_may_come_with_the_first_subscribe_and_somebody_elses_is_not_there() -> None:
    async def script(bench: Bench) -> None:
        await in_step(bench)
        anna = await bench.phone("anna-1")
        watch = Watch(anna.phone, f"sip:100@{NORD.domain}", EVENT, "first", 600)
        anna.phone.watches.append(watch)
        watch.subscribe(body=dnd("1"))
        await bench.clock.sleep(2)
        assert watch.statuses == [200]
        assert is_quiet(bench)
        assert (await bench.watch(anna, "101", EVENT)).statuses == [404]

    play(script)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ((CONTENT_TYPE, b"<nothing"), 400),
        ((CONTENT_TYPE, b"<SetAgentState/>"), 400),
        (("text/plain", b"dnd"), 415),
        (("multipart/mixed", b"x"), 400),
        (("multipart/mixed;boundary=b", b"--b\r\n\r\nx\r\n--b--"), 415),
        (forward("forwardSometimes", "true", "101"), 400),
        (dnd("maybe"), 400),
    ],
)
def test_hostile_feature_documents_are_refused(body: tuple[str, bytes], status: int) -> None:
    async def script(bench: Bench) -> None:
        _, watch = await in_step(bench)
        watch.subscribe(body=body)
        await bench.clock.sleep(2)
        assert watch.statuses == [200, status]
        assert not is_quiet(bench)

    play(script)


def test_a_failing_store_leaves_everything_as_it_was_and_the_phone_is_told() -> None:
    async def script(bench: Bench) -> None:
        async def fails(run: object, asked: object) -> None:
            raise RuntimeError("bug")

        bench.server.service = fails  # type: ignore[assignment]  # to see what a bug does
        await bench.restart()
        anna = await bench.phone("anna-1")
        watch = await bench.watch(anna, "100", EVENT)
        watch.subscribe(body=dnd("true"))
        await bench.clock.sleep(2)
        assert watch.statuses == [200, 500]

    play(script)


def test_a_phone_that_hammers_its_key_is_asked_to_wait() -> None:
    async def script(bench: Bench) -> None:
        _, watch = await in_step(bench)
        bench.server.slow = 3.0
        others = []
        for number in range(MOST_WISHES + 1):
            other = Watch(watch.phone, watch.target, EVENT, f"more{number}", 600)
            watch.phone.watches.append(other)
            other.subscribe(body=dnd("true"))
            others.append(other)
        await bench.clock.sleep(1)
        assert sorted(status for other in others for status in other.statuses) == [503]
        bench.server.slow = 0.0
        await bench.clock.sleep(20)
        assert [other.statuses for other in others].count([200]) == MOST_WISHES
        assert is_quiet(bench)

    play(script)


@pytest.mark.parametrize("feature", ["dnd", "always"])
def test_a_phone_in_the_common_area_sets_nothing(feature: str) -> None:
    book = Snapshot.of(SCHEMA, zone, ())
    assert step_of(feature, "", Ref("phone", "lobby"), book, on=False) is None


def test_a_phone_in_step_is_told_all_of_it_again_after_a_kill() -> None:
    async def script(bench: Bench) -> None:
        _, watch = await in_step(bench)
        await bench.clock.sleep(2)
        before = len(watch.notifies)
        await bench.restart()
        await bench.clock.sleep(3)
        assert len(watch.notifies) == before + 2

    play(script)


# -- documents ------------------------------------------------------------------------------------------------------
def test_a_document_of_each_feature_is_as_the_makers_have_it() -> None:
    state = FeatureState(dnd=True, forwards=(("always", True, "102"), ("busy", False, ""), ("no_answer", True, "+49<")))
    found = dict(feature_state.parts(state, "100"))
    assert found["dnd"] == (
        b'<?xml version="1.0" encoding="ISO-8859-1"?>\n'
        b'<DoNotDisturbEvent xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed3">'
        b"<device>100</device><doNotDisturbOn>true</doNotDisturbOn></DoNotDisturbEvent>\n"
    )
    assert b"<forwardingType>forwardImmediate</forwardingType>" in found["always"]
    assert b"<forwardTo>102</forwardTo>" in found["always"]
    assert b"+49&lt;" in found["no_answer"]


@pytest.mark.parametrize(
    ("body", "wish"),
    [
        (dnd("true"), Wish("dnd", True)),
        (dnd("0"), Wish("dnd", False)),
        (forward("forwardImmediate", "true", "102"), Wish("always", True, "102")),
        (forward("forwardBusy", "false"), Wish("busy", False)),
        (forward("forwardNoAns", "1", " 102 "), Wish("no_answer", True, "102")),
    ],
)
def test_what_a_key_asks_for(body: tuple[str, bytes], wish: Wish) -> None:
    assert read(body[1]) == wish
    assert read(body[1].replace(NAMESPACE.encode(), b"urn:another")) == wish


@given(st.one_of(st.binary(), st.text().map(lambda text: SAMPLE.format("SetForwarding", NAMESPACE, text).encode())))
def test_whatever_comes_is_a_wish_or_the_peers_fault(body: bytes) -> None:
    with suppress(PeerError):
        assert isinstance(read(body), Wish)


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY b "c">]><SetDoNotDisturb/>',
        "<a>" * 50,
        "<SetForwarding><forwardingType>forwardBusy</forwardingType><activateForward>true</activateForward>"
        f"<forwardDN>{'1' * 500}</forwardDN></SetForwarding>",
    ],
)
def test_a_document_costs_no_more_than_its_length(text: str) -> None:
    with pytest.raises(PeerError):
        read(text.encode())
