"""All trunks of this server: registered, asked for their health, found by where calls come from, offered to calls.

One alarm drives registrations, OPTIONS and name look-ups; everything else is a look into memory. A trunk that goes down
or comes up again is told once. This module must never let a trunk answer for another company's.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Protocol

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.clock import Alarm, Clock
from vorzimmer.presence.trunk_line import Line, TrunkLine, TrunkSpec, is_literal, split_source
from vorzimmer.sip.engine import Engine, Proof
from vorzimmer.sip.events import Responded
from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.message import Headers, Request
from vorzimmer.sip.outline import host_text
from vorzimmer.sip.registering import Registering, RegisterSpec

RESOLVE_S = 300.0
"""Seconds for which a trunk's names are believed."""
RESOLVE_AGAIN_S = 30.0
MOST_KNOWN = 50_000
_SILENT = frozenset({408, 503})
"""Answers to OPTIONS that mean nobody is there; any other final response comes from somebody."""

Key = tuple[str, str]
Resolve = Callable[[Hop], Awaitable[tuple[Address, ...]]]
Tell = Callable[[TrunkSpec, bool, str], None]
"""A trunk is up (True) or down, and why."""


class Signalling(Protocol):
    """The engine and its pump."""

    @property
    def engine(self) -> Engine: ...
    def now(self) -> float: ...
    def kick(self) -> None: ...


