"""Calls as dialog-info documents (RFC 4235): written for watchers, read from phones that publish their own.

Always full state, since documents are small and a phone that lost one needs nothing else. Only who may take a ringing
call over is told a Call-ID and tags, made up for this watcher: they mean nothing to anybody else. This module must
never write what a detail does not allow, nor trust what it reads.
"""

from typing import Any
from xml.parsers import expat

from vorzimmer.kernel.errors import PeerError
from vorzimmer.presence.markup import TOKEN, VERSION, escape
from vorzimmer.presence.resources import Detail, State, Talk, Who

CONTENT_TYPE = "application/dialog-info+xml"
NAMESPACE = "urn:ietf:params:xml:ns:dialog-info"
OFFLINE = '<offline xmlns="urn:vorzimmer:lamp"/>'
"""Tells *idle* from *not registered* (FEATURES.md 5.3 BLF-3) where somebody understands it; others read over it."""

MOST_TALKS = 8
"""More calls than this of one resource are not listed: a document has to fit into a datagram."""

_ANONYMOUS = '<identity display="Anonymous">sip:anonymous@anonymous.invalid</identity>'
_NOT_RENDERING = '<param pname="+sip.rendering" pvalue="no"/>'


def document(state: State, detail: str) -> bytes:
    """The document for all watchers with this detail, with blanks for version and token (``markup.filled``)."""
    entity = escape(state.entity)
    talks = "".join(_dialog(talk, entity, detail) for talk in state.talks[:MOST_TALKS])
    rest = "" if state.registered or state.talks else OFFLINE
    text = (
        f'<?xml version="1.0"?>\n<dialog-info xmlns="{NAMESPACE}" version="{VERSION}" state="full" '
        f'entity="{entity}">{talks}{rest}</dialog-info>\n'
    )
    return text.encode("utf-8")


def _dialog(talk: Talk, entity: str, detail: str) -> str:
    direction = ""
    if detail != Detail.STATE:
        direction = f' direction="{"initiator" if talk.initiator else "recipient"}"'
    takes = detail == Detail.TAKE and talk.takeable
    names = _names(talk) if takes else ""
    local = f'<local><target uri="{entity}">{_NOT_RENDERING}</target></local>' if talk.held else ""
    if takes:  # Phones offer to take a call only if both ends are named.
        local = f'<local><identity>{entity}</identity><target uri="{entity}"/></local>'
    shown = detail in {Detail.PARTY, Detail.TAKE} and talk.other is not None
    remote = _remote(talk.other, entity if takes else "") if shown and talk.other is not None else ""
    ident = f"{TOKEN}.{escape(talk.ident)}"
    return f'<dialog id="{ident}"{names}{direction}><state>{talk.state}</state>{local}{remote}</dialog>'


def _names(talk: Talk) -> str:
    """Who asks to replace this dialog names it so (RFC 3891); ``meant`` reads it again."""
    ident = escape(talk.ident)
    return f' call-id="{TOKEN}.{ident}" local-tag="l{ident}" remote-tag="r{ident}"'


def meant(call_id: str, tags: tuple[str, str]) -> tuple[str, str] | None:
    """The watcher's token and the talk's ident of a dialog that a document has named, None for any other. Phones put
    the tags in either order, or leave them out."""
    token, dot, ident = call_id.partition(".")
    known = {"", "0", f"l{ident}", f"r{ident}"}
    return (token, ident) if dot and known.issuperset(tags) else None


def _remote(who: Who, instead: str) -> str:
    """The other party; a phone that takes the call sends its INVITE there, or to `instead` of somebody private."""
    if who.private:
        target = f'<target uri="{instead}"/>' if instead else ""
        return f"<remote>{_ANONYMOUS}{target}</remote>"
    uri = escape(who.uri)
    name = f' display="{escape(who.name)}"' if who.name else ""
    return f'<remote><identity{name}>{uri}</identity><target uri="{uri}"/></remote>'


def read(body: bytes) -> tuple[Talk, ...]:
    """The calls that a published document tells of; raises PeerError 400 for what is no such document.

    No document type, no entities, no depth: whatever a phone sends costs no more than its length."""
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _no_doctype
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise PeerError("Bad dialog-info document") from error
    if not reader.found:
        raise PeerError("Bad dialog-info document")
    return tuple(reader.talks)


def _no_doctype(*_: Any) -> None:
    raise PeerError("Bad dialog-info document")


class _Reader:
    """What the parser calls."""

    def __init__(self) -> None:
        self.found = False
        self.talks: list[Talk] = []
        self._depth = 0
        self._initiator = False
        self._state: list[str] | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        tag = name.removeprefix(f"{NAMESPACE} ")
        if self._depth > 16:
            raise PeerError("Bad dialog-info document")
        if self._depth == 1:
            self.found = tag == "dialog-info" != name
        elif self._depth == 2 and tag == "dialog":
            self._initiator = attributes.get("direction") == "initiator"
        elif self._depth == 3 and tag == "state":
            self._state = []

    def text(self, text: str) -> None:
        if self._state is not None:
            self._state.append(text)

    def end(self, name: str) -> None:
        self._depth -= 1
        if self._state is None:
            return
        word, self._state = "".join(self._state).strip(), None
        if word in {"trying", "proceeding", "early", "confirmed"} and len(self.talks) < MOST_TALKS:
            state = "confirmed" if word == "confirmed" else "early"
            self.talks.append(Talk(f"p{len(self.talks)}", state, self._initiator))  # type: ignore[arg-type]  # one of two
