"""Events over a web socket (issue 4, point 2): numbered, resumed, and never more than the watcher's rights allow."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from pydantic import TypeAdapter
from tests.api_rig import Rig
from tests.events_rig import Socket, pause
from tests.signin_rig import SignInRig, with_signin

from vorzimmer.accounts.validity import SEEN_EVERY
from vorzimmer.api.events import watching
from vorzimmer.api.events.ring import Draft, Ring
from vorzimmer.api.events.shapes import Told
from vorzimmer.api.principal import Principal
from vorzimmer.app.office import ApplyRequest
from vorzimmer.testing.loop import run

TOLD: TypeAdapter[Any] = TypeAdapter(Told)
BASE = "/companies/musterbau"
PEOPLE = {
    "bea": Principal("user", "musterbau", "bea"),
    "dora": Principal("user", "musterbau", "dora"),
    "site": Principal("site_admin", "musterbau", "leiter", "muenchen"),
    "elsewhere": Principal("site_admin", "musterbau", "fern", "zweig"),
    "calls_only": Principal("company_admin", "musterbau", "admin", scopes=frozenset({"calls:read"})),
    "settings_only": Principal("company_admin", "musterbau", "admin", scopes=frozenset({"settings:read"})),
}
ALL = ("anna", "bea", "dora", "site", "elsewhere", "admin", "other", "provider", "calls_only", "settings_only")


class LoopTime:
    """kernel.Clock over the loop's virtual time; the wall moves with it."""

    def __init__(self, rig: Rig) -> None:
        self._wall = rig.clock.wall

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def wall(self) -> Any:
        return self._wall()

    async def sleep(self, seconds: float) -> None:
        await pause(seconds)


class EventRig(Rig):
    """The application, and control's facts given by hand."""

    async def furnish(self) -> "EventRig":
        await super().furnish()
        self.door.people |= PEOPLE
        ports = self.app.state.ports
        object.__setattr__(ports, "clock", LoopTime(self))
        self.hub = self.app.state.hub
        self.office.listen(self.hub.changed)
        await self._more("sites", {"id": "zweig", "name": "Zweigstelle"})
        for ident, site in (("leiter", "muenchen"), ("fern", "zweig")):
            await self._more("users", {"id": ident, "name": ident, "role": "site_admin", "site": site})
        await self.hub.settled()
        self.control.answers["presence"] = {"who": {}, "devices": {}, "registered": ["anna-tisch"]}
        return self

    async def _more(self, section: str, record: dict[str, str]) -> None:
        answer = await self.ask("provider", "POST", f"{BASE}/{section}", json=record)
        assert answer.status_code == 201, answer.text

    async def socket(self, who: str, query: str = "", **headers: str) -> Socket:
        return await Socket(self.app, f"/events{query}", {"Authorization": f"Bearer {who}", **headers}).open()

    def fact(self, kind: str, call: str = "", company: str = "musterbau", **data: str) -> None:
        self.hub.take({"company": company, "number": 1, "kind": kind, "call": call, "at": 0.0, "data": data})


