"""One transaction as the layer keeps it, and who is told what becomes of it. This module must never send."""

from collections.abc import Callable
from typing import Protocol

from vorzimmer.kernel.address import Address
from vorzimmer.sip.arrived import Arrived
from vorzimmer.sip.client_auth import Nonces
from vorzimmer.sip.dialog import Dialog
from vorzimmer.sip.digest import Account
from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.message import Response
from vorzimmer.sip.outline import Outline
from vorzimmer.sip.timers import Timer
from vorzimmer.sip.transactions import Signal, State, Table


class ClientUser(Protocol):
    """Who is told what becomes of a client transaction."""

    def on_response(self, transaction: "Transaction", response: Response, flow: Flow) -> None:
        """A response that the table passes up."""

    def on_failure(self, transaction: "Transaction", status: int) -> None:
        """No final response in time (408), or the request could not be sent (503)."""


class Proof:
    """As whom requests over a trunk prove themselves. `trusted(flow)`: whether that is a peer of the trunk; `realm` is
    the only one that is answered, "" answers any. `nonces` is what its challenges have taught."""

    __slots__ = ("account", "nonces", "realm", "trusted")

    def __init__(self, account: Account, realm: str, trusted: Callable[[Flow], bool]) -> None:
        self.account = account
        self.realm = realm
        self.trusted = trusted
        self.nonces: Nonces = ()


class Claim:
    """A request that may be asked for its proof; `dialog` gives the next CSeq, None outside. `way` is what the Hop has
    become, `tries` counts the challenges that were answered."""

    __slots__ = ("dialog", "proof", "tries", "way")

    def __init__(self, proof: Proof, dialog: Dialog | None) -> None:
        self.proof = proof
        self.dialog = dialog
        self.way: Address | None = None
        self.tries = 0


class Transaction:
    """One transaction of either kind.

    `data` is what is sent again: the request, or the last response. `key` is the name under which it is matched, and
    with another server another one; `id` is the one the layer above knows. `hop` is where a client transaction was sent
    to, `spare` is True while DNS names a server that it was not sent to yet.
    """

    __slots__ = (
        "arrived", "at_once", "claim", "data", "flow", "hop", "id", "interval", "key", "limit", "merge", "outline",
        "owner", "retry", "spare", "state", "table", "tag", "to", "user",
    )  # fmt: skip

    def __init__(self, table: Table, state: State, to: Flow | Hop) -> None:
        self.table = table
        self.state = state
        self.to = to
        self.id = self.key = self.tag = ""
        self.data = b""
        self.user: ClientUser | None = None
        self.outline: Outline | None = None
        self.arrived: Arrived | None = None
        self.flow: Flow | None = None
        self.owner: object = None
        """Whoever answers a server transaction; the layer does not look inside."""
        self.merge: tuple[str, str, int, str] | None = None
        self.retry: Timer | None = None
        self.limit: Timer | None = None
        self.interval = 0.0
        self.at_once: Signal | None = None
        self.hop = to if isinstance(to, Hop) else None
        self.spare = False
        self.claim: Claim | None = None

    @property
    def branch(self) -> str:
        """The branch of a client transaction, as its Via carries it now."""
        return self.key.partition(" ")[0]

    @property
    def answered(self) -> bool:
        """True once a server transaction has sent its final response."""
        return self.state not in {State.TRYING, State.PROCEEDING}
