"""What one leg's final response means for the call, row by row, and what the caller gets of it."""

import pytest

from vorzimmer.calls.statuses import CAUSES, STATUSES, Verdict, cause_of, verdict
from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.ids import LegId
from vorzimmer.routing.model import Asked, Offer, Refuse, Ring, SoFar, Step
from vorzimmer.routing.outcome import STRENGTH
from vorzimmer.sip.events import Failed
from vorzimmer.sip.message import Headers, Response
from vorzimmer.testing.house import House
from vorzimmer.testing.loop import run
from vorzimmer.testing.phone import Manner, Phone, declines, rings
from vorzimmer.testing.phone_call import PhoneCall


def failed(status: int, *headers: tuple[str, str]) -> Failed:
    return Failed(LegId("x"), status, "", Response(status, "", Headers(headers)))


# Status, outcome after ringing, outcome without, does its Retry-After reach the caller.
ROWS = (
    (300, "redirected", "redirected", False),
    (301, "redirected", "redirected", False),
    (302, "redirected", "redirected", False),
    (305, "unreachable", "unreachable", False),
    (380, "unreachable", "unreachable", False),
    (401, "unreachable", "unreachable", False),
    (403, "unreachable", "unreachable", False),
    (404, "unreachable", "unreachable", False),
    (407, "unreachable", "unreachable", False),
    (408, "no_answer", "unreachable", False),
    (410, "unreachable", "unreachable", False),
    (415, "unreachable", "unreachable", False),
    (433, "declined", "declined", True),
    (480, "no_answer", "unreachable", True),
    (481, "unreachable", "unreachable", False),
    (482, "unreachable", "unreachable", False),
    (483, "unreachable", "unreachable", False),
    (484, "unreachable", "unreachable", False),
    (486, "busy", "busy", True),
    (487, "no_answer", "no_answer", False),
    (488, "unreachable", "unreachable", False),
    (491, "unreachable", "unreachable", False),
    (500, "unreachable", "unreachable", False),
    (501, "unreachable", "unreachable", False),
    (503, "unreachable", "unreachable", False),
    (504, "no_answer", "unreachable", False),
    (600, "busy", "busy", True),
    (603, "declined", "declined", True),
    (604, "unreachable", "unreachable", False),
    (606, "unreachable", "unreachable", False),
    (607, "declined", "declined", True),
    (608, "declined", "declined", True),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row[0]))
def test_rfc3261_21_each_final_status_of_a_leg(row: tuple[int, str, str, bool]) -> None:
    status, rang, silent, later = row
    event = failed(status, ("Retry-After", "20 (in a meeting);duration=60"))
    assert verdict(event, rang=True) == Verdict(rang, 0, 20 if later else 0)
    assert verdict(event, rang=False).outcome == silent


def test_the_table_has_no_row_that_is_not_tested_and_no_word_that_routing_does_not_know() -> None:
    assert set(STATUSES) == {row[0] for row in ROWS}
    assert {word for row in STATUSES.values() for word in row[:2]} | set(CAUSES.values()) <= set(STRENGTH)


@pytest.mark.parametrize(
    ("status", "outcome"), [(399, "unreachable"), (499, "unreachable"), (599, "unreachable"), (699, "declined")]
)
def test_rfc3261_8_1_3_2_an_unknown_status_is_as_its_class(status: int, outcome: str) -> None:
    assert verdict(failed(status), rang=True).outcome == outcome


@pytest.mark.parametrize(("cause", "outcome"), sorted(CAUSES.items()))
def test_rfc6432_a_q850_cause_speaks_where_the_status_says_little(cause: int, outcome: str) -> None:
    reason = ("Reason", f'SIP;cause=500, Q.850;cause={cause};text="x"')
    for status in (404, 480, 500, 503, 599):
        assert verdict(failed(status, reason), rang=False)[:2] == (outcome, cause)
    assert verdict(failed(486, reason), rang=False)[:2] == ("busy", cause)
    assert verdict(failed(603, reason), rang=False)[:2] == ("declined", cause)
    assert verdict(failed(488, reason), rang=False)[:2] == ("unreachable", cause)


