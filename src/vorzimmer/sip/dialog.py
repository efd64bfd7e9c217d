"""Dialogs as RFC 3261 section 12 keeps them: ids, CSeq both ways, remote target, route set, and a frozen form.

A dialog knows how to write the head of its next request and nothing about transactions or time. This module must
never send anything.
"""

from typing import Any

import msgspec

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.arrived import Arrived, tag_of
from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.headers import parse_name_addr
from vorzimmer.sip.message import Headers, Response
from vorzimmer.sip.outline import Outline, one_line
from vorzimmer.sip.session_timer import FLOOR, Session
from vorzimmer.sip.uri import SipUri, is_address
from vorzimmer.sip.uri import parse as parse_uri

SKIP_AHEAD = 1000
"""How far the local CSeq jumps when a dialog is read back, so that none is used twice (ARCHITECTURE decision 2)."""

DialogId = tuple[str, str, str]
"""Call-ID, local tag, remote tag."""


def contact_uri(headers: Headers) -> str:
    """The URI of the Contact, "" where there is none that can be read."""
    for text in headers.list_of("Contact")[:1]:
        try:
            return parse_name_addr(text).uri_text
        except PeerError:
            return ""
    return ""


class Dialog:
    """One dialog; `local` and `remote` are From and To of our requests, tags included."""

    __slots__ = (
        "call_id",
        "local",
        "local_cseq",
        "local_tag",
        "remote",
        "remote_cseq",
        "remote_tag",
        "route",
        "target",
    )

    def __init__(self, call_id: str, local: str, remote: str) -> None:
        self.call_id = call_id
        self.local = local
        self.remote = remote
        self.local_tag = tag_of(local)
        self.remote_tag = tag_of(remote)
        self.local_cseq = 0
        self.remote_cseq: int | None = None
        self.target = ""
        self.route: tuple[str, ...] = ()

    @property
    def id(self) -> DialogId:
        """What a message of this dialog is found by."""
        return (self.call_id, self.local_tag, self.remote_tag)

    def refresh(self, headers: Headers) -> None:
        """Target refresh (RFC 3261 sections 12.2.1.2 and 12.2.2): a readable Contact becomes the remote target."""
        self.target = contact_uri(headers) or self.target

    def speak_as(self, address: str) -> None:
        """From of our requests from now on; the tag stays what it is (RFC 4916 section 4.3)."""
        self.local = f"{one_line(address)};tag={self.local_tag}"

    def accepts(self, cseq: int) -> bool:
        """True for a request in order; notes its number. A lower or equal one is stale (RFC 3261 12.2.2: 500)."""
        if self.remote_cseq is not None and cseq <= self.remote_cseq:
            return False
        self.remote_cseq = cseq
        return True

    def outline(self, method: str) -> Outline:
        """The next request, or the ACK of the request numbered `local_cseq`: without Via."""
        if method not in {"ACK", "CANCEL"}:
            self.local_cseq += 1
        uri, route = self._routing()
        outline = Outline(method, uri, self.local_cseq, self.call_id)
        outline.from_, outline.to, outline.route = self.local, self.remote, route
        return outline

    def _routing(self) -> tuple[str, tuple[str, ...]]:
        """Request-URI and Route lines: loose or strict routing (RFC 3261 section 12.2.1.1)."""
        if not self.route:
            return self.target, ()
        first = _uri_of(self.route[0])
        if first is None or first.has("lr"):
            return self.target, self.route
        bare = msgspec.structs.replace(first, headers=())
        return str(bare), (*self.route[1:], f"<{self.target}>")

    def next_hop(self) -> Hop | None:
        """Where RFC 3261 section 8.1.2 sends the next request; None where the URI cannot tell. Of a name without a port
        or a transport DNS knows them (RFC 3263 section 4)."""
        uri = _uri_of(self.route[0] if self.route else f"<{self.target}>")
        if uri is None:
            return None
        transport = uri.param("transport").lower() or ("tls" if uri.secure else "")
        host = uri.param("maddr") or uri.host
        if not is_address(host):
            return Hop(transport, host, uri.port or 0)
        return Hop(transport or "udp", host, uri.port or (5061 if transport == "tls" else 5060))


def _uri_of(text: str) -> SipUri | None:
    try:
        uri = parse_uri(parse_name_addr(text).uri_text)
    except PeerError:
        return None
    return uri if isinstance(uri, SipUri) else None


def dialog_of_uac(outline: Outline, response: Response) -> Dialog:
    """The dialog that a response above 100 to our INVITE makes (RFC 3261 section 12.1.2)."""
    headers = response.headers
    dialog = Dialog(outline.call_id, outline.from_, headers.get("To"))
    dialog.local_cseq = outline.cseq
    dialog.target = contact_uri(headers) or outline.uri
    dialog.route = tuple(reversed(headers.list_of("Record-Route")))
    return dialog


def dialog_of_uas(arrived: Arrived, tag: str) -> Dialog:
    """The dialog that our answer to an INVITE makes (RFC 3261 section 12.1.1)."""
    headers = arrived.request.headers
    dialog = Dialog(arrived.call_id, f"{headers.get('To')};tag={tag}", headers.get("From"))
    dialog.remote_cseq = arrived.cseq
    dialog.target = contact_uri(headers)
    dialog.route = tuple(headers.list_of("Record-Route"))
    return dialog


class FrozenDialog(msgspec.Struct, frozen=True):
    """A confirmed dialog as it is written down; `flow` and `hop` say where its requests go.

    What came off the wire is kept as bytes: it must come back exactly, and need not be UTF-8.
    """

    call_id: bytes
    local: bytes
    remote: bytes
    local_cseq: int
    remote_cseq: int | None
    target: bytes
    route: tuple[bytes, ...]
    outgoing: bool
    user: str = ""
    flow: Flow | None = None
    hop: Hop | None = None
    kept: "Kept | None" = None


class Kept(msgspec.Struct, frozen=True):
    """What a leg knows beside its dialog: `session` with the monotonic moment it was `saved`, `least` its Min-SE, what
    the peer allows and supports, our last description and a checksum of the peer's."""

    saved: float = 0.0
    session: Session | None = None
    least: int = FLOOR
    allow: bytes = b""
    supported: bytes = b""
    sdp: bytes = b""
    theirs: int = 0


def freeze(dialog: Dialog, **leg: Any) -> bytes:
    """The dialog as msgpack; `leg`: the fields of FrozenDialog that are not the dialog's own."""
    frozen = FrozenDialog(
        _wire(dialog.call_id), _wire(dialog.local), _wire(dialog.remote), dialog.local_cseq, dialog.remote_cseq,
        _wire(dialog.target), tuple(map(_wire, dialog.route)), **leg,
    )  # fmt: skip
    return _ENCODER.encode(frozen)


def _wire(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _text(wire: bytes) -> str:
    return wire.decode("utf-8", "surrogateescape")


def thaw(data: bytes) -> tuple[Dialog, FrozenDialog]:
    """The dialog from its bytes, its local CSeq ahead by `SKIP_AHEAD`. Raises msgspec.DecodeError for anything else."""
    frozen = _DECODER.decode(data)
    dialog = Dialog(_text(frozen.call_id), _text(frozen.local), _text(frozen.remote))
    dialog.local_cseq = frozen.local_cseq + SKIP_AHEAD
    dialog.remote_cseq = frozen.remote_cseq
    dialog.target = _text(frozen.target)
    dialog.route = tuple(map(_text, frozen.route))
    return dialog, frozen


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(FrozenDialog)
