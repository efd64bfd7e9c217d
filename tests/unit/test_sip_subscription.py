"""The notifier of RFC 6665 alone, with time in hand: numbers, one NOTIFY at a time, ends, restarts."""

import pytest

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.dialog import Dialog
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.message import Headers, Request
from vorzimmer.sip.subscription import (
    COUNT_BITS,
    MOST_LIVES,
    Event,
    Policy,
    Subscription,
    check_accept,
    dialog_of,
    event_of,
    frozen,
    granted,
    retry_after,
    thawed,
)
from vorzimmer.sip.subscription_machine import LEAST_PACE, SLICE, SPREAD_S, STEP_S, Document, Notifier, Outlet
from vorzimmer.sip.validate import RefusedError

HERE = Address("192.0.2.1", 5060)
FLOW = Flow("udp", HERE, Address("192.0.2.2", 5060))
STREAM = Flow("tcp", HERE, Address("192.0.2.2", 5060), 7)


class Bench:
    """A machine whose NOTIFYs are written down: (key, number, lines, state told)."""

    def __init__(self, life: int = 1) -> None:
        self.state = "idle"
        self.sent: list[tuple[str, int, str, str]] = []
        self.kept: dict[str, bytes | None] = {}
        self.now = 0.0
        self.parts = 0
        self.lost: list[str] = []
        outlet = Outlet(self._send, self._render, self._keep, lambda s: self.lost.append(s.key))
        self.machine = Notifier(outlet, life)

    def _render(self, subscription: Subscription, version: int) -> Document:
        """`parts` NOTIFYs are needed until everything has been told."""
        self.parts = max(self.parts - 1, 0)
        return Document("Content-Type: text/plain\r\n", self.state.encode(), more=self.parts > 0)

    def _send(self, subscription: Subscription, lines: str, body: bytes) -> str:
        cseq = subscription.dialog.local_cseq + 1
        self.sent.append((subscription.key, cseq, lines, body.decode()))
        return f"t{len(self.sent)}"

    def _keep(self, subscription: Subscription) -> None:
        self.kept[subscription.key] = None if subscription.gone else frozen(subscription, self.now)

    def add(self, tag: str = "a", seconds: float = 600, resource: str = "r", flow: Flow = FLOW) -> Subscription:
        made = Subscription(dialog(tag), Event("dialog", "dialog"), flow)
        made.account, made.resource, made.detail = "acme/d", resource, "direction"
        self.machine.add(made, self.now + seconds)
        return made

    def run(self, seconds: float = 0.0) -> None:
        """Let time pass."""
        end = self.now + seconds
        while (due := self.machine.get_timer()) is not None and due <= end:
            self.now = max(self.now, due)
            self.machine.handle_timer(self.now)
        self.now = end

    def answer(self, status: int = 200, after: int | None = None, number: int = 0) -> None:
        """The newest (or another) NOTIFY is answered."""
        assert self.machine.responded(f"t{number or len(self.sent)}", status, after, self.now)

    def change(self, state: str) -> None:
        self.state = state
        self.machine.changed("r")

    @property
    def told(self) -> list[str]:
        return [state for _, _, _, state in self.sent]


def dialog(tag: str) -> Dialog:
    made = Dialog(f"call-{tag}", f"<sip:101@a.example>;tag={tag}", "<sip:100@a.example>;tag=w")
    made.target, made.remote_cseq = "sip:100@192.0.2.2:5060", 1
    return made


def headers(**lines: str) -> Headers:
    return Headers((name.replace("_", "-"), value) for name, value in lines.items())


# -- what a SUBSCRIBE says --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "package", "shown"),
    [
        ("dialog", "dialog", "dialog"),
        (" Dialog ; id=4 ;sla", "dialog", "dialog;id=4"),
        ('dialog;id="a b"', "dialog", "dialog"),
        (f"dialog;id={'x' * 65}", "dialog", "dialog"),
        ("reg;x", "reg", "reg"),
    ],
)
def test_rfc6665_8_2_1_the_event_is_repeated_with_its_id_and_nothing_else(text: str, package: str, shown: str) -> None:
    assert event_of(headers(Event=text), ("dialog", "reg")) == Event(package, shown)


