"""What people, phones and machines do in a run, each with its weight. Every call ends by somebody's hand in the end."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tests.simulation import faults
from tests.simulation.companies import CHANGES, EXTENSIONS, HOUSES, USERS, change, switch
from tests.simulation.phones import Handset

from vorzimmer.admin.problems import BadFileError, RefusedError
from vorzimmer.kernel.address import Address
from vorzimmer.sip.flow import Flow, Packet
from vorzimmer.store.ports import StoreFailedError
from vorzimmer.testing.phone import Manner, Phone
from vorzimmer.testing.phone_call import PhoneCall
from vorzimmer.testing.server import SERVER

if TYPE_CHECKING:
    from tests.simulation.scenario import Scene

OUTSIDE = ("01713920001", "+493023125222", "+498999998103", "112", "001713920001")
CODES = ("*78", "*79", "*72101", "*73", "*97", "*31101", "*99999", "#", "*")
HOPELESS = ("999", "112", "110", "00499999", "+4989123", "abc", "%00", "1" * 300, "anna")
GARBAGE = (
    b"",
    b"\r\n\r\n",
    b"\x00\xff" * 200,
    b"INVITE sip:101@nord.example SIP/2.0\r\n\r\n",
    b"BYE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 10.9.9.9;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\n"
    b"To: <sip:b@c>;tag=2\r\nCall-ID: nobody\r\nCSeq: 7 BYE\r\n\r\n",
    b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKnone\r\nFrom: <sip:a@b>;tag=1\r\n"
    b"To: <sip:b@c>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n",
)


def manner(scene: "Scene") -> Manner:
    """Each call that comes in is treated by chance."""

    def decide(phone: Phone, call: PhoneCall) -> None:
        mood = scene.chance.fraction()
        phone.later(scene.between(40, 70), lambda: call.refuse(480))
        if mood < 0.05:
            return
        if mood < 0.2:
            phone.later(scene.between(0, 1), lambda: call.refuse(scene.pick((486, 603, 480, 404, 500, 600, 488))))
            return
        if mood < 0.24:
            call.refuse(302, (("Contact", f"<sip:{scene.pick(list(EXTENSIONS.values()))}@{phone.line.domain}>"),))
            return
        call.ring(183 if mood < 0.3 else 180, media=mood < 0.3)
        if mood < 0.85:
            phone.later(scene.between(0, 6), call.answer)
        phone.later(scene.between(6, 60), lambda: call.hang_up() if call.talking else None)

    return decide


# -- calls ----------------------------------------------------------------------------------------------------------
async def call(scene: "Scene") -> None:
    """Somebody calls somebody, and loses patience in the end."""
    caller: Handset = scene.pick(scene.alive)
    if len(caller.calls) > 2:
        return
    dialled = _dialled(scene, caller)
    late = scene.likely(0.1)
    made = caller.phone.call(dialled, late=late)
    scene.note(f"{caller.node.name} calls {dialled[:20]}{' without an offer' if late else ''}")
    if scene.likely(0.25):
        caller.phone.later(scene.between(0, 3), made.hang_up)
    caller.phone.later(scene.between(5, 70), made.hang_up)


def _dialled(scene: "Scene", caller: Handset) -> str:
    mood = scene.chance.fraction()
    user: str = scene.pick(USERS)
    if mood < 0.75:
        return EXTENSIONS[user]
    if mood < 0.82:
        return caller.house.number(user)
    if mood < 0.88:
        return str(scene.pick(HOUSES).number(user))
    if mood < 0.92 and scene.plan.extras:
        return str(scene.pick(OUTSIDE))
    return str(scene.pick(CODES if mood < 0.96 else HOPELESS))


def _talk(scene: "Scene") -> tuple[Handset, PhoneCall] | None:
    talks = [(handset, each) for handset in scene.alive for each in handset.talks]
    return scene.pick(talks) if talks else None


async def hold(scene: "Scene") -> None:
    """Hold or resume, by re-INVITE or UPDATE, with or without an offer."""
    found = _talk(scene)
    if found is None:
        return
    handset, each = found
    mood = scene.chance.fraction()
    scene.note(f"{handset.node.name} re-invites ({mood:.2f})")
    if mood < 0.4:
        each.hold(scene.pick(("sendonly", "inactive")))
    elif mood < 0.75:
        each.resume()
    elif mood < 0.85:
        each.reinvite(late=True)
    elif mood < 0.93:
        each.update("sendrecv")
    else:
        each.reinvite(formats=each.formats[-1:])


async def hang_up(scene: "Scene") -> None:
    """Somebody has said everything."""
    found = _talk(scene)
    if found is not None:
        scene.note(f"{found[0].node.name} hangs up")
        found[1].hang_up()


async def blind(scene: "Scene") -> None:
    """REFER to whatever."""
    found = _talk(scene)
    if found is not None:
        handset, each = found
        to = _dialled(scene, handset)
        scene.note(f"{handset.node.name} transfers to {to[:20]}")
        scene.transfers(handset)
        each.transfer(to if to.isalnum() else EXTENSIONS["emil"])


async def attended(scene: "Scene") -> None:
    """REFER with Replaces between two calls of one phone, the second perhaps still ringing."""
    able = [h for h in scene.alive if h.talks and len(h.calls) > 1]
    if not able:
        return
    handset: Handset = scene.pick(able)
    one = scene.pick(handset.talks)
    others = [each for each in handset.calls if each is not one and handset.engine.dialog_ids(each.leg) is not None]
    if others:
        scene.note(f"{handset.node.name} connects two of its calls")
        scene.transfers(handset)
        one.transfer_to(scene.pick(others))


async def consult(scene: "Scene") -> None:
    """Somebody who talks holds, and calls a third."""
    found = _talk(scene)
    if found is None or len(found[0].calls) > 1:
        return
    handset, each = found
    each.hold()
    made = handset.phone.call(EXTENSIONS[scene.pick(USERS)])
    scene.note(f"{handset.node.name} consults")
    handset.phone.later(scene.between(10, 60), made.hang_up)
    handset.phone.later(scene.between(0.5, 8), lambda: _connect(scene, handset, each, made))


def _connect(scene: "Scene", handset: Handset, one: PhoneCall, other: PhoneCall) -> None:
    if one.talking and not other.over and handset.engine.dialog_ids(other.leg) is not None and scene.likely(0.8):
        scene.note(f"{handset.node.name} transfers with consultation")
        scene.transfers(handset)
        one.transfer_to(other)


# -- phones ---------------------------------------------------------------------------------------------------------
async def vanish(scene: "Scene") -> None:
    """The plug is pulled; after a while it is put in again."""
    handset: Handset = scene.pick(scene.alive)
    scene.note(f"{handset.node.name} vanishes in {len(handset.calls)} calls")
    handset.vanish()
    life, after = handset.life + 1, scene.between(1, 40)
    scene.clock.call_at(scene.clock.now() + after, lambda: scene.plug_in(handset.house, handset.device, life))


async def move(scene: "Scene") -> None:
    """The NAT changes a phone's port."""
    handset: Handset = scene.pick([h for h in scene.alive if h.phone.line.transport == "udp"])
    port = scene.chance.number(10_000, 60_000)
    scene.note(f"{handset.node.name} moves to port {port}")
    scene.disturbed = scene.clock.now()
    handset.move(port)