@pytest.mark.parametrize(
    "text", ["Q.850", "Q.850;cause=999", "Q.850;cause=x", "SIP;cause=17", ";;;", 'Q.850;cause="17', ""]
)
def test_garbage_in_reason_says_nothing(text: str) -> None:
    assert cause_of(failed(500, ("Reason", text)).response or Response(500, "")) == 0


@pytest.mark.parametrize("text", ["-1", "99999999999", "3601", "soon", "(only a comment)", "1" * 10_000])
def test_garbage_in_retry_after_says_nothing(text: str) -> None:
    assert verdict(failed(486, ("Retry-After", text)), rang=False).retry_after == 0


# -- what the caller gets ----------------------------------------------------------------------------------------------
def refuses(status: int, *extra: tuple[str, str]) -> Manner:
    def manner(phone: Phone, call: PhoneCall) -> None:
        call.refuse(status, extra)

    return manner


@pytest.mark.parametrize(
    ("status", "caller"),
    [
        (401, 480), (407, 480), (403, 480), (404, 480), (408, 480), (410, 480), (480, 480), (484, 480), (500, 480),
        (503, 480), (604, 480), (486, 486), (600, 486), (603, 603), (607, 603), (608, 603), (487, 480), (415, 488),
        (488, 488), (606, 488),
    ],
)  # fmt: skip
def test_a_phones_trouble_is_never_shown_as_ours(status: int, caller: int) -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = refuses(status, ("Retry-After", "7"), ("WWW-Authenticate", 'Digest realm="phone",nonce="1"'))
        call = anna.call("bea")
        await anna.until(lambda: call.over)
        assert call.statuses[-1] == caller
        assert call.failure is not None
        assert "WWW-Authenticate" not in call.failure.headers
        await house.check_empty(records=1)
        offer = house.bench.records[0].so_far[0].offers[0]
        assert offer.status == status

    run(main())


def test_rfc3261_20_33_retry_after_reaches_the_caller_if_all_phones_say_so() -> None:
    async def main() -> None:
        house = House()
        anna, desk, mobile = house.phone("anna"), house.phone("bea"), house.phone("bea")
        desk.manner = refuses(486, ("Retry-After", "300"))
        mobile.manner = refuses(486, ("Retry-After", "60 (talking)"))
        call = anna.call("bea")
        await anna.until(lambda: call.over)
        assert call.failure is not None
        assert call.failure.headers.get("Retry-After") == "60"
        mobile.manner = refuses(486)
        call = anna.call("bea")
        await anna.until(lambda: call.over)
        assert call.failure is not None
        assert "Retry-After" not in call.failure.headers
        await house.check_empty(records=2)

    run(main())


@pytest.mark.parametrize("status", [486, 600, 603, 604, 606])
def test_exa_24_a_refusal_of_one_phone_never_ends_the_others(status: int) -> None:
    async def main() -> None:
        house = House()
        anna, desk, mobile = house.phone("anna"), house.phone("bea"), house.phone("bea")
        desk.manner, mobile.manner = refuses(status), rings
        call = anna.call("bea")
        await house.clock.sleep(5)
        assert desk.last.over
        assert mobile.last.state == "ringing"
        mobile.last.answer()
        await anna.until(lambda: call.talking)
        call.hang_up()
        await house.check_empty(records=1)
        assert [o.status for o in house.bench.records[0].so_far[0].offers] == [status, 0]

    run(main())


# -- diversions --------------------------------------------------------------------------------------------------------
def diverting(*contacts: str, status: int = 302) -> Manner:
    return refuses(status, *(("Contact", contact) for contact in contacts))


def test_bas_1_a_phones_own_diversion_ends_the_ring_at_once() -> None:
    """It counts like forward always: the user's other phones do not go on ringing."""

    async def main() -> None:
        house = House()
        anna, desk, mobile = house.phone("anna"), house.phone("bea"), house.phone("bea")
        desk.manner = diverting("<sip:carl@muster.example>;q=0.2", "<sip:dora@muster.example>;q=0.7", "<tel:110>;q=0.6")
        mobile.manner = rings
        house.steps = lambda asked, so_far: Refuse(480, "seen") if so_far else None
        began = house.clock.now()
        call = anna.call("bea")
        await anna.until(lambda: call.over)
        assert house.clock.now() - began < 1
        await house.check_empty(records=1)
        ring = house.bench.records[0].so_far[0]
        assert ring.outcome == "redirected"
        assert [(o.outcome, o.to) for o in ring.offers] == [
            ("redirected", "sip:dora@muster.example"),
            ("cancelled", ""),
        ]

    run(main())