@pytest.mark.parametrize("text", ["", "presence", "dialog.winfo", ";id=1", "\u00e4"])
def test_rfc6665_7_2_an_unknown_package_is_told_which_there_are(text: str) -> None:
    with pytest.raises(RefusedError) as caught:
        event_of(headers(Event=text), ("dialog", "reg"))
    assert (caught.value.status, caught.value.extra) == (489, (("Allow-Events", "dialog, reg"),))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 3600),
        ("0", 0),
        ("00", 0),
        ("60", 60),
        ("3600", 3600),
        ("99999999999999999999", 3600),
        ("-1", 3600),
        ("x", 3600),
    ],
)
def test_rfc6665_4_2_1_1_the_time_granted(text: str, seconds: int) -> None:
    lines = headers(Expires=text) if text else headers()
    assert granted(lines, Policy(), 0.0) == seconds
    if seconds:
        assert 60 <= granted(lines, Policy(), 0.99) <= seconds


def test_rfc6665_4_2_1_1_a_time_too_brief_is_told_the_least() -> None:
    with pytest.raises(RefusedError) as caught:
        granted(headers(Expires="59"), Policy(), 0.0)
    assert (caught.value.status, caught.value.extra) == (423, (("Min-Expires", "60"),))


def test_rfc3261_20_1_a_watcher_that_cannot_read_the_document_is_refused() -> None:
    check_accept(headers(), "application/a")
    check_accept(headers(Accept="text/plain, application/*;q=0.1"), "application/a")
    with pytest.raises(RefusedError) as caught:
        check_accept(headers(Accept="application/b"), "application/a")
    assert caught.value.status == 406


def test_rfc6665_4_4_1_the_dialog_of_a_subscribe() -> None:
    lines = headers(From="<sip:a@b>;tag=x", To="<sip:c@d>", Call_ID="i", CSeq="7 SUBSCRIBE", Contact="<sip:a@9.9.9.9>")
    lines.add("Record-Route", "<sip:p1;lr>, <sip:p2;lr>")
    made = dialog_of(Request("SUBSCRIBE", "sip:c@d", lines), "ours")
    assert (made.id, made.remote_cseq, made.target) == (("i", "ours", "x"), 7, "sip:a@9.9.9.9")
    assert made.route == ("<sip:p1;lr>", "<sip:p2;lr>")
    lines.remove("Contact")
    with pytest.raises(PeerError):
        dialog_of(Request("SUBSCRIBE", "sip:c@d", lines), "ours")


@pytest.mark.parametrize(
    ("text", "seconds"), [("5", 5), ("18000;duration=3600", 18000), ("120 (busy)", 120), ("", None), ("soon", None)]
)
def test_rfc3261_20_33_retry_after(text: str, seconds: int | None) -> None:
    assert retry_after(headers(Retry_After=text) if text else headers()) == seconds


# -- one NOTIFY at a time ---------------------------------------------------------------------------------------------
def test_rfc6665_4_2_2_one_notify_is_out_and_the_newest_state_follows() -> None:
    bench = Bench()
    bench.add()
    bench.run()
    for state in ("ringing", "talking", "held"):
        bench.change(state)
        bench.run(1)
    assert bench.told == ["idle"]
    bench.answer()
    bench.run()
    assert bench.told == ["idle", "held"]
    bench.answer()
    bench.run()
    assert bench.told == ["idle", "held"]


def test_numbers_count_from_zero_and_are_a_cseq_of_one_more() -> None:
    bench = Bench()
    bench.add()
    for state in ("a", "b", "c"):
        bench.run()
        bench.answer()
        bench.change(state)
    assert [cseq for _, cseq, _, _ in bench.sent] == [1, 2, 3]


def test_many_watchers_are_told_in_slices_so_that_calls_get_their_turn() -> None:
    bench = Bench()
    for number in range(3 * SLICE):
        bench.add(f"w{number}")
    bench.machine.handle_timer(0.0)
    assert len(bench.sent) == SLICE
    assert bench.machine.get_timer() == 0.0
    bench.run()
    assert len(bench.sent) == 3 * SLICE


