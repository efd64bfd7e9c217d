"""What control answers web: publish, live calls, explanations with live facts, health, metrics.

Only our own processes reach it (a Unix socket of mode 0600). This module must never change a call's course.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from vorzimmer.app.call_actions import CallActions
from vorzimmer.app.exchange import Exchange
from vorzimmer.app.explaining import explain_live, explain_now
from vorzimmer.app.fact_stream import FactStream
from vorzimmer.app.house import Published, split_key
from vorzimmer.app.live_view import live_call
from vorzimmer.app.presence_view import doing, registered, registrations
from vorzimmer.app.rpc import Method, Params, Stream
from vorzimmer.app.watchers import watchers
from vorzimmer.kernel.ids import CallId
from vorzimmer.media.embedded.client import EmbeddedMedia
from vorzimmer.presence.trunks import State
from vorzimmer.routing.explain import Question
from vorzimmer.routing.model import LINE_WAYS, line_device


class ControlRpc:
    """Methods and streams over one exchange."""

    def __init__(self, exchange: Exchange, facts: FactStream, media: EmbeddedMedia) -> None:
        self._exchange = exchange
        self._facts = facts
        self._metrics = metrics = facts.metrics
        self._media = media
        self._loaded = asyncio.Event()
        metrics.gauge("vorzimmer_calls_live", "Calls that exist now", lambda: len(exchange.board.live_view()))
        metrics.gauge(
            "vorzimmer_devices_registered", "Devices with a binding", lambda: len(exchange.bindings.devices())
        )
        watching = exchange.watching
        metrics.gauge("vorzimmer_subscriptions", "Subscriptions to events", lambda: len(watching.notifier))
        metrics.gauge("vorzimmer_notifies", "NOTIFYs sent since the start", lambda: watching.notifier.sent)
        metrics.gauge("vorzimmer_publications", "Published documents", lambda: len(exchange.publications.compositor))
        counts = exchange.door.limits.counters
        metrics.gauge("vorzimmer_sip_failures", "Requests that failed", lambda: sum(counts.failures.values()))
        metrics.gauge(
            "vorzimmer_sip_limited",
            "Requests turned away after failures",
            lambda: counts.limited_source + counts.limited_account,
        )

        metrics.table("vorzimmer_trunk_up", "1 while calls may go out", ("company", "trunk"), self._trunks_up)
        labels = ("company", "trunk", "way")
        metrics.table("vorzimmer_trunk_calls", "Calls over a trunk now", labels, self._trunk_calls)
        turned_away, engine = "vorzimmer_sip_overload_refused", exchange.engine
        metrics.gauge(turned_away, "Requests turned away for overload", lambda: engine.turned_away)

    def hold(self) -> None:
        """Published changes wait until the books are loaded."""
        self._loaded.clear()

    def release(self) -> None:
        """The books are loaded."""
        self._loaded.set()

    def methods(self) -> dict[str, Method]:
        """By name."""
        return {
            "publish": self._publish,
            "company_gone": self._company_gone,
            "explain_call": self._explain_call,
            "calls": self._calls,
            "explain": self._explain,
            "health": self._health,
            "metrics": self._text,
            "devices": self._devices,
            "watchers": self._watchers,
            "trunks": self._trunks,
            "presence": self._presence,
            "registrations": self._registrations,
            **CallActions(self._exchange).methods(),
        }

    def streams(self) -> dict[str, Stream]:
        """By name."""
        return {"follow": self._follow}

    async def _publish(self, params: Params) -> None:
        change = msgspec.convert(params["change"], Published)
        await self._loaded.wait()
        house = self._exchange.house
        if change.company in house.companies and house.book(change.company).revision >= change.revision:
            return  # read from the database already, at the start
        self._exchange.publish(change)

    async def _company_gone(self, params: Params) -> None:
        await self._loaded.wait()
        self._exchange.remove_company(params["company"])

    async def _calls(self, params: Params) -> list[dict[str, Any]]:
        now = self._exchange.ports.clock.wall().timestamp()
        return [live_call(state, now) for state in self._exchange.board.live_view(params.get("company"))]

    async def _explain(self, params: Params) -> dict[str, Any]:
        question = msgspec.convert(params["question"], Question)
        exchange = self._exchange
        wall = exchange.ports.clock.wall()
        return explain_now(question, exchange.house.book(question.company), exchange.live(question.company), wall)

    async def _explain_call(self, params: Params) -> dict[str, Any] | None:
        """Why a call that goes on went where it is; None where there is none of that company."""
        live = self._exchange.board.call(CallId(params["call"]))
        if live is None or live.state.company != params["company"]:
            return None
        return explain_live(live.state, self._exchange.house.book(params["company"]), params["language"])

    async def _health(self, params: Params) -> dict[str, Any]:
        workers = self._media.workers()
        return {
            "media": {path.rpartition("/")[2].removesuffix(".sock"): up for path, up in workers.items()},
            "companies": len(self._exchange.house.companies),
            "calls": len(self._exchange.board.live_view()),
            "draining": self._exchange.board.draining,
        }

    async def _text(self, params: Params) -> str:
        return self._metrics.text()

    async def _devices(self, params: Params) -> list[dict[str, Any]]:
        """Registered devices: company, device, contacts."""
        bindings = self._exchange.bindings
        rows = []
        for key in sorted(bindings.devices()):
            company, device = split_key(key)
            rows.append({"company": company, "device": device, "contacts": [c.uri for c in bindings.contacts(key)]})
        return rows

    async def _presence(self, params: Params) -> dict[str, Any]:
        """What everybody of a company does (see ``presence_view.doing``), and which devices are registered."""
        company = params["company"]
        found: dict[str, Any] = dict(doing(self._exchange.board.live_view(company)))
        return found | {"registered": registered(self._exchange.bindings, company)}

    async def _registrations(self, params: Params) -> list[dict[str, Any]]:
        """Every binding of a company's named devices, of all without `devices`."""
        company, bindings = params["company"], self._exchange.bindings
        devices = params.get("devices")
        wanted = registered(bindings, company) if devices is None else devices
        return registrations(bindings, company, wanted, self._exchange.pump.now())

    async def _watchers(self, params: Params) -> list[dict[str, Any]]:
        """Subscriptions of a company, or of all: see ``app.watchers.Watcher``."""
        exchange = self._exchange
        rows = watchers(exchange.watching, exchange.lamps, params.get("company"), exchange.pump.now())
        return [msgspec.to_builtins(row) for row in rows]

    async def _trunks(self, params: Params) -> list[dict[str, Any]]:
        """Trunks as they stand: up or not and why, seconds of registration left, calls in and out."""
        company = params.get("company")
        return [self._trunk(state) for state in self._exchange.trunks.states() if company in {None, state.spec.company}]

    def _trunk(self, state: State) -> dict[str, Any]:
        spec = state.spec
        calls = {way: self._exchange.board.calls_of(spec.company, line_device(spec.id, way)) for way in LINE_WAYS}
        return {
            "company": spec.company,
            "trunk": spec.id,
            "kind": "register" if spec.registers else "peer",
            "up": state.up,
            "why": state.why,
            "registered_s": None if state.registered_s is None else round(state.registered_s),
            "servers": state.servers,
            "alive": state.alive,
            "calls": calls,
        }

    def _trunks_up(self) -> list[tuple[tuple[str, ...], float]]:
        return [((each.spec.company, each.spec.id), float(each.up)) for each in self._exchange.trunks.states()]

    def _trunk_calls(self) -> list[tuple[tuple[str, ...], float]]:
        board = self._exchange.board
        keys = [(each.spec.company, each.spec.id, way) for each in self._exchange.trunks.states() for way in LINE_WAYS]
        return [((c, trunk, way), float(board.calls_of(c, line_device(trunk, way)))) for c, trunk, way in keys]

    async def _follow(self, params: Params) -> AsyncIterator[Any]:
        async for fact in self._facts.follow(params.get("company"), moves=bool(params.get("moves"))):
            yield msgspec.to_builtins(fact)
