"""A phone's own keys for do not disturb and forwarding, kept in step with the server (package ``as-feature-event``).

The makers' common form of CSTA (ECMA-323, edition 3): a SUBSCRIBE with a body sets, every NOTIFY tells. What is read is
a wish; whether it comes true is decided by the one door for changes. This module must never trust what it reads.
"""

from typing import Any, Literal
from xml.parsers import expat

import msgspec

from vorzimmer.kernel.errors import PeerError
from vorzimmer.presence.markup import escape
from vorzimmer.presence.multipart import BOUNDARY, joined
from vorzimmer.presence.pieces import Chosen
from vorzimmer.sip.content import parts as parts_of
from vorzimmer.sip.message import Request
from vorzimmer.sip.validate import RefusedError

CONTENT_TYPE = "application/x-as-feature-event+xml"
NAMESPACE = "http://www.ecma-international.org/standards/ecma-323/csta/ed3"
"""Phones that miss it, or find another one, read nothing, and some are said to restart."""

Feature = Literal["dnd", "always", "busy", "no_answer"]
_TYPES: dict[str, Feature] = {"forwardImmediate": "always", "forwardBusy": "busy", "forwardNoAns": "no_answer"}
_NAMES = {feature: name for name, feature in _TYPES.items()}
_HEAD = '<?xml version="1.0" encoding="ISO-8859-1"?>\n'
"""As the makers' examples have it; what follows is ASCII."""

_ROOTS = ("SetDoNotDisturb", "SetForwarding")
_FIELDS = ("doNotDisturbOn", "activateForward", "forwardingType", "forwardDN")
_MOST = 200
"""Characters of one field; a number or address is shorter."""


class FeatureState(msgspec.Struct, frozen=True):
    """How somebody's features stand; `forwards` are always, busy and no answer: on or off and the number shown."""

    dnd: bool = False
    forwards: tuple[tuple[Feature, bool, str], ...] = ()


class Wish(msgspec.Struct, frozen=True):
    """What a phone's key asks for; `to` is what was dialled, "" without a number."""

    feature: Feature
    on: bool
    to: str = ""


def parts(state: FeatureState, account: str) -> tuple[tuple[str, bytes], ...]:
    """A document for each feature, by name, for a phone with this account."""
    device = _text(account)
    quiet = f"<device>{device}</device><doNotDisturbOn>{_bool(state.dnd)}</doNotDisturbOn>"
    found = [("dnd", _document("DoNotDisturbEvent", quiet))]
    for feature, on, to in state.forwards:
        inside = f"<device>{device}</device><forwardingType>{_NAMES[feature]}</forwardingType>"
        inside += f"<forwardStatus>{_bool(on)}</forwardStatus><forwardTo>{_text(to)}</forwardTo>"
        found.append((feature, _document("ForwardingEvent", inside)))
    return tuple(found)


def body(chosen: Chosen) -> tuple[str, bytes]:
    """Content-Type and body of a NOTIFY with these parts."""
    if len(chosen.parts) == 1:
        return CONTENT_TYPE, chosen.parts[0][1]
    return f'multipart/mixed;boundary="{BOUNDARY}"', joined((CONTENT_TYPE, "", part) for _, part in chosen.parts)


def _document(root: str, inside: str) -> bytes:
    return f'{_HEAD}<{root} xmlns="{NAMESPACE}">{inside}</{root}>\n'.encode("ascii")


def _text(text: str) -> str:
    return escape(text.encode("ascii", "replace").decode("ascii"))


def _bool(value: bool) -> str:
    return "true" if value else "false"


def wishes(request: Request) -> tuple[Wish, ...]:
    """What a phone's own keys have been set to, by the body of its SUBSCRIBE; raises PeerError 400, 415."""
    found = parts_of(request)
    if any(part.type.name != CONTENT_TYPE for part in found):
        raise RefusedError("Unsupported Media Type", 415, (("Accept", CONTENT_TYPE),))
    return tuple(read(part.body) for part in found)


def read(document: bytes) -> Wish:
    """What a SUBSCRIBE's body asks for; raises PeerError 400 for what is no such document."""
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refused
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise PeerError("Bad feature document") from error
    return _wish(reader.root, reader.fields)


def _wish(root: str, fields: dict[str, str]) -> Wish:
    if root == "SetDoNotDisturb":
        return Wish("dnd", _truth(fields.get("doNotDisturbOn", "")))
    feature = _TYPES.get(fields.get("forwardingType", ""))
    if root != "SetForwarding" or feature is None:
        raise PeerError("Bad feature document")
    return Wish(feature, _truth(fields.get("activateForward", "")), fields.get("forwardDN", ""))


def _truth(text: str) -> bool:
    word = text.lower()
    if word not in {"true", "1", "false", "0"}:
        raise PeerError("Bad feature document")
    return word in {"true", "1"}


def _refused(*_: Any) -> None:
    raise PeerError("Bad feature document")


class _Reader:
    """What the parser calls: the name of the root, and the texts of its children that count."""

    def __init__(self) -> None:
        self.root = ""
        self.fields: dict[str, str] = {}
        self._depth = 0
        self._field = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        tag = name.rpartition(" ")[2]
        if self._depth > 16:
            raise PeerError("Bad feature document")
        if self._depth == 1:
            self.root = tag if tag in _ROOTS else ""
        elif self._depth == 2 and tag in _FIELDS:
            self._field = tag
            self.fields[tag] = ""

    def text(self, text: str) -> None:
        if self._field and self._depth == 2:
            self.fields[self._field] = (self.fields[self._field] + text)[: _MOST + 1]

    def end(self, name: str) -> None:
        if self._depth == 2 and self._field:
            found = self.fields[self._field].strip()
            if len(found) > _MOST:
                raise PeerError("Bad feature document")
            self.fields[self._field] = found
            self._field = ""
        self._depth -= 1