def test_who_is_owed_something_twice_waits_in_line_once() -> None:
    bench = Bench()
    for number in range(SLICE):
        bench.add(f"w{number}", seconds=600)
    bench.change("x")
    bench.machine.handle_timer(0.0)
    assert bench.told == ["x"] * SLICE
    assert bench.machine.sent == SLICE
    assert bench.machine.get_timer() == 600.0


def test_who_is_gone_or_has_no_way_before_its_turn_is_told_nothing() -> None:
    bench = Bench()
    gone, away = bench.add("a"), bench.add("b", flow=STREAM)
    bench.machine.forget(gone)
    bench.machine.move(away, None)
    bench.run()
    assert bench.sent == []
    assert bench.machine.sent == 0


def test_rfc6665_4_2_2_a_notify_says_how_long_the_subscription_lasts() -> None:
    bench = Bench()
    bench.now = 50.0
    bench.add(seconds=100)
    bench.run()
    bench.answer()
    bench.run(40)
    bench.change("x")
    bench.run()
    assert [lines.partition("active;expires=")[2].partition("\r")[0] for _, _, lines, _ in bench.sent] == ["100", "60"]


@pytest.mark.parametrize("status", [481, 408, 300, 404, 403, 400, 500, 503, 603])
def test_rfc6665_4_2_2_a_failed_notify_ends_it_without_a_word(status: int) -> None:
    bench = Bench()
    made = bench.add()
    bench.run()
    bench.answer(status)
    bench.change("x")
    bench.run(5000)
    assert len(bench.sent) == 1
    assert made.gone
    assert bench.kept == {"a": None}
    assert not len(bench.machine)


@pytest.mark.parametrize("status", [500, 503, 480, 600])
def test_rfc6665_4_2_2_retry_after_keeps_it(status: int) -> None:
    bench = Bench()
    bench.add()
    bench.run()
    bench.answer(status, after=20)
    bench.change("x")
    bench.run(19)
    assert bench.told == ["idle"]
    bench.run(2)
    assert bench.told == ["idle", "x"]


def test_rfc6665_4_2_2_what_was_put_off_is_told_again_though_nothing_has_changed() -> None:
    bench = Bench()
    bench.add()
    bench.run()
    bench.answer(500, after=20)
    assert bench.lost == ["a"]
    bench.run(21)
    assert bench.told == ["idle", "idle"]


def test_rfc4662_5_what_does_not_fit_into_one_notify_comes_with_the_next() -> None:
    bench = Bench()
    bench.parts = 3
    bench.add()
    bench.run(1)
    assert len(bench.sent) == 1
    bench.answer()
    bench.run()
    bench.answer()
    bench.run()
    bench.answer()
    bench.run(100)
    assert len(bench.sent) == 3
    assert bench.lost == []


@pytest.mark.parametrize("status", [481, 408])
def test_rfc6665_4_2_2_who_knows_nothing_of_it_is_gone_whatever_retry_after_says(status: int) -> None:
    bench = Bench()
    made = bench.add()
    bench.run()
    bench.answer(status, after=20)
    assert made.gone


def test_a_response_to_something_else_is_nobodys() -> None:
    assert not Bench().machine.responded("t1", 200, None, 0.0)


# -- ends ----------------------------------------------------------------------------------------------------
def test_rfc6665_4_2_2_it_ends_at_its_time_and_not_before() -> None:
    bench = Bench()
    made = bench.add(seconds=100)
    bench.run()
    bench.answer()
    bench.run(50)
    bench.machine.refresh(made, bench.now + 100)
    bench.run()
    bench.answer()
    bench.run(99)
    assert len(bench.sent) == 2
    bench.run(2)
    assert "terminated;reason=timeout" in bench.sent[-1][2]
    assert bench.told == ["idle"] * 3
    assert bench.kept["a"] is None


def test_refreshes_leave_one_deadline_behind_not_one_each() -> None:
    bench = Bench()
    made = bench.add(seconds=100)
    bench.run()
    bench.answer()
    for expires in (150.0, 200.0, 400.0):
        bench.machine.refresh(made, expires)
        bench.run()
        bench.answer()
    assert bench.machine.get_timer() == 100.0
    bench.run(100)
    assert bench.machine.get_timer() == 400.0


