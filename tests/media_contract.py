"""What every backend of the media port promises: one body of tests, run over the embedded worker and the double.

A `Rig` joins the port with phones: `speak` lets a phone send audio, `hears` says what reaches a phone while that goes
on. The module holds no rig of its own.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec
import pytest

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import CallId, EndpointId
from vorzimmer.media.port import (
    Codec,
    DigitHeard,
    FellSilent,
    File,
    Media,
    MediaError,
    MediaEvent,
    MediaPlan,
    Mix,
    Music,
    Nothing,
    OpenSpec,
    Peer,
    SourceEnded,
    Srtp,
    Statistics,
    Tone,
    WorkerLost,
)

A, B, C = EndpointId("a"), EndpointId("b"), EndpointId("c")
PCMA = Codec("PCMA", 8)
PCMU = Codec("PCMU", 0)
G722 = Codec("G722", 9)
OPUS = Codec("OPUS", 107, 48000, 2)


class Rig(Protocol):
    """A backend with phones at its endpoints. Phone X belongs to endpoint X and exists from the first mention on."""

    media: Media
    prompt: str

    def phone(self, endpoint: EndpointId) -> Address:
        """Where this phone's SDP says that it listens."""

    async def hears(self, listener: EndpointId, speaker: EndpointId) -> bool:
        """Let phone `speaker` talk; whether phone `listener` hears it."""

    async def hears_translated(self, listener: EndpointId, speaker: EndpointId, *, codecs: tuple[Codec, Codec]) -> bool:
        """Let phone `speaker` talk in the first codec; whether phone `listener` hears it in the second."""

    async def hears_mixed(self, listener: EndpointId, *speakers: EndpointId) -> frozenset[EndpointId]:
        """Let the phones `speakers` talk at once, each its own tone; those whom phone `listener` hears."""

    async def hears_sound(self, listener: EndpointId) -> bool:
        """Whether something that the backend plays reaches the phone."""

    async def press(self, endpoint: EndpointId, digits: str) -> None:
        """The phone sends RFC 4733 digits."""

    async def event(self) -> MediaEvent:
        """The next event of the backend."""

    async def finish(self, endpoint: EndpointId) -> None:
        """Let a finite source come to its end."""

    async def silence(self, endpoint: EndpointId) -> None:
        """Let 30 seconds pass in which the phone sends nothing."""

    async def kill(self) -> None:
        """The worker dies."""


def spec(endpoint: EndpointId, call: str = "call") -> OpenSpec:
    return OpenSpec(endpoint, CallId(call))


def plan(rig: Rig, endpoint: EndpointId, *codecs: Codec, sends: bool = True, receives: bool = True) -> MediaPlan:
    taken = codecs or (PCMA,)
    return MediaPlan(rig.phone(endpoint), taken, taken, 101, 101, sends=sends, receives=receives)


async def talk(rig: Rig, *endpoints: EndpointId) -> None:
    """Open and configure; the first two hear each other."""
    for endpoint in endpoints:
        await rig.media.open(spec(endpoint))
        await rig.media.configure(endpoint, plan(rig, endpoint))
    await rig.media.hear(endpoints[0], Peer(endpoints[1]))
    await rig.media.hear(endpoints[1], Peer(endpoints[0]))


async def each_endpoint_has_its_own_even_port(rig: Rig) -> None:
    addresses = [await rig.media.open(spec(e)) for e in (A, B, C)]
    assert len(set(addresses)) == 3
    assert all(address.port % 2 == 0 for address in addresses)


async def opening_twice_is_refused(rig: Rig) -> None:
    await rig.media.open(spec(A))
    with pytest.raises(MediaError):
        await rig.media.open(spec(A))


async def unknown_endpoints_are_refused(rig: Rig) -> None:
    await rig.media.open(spec(A))
    with pytest.raises(MediaError):
        await rig.media.configure(B, plan(rig, B))
    with pytest.raises(MediaError):
        await rig.media.hear(B, Nothing())
    with pytest.raises(MediaError):
        await rig.media.hear(A, Peer(B))
    with pytest.raises(MediaError):
        await rig.media.statistics(B)


