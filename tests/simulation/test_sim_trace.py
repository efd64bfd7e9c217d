"""The trace of a simulated call: every message of both legs as they went over the network, the decision among them."""

from tests.simulation.phones import Handset
from tests.simulation.scenario import Scene
from tests.simulation.test_sim_restart import play, talk

from vorzimmer.features.texts import render
from vorzimmer.observe.tracing.ring import Message
from vorzimmer.observe.tracing.view import View


def test_the_trace_of_a_call_shows_both_legs_and_why_and_no_digest_response() -> None:
    told: list[str] = []
    wire: list[bytes] = []
    raw: list[bytes] = []

    async def script(now: Scene, anna: Handset, carl: Handset) -> None:
        await talk(now, anna)
        tracer = now.server.process.tracer if now.server.process else None
        assert tracer is not None
        (state,) = now.server.exchange.board.live_view()
        anna.talks[0].hang_up()
        await now.clock.sleep(1)
        trace = tracer.ring.of(state.id)
        assert trace is not None
        view = View(trace, lambda because: render(because, language="en"), 0.0)
        told.extend(view.lines())
        wire.extend(str(message["text"]).encode() for message in view.messages())
        raw.extend(entry.data for entry in trace.entries() if isinstance(entry, Message))

    play(script)
    ladder = "\n".join(told)
    assert "INVITE 102@nord.example SDP" in ladder
    assert ladder.count("(INVITE)") == 6
    assert ladder.count("BYE") == 4
    assert "Carl is rung" in ladder
    assert ladder.index("100 Trying") < ladder.index("* 102") < ladder.index("180 Ringing")
    assert any(b"response=" in message for message in raw)
    for message in raw:
        for part in message.split(b"response=")[1:]:
            secret = part.split(b'"')[1]
            assert not any(secret in shown for shown in wire)
