"""Another server for a request (RFC 3263 section 4.3): what is written anew once the way is known, or fails.

The network resolves a Hop, says which flow it has become and whether DNS names a further server. Where that flow needs
another Via and Contact than was guessed, the request is readdressed; where its server fails, it is sent again with a
new branch to the Hop without that server. This module must never resolve a name or wait.
"""

import msgspec

from vorzimmer.sip.attempt import Attempt
from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.sender import Sender
from vorzimmer.sip.transaction_layer import Transaction
from vorzimmer.sip.uri import is_address

MAX_TRIED = 8
"""Servers that one request is sent to at most, whatever DNS says."""


class Failover:
    """Readdresses client transactions."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        sender.layer.elsewhere = self._elsewhere

    def found(self, transaction: str, flow: Flow, *, spare: bool) -> bytes | None:
        """See ``Engine.flow_found``."""
        tx = self._sender.layer.flow_found(transaction, flow, spare=spare)
        if tx is None:
            return self._known(transaction)
        if isinstance(tx.user, Attempt) and isinstance(tx.user.leg.to, Hop):
            tx.user.leg.to = flow
        hop = tx.hop
        if hop is None or (is_address(hop.host) and hop.transport):
            return None
        config = self._sender.core.config
        if hop.transport == flow.transport and config.sent_by(hop) == config.sent_by(flow):
            return None
        tx.data = self._readdressed(tx.data, flow, tx.branch)
        self._note_via(tx, flow)
        return tx.data

    def _known(self, transaction: str) -> bytes | None:
        """A repetition that waited for the same Hop says what the first one says."""
        tx = self._sender.layer.client_of(transaction)
        return tx.data or None if tx is not None else None

    def _elsewhere(self, tx: Transaction) -> bool:
        hop, user = tx.hop, tx.user
        if hop is None or not isinstance(tx.to, Flow) or len(hop.avoid) >= MAX_TRIED:
            return False
        if isinstance(user, Attempt) and (user.cancelled or user.done):
            return False
        tx.hop = msgspec.structs.replace(hop, avoid=(*hop.avoid, tx.to.remote))
        branch = self._sender.branch()
        data = self._readdressed(tx.data, tx.hop, branch)
        if isinstance(user, Attempt):
            user.leg.to = tx.hop
        self._sender.layer.restart(tx, branch, data, tx.hop)
        self._note_via(tx, tx.hop)
        return True

    def _note_via(self, tx: Transaction, to: Flow | Hop) -> None:
        """For ACK and CANCEL. A copy, because the server before may still have to be sent its ACK."""
        if tx.outline is not None:
            tx.outline = tx.outline.copy()
            tx.outline.via = self._sender.via(to, tx.branch, opened=True)

    def _readdressed(self, data: bytes, to: Flow | Hop, branch: str) -> bytes:
        """The request with the Via and the Contact of another way; the rest is untouched."""
        sender = self._sender
        start, end = _line(data, b"Via: ")
        ours = _host_of(data[start:end])
        data = data[:start] + f"Via: {sender.via(to, branch, opened=True)}".encode() + data[end:]
        return _with_contact(data, ours, sender.contact(to, "").removeprefix("Contact: <sip:").rstrip().encode())


def _line(data: bytes, start: bytes) -> tuple[int, int]:
    """Where the first header line that begins so stands in a request of ours; (-1, -1) where there is none."""
    head = data.find(b"\r\n\r\n")
    at = data.find(b"\r\n" + start, 0, head)
    return (-1, -1) if at < 0 else (at + 2, data.find(b"\r\n", at + 2))


def _host_of(via: bytes) -> bytes:
    """``host:port`` of a Via line of ours."""
    return via.partition(b";")[0].rpartition(b" ")[2]


def _with_contact(data: bytes, old: bytes, new: bytes) -> bytes:
    """Our own Contact, which has the address of our Via, with `new` (``host:port;transport=…>``) in its place."""
    start, end = _line(data, b"Contact: <sip:")
    line = data[start:end]
    at = line.rfind(old)
    if start < 0 or at < 0 or line[at - 1 : at] not in (b"@", b":"):
        return data
    return data[:start] + line[:at] + new + line[line.find(b">", at) + 1 :] + data[end:]
