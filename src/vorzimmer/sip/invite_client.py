"""Legs we make: INVITE, early dialogs, the first 2xx and all later ones, failure, CANCEL (RFC 3261 sections 9.1, 13.2).

This module must never choose between forks or judge a body: the first 2xx wins, the others are ended.
"""

import msgspec

from vorzimmer.kernel.errors import LocalError
from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.arrived import tag_of
from vorzimmer.sip.attempt import Attempt, Early
from vorzimmer.sip.dialog import Dialog, dialog_of_uac
from vorzimmer.sip.events import Answered, Failed, Progressed
from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.headers import parse_cseq
from vorzimmer.sip.leg import Leg, Phase
from vorzimmer.sip.message import Response
from vorzimmer.sip.outline import Outline, lines_of, one_line
from vorzimmer.sip.reliable import Acknowledger
from vorzimmer.sip.replies import phrase
from vorzimmer.sip.sender import Sender, user_of
from vorzimmer.sip.transaction import Claim, Proof

MAX_FORKS = 16
"""Early dialogs that are kept for one INVITE; a peer that makes up more gets its responses, but no dialogs."""


class InviteSpec(msgspec.Struct, frozen=True):
    """An INVITE of ours. `uri`: Request-URI (the phone's Contact); `to`: Flow of the binding or a Hop; `local` and
    `remote`: From and To as name-addr text without tag; `route`: Route set; `extra`: PAI, Privacy, Alert-Info,
    History-Info, Replaces ...; empty `body` is a late offer; `max_forwards`: one less than that of the call it carries
    on (RFC 7332). `proof`: as whom challenges are answered, None answers none; `session`: seconds of the session
    interval asked for, 0 for the configured one. `after`: the response that refused this INVITE before (422, 3xx):
    Call-ID, From tag and CSeq go on from there (RFC 3261 sections 8.1.3.4 and 8.1.3.5)."""

    uri: str
    to: Flow | Hop
    local: str
    remote: str
    body: bytes = b""
    content_type: str = "application/sdp"
    route: tuple[str, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()
    max_forwards: int = 70
    proof: Proof | None = None
    session: int = 0
    after: Response | None = None


def go_on_from(outline: Outline, refused: Response) -> None:
    """Take Call-ID, From and the next CSeq of a request that was refused."""
    headers = refused.headers
    outline.call_id, outline.from_ = headers.get("Call-ID"), headers.get("From")
    outline.cseq = parse_cseq(headers.get("CSeq")).number + 1


def complete(response: Response, early: Early | None) -> None:
    """A 2xx without a description, after a reliable provisional that had the answer (RFC 3262 section 5)."""
    if not response.body and early is not None and early.answer is not None:
        response.body, kind = early.answer
        response.headers.set("Content-Type", kind)


class InviteClient:
    """The client half of the engine; owner of the attempts it makes."""

    def __init__(self, sender: Sender, acknowledger: Acknowledger) -> None:
        self._sender = sender
        self._acknowledger = acknowledger
        self._core = sender.core

    def invite(self, leg_id: LegId, spec: InviteSpec) -> None:
        """Send the INVITE; raises LocalError for a leg id that is in use."""
        if self._sender.legs.get(leg_id) is not None:
            raise LocalError(f"leg {leg_id} exists")
        leg = Leg(leg_id, Phase.CALLING, spec.to)
        leg.user, leg.proof, leg.interval = user_of(one_line(spec.local)), spec.proof, spec.session
        self._sender.legs.add(leg)
        self._send(leg, spec)

    def _send(self, leg: Leg, spec: InviteSpec) -> None:
        sender, core = self._sender, self._core
        branch = sender.branch()
        outline = Outline("INVITE", spec.uri, core.chance.number(1, 9999), core.chance.token(12))
        outline.via = sender.via(spec.to, branch)
        outline.from_ = f"{one_line(spec.local)};tag={core.chance.token(6)}"
        if spec.after is not None:
            go_on_from(outline, spec.after)
        outline.to, outline.route = one_line(spec.remote), spec.route
        outline.max_forwards = spec.max_forwards
        kind = f"Content-Type: {one_line(spec.content_type)}\r\n" if spec.body else ""
        agent = f"User-Agent: {core.config.user_agent}\r\n"
        about = (core.about if spec.body else core.about_late) + sender.sessions.lines(leg)
        lines = sender.contact(spec.to, leg.user) + about + agent + lines_of(spec.extra) + kind
        leg.attempt = attempt = Attempt(sender, self, leg, offers=bool(spec.body))
        attempt.body = spec.body
        attempt.again = lambda refused: self._send(leg, msgspec.structs.replace(spec, to=leg.to, after=refused))
        claim = Claim(spec.proof, None) if spec.proof is not None else None
        data = outline.write(lines, spec.body)
        attempt.tx = sender.layer.client("INVITE", branch, data, spec.to, user=attempt, claim=claim)
        attempt.tx.outline = outline

    def end(self, leg: Leg, reason: str) -> None:
        """Give up: ``Failed`` follows, with 487 unless the peer says something else."""
        if leg.attempt is not None:
            leg.attempt.cancel(reason=reason)

    def ack(self, leg: Leg, body: bytes) -> None:
        """Answer the offer of the 2xx, where its ACK is still to be sent; otherwise nothing."""
        attempt, dialog = leg.attempt, leg.dialog
        if attempt is None or dialog is None or attempt.acks.get(dialog.remote_tag, ()) is not None:
            return
        attempt.acks[dialog.remote_tag] = self._sender.ack(leg, dialog, attempt.outline, body)
        leg.attempt = None
        leg.agreed(body, b"")

    # -- owner of attempts ----------------------------------------------------------------------------------------
    def progressed(self, attempt: Attempt, response: Response, flow: Flow) -> None:
        """An early dialog, new or further on."""
        leg, tag = attempt.leg, tag_of(response.headers.get("To"))
        leg.learn(response.headers)
        if tag:
            self._early(attempt, response, tag)
        if self._acknowledger.take(attempt, leg.forks.get(tag), response):
            self._core.tell(Progressed(leg.id, response, tag))

    def _early(self, attempt: Attempt, response: Response, tag: str) -> None:
        leg = attempt.leg
        known = leg.forks.get(tag)
        if known is not None:
            known.refresh(response.headers)
        elif len(leg.forks) < MAX_FORKS:
            dialog = leg.forks[tag] = dialog_of_uac(attempt.outline, response)
            dialog.local_cseq += attempt.ahead
            self._sender.legs.know(leg, dialog)

    def answered(self, attempt: Attempt, response: Response, flow: Flow) -> None:
        """The first 2xx confirms the leg; any other, or one that crossed our CANCEL, is acknowledged and ended."""
        leg = attempt.leg
        dialog = self._confirm(attempt, response)
        if attempt.done or attempt.cancelled:
            self._decline(attempt, dialog)
            if not attempt.done:
                attempt.done = True
                self._gone(leg, attempt.status, response)
            return
        attempt.done = True
        attempt.again = None
        self._establish(leg, dialog)
        complete(response, attempt.early.get(dialog.remote_tag))
        leg.learn(response.headers)
        leg.agreed(attempt.body, response.body)
        self._sender.sessions.answered(leg, response.headers)
        if attempt.offers:
            attempt.acks[dialog.remote_tag] = self._sender.ack(leg, dialog, attempt.outline)
            leg.attempt = None
        else:
            attempt.acks[dialog.remote_tag] = None
        self._core.tell(Answered(leg.id, response, flow))

    def _confirm(self, attempt: Attempt, response: Response) -> Dialog:
        """The dialog of a 2xx; the route set is the one of the 2xx (RFC 3261 section 13.2.2.4), the CSeqs live on."""
        dialog = dialog_of_uac(attempt.outline, response)
        early = attempt.leg.forks.get(dialog.remote_tag)
        if early is None:
            # Frozen legs know nothing of early dialogs, in which PRACK or UPDATE may have used numbers.
            dialog.local_cseq += attempt.ahead
        else:
            dialog.local_cseq, dialog.remote_cseq = early.local_cseq, early.remote_cseq
            dialog.local = early.local
        return dialog

    def _decline(self, attempt: Attempt, dialog: Dialog) -> None:
        leg = attempt.leg
        attempt.acks[dialog.remote_tag] = self._sender.ack(leg, dialog, attempt.outline)
        self._sender.bye(leg, dialog, attempt.reason)

    def _establish(self, leg: Leg, dialog: Dialog) -> None:
        for early in leg.forks.values():
            self._sender.legs.unknow(early)
        leg.forks.clear()
        leg.phase, leg.dialog = Phase.CONFIRMED, dialog
        self._sender.legs.know(leg, dialog)

    def failed(self, attempt: Attempt, status: int, response: Response | None) -> None:
        """No dialog came of it; a session interval that was too small is raised (RFC 4028 section 7.3)."""
        leg, again = attempt.leg, attempt.again
        if again is None or attempt.cancelled or response is None or not self._too_small(leg, response):
            self._gone(leg, status, response)
            return
        for early in leg.forks.values():
            self._sender.legs.unknow(early)
        leg.forks.clear()
        again(response)

    def _too_small(self, leg: Leg, response: Response) -> bool:
        return response.status == 422 and self._sender.sessions.too_small(leg, response.headers)

    def _gone(self, leg: Leg, status: int, response: Response | None) -> None:
        self._sender.forget(leg)
        refused = response if response is not None and response.status >= 300 else None
        self._core.tell(Failed(leg.id, status, phrase(status, refused.reason if refused else ""), refused))
