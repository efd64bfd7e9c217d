"""The media contract over the recording double."""

from collections import deque
from collections.abc import Awaitable, Callable

import pytest
from tests.media_contract import PROMISES, A, B, Rig, spec

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.port import Codec, MediaError, MediaEvent, Nothing, Peer
from vorzimmer.testing.loop import run
from vorzimmer.testing.media import RecordingMedia


class DoubleRig:
    prompt = "/prompts/welcome.wav"

    def __init__(self) -> None:
        self.double = RecordingMedia()
        self.media = self.double
        self._events: deque[MediaEvent] = deque()
        self.double.on_event(self._events.append)

    def phone(self, endpoint: EndpointId) -> Address:
        return Address("198.51.100.7", 30000 + 2 * ord(endpoint[0]))

    async def hears(self, listener: EndpointId, speaker: EndpointId) -> bool:
        return self.double.hears(listener) == Peer(speaker)

    async def hears_translated(self, listener: EndpointId, speaker: EndpointId, *, codecs: tuple[Codec, Codec]) -> bool:
        return await self.hears(listener, speaker) and self.double.transcodes(listener)

    async def hears_mixed(self, listener: EndpointId, *speakers: EndpointId) -> frozenset[EndpointId]:
        return self.double.hears_all(listener) & frozenset(speakers)

    async def hears_sound(self, listener: EndpointId) -> bool:
        return not isinstance(self.double.hears(listener), Peer | Nothing)

    async def press(self, endpoint: EndpointId, digits: str) -> None:
        self.double.press(endpoint, digits)

    async def event(self) -> MediaEvent:
        return self._events.popleft()

    async def finish(self, endpoint: EndpointId) -> None:
        self.double.end_source(endpoint)

    async def silence(self, endpoint: EndpointId) -> None:
        self.double.fall_silent(endpoint)

    async def kill(self) -> None:
        self.double.lose_worker()


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_media_contract_double(promise: Callable[[Rig], Awaitable[None]]) -> None:
    async def body() -> None:
        await promise(DoubleRig())

    run(body())


def test_double_finds_leaks_and_records_commands() -> None:
    async def body() -> None:
        media = RecordingMedia()
        await media.open(spec(A))
        await media.open(spec(B))
        await media.close(A)
        assert media.leaks() == [B]
        assert media.named("open") == [(spec(A),), (spec(B),)]

    run(body())


def test_double_can_be_broken() -> None:
    async def body() -> None:
        media = RecordingMedia(broken="no worker")
        with pytest.raises(MediaError, match="no worker"):
            await media.open(spec(A))
        assert media.leaks() == []

    run(body())