async def garbage(scene: "Scene") -> None:
    """Bytes of a stranger, or a damaged copy of what a phone might send."""
    data = bytearray(scene.pick(GARBAGE))
    for _ in range(scene.chance.number(0, 3)):
        if data:
            data[scene.chance.number(0, len(data) - 1)] = scene.chance.number(0, 255)
    handset: Handset = scene.pick(scene.alive)
    scene.note(f"garbage from {handset.node.name}")
    handset.node.send(Packet(bytes(data), Flow("udp", handset.address, SERVER)))


# -- settings and machines --------------------------------------------------------------------------------------------
async def settings(scene: "Scene") -> None:
    """A setting is changed, by the door for changes."""
    house, user = scene.pick(HOUSES), scene.pick(USERS)
    text = change(house, user, scene.pick(CHANGES))
    if scene.likely(0.15):
        text = switch(house, scene.pick(house.devices), on=scene.likely(0.6))
        scene.disturbed = scene.clock.now()
    scene.note(f"changes {text.splitlines()[-1].strip()} in {house.id}")
    try:
        await scene.server.apply(text)
    except (BadFileError, RefusedError, StoreFailedError) as error:
        scene.note(f"refused: {error}")


async def kill(scene: "Scene") -> None:
    """The server is killed and starts again."""
    if scene.plan.kills and not scene.unwritten:
        await scene.kill()