async def closing_an_unknown_endpoint_counts_nothing(rig: Rig) -> None:
    assert await rig.media.close(B) == Statistics()


async def two_phones_hear_each_other(rig: Rig) -> None:
    await talk(rig, A, B)
    assert await rig.hears(A, B)
    assert await rig.hears(B, A)


async def hearing_is_per_listener(rig: Rig) -> None:
    await talk(rig, A, B)
    await rig.media.hear(A, Nothing())
    assert not await rig.hears(A, B)
    assert await rig.hears(B, A)


async def one_can_be_heard_by_several(rig: Rig) -> None:
    await talk(rig, A, B, C)
    await rig.media.hear(C, Peer(A))
    assert await rig.hears(B, A)
    assert await rig.hears(C, A)
    assert not await rig.hears(C, B)


async def a_transfer_joins_two_calls(rig: Rig) -> None:
    await talk(rig, A, B)
    await rig.media.open(spec(C, "other"))
    await rig.media.configure(C, plan(rig, C))
    await rig.media.hear(A, Peer(C))
    await rig.media.hear(C, Peer(A))
    await rig.media.close(B)
    assert await rig.hears(A, C)
    assert await rig.hears(C, A)


async def direction_is_respected(rig: Rig) -> None:
    await talk(rig, A, B)
    await rig.media.configure(A, plan(rig, A, sends=False))
    assert not await rig.hears(A, B)
    assert await rig.hears(B, A)
    await rig.media.configure(A, plan(rig, A, receives=False))
    assert await rig.hears(A, B)
    assert not await rig.hears(B, A)


async def a_phone_without_address_hears_nothing(rig: Rig) -> None:
    await talk(rig, A, B)
    await rig.media.configure(A, MediaPlan(None, (PCMA,), (PCMA,)))
    assert not await rig.hears(A, B)


async def codecs_that_differ_are_translated(rig: Rig) -> None:
    await talk(rig, A, B)
    for codec in (PCMU, G722, OPUS):
        await rig.media.configure(B, plan(rig, B, codec))
        assert await rig.hears_translated(A, B, codecs=(codec, PCMA))
        assert await rig.hears_translated(B, A, codecs=(PCMA, codec))
    await rig.media.configure(B, plan(rig, B))
    assert await rig.hears(A, B)
    assert await rig.hears(B, A)


async def a_codec_that_nobody_can_translate_is_silence(rig: Rig) -> None:
    await talk(rig, A, B)
    await rig.media.configure(B, plan(rig, B, Codec("G729", 18)))
    assert not await rig.hears(A, B)


async def keys_of_the_wrong_length_are_refused(rig: Rig) -> None:
    await talk(rig, A, B)
    short = Srtp("AES_CM_128_HMAC_SHA1_80", b"short", b"short")
    with pytest.raises(MediaError):
        await rig.media.configure(A, msgspec.structs.replace(plan(rig, A), srtp=short))
    assert await rig.hears(A, B)


async def hold_plays_music_and_resume_ends_it(rig: Rig) -> None:
    await talk(rig, A, B)
    await rig.media.hear(A, Music())
    assert await rig.hears_sound(A)
    assert not await rig.hears(A, B)
    await rig.media.hear(A, Peer(B))
    assert await rig.hears(A, B)


async def a_closed_speaker_leaves_silence(rig: Rig) -> None:
    await talk(rig, A, B)
    await rig.media.close(B)
    assert not await rig.hears(A, B)
    await rig.media.hear(A, Tone("busy"))
    assert await rig.hears_sound(A)


async def a_mix_lets_everybody_hear_all_others(rig: Rig) -> None:
    await talk(rig, A, B, C)
    for each in (A, B, C):
        await rig.media.hear(each, Mix((A, B, C)))
    assert await rig.hears_mixed(A, A, B, C) == {B, C}
    assert await rig.hears_mixed(C, A, B, C) == {A, B}
    await rig.media.configure(B, plan(rig, B, receives=False))
    assert await rig.hears_mixed(A, A, C) == {C}