@pytest.mark.parametrize(
    "contacts",
    [
        (),
        ("*",),
        ("<sip:carl@elsewhere.example>",),
        ("<mailto:carl@muster.example>",),
        ("<park:1>",),
        ("no uri at all",),
        ("<urn:service:sos>",),
    ],
)
def test_a_diversion_that_leads_nowhere_makes_the_phone_unreachable_and_the_others_ring_on(
    contacts: tuple[str, ...],
) -> None:
    async def main() -> None:
        house = House()
        house.ours = lambda company, host: host == f"{company}.example"
        house.open()
        anna, desk, mobile = house.phone("anna"), house.phone("bea"), house.phone("bea")
        desk.manner, mobile.manner = diverting(*contacts), rings
        call = anna.call("bea")
        await mobile.until(lambda: bool(mobile.calls))
        await house.clock.sleep(3)
        mobile.last.answer()
        await anna.until(lambda: call.talking)
        call.hang_up()
        await house.check_empty(records=1)
        assert house.bench.records[0].so_far[0].offers[0].outcome == "unreachable"

    run(main())


@pytest.mark.parametrize("status", [300, 301, 302, 305, 380])
@pytest.mark.parametrize("role", ["assistant", "hunt", "delegate", "parallel"])
def test_exa_22_a_3xx_in_any_other_role_means_not_available(role: str, status: int) -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = diverting("<sip:carl@muster.example>", status=status)

        def steps(asked: Asked, so_far: SoFar) -> Step:
            return Refuse(480, "seen") if so_far else Ring((Offer(Ref("device", "bea-1"), role),), 10.0)

        house.steps = steps
        call = anna.call("bea")
        await anna.until(lambda: call.over)
        await house.check_empty(records=1)
        ring = house.bench.records[0].so_far[0]
        assert (ring.outcome, ring.offers[0].status, ring.offers[0].to) == ("unreachable", status, "")

    run(main())


@pytest.mark.parametrize("status", [305, 380])
def test_rfc3261_21_3_4_a_phone_sends_us_to_no_proxy(status: int) -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = diverting("<sip:carl@muster.example>", status=status)
        call = anna.call("bea")
        await anna.until(lambda: call.over)
        await house.check_empty(records=1)
        assert house.bench.records[0].so_far[0].outcome == "unreachable"

    run(main())


def test_bas_2_a_q850_cause_is_in_the_record() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = refuses(503, ("Reason", "Q.850;cause=17"))
        call = anna.call("bea")
        await anna.until(lambda: call.over)
        assert call.statuses == [486]
        await house.check_empty(records=1)
        offer = house.bench.records[0].so_far[0].offers[0]
        assert (offer.outcome, offer.status, offer.cause) == ("busy", 503, 17)

    run(main())


def test_declines_after_ringing_is_still_declined() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = declines(603, 1.0)
        call = anna.call("bea")
        await anna.until(lambda: call.over)
        assert call.statuses == [180, 603]
        await house.check_empty(records=1)

    run(main())


@pytest.mark.parametrize(
    ("reason", "word"), [("SIP;cause=200", "elsewhere"), ("SIP;cause=487", "cancelled"), ("", "cancelled")]
)
def test_rfc3326_a_caller_that_was_answered_elsewhere_leaves_no_missed_call(reason: str, word: str) -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = rings
        call = anna.call("bea")
        await anna.until(lambda: 180 in call.statuses)
        call.hang_up(reason)
        await bea.until(lambda: bea.last.over)
        assert ("cause=200" in bea.last.reason) == (word == "elsewhere")
        await house.check_empty(records=1)
        assert house.bench.records[0].so_far[0].offers[0].outcome == word

    run(main())
