"""Schedules over the API: what holds now, the days for a calendar, and calendars that are brought along."""

from tests.api_rig import Rig, with_rig

FEASTS = "/companies/musterbau/schedules/feiertage"
GOOD = (
    "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20260803\r\nDTEND;VALUE=DATE:20260822\r\n"
    "SUMMARY:Betriebsferien\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def test_states_say_what_holds_and_why_in_both_languages() -> None:
    async def scenario(rig: Rig) -> None:
        answer = await rig.ask("anna", "GET", "/companies/musterbau/schedule-states")
        assert answer.status_code == 200
        office, feasts = answer.json()
        assert (office["holds"], office["until"], office["alarm"]) == (True, "2026-03-02T17:00+01:00", "")
        assert feasts["why"] == {"de": "„Feiertage“ gilt jetzt nicht", "en": "“Feiertage” does not hold now"}
        assert feasts["until"] == "2026-04-03T00:00+02:00"

    with_rig(scenario)


def test_days_have_blocks_and_names_of_holidays_in_both_languages() -> None:
    async def scenario(rig: Rig) -> None:
        answer = await rig.ask("anna", "GET", FEASTS + "/days", params={"from": "2026-10-02", "to": "2026-10-03"})
        plain, unity = answer.json()
        assert (plain["blocks"], plain["holiday"], plain["weekday"]) == ([], None, "fr")
        name = {"de": "Tag der Deutschen Einheit", "en": "German Unity Day"}
        assert unity["holiday"] == name
        assert unity["blocks"] == [{"from": "00:00", "to": "24:00", "why": "holiday", "name": name}]
        assert len((await rig.ask("anna", "GET", FEASTS + "/days")).json()) == 42
        for params in ({"from": "2026-10-02", "to": "2026-10-01"}, {"from": "0001-01-01"}, {"to": "9999-12-31"}):
            assert (await rig.ask("anna", "GET", FEASTS + "/days", params=params)).status_code == 400
        assert (await rig.ask("anna", "GET", FEASTS.replace("feiertage", "nichts") + "/days")).status_code == 404

    with_rig(scenario)


def test_a_calendar_is_previewed_and_then_kept() -> None:
    async def scenario(rig: Rig) -> None:
        path = FEASTS + "/calendar"
        preview = await rig.ask("admin", "POST", path, content=GOOD, params={"dry_run": "true"})
        event = {"from": "2026-08-03", "to": "2026-08-21", "name": "Betriebsferien"}
        assert preview.json() == {"count": 1, "known_until": "2031-02-28", "events": [event], "changed": True}
        assert "calendar" not in (await rig.ask("admin", "GET", FEASTS)).json()
        kept = await rig.ask("admin", "POST", path, content=GOOD)
        assert kept.status_code == 200
        assert (await rig.ask("admin", "GET", FEASTS)).json()["calendar"]["events"] == [event]
        assert not (await rig.ask("admin", "POST", path, content=GOOD)).json()["changed"]
        days = await rig.ask("anna", "GET", FEASTS + "/days", params={"from": "2026-08-21", "to": "2026-08-22"})
        assert [len(day["events"]) for day in days.json()] == [1, 0]
        assert (await rig.ask("anna", "POST", path, content=GOOD)).status_code == 403

    with_rig(scenario)


def test_nf_7_a_broken_calendar_keeps_the_last_state() -> None:
    async def scenario(rig: Rig) -> None:
        await rig.ask("admin", "POST", FEASTS + "/calendar", content=GOOD)
        for broken in ("", "<html>", GOOD[:-20], GOOD.replace("20260803", "2026080X")):
            refused = await rig.ask("admin", "POST", FEASTS + "/calendar", content=broken)
            assert (refused.status_code, refused.json()["type"]) == (422, "/problems/bad-calendar")
        assert (await rig.ask("admin", "POST", FEASTS + "/calendar", content="x" * 2_000_000)).status_code == 413
        assert len((await rig.ask("admin", "GET", FEASTS)).json()["calendar"]["events"]) == 1

    with_rig(scenario)