def test_rfc6665_4_2_2_who_asked_for_time_is_left_alone_until_then_though_something_else_is_due() -> None:
    bench = Bench()
    made = bench.add(seconds=50)
    bench.run()
    bench.machine.refresh(made, 500.0)
    bench.answer(500, after=100)
    bench.run(60)
    assert len(bench.sent) == 1
    bench.run(50)
    assert len(bench.sent) == 2


def test_a_shorter_refresh_counts() -> None:
    bench = Bench()
    made = bench.add(seconds=1000)
    bench.run()
    bench.answer()
    bench.machine.refresh(made, 60.0)
    bench.run()
    bench.answer()
    bench.run(61)
    assert made.gone


@pytest.mark.parametrize(("reason", "body"), [("rejected", ""), ("noresource", ""), ("timeout", "idle")])
def test_rfc6665_4_1_3_the_last_word_tells_nothing_to_whom_has_lost_the_right(reason: str, body: str) -> None:
    bench = Bench()
    made = bench.add()
    bench.run()
    bench.machine.end(made, reason)
    bench.run(1)
    assert len(bench.sent) == 1  # the first is not answered yet
    bench.answer()
    bench.run()
    assert f"terminated;reason={reason}" in bench.sent[-1][2]
    assert bench.told[-1] == body
    assert ("Content-Type" in bench.sent[-1][2]) is bool(body)
    assert not len(bench.machine)


def test_what_is_ending_is_found_by_nobody() -> None:
    bench = Bench()
    made = bench.add()
    bench.run()
    bench.machine.end(made, "timeout")
    assert bench.machine.find("a") is None


# -- where it goes ----------------------------------------------------------------------------------------------------
def test_without_a_way_it_waits_and_the_newest_is_told_once_there_is_one() -> None:
    bench = Bench()
    made = bench.add(flow=STREAM)
    bench.run()
    bench.machine.move(made, None)
    bench.change("x")
    bench.run(10)
    assert bench.told == ["idle"]
    bench.machine.move(made, FLOW)
    bench.run()
    assert bench.told == ["idle", "x"]


def test_what_was_sent_the_old_way_is_told_the_new_way() -> None:
    bench = Bench()
    made = bench.add()
    bench.run()
    bench.machine.move(made, STREAM)
    bench.run()
    assert len(bench.sent) == 2
    assert not bench.machine.responded("t1", 408, None, bench.now)
    assert not made.gone
    assert bench.lost == ["a"]
    bench.answer()
    bench.run()
    kept = bench.kept["a"]
    assert kept is not None
    assert thawed(kept, bench.now).flow is None  # a stream, which does not outlive us
    bench.machine.move(made, FLOW)
    bench.run()
    assert len(bench.sent) == 2  # it knows everything already
    assert bench.lost == ["a"]
    kept = bench.kept["a"]
    assert kept is not None
    assert thawed(kept, bench.now).flow == FLOW


def test_without_a_way_it_ends_without_a_word() -> None:
    bench = Bench()
    made = bench.add(seconds=100)
    bench.run()
    bench.machine.move(made, None)
    bench.run(101)
    assert made.gone
    assert len(bench.sent) == 1


# -- over a restart ---------------------------------------------------------------------------------------------------
def revived(before: Bench, life: int, now: float) -> Bench:
    after = Bench(life)
    after.now = now
    for data in before.kept.values():
        if data is not None:
            after.machine.take_up(thawed(data, now), now)
    return after


def test_t25_numbers_go_up_over_a_restart_though_none_was_written_down() -> None:
    bench = Bench(life=3)
    bench.add()
    for _ in range(50):
        bench.run()
        bench.answer()
        bench.change("x")
    bench.run()
    after = revived(bench, 4, bench.now)
    after.state = "y"
    after.run(1)
    assert after.told == ["y"]
    assert after.sent[0][1] > bench.sent[-1][1]
    assert after.sent[0][1] == (1 << COUNT_BITS) + 1


def test_a_restart_is_told_bit_by_bit_and_everybody_within_a_minute() -> None:
    bench = Bench()
    for number in range(5_000):
        bench.add(f"w{number}", seconds=3000)
    after = revived(bench, 2, 0.0)
    after.machine.handle_timer(0.0)
    assert len(after.sent) <= LEAST_PACE
    after.run(60)
    assert len(after.sent) == 5_000


