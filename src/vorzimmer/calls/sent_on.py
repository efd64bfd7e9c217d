"""Who sent a call on, as header lines of an INVITE: Diversion (RFC 5806) and History-Info (RFC 7044). Pure.

This module must never decide who is named, nor name a private one to a phone: phones are not trusted (RFC 3325).
"""

from collections.abc import Callable

from vorzimmer.routing.model import Diverted
from vorzimmer.sip.headers import NameAddr
from vorzimmer.sip.identity import ANONYMOUS_URI
from vorzimmer.sip.sent_on import CAUSES
from vorzimmer.sip.uri import SipUri

Lines = tuple[tuple[str, str], ...]

Seen = Callable[[Diverted], NameAddr]
"""The address of somebody, as the peer may see it."""


def to_trunk(diverted: tuple[Diverted, ...], target: str, number: Callable[[str], SipUri]) -> Lines:
    """For a carrier, who keeps private what is marked so. `number` is an address there of an E.164 number."""

    def seen(one: Diverted) -> NameAddr:
        return NameAddr("", str(number(one.number)) if one.number else ANONYMOUS_URI)

    return (*(_diversion(one, seen) for one in diverted), *_history(diverted, target, seen)) if diverted else ()


def to_phone(diverted: tuple[Diverted, ...], target: str, domain: str) -> Lines:
    """For a phone, which shows one of them: the last and the first are named, History-Info tells everything."""

    def seen(one: Diverted) -> NameAddr:
        user = one.extension or one.number
        if one.private or not user:
            return NameAddr("Anonymous", ANONYMOUS_URI)
        return NameAddr(one.name, str(SipUri("sip", user, domain)))

    named = diverted if len(diverted) < 2 else (diverted[0], diverted[-1])
    return (*(_diversion(one, seen) for one in named), *_history(diverted, target, seen)) if diverted else ()


def _diversion(one: Diverted, seen: Seen) -> tuple[str, str]:
    privacy = "full" if one.private else "off"
    params = (("reason", one.reason), ("privacy", privacy), ("counter", str(one.times)))
    address = seen(one)
    return "Diversion", str(NameAddr(address.display, address.uri_text, params))


def _history(diverted: tuple[Diverted, ...], target: str, seen: Seen) -> Lines:
    """In order, each with the cause that led to it (RFC 4458, RFC 7044 section 10.3)."""
    index, cause, entries = "1", "", []
    for one in reversed(diverted):
        address = seen(one)
        hidden = "?Privacy=history" if one.private and address.uri_text != ANONYMOUS_URI else ""
        entries.append(_entry(NameAddr(address.display, f"{address.uri_text}{cause}{hidden}"), index))
        index += ".1"
        cause = f";cause={CAUSES.get(one.reason, 404)}"
    entries.append(_entry(NameAddr("", f"{target}{cause}"), index))
    return (("History-Info", ", ".join(entries)),)


def _entry(address: NameAddr, index: str) -> str:
    before = index.rpartition(".")[0]
    return str(NameAddr(address.display, address.uri_text, (("index", index), *((("mp", before),) if before else ()))))
