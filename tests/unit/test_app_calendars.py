"""Calendars at an address: followed when they are due; what cannot be read keeps the last state and raises an alarm."""

from typing import Any

from tests.api_rig import Rig, with_rig

from vorzimmer.app.calendars import Calendars, broken_schedules, fetching
from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.errors import VorzimmerError
from vorzimmer.net.guarded import Answer

PATH = "/companies/musterbau/schedules/feiertage"
URL = "https://calendar.example/ferien.ics?key=geheim"
EVENT = b"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260803\r\nSUMMARY:Ferien\r\nEND:VEVENT\r\n"
GOOD = b"BEGIN:VCALENDAR\r\n" + EVENT + b"END:VCALENDAR\r\n"


class Server:
    """Answers what a test says, and counts."""

    def __init__(self) -> None:
        self.answer = Answer(200, {}, GOOD)
        self.asked: list[str] = []

    async def request(self, method: str, url: str, *, headers: dict[str, str]) -> Answer:
        self.asked.append(url)
        return self.answer


async def following(rig: Rig) -> tuple[Calendars, Server, list[str]]:
    told: list[str] = []
    server = Server()
    etag = (await rig.ask("admin", "GET", PATH)).headers["etag"]
    section = {"calendar": {"url": URL, "every_min": 60}}
    done = await rig.ask("admin", "PATCH", PATH, json=section, headers={"If-Match": etag})
    assert done.status_code == 200, done.text
    return Calendars(rig.office, fetching(server.request), rig.clock, told.append), server, told


def events(rig: Rig) -> list[dict[str, Any]]:
    entry = rig.office.book("musterbau").entry(Ref("schedule", "feiertage"))
    assert entry is not None
    found: list[dict[str, Any]] = entry.data["calendar"].get("events", [])
    return found


def test_a_calendar_is_read_when_it_is_due() -> None:
    async def scenario(rig: Rig) -> None:
        calendars, server, told = await following(rig)
        await calendars.look()
        assert server.asked == [URL]
        assert events(rig) == [{"from": "2026-08-03", "to": "2026-08-03", "name": "Ferien"}]
        revision = rig.office.book("musterbau").revision
        await calendars.look()
        rig.clock.seconds = 3600
        await calendars.look()
        assert len(server.asked) == 2
        assert rig.office.book("musterbau").revision == revision  # the same again is no change
        assert told == []
        assert (await rig.store.companies.audit("musterbau"))[0].actor == "calendar"

    with_rig(scenario)


def test_nf_7_a_broken_calendar_keeps_the_last_state_and_raises_an_alarm_once() -> None:
    async def scenario(rig: Rig) -> None:
        calendars, server, told = await following(rig)
        await calendars.look()
        kept = events(rig)
        for hour, answer in enumerate(
            [Answer(404, {}, b""), Answer(200, {}, b"<html>"), Answer(302, {}, GOOD)], start=1
        ):
            server.answer = answer
            rig.clock.seconds = 3600 * hour
            await calendars.look()
            assert events(rig) == kept
            state = (await rig.ask("anna", "GET", "/companies/musterbau/schedule-states")).json()[1]
            assert "could not be read" in state["alarm"]
            assert "geheim" not in state["alarm"]
            assert broken_schedules(rig.office) == 1
        assert len(told) == 1
        server.answer = Answer(200, {}, GOOD)
        rig.clock.seconds = 3600 * 5
        await calendars.look()
        assert broken_schedules(rig.office) == 0
        assert told[1].endswith("the calendar can be read again")

    with_rig(scenario)


def test_an_alarm_goes_with_the_address() -> None:
    async def scenario(rig: Rig) -> None:
        calendars, server, _ = await following(rig)
        server.answer = Answer(500, {}, b"")
        await calendars.look()
        assert rig.office.alarms_of("musterbau")
        etag = (await rig.ask("admin", "GET", PATH)).headers["etag"]
        await rig.ask("admin", "PATCH", PATH, json={"calendar": {"url": None}}, headers={"If-Match": etag})
        await calendars.look()
        assert not rig.office.alarms_of("musterbau")
        assert not rig.office.alarms_of("nebenan")

    with_rig(scenario)


def test_what_the_client_refuses_is_an_alarm_and_no_end() -> None:
    async def scenario(rig: Rig) -> None:
        async def refuse(*args: object, **more: object) -> Answer:
            raise VorzimmerError("calendar.example is not on the public internet")

        calendars, _, told = await following(rig)
        refused = Calendars(rig.office, fetching(refuse), rig.clock, told.append)
        await refused.look()
        assert "not on the public internet" in rig.office.alarms_of("musterbau")["feiertage"]
        assert calendars is not refused

    with_rig(scenario)