def test_the_pace_after_a_restart_keeps_80_000_within_a_minute() -> None:
    assert 80_000 * STEP_S / SPREAD_S < 50  # in one step, 3 ms of work
    assert SPREAD_S < 60


def test_what_is_gone_is_found_nowhere_and_is_written_down_as_gone() -> None:
    bench = Bench()
    one, other = bench.add("a"), bench.add("b")
    bench.run()
    bench.machine.forget(one)
    assert bench.machine.of_resource("r") == bench.machine.of_account("acme/d") == (other,)
    assert bench.machine.watched("r")
    assert bench.kept[one.key] is None
    assert not bench.machine.responded("t1", 200, None, bench.now)
    bench.machine.forget(other)
    assert bench.machine.of_resource("r") == bench.machine.of_account("acme/d") == ()
    assert not bench.machine.watched("r")
    assert len(bench.machine) == 0


def test_rfc6665_4_2_2_one_from_before_a_restart_ends_at_its_time() -> None:
    bench = Bench()
    bench.add(seconds=600)
    after = revived(bench, 2, 50.0)
    assert after.machine.get_timer() == 50.0
    after.run(1)
    after.answer()
    after.run(600)
    assert "terminated;reason=timeout" in after.sent[-1][2]
    assert len(after.machine) == 0


def test_after_a_restart_a_change_lets_nobody_go_before_the_turn() -> None:
    bench = Bench()
    for number in range(LEAST_PACE + 5):
        bench.add(f"w{number}", seconds=3000)
    after = revived(bench, 2, 0.0)
    after.change("x")
    after.machine.handle_timer(0.0)
    assert len(after.sent) == LEAST_PACE
    after.machine.handle_timer(STEP_S / 2)
    assert len(after.sent) == LEAST_PACE
    assert after.machine.get_timer() == STEP_S
    after.run(STEP_S)
    assert len(after.sent) == LEAST_PACE + 5


def test_the_more_watchers_a_restart_brings_back_the_more_are_told_in_each_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vorzimmer.sip.subscription_machine.SPREAD_S", 0.4)
    bench = Bench()
    for number in range(2_000):
        bench.add(f"w{number}", seconds=3000)
    after = revived(bench, 2, 0.0)
    after.run(0.4 - 0.5 * STEP_S)  # in time, and not a step later
    assert len(after.sent) == 2_000


def test_a_clock_that_starts_anew_leaves_the_remaining_time() -> None:
    bench = Bench()
    bench.now = 10_000.0
    made = bench.add(seconds=300)
    data = bench.kept["a"]
    assert data is not None
    assert thawed(data, 5.0).expires == 305.0
    assert thawed(data, 10_100.0).expires == made.expires


def test_a_connection_does_not_outlive_the_process() -> None:
    bench = Bench()
    bench.add("u")
    bench.add("t", flow=STREAM)
    after = revived(bench, 2, 0.0)
    after.run(60)
    assert [key for key, *_ in after.sent] == ["u"]
    (waiting,) = [each for each in after.machine if each.flow is None]
    after.machine.move(waiting, STREAM)
    after.run()
    assert [key for key, *_ in after.sent] == ["u", "t"]


def test_numbers_never_leave_31_bits() -> None:
    bench = Bench()
    made = bench.add()
    made.count = (1 << COUNT_BITS) - 1
    bench.run()
    assert "terminated;reason=deactivated" in bench.sent[-1][2]
    assert made.gone
    last = Bench(MOST_LIVES)
    last.add().count = (1 << COUNT_BITS) - 1
    kept = next(iter(last.kept.values()))
    assert kept is not None
    for life, taken in ((2 * MOST_LIVES - 1, 1), (2 * MOST_LIVES, 0)):
        after = Bench(life)
        found = thawed(kept, 0.0)
        found.count = (1 << COUNT_BITS) - 1
        assert found.number(2 * MOST_LIVES - 1) + 1 < 2**31
        found.count = 0
        after.machine.take_up(found, 0.0)
        assert len(after.machine) == taken