async def literal_only(hop: Hop) -> tuple[Address, ...]:
    """The resolver of tests without names; raises OSError for one."""
    if not is_literal(hop.host):
        raise OSError(f"{hop.host} is no address")
    return (Address(hop.host, hop.port or 5060),)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A request of ours that waits for its answer."""

    key: Key
    line: TrunkLine
    hop: Hop
    method: str


@dataclass(frozen=True, slots=True)
class State:
    """A trunk for people: whether calls may go out, why not, for how many more seconds it is registered (None: it does
    not register), and how many of its servers answer."""

    spec: TrunkSpec
    up: bool
    why: str
    registered_s: float | None
    servers: int
    alive: int


def _state(line: TrunkLine, now: float) -> State:
    up, machine = line.up(now), line.registering
    left = None if machine is None else max(0.0, machine.until - now)
    alive = sum(hop not in line.dead for hop in line.hops)
    return State(line.spec, up, "" if up else line.reason(), left, len(line.hops), alive)


class Trunks:
    """Call `configure` with a company's trunks whenever they change, `handle` with every response."""

    def __init__(
        self,
        signalling: Signalling,
        ports: tuple[Clock, Chance],
        sent_by: Callable[[Flow | Hop], Address],
        resolve: Resolve = literal_only,
        tell: Tell = lambda spec, up, why: None,
    ) -> None:
        self._signalling = signalling
        self._clock, self._chance = ports
        self._sent_by = sent_by
        self._resolve = resolve
        self._tell = tell
        self._lines: dict[Key, TrunkLine] = {}
        self._sent: dict[str, _Sent] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._alarm: Alarm | None = None
        self._armed = 0.0
        self._stale, self._wide = True, False
        self._hosts: set[str] = set()
        self._speaking: dict[tuple[str, Address], tuple[TrunkSpec, ...]] = {}
        """Whose call an address means, until a trunk or its addresses change."""

    # -- filling ----------------------------------------------------------------------------------------------------
    def configure(self, company: str, specs: Iterable[TrunkSpec]) -> None:
        """All enabled trunks of a company. What has not changed goes on; what is gone is taken back."""
        wanted = {(company, spec.id): spec for spec in specs}
        for key, line in list(self._lines.items()):
            if key[0] == company and (key not in wanted or wanted[key] != line.spec):
                self._remove(key, line)
        for key, spec in wanted.items():
            if key not in self._lines:
                self._lines[key] = self._new(spec)
        self._stale = True
        self._arm_for(min((self._lines[key].due() for key in wanted), default=math.inf))

    def _new(self, spec: TrunkSpec) -> TrunkLine:
        now = self._clock.now()
        machine = None
        if spec.registers and spec.account is not None:
            address = f"sip:{spec.account.username}@{spec.domain}"
            register = RegisterSpec(spec.registrar, address, spec.account, spec.expires, spec.realm)
            machine = Registering(register, self._chance.token(12), now + self._chance.fraction() / 2)
        line = TrunkLine(spec, machine, now)
        self._look_up(line)
        return line

    def _remove(self, key: Key, line: TrunkLine) -> None:
        del self._lines[key]
        now = self._clock.now()
        if line.registering is not None and line.registering.registered(now):
            self._register(key, line, expires=0)

    def close(self) -> None:
        """No alarm and no task stays behind."""
        if self._alarm is not None:
            self._alarm.cancel()
        for task in self._tasks:
            task.cancel()

    # -- questions --------------------------------------------------------------------------------------------------
    def up(self, company: str, trunk: str) -> bool:
        """routing.live.Live.trunk_up."""
        line = self._lines.get((company, trunk))
        return line is not None and line.up(self._clock.now())

    def lines(self, company: str, trunk: str) -> tuple[Line, ...]:
        """calls.ports.Lines."""
        line = self._lines.get((company, trunk))
        return line.lines(self._sent_by) if line is not None else ()

    def at(self, flow: Flow) -> tuple[TrunkSpec, ...]:
        """Trunks that a request over this flow may come from, in a stable order; () for a stranger or a phone."""
        if self._stale:
            self._index()
        if not (flow.peer_names or self._wide or flow.remote.host in self._hosts):
            return ()
        key = (flow.transport, flow.remote)
        known = self._speaking.get(key) if not flow.peer_names else None
        if known is None:
            lines = sorted(self._lines.items(), key=lambda each: each[0])
            known = tuple(line.spec for _, line in lines if line.speaks(flow))
            if len(self._speaking) >= MOST_KNOWN:
                self._speaking.clear()
            if not flow.peer_names:
                self._speaking[key] = known
        return known

    def _index(self) -> None:
        """Most packets are phones': what cannot be a trunk is known by its host alone."""
        self._stale, self._wide = False, False
        self._speaking.clear()
        self._hosts.clear()
        for line in self._lines.values():
            self._hosts.update(address.host for address in line.hosts)
            for source in line.spec.sources:
                host, _ = split_source(source)
                self._wide = self._wide or "/" in host
                self._hosts.add(str(ip_address(host)) if is_literal(host) and "/" not in host else host)

    def states(self) -> list[State]:
        """Every trunk as it stands, in a stable order."""
        now = self._clock.now()
        return [_state(line, now) for _, line in sorted(self._lines.items(), key=lambda each: each[0])]

    # -- events -----------------------------------------------------------------------------------------------------
    def handle(self, event: Responded) -> bool:
        """Take the answer to a REGISTER or OPTIONS of ours; False if it is none."""
        sent = self._sent.pop(event.transaction, None)
        if sent is None:
            return False
        now = self._clock.now()
        headers = event.response.headers if event.response is not None else None
        if sent.method == "REGISTER":
            assert sent.line.registering is not None
            sent.line.registering.answered(event.status, headers, now, self._chance.fraction())
        if event.status in _SILENT:
            sent.line.dead[sent.hop] = f"{sent.method} answered {event.status}" if headers else "no answer"
        else:
            sent.line.dead.pop(sent.hop, None)
        if self._lines.get(sent.key) is sent.line:
            self._judge(sent.line)
            self._arm()
        return True

    def flow_gone(self, flow: Flow) -> None:
        """A connection closed: who registered over it registers again, and its health is asked at once."""
        if not self.at(flow):
            return
        now = self._clock.now()
        for line in self._lines.values():
            if flow.reliable and flow.transport == line.spec.transport and line.speaks(flow):
                if line.registering is not None:
                    line.registering.soon(now + self._chance.fraction())
                if line.probe_at is not None:
                    line.probe_at = min(line.probe_at, now + 1)
        self._arm()

    def _judge(self, line: TrunkLine) -> None:
        up = line.up(self._clock.now())
        if up != line.told_up:
            line.told_up = up
            self._tell(line.spec, up, "" if up else line.reason())

    # -- doing ------------------------------------------------------------------------------------------------------
    def _arm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._arm_for(min((line.due() for line in self._lines.values()), default=math.inf))

    def _arm_for(self, due: float) -> None:
        """Be woken at `due` at the latest."""
        if due == math.inf or (self._alarm is not None and self._armed <= due):
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._armed = due
        self._alarm = self._clock.call_at(max(due, self._clock.now()), self._act)

    def _act(self) -> None:
        self._alarm = None
        for key, line in list(self._lines.items()):
            self._drive(key, line, self._clock.now())
        self._arm()

    def _drive(self, key: Key, line: TrunkLine, now: float) -> None:
        if now >= line.resolve_at:
            self._look_up(line)
        machine = line.registering
        if machine is not None and machine.due is not None and now >= machine.due:
            self._register(key, line)
        if line.probe_at is not None and now >= line.probe_at:
            line.probe_at = now + line.spec.probe_s * (0.8 + 0.2 * self._chance.fraction())
            for hop in line.hops:
                self._send(key, line, hop, self._options(line), line.proof)
        self._judge(line)

    def _register(self, key: Key, line: TrunkLine, *, expires: int | None = None) -> None:
        hop = line.target()
        assert line.registering is not None
        if hop is None:
            line.registering.answered(503, None, self._clock.now(), self._chance.fraction())
            return
        at = self._sent_by(hop)
        param = "" if hop.transport == "udp" else f";transport={hop.transport}"
        contact = f"sip:{line.spec.token}@{host_text(at.host)}:{at.port}{param}"
        self._send(key, line, hop, line.registering.request(contact, self._chance.token(8), expires=expires))

    def _options(self, line: TrunkLine) -> Request:
        spec = line.spec
        user = spec.account.username if spec.account else spec.token
        address = f"<sip:{user}@{spec.from_domain or spec.domain}>"
        lines = (("From", address), ("To", f"<sip:{host_text(spec.domain)}>"), ("Accept", "application/sdp"))
        return Request("OPTIONS", f"sip:{host_text(spec.domain)}", Headers(lines))

    def _send(self, key: Key, line: TrunkLine, hop: Hop, request: Request, proof: Proof | None = None) -> None:
        transaction = self._signalling.engine.request(request, hop, self._signalling.now(), proof=proof)
        self._sent[transaction] = _Sent(key, line, hop, request.method)
        self._signalling.kick()

    # -- names ------------------------------------------------------------------------------------------------------
    def _look_up(self, line: TrunkLine) -> None:
        line.resolve_at = self._clock.now() + RESOLVE_S
        wanted = [*line.spec.targets]
        for source in line.spec.sources:
            host, port = split_source(source)
            if not is_literal(host):
                wanted.append(Hop(line.spec.transport, host, port or 5060))
        if all(is_literal(hop.host) for hop in wanted):
            line.found((hop, (Address(hop.host, hop.port),)) for hop in wanted)
            self._stale = True
            return
        task = asyncio.get_running_loop().create_task(self._resolved(line, wanted))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _resolved(self, line: TrunkLine, wanted: list[Hop]) -> None:
        found: list[tuple[Hop, tuple[Address, ...]]] = []
        for hop in wanted:
            try:
                addresses = await self._resolve(hop)
            except OSError as error:
                line.why = f"{hop.host}: {error}"
                continue
            found.append((hop, tuple(Address(a.host, a.port) for a in addresses)))
        if not any(addresses for _, addresses in found):
            line.resolve_at = self._clock.now() + RESOLVE_AGAIN_S
        line.found(found)
        self._stale = True
        self._judge(line)
        self._arm()