async def a_mix_of_unknown_endpoints_is_refused(rig: Rig) -> None:
    await talk(rig, A, B)
    with pytest.raises(MediaError):
        await rig.media.hear(A, Mix((A, B, C)))
    assert await rig.hears(A, B)


async def who_leaves_a_mix_leaves_the_others_in_it(rig: Rig) -> None:
    await talk(rig, A, B, C)
    for each in (A, B, C):
        await rig.media.hear(each, Mix((A, B, C)))
    await rig.media.close(C)
    assert await rig.hears_mixed(A, A, B) == {B}
    await rig.media.hear(A, Peer(B))
    await rig.media.hear(B, Peer(A))
    assert await rig.hears(A, B)
    assert await rig.hears(B, A)


async def a_prompt_ends_with_an_event(rig: Rig) -> None:
    await talk(rig, A, B)
    await rig.media.hear(A, File(rig.prompt))
    await rig.finish(A)
    assert await rig.event() == SourceEnded(A, File(rig.prompt))


async def a_single_tone_ends_with_an_event(rig: Rig) -> None:
    await talk(rig, A, B)
    await rig.media.hear(A, Tone("congestion", repeat=False))
    await rig.finish(A)
    assert await rig.event() == SourceEnded(A, Tone("congestion", repeat=False))


async def digits_are_reported(rig: Rig) -> None:
    await talk(rig, A, B)
    await rig.press(A, "4#")
    events = [await rig.event(), await rig.event()]
    assert [(e.endpoint, e.digit) for e in events if isinstance(e, DigitHeard)] == [(A, "4"), (A, "#")]


async def a_vanished_phone_is_reported(rig: Rig) -> None:
    await talk(rig, A, B)
    await rig.silence(A)
    event = await rig.event()
    assert isinstance(event, FellSilent)
    assert event.endpoint in {A, B}
    assert event.seconds >= 0


async def adopting_closes_all_others(rig: Rig) -> None:
    await talk(rig, A, B, C)
    assert set(await rig.media.adopt((A, B, EndpointId("unheard of")))) == {A, B}
    assert await rig.hears(A, B)
    with pytest.raises(MediaError):
        await rig.media.statistics(C)
    await rig.media.open(spec(C))


async def a_dead_worker_is_reported_with_its_endpoints(rig: Rig) -> None:
    await talk(rig, A, B)
    await rig.kill()
    lost = await rig.event()
    assert isinstance(lost, WorkerLost)
    assert set(lost.endpoints) == {A, B}
    with pytest.raises(MediaError):
        await rig.media.statistics(A)


PROMISES: tuple[Callable[[Rig], Awaitable[None]], ...] = (
    each_endpoint_has_its_own_even_port,
    opening_twice_is_refused,
    unknown_endpoints_are_refused,
    closing_an_unknown_endpoint_counts_nothing,
    two_phones_hear_each_other,
    hearing_is_per_listener,
    one_can_be_heard_by_several,
    a_transfer_joins_two_calls,
    direction_is_respected,
    a_phone_without_address_hears_nothing,
    codecs_that_differ_are_translated,
    a_codec_that_nobody_can_translate_is_silence,
    keys_of_the_wrong_length_are_refused,
    hold_plays_music_and_resume_ends_it,
    a_closed_speaker_leaves_silence,
    a_mix_lets_everybody_hear_all_others,
    a_mix_of_unknown_endpoints_is_refused,
    who_leaves_a_mix_leaves_the_others_in_it,
    a_prompt_ends_with_an_event,
    a_single_tone_ends_with_an_event,
    digits_are_reported,
    a_vanished_phone_is_reported,
    adopting_closes_all_others,
    a_dead_worker_is_reported_with_its_endpoints,
)