def with_events(scenario: Callable[[EventRig], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        await scenario(await EventRig().furnish())

    run(main())


def a_call(rig: EventRig, company: str = "musterbau") -> None:
    rig.fact("started", "c1", company, **{"from": "user:anna", "to": "140"})
    rig.fact("ringing", "c1", company, targets="device:bea-tisch")
    rig.fact("answered", "c1", company, by="user:bea")
    rig.fact("ended", "c1", company, by="user:anna", reason="hangup")


CALL = ["call.started", "call.ringing", "call.answered", "call.ended"]
SEES: dict[str, dict[str, list[str]]] = {
    "call": {
        "anna": CALL,
        "bea": CALL[1:],
        "site": CALL,
        "admin": CALL,
        "provider": CALL,
        "calls_only": CALL,
    },
    "presence": {who: ["presence.changed"] for who in ALL if who not in {"other", "settings_only"}},
    "hidden": {who: ["presence.changed"] for who in ("bea", "site", "admin", "provider", "calls_only")},
    "registration": {who: ["registration.added"] for who in ("anna", "site", "admin", "provider", "settings_only")},
    "trunk": {who: ["trunk.down"] for who in ("admin", "provider", "settings_only")},
    "alarm": {who: ["alarm.raised"] for who in ("admin", "provider", "settings_only")},
    "change": {who: ["change.changed"] for who in ("anna", "site", "admin", "provider", "settings_only")},
    "open": {who: ["change.created"] for who in ALL if who not in {"other", "calls_only"}},
    "gone": {who: ["change.removed"] for who in ("anna", "site", "admin", "provider", "settings_only")},
    "foreign": dict.fromkeys(("other", "provider"), CALL),
}


async def _make(rig: EventRig, kind: str) -> None:
    match kind:
        case "call":
            a_call(rig)
        case "foreign":
            rig.fact("started", "c9", "nebenan", **{"from": "user:anna", "to": "140"})
            rig.fact("ringing", "c9", "nebenan", targets="")
            rig.fact("answered", "c9", "nebenan", by="callee")
            rig.fact("ended", "c9", "nebenan", by="user:anna", reason="hangup")
        case "presence":
            rig.fact("presence", **{"user:bea": "talking"})
        case "hidden":
            rig.fact("presence", **{"user:bea": "talking"})
        case "registration":
            rig.fact("registration", device="anna-tisch", registered="yes")
        case "trunk":
            rig.fact("trunk", state="down", trunk="provider")
        case "alarm":
            rig.fact("alarm", what="trunk_down", trunk="provider")
        case "change":
            await _patch(rig, "users/anna", {"call_waiting": False})
        case "open":
            body = {"id": "neu", "name": "Neue Abteilung"}
            assert (await rig.ask("admin", "POST", f"{BASE}/departments", json=body)).status_code == 201
        case "gone":
            answer = await rig.ask("admin", "DELETE", f"{BASE}/devices/anna-browser", headers={"If-Match": "*"})
            assert answer.status_code in {200, 204}, answer.text


async def _patch(rig: EventRig, path: str, body: dict[str, Any]) -> None:
    answer = await rig.ask("admin", "PATCH", f"{BASE}/{path}", json=body, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("kind", SEES)
def test_every_watcher_sees_of_every_kind_what_his_rights_allow_and_nothing_else(kind: str) -> None:
    async def scenario(rig: EventRig) -> None:
        if kind == "hidden":
            await _patch(rig, "users/bea", {"lamp": "nothing"})
            await rig.hub.settled()
        sockets = {who: await rig.socket(who) for who in ALL}
        for one in sockets.values():
            await one.hear("ready")
        await _make(rig, kind)
        await rig.hub.settled()
        for one in sockets.values():
            await one.hear("heartbeat")
        topic = {"change": "change", "open": "change", "gone": "change"}.get(kind)
        seen = {}
        for who, one in sockets.items():
            for event in one.told:
                TOLD.validate_python(event)
            found = [each for each in one.kinds() if topic is None or each.startswith(topic)]
            if found:
                seen[who] = found
            await one.leave()
        assert seen == SEES[kind]
        assert not len(rig.hub)

    with_events(scenario)


def test_whoever_is_not_signed_in_or_asks_for_another_company_is_refused_before_the_web_socket_opens() -> None:
    async def scenario(rig: EventRig) -> None:
        assert (await rig.socket("nobody")).refused == 401
        assert (await rig.socket("anna", "?company=nebenan")).refused == 404
        assert (await rig.socket("provider", "?company=nowhere")).refused == 404

    with_events(scenario)


def test_a_watcher_who_was_away_goes_on_after_the_event_that_he_saw_last() -> None:
    async def scenario(rig: EventRig) -> None:
        first = await rig.socket("admin")
        rig.fact("trunk", state="down", trunk="provider")
        number = (await first.hear("trunk.down"))["number"]
        await first.leave()
        a_call(rig)
        back = await rig.socket("admin", f"?since={number}&topics=call")
        await back.hear("call.ended")
        assert [event["type"] for event in back.told] == ["ready", *CALL]
        assert [event["number"] for event in back.told] == [number + step for step in range(5)]
        assert back.told[0]["data"] == {"resumed": True}
        await back.leave()

    with_events(scenario)


@pytest.mark.parametrize("since", [0, 1, 10**15])
def test_where_the_ring_does_not_reach_a_gap_says_what_to_load_again(since: int) -> None:
    async def scenario(rig: EventRig) -> None:
        socket = await rig.socket("anna", f"?since={since}")
        gap = await socket.hear("gap")
        assert gap["data"]["reason"] == "expired"
        assert "calls" in gap["data"]["load"]
        TOLD.validate_python(gap)
        await socket.leave()

    with_events(scenario)


def test_a_ring_is_bounded_per_company_and_on_the_whole() -> None:
    ring = Ring(100, per_company=3, overall=5)
    for number in range(4):
        ring.put("a", 0.0, Draft(f"a.{number}", {}))
    assert ring.since("a", 100) is None
    assert [event.type for event in ring.since("a", 101) or ()] == ["a.1", "a.2", "a.3"]
    for number in range(3):
        ring.put("b", 0.0, Draft(f"b.{number}", {}))
    assert ring.since("a", 101) is None
    assert [event.number for event in ring.since("a", 102) or ()] == [103, 104]
    assert [event.overall for event in ring.since(None, 102) or ()] == [103, 104, 105, 106, 107]
    assert ring.since(None, 101) is None
    assert ring.since("never", 100) == []
    assert ring.since("a", 105) is None


def test_a_watcher_whose_session_ends_is_cut_at_once_and_hears_nothing_more() -> None:
    async def scenario(rig: EventRig) -> None:
        socket = await rig.socket("anna")
        await socket.hear("ready")
        del rig.door.people["anna"]
        rig.hub.doubt()
        a_call(rig)
        assert await socket.closed() == watching.ENDED
        assert socket.kinds() == []

    with_events(scenario)


def test_a_right_that_ends_by_itself_is_noticed_within_seconds() -> None:
    async def scenario(rig: EventRig) -> None:
        socket = await rig.socket("anna")
        await socket.hear("ready")
        del rig.door.people["anna"]
        before = asyncio.get_running_loop().time()
        assert await socket.closed() == watching.ENDED
        assert asyncio.get_running_loop().time() - before <= watching.CHECK_S + 1

    with_events(scenario)


def test_a_role_that_is_taken_away_counts_for_the_next_event() -> None:
    async def scenario(rig: EventRig) -> None:
        rig.door.people["boss"] = Principal("company_admin", "musterbau", "dora")
        socket = await rig.socket("boss")
        await socket.hear("ready")
        rig.door.people["boss"] = Principal("user", "musterbau", "dora")
        await _patch(rig, "users/dora", {"call_waiting": False})
        a_call(rig)
        await socket.hear("heartbeat")
        assert not [kind for kind in socket.kinds() if kind.startswith("call")]
        await socket.leave()

    with_events(scenario)


def test_a_reader_that_is_too_slow_is_cut_and_may_resume() -> None:
    async def scenario(rig: EventRig) -> None:
        socket, other = await rig.socket("admin"), await rig.socket("admin")
        await other.hear("ready")
        socket.reads.clear()
        for _ in range(watching.BEHIND + 2):
            rig.fact("trunk", state="down", trunk="provider")
            await pause()
        await other.hear("trunk.down", watching.BEHIND + 2)
        await pause()
        socket.reads.set()
        assert await socket.closed() == watching.TOO_SLOW
        assert len(rig.hub) == 1
        await other.leave()

    with_events(scenario)


def test_a_reader_that_is_stuck_is_cut_though_little_happens() -> None:
    async def scenario(rig: EventRig) -> None:
        socket = await rig.socket("admin")
        await socket.hear("ready")
        socket.reads.clear()
        rig.fact("trunk", state="down", trunk="provider")
        await socket.task
        assert not len(rig.hub)

    with_events(scenario)


def test_after_control_was_away_watchers_learn_what_to_load_again() -> None:
    async def scenario(rig: EventRig) -> None:
        rig.control.answers["calls"] = [
            {"id": "c1", "company": "musterbau", "from": "user:anna", "to": "140", "parties": []}
        ]
        fact = {"company": "musterbau", "number": 5, "kind": "ended", "call": "c1", "at": 0.0, "data": {}}
        rig.control.answers["follow"] = [fact]
        socket = await rig.socket("anna")
        running = asyncio.ensure_future(rig.hub.run())
        await socket.hear("call.ended")
        gap = await socket.hear("gap")
        assert gap["data"] == {
            "reason": "control",
            "load": ["calls", "presence", "registrations", "trunk-states", "history"],
        }
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await socket.leave()

    with_events(scenario)


def test_a_large_import_is_one_event() -> None:
    async def scenario(rig: EventRig) -> None:
        socket = await rig.socket("anna")
        people = "\n".join(f"  - {{id: p{n}, name: P {n}, extension: '6{n:03}', site: hq}}" for n in range(60))
        company = "company: {id: nebenan, name: N, sip_domain: nebenan.example}\nsites: [{id: hq, name: Z}]"
        text = f"{company}\nusers:\n{people}"
        rig.hub.join(watched := Listed("nebenan"))
        assert (await rig.office.apply(ApplyRequest(text, "", {}, allow_weak_passwords=True)))["exit"] == 0
        assert {"change.many"} == {event.type for event in watched.events if event.data["section"] == "users"}
        await socket.leave()

    with_events(scenario)


class Listed:
    """hub.Watcher that keeps what it is offered."""

    def __init__(self, company: str) -> None:
        self.company: str | None = company
        self.events: list[Any] = []

    def offer(self, event: Any) -> None:
        self.events.append(event)

    def doubt(self) -> None:
        pass


def test_do_not_disturb_moves_presence_though_no_phone_moved() -> None:
    async def scenario(rig: EventRig) -> None:
        socket = await rig.socket("bea")
        await _patch(rig, "users/anna", {"dnd": True})
        event = await socket.hear("presence.changed")
        assert event["data"] == {"ref": "user:anna", "state": "dnd", "dnd": True}
        await socket.leave()

    with_events(scenario)


def test_a_session_that_is_ended_ends_its_web_sockets_and_they_never_keep_it_alive() -> None:
    async def scenario(rig: SignInRig) -> None:
        rig.signin.sessions.on_end(rig.app.state.hub.doubt)
        browser = await rig.signed_in("anna")
        cookie = "; ".join(f"{name}={value}" for name, value in browser.client.cookies.items())
        page = {"Cookie": cookie, "Origin": "http://pbx.test"}
        foreign = await Socket(rig.app, "/events", {"Cookie": cookie, "Origin": "http://evil.test"}).open()
        assert foreign.refused == 403
        assert (await Socket(rig.app, "/events", {"Cookie": cookie}).open()).refused == 403
        account = await rig.store.accounts.by_login("anna")
        assert account is not None
        (before,) = await rig.signin.sessions.of(account.id)
        rig.clock.seconds += SEEN_EVERY + 1
        socket = await Socket(rig.app, "/events", page).open()
        await socket.hear("ready")
        (after,) = await rig.signin.sessions.of(account.id)
        assert after.seen == before.seen
        await rig.signin.sessions.end_all(account.id)
        assert await socket.closed() == watching.ENDED

    with_signin(scenario)


def test_no_event_holds_what_a_record_holds() -> None:
    async def scenario(rig: EventRig) -> None:
        socket = await rig.socket("admin")
        await rig.ask("admin", "POST", f"{BASE}/devices/anna-tisch/password")
        event = await socket.hear("change.changed")
        assert event["data"] == {"section": "devices", "id": "anna-tisch"}
        await socket.leave()

    with_events(scenario)