async def kill_soon(scene: "Scene") -> None:
    """The server is killed right in the middle of something."""
    await scene.pick((call, call, hold, hang_up, blind, attended, consult, join, faults.media))(scene)
    await scene.clock.sleep(scene.between(0, 0.03) if scene.likely(0.6) else scene.between(0, 0.4))
    await kill(scene)


async def pick_up(scene: "Scene") -> None:
    """INVITE with Replaces: another phone takes what rings or talks, mostly one of the same person's."""
    calls = [(h, c) for h in scene.alive for c in h.calls if h.engine.dialog_ids(c.leg) is not None]
    if not calls or not scene.plan.extras:
        return
    held, each = scene.pick(calls)
    others = [h for h in scene.alive if h is not held and (h.device[:-2] == held.device[:-2] or scene.likely(0.1))]
    if not others:
        return
    taker: Handset = scene.pick(others)
    call_id, local, remote = held.engine.dialog_ids(each.leg)
    scene.note(f"{taker.node.name} takes a call of {held.node.name}")
    scene.transfers(held)
    made = taker.phone.call("x", extra=(("Replaces", f"{call_id};to-tag={remote};from-tag={local}"),))
    taker.phone.later(scene.between(2, 50), made.hang_up)


async def join(scene: "Scene") -> None:
    """INVITE with Join: one more in a call that talks, mostly another phone of somebody who is in it."""
    calls = [(h, c) for h in scene.alive for c in h.talks if h.engine.dialog_ids(c.leg) is not None]
    if not calls or not scene.plan.extras:
        return
    held, each = scene.pick(calls)
    others = [h for h in scene.alive if h is not held and (h.device[:-2] == held.device[:-2] or scene.likely(0.1))]
    if not others:
        return
    joiner: Handset = scene.pick(others)
    call_id, local, remote = held.engine.dialog_ids(each.leg)
    scene.note(f"{joiner.node.name} joins a call of {held.node.name}")
    scene.transfers(held)
    scene.moved[joiner.house.id, joiner.device] = scene.clock.now()
    made = joiner.phone.call("x", extra=(("Join", f"{call_id};to-tag={remote};from-tag={local}"),))
    joiner.phone.later(scene.between(2, 50), made.hang_up)


Action = Callable[["Scene"], Awaitable[None]]
WEIGHTS: tuple[tuple[int, Action], ...] = (
    (44, call),
    (10, hold),
    (8, hang_up),
    (5, blind),
    (4, attended),
    (7, consult),
    (2, vanish),
    (2, move),
    (4, garbage),
    (5, settings),
    (3, kill),
    (3, kill_soon),
    (2, faults.outage),
    (3, faults.media),
    (2, faults.clock),
    (2, faults.partition),
    (3, faults.carrier),
    (4, faults.from_outside),
    (3, pick_up),
    (4, join),
)
_TOTAL = sum(weight for weight, _ in WEIGHTS)


async def act(scene: "Scene") -> None:
    """One thing happens."""
    if not scene.alive:
        return
    drawn = scene.chance.number(1, _TOTAL)
    for weight, action in WEIGHTS:
        drawn -= weight
        if drawn <= 0:
            await action(scene)
            return


__all__ = ["Address", "act", "manner"]
