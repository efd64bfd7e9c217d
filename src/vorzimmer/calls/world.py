"""Everything that calls see of the world, in one value handed in by ``app`` (or by a simulation).

Only ports and plain functions. This module must never import an adapter, nor grow an option that names a feature.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import msgspec

from vorzimmer.calls.ports import (
    Contact,
    Decider,
    Journal,
    Lines,
    Locations,
    NoLines,
    NoTracing,
    Signalling,
    Tracing,
)
from vorzimmer.calls.state import CallState, Party
from vorzimmer.directory.profiles import Profile, profile
from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.clock import Clock
from vorzimmer.kernel.ids import LegId
from vorzimmer.media.port import File, Media, Source, Tone
from vorzimmer.routing.model import Announce, Asked, Caller, Diverted, Refuse, Run
from vorzimmer.sdp.formats import DEFAULT_FORMATS
from vorzimmer.sdp.plan import Format, Protection
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.headers import Replaces
from vorzimmer.sip.message import Request


class Identified(msgspec.Struct, frozen=True):
    """Who sent a request: the account that passed digest decides, or the `trunk`, which also says what was dialled and
    who `diverted` the call before."""

    company: str
    caller: Caller
    robot: bool = False
    trunk: str = ""
    dialled: str = ""
    diverted: tuple[Diverted, ...] = ()


class Refusal(msgspec.Struct, frozen=True):
    """How to answer a request whose sender is not (yet) known: a challenge, 403, 503 ..."""

    status: int
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()


class Fact(msgspec.Struct, frozen=True):
    """One thing that happened to a call; `number` counts per company, without a gap but for
    those that a crash leaves, `at` is POSIX seconds.

    `kind` is started, ringing, answered, held, resumed, changed, ended, trunk (one went down or came up; no `call`), or
    alarm (an operator must hear of it at once).
    """

    company: str
    number: int
    kind: str
    call: str
    at: float
    data: dict[str, str] = {}


class MediaPolicy(msgspec.Struct, frozen=True):
    """What a device's account says about its audio: `srtp` off, optional or required; `codecs` the names of those that
    may be used, the best first, () for all."""

    srtp: Protection = "optional"
    codecs: tuple[str, ...] = ()


Identify = Callable[[Request, Flow], Identified | Refusal]
Service = Callable[[Run, Asked], Awaitable[Announce | Refuse]]
"""Runs what a feature code asks for, and says how to confirm (an Announce with status 200 is answered, played and then
hung up) or deny it."""

May = Callable[[Party, str, CallState], bool]
"""May this party do that (transfer, replace) to this call? Companies have been compared before."""


async def no_service(run: Run, asked: Asked) -> Announce | Refuse:
    """No feature has a service."""
    return Refuse(501, "Not Implemented")


def own_call(actor: Party, action: str, call: CallState) -> bool:
    """Whoever is in a call, or made it, may do everything to it; whom it rings may pick it up; nobody else may."""
    refs = {leg.party.ref for leg in call.parties} | {call.asked.caller.ref}
    if action == "pick_up":
        refs = {rung.party.ref for rung in call.ringing}
    return actor.ref is not None and actor.ref in refs


def anywhere(address: Address, flow: Flow) -> str | None:
    """No address is refused."""
    return None


def unheard(doing: str, error: Exception) -> None:
    """Nobody logs."""


def no_fact(fact: Fact) -> None:
    """Nobody listens."""


def nobody_watches(company: str, device: str) -> None:
    """There are no lamps."""


def prompt_source(company: str, prompt: str, params: dict[str, str]) -> Source:
    """``tone:busy`` is a tone of the country, anything else a file of that name."""
    kind, _, name = prompt.partition(":")
    return Tone(name) if kind == "tone" else File(prompt)


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds: `reach` until a silent device counts as unreachable (BAS-2), `tone` how long a tone of denial is heard,
    `prompt` how long an announcement may last at most, `reopen` between two tries to get media again after a worker has
    died, `watch` between two looks after a phone on hold, `confirm` how long somebody outside may take to press 1,
    `outside` how long two outside parties may talk alone (FEATURES.md 12.4), `drain` what Retry-After says while
    draining."""

    reach: float = 4.0
    tone: float = 4.0
    prompt: float = 60.0
    reopen: float = 0.5
    watch: float = 120.0
    confirm: float = 10.0
    outside: float = 3600.0
    drain: int = 30


@dataclass(frozen=True, slots=True)
class World:
    """`on_bug(doing, error)` is told of what should never have been raised; `refused(address, flow)` says why a peer
    may not name an address; `sound_of(company, prompt, params)` turns a prompt into something to hear;
    `domain(company)` is the SIP domain that identities are written with; `describe(company, ref)` gives name and number
    (extension) to show of somebody; `side(flow)` names the media side of a leg."""

    signalling: Signalling
    media: Media
    clock: Clock
    chance: Chance
    locations: Locations
    decide: Decider
    identify: Identify
    journal: Journal
    service: Service = no_service
    may: May = own_call
    lines: Lines = field(default_factory=NoLines)
    refused: Callable[[Address, Flow], str | None] = anywhere
    tell: Callable[[Fact], None] = no_fact
    keep_mark: Callable[[str, int], None] = lambda company, number: None
    """Told (company, number): no fact of the company has a number above that one until it is told again."""
    on_bug: Callable[[str, Exception], None] = unheard
    sound_of: Callable[[str, str, dict[str, str]], Source] = prompt_source
    domain: Callable[[str], str] = lambda company: "vorzimmer.invalid"
    ours: Callable[[str, str], bool] = lambda company, host: True
    """Whether a host in a URI means this company on this server."""
    watched: Callable[[str, Party, Replaces], LegId | None] = lambda company, who, dialog: None
    """The leg behind a dialog id that a watcher was told: lamps name dialogs by ids of their own."""
    describe: Callable[[str, Ref], tuple[str, str]] = lambda company, ref: ("", ref.id)
    music: Callable[[str], str] = lambda company: "default"
    zone: Callable[[str], str] = lambda company: "DE"
    """The name of a company's music on hold ("" for silence), and the country of its tones."""
    side: Callable[[Flow], str] = lambda flow: flow.listener
    """The media listener of a leg on that flow."""
    moved: Callable[[str, str], None] = nobody_watches
    """Told (company, device) when something about a device's calls is other than before: for lamps."""
    media_policy: Callable[[str, str | None], MediaPolicy] = lambda company, device: MediaPolicy()
    """How the audio of a company's device is to be protected."""
    session: Callable[[str, str | None], int] = lambda company, device: 0
    """Seconds of the session interval that a leg asks for (RFC 4028), 0 for the engine's own."""
    profile: Callable[[str, Contact], Profile] = lambda company, contact: profile(None, contact.agent)
    """What is known of the kind of phone behind a contact."""
    formats: tuple[Format, ...] = DEFAULT_FORMATS
    trace: Tracing = field(default_factory=NoTracing)
    times: Times = field(default_factory=Times)

    def wall(self) -> float:
        """POSIX seconds."""
        return self.clock.wall().timestamp()
