"""Answering a 401 or 407 to requests over a trunk, inside dialogs and outside (RFC 3261 section 22, RFC 7616).

A request that carries a ``Claim`` is sent again with credentials: for whoever waits for its outcome it is the same
request. Inside a dialog the next one is proved before anybody asks. This module must never answer a phone, nor anybody
but the peers that were configured, nor for another realm than the account's, nor go on once a password was refused.
"""

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.attempt import Attempt
from vorzimmer.sip.client_auth import answer_challenge, credentials
from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.headers import parse_cseq
from vorzimmer.sip.message import Headers, Request, Response, parse
from vorzimmer.sip.outline import Extra, lines_of
from vorzimmer.sip.sender import Sender
from vorzimmer.sip.transaction import Claim, Proof
from vorzimmer.sip.transaction_layer import Transaction
from vorzimmer.sip.uri import is_address

__all__ = ["Claim", "Proof", "Proving"]

MOST_TRIES = 3
"""Challenges that are answered for one request: each proxy on the way may have one, and a nonce may be stale."""


class Proving:
    """Sends challenged requests again."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        sender.layer.challenged = self._challenged
        sender.proved = self._proved

    def _proved(self, claim: Claim, method: str, uri: str, to: Flow | Hop) -> str:
        """Header lines for a request before anybody asks; none inside a dialog that leads away from the peer."""
        if not claim.proof.nonces or (claim.dialog is not None and not self._to_peer(claim.proof, to)):
            return ""
        return lines_of(self._lines(claim.proof, method, uri))

    def _to_peer(self, proof: Proof, to: Flow | Hop) -> bool:
        if isinstance(to, Hop):
            if not is_address(to.host):
                return False
            to = Flow(to.transport, self._sender.core.config.sent_by(to), Address(to.host, to.port))
        return proof.trusted(to)

    def _lines(self, proof: Proof, method: str, uri: str) -> Extra:
        answer = credentials(proof.nonces, method, uri, proof.account, cnonce=self._sender.core.chance.token(8))
        proof.nonces = answer.nonces
        return answer.headers

    def _challenged(self, tx: Transaction, response: Response) -> bool:
        """Whether the request of `tx` goes out once more with credentials."""
        claim, user = tx.claim, tx.user
        if claim is None or claim.tries >= MOST_TRIES or not _from_peer(tx, claim):
            return False
        if isinstance(user, Attempt) and (user.cancelled or user.done):
            return False
        proof = claim.proof
        try:
            request = parse(tx.data)
        except PeerError:
            return False
        nonces = answer_challenge(response.status, response.headers, proof.nonces, request.headers, realm=proof.realm)
        proof.nonces = nonces or ()
        if nonces is None or not isinstance(request, Request):
            return False
        claim.tries += 1
        self._again(tx, claim, request)
        return True

    def _again(self, tx: Transaction, claim: Claim, request: Request) -> None:
        """RFC 3261 section 22.2: the same request with the next CSeq and a new branch."""
        sender, method = self._sender, request.method
        branch = sender.branch()
        headers = request.headers
        opened = headers.get("Via").endswith(";alias")
        via, cseq = sender.via(tx.to, branch, opened=opened), self._cseq(claim, headers)
        headers.set("Via", via)
        headers.set("CSeq", f"{cseq} {method}")
        for name in ("Authorization", "Proxy-Authorization"):
            headers.remove(name)
        proving = tuple(self._lines(claim.proof, method, request.uri))
        for name, value in proving:
            headers.add(name, value)
        sender.layer.restart(tx, branch, request.to_bytes(), tx.to)
        if tx.outline is not None:
            outline = tx.outline = tx.outline.copy()
            outline.via, outline.cseq, outline.proof = via, cseq, lines_of(proving)

    def _cseq(self, claim: Claim, headers: Headers) -> int:
        dialog = claim.dialog
        if dialog is None:
            return parse_cseq(headers.get("CSeq")).number + 1
        dialog.local_cseq += 1
        return dialog.local_cseq


def _from_peer(tx: Transaction, claim: Claim) -> bool:
    """Whether the challenge comes from where its answer may go: a peer of the trunk, or the very server that was
    configured and asked."""
    flow, hop = tx.flow, tx.hop
    if flow is None:
        return False
    if claim.proof.trusted(flow):
        return True
    if hop is None or claim.dialog is not None:
        return False
    return flow.remote == claim.way if claim.way is not None else flow.remote == (hop.host, hop.port)
