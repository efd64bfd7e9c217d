"""A lamp key of a simulated phone: SUBSCRIBE with its challenge, refreshes, and what NOTIFYs have told (RFC 6665).

This module must never be kinder than a real phone: an older version is not believed, an unknown NOTIFY gets 481.
"""

import re
from typing import TYPE_CHECKING

from vorzimmer.sip.arrived import tag_of
from vorzimmer.sip.events import Requested, Responded
from vorzimmer.sip.message import Headers, Request

if TYPE_CHECKING:
    from vorzimmer.testing.phone import Phone

Extra = tuple[tuple[str, str], ...]
_VERSION = re.compile(rb'version="(\d+)"')
_STATE = re.compile(rb"<state>(\w+)</state>")


class Watch:
    """One subscription. `statuses` are the final answers to its SUBSCRIBEs; `versions` and `documents` what NOTIFYs
    brought, newest last; `over` is the reason once it has been terminated. `deaf`: NOTIFYs are not answered.
    `answers`: what the next NOTIFYs are answered instead of 200."""

    def __init__(self, phone: "Phone", target: str, event: str, call_id: str, expires: int) -> None:
        self.phone = phone
        self.target = target
        self.event = event
        self.call_id = call_id
        self.expires = expires
        self.statuses: list[int] = []
        self.granted = 0
        self.versions: list[int] = []
        self.cseqs: list[int] = []
        self.documents: list[bytes] = []
        self.notifies: list[Request] = []
        self.over = ""
        self.deaf = False
        self.answers: list[tuple[int, Extra]] = []
        self.lines: Extra = ()
        """Further header lines of each SUBSCRIBE."""
        self._tag = f"w{call_id[:6]}"
        self._to = f"<{target}>"
        self._cseq = 0
        self._waiting: tuple[str, Request] | None = None

    @property
    def established(self) -> bool:
        """Whether the server knows of it, as far as the phone knows."""
        return tag_of(self._to) != "" and not self.over

    @property
    def states(self) -> list[str]:
        """The words of the calls that the newest document lists; nothing in it means idle."""
        return [word.decode() for word in _STATE.findall(self.documents[-1])] if self.documents else []

    @property
    def right(self) -> str:
        """What the lamp shows: confirmed before early before idle, "" before the first NOTIFY."""
        states = self.states
        idle = "idle" if self.documents else ""
        return "confirmed" if "confirmed" in states else "early" if "early" in states else idle

    def subscribe(self, expires: int | None = None, extra: Extra = (), body: tuple[str, bytes] = ("", b"")) -> None:
        """SUBSCRIBE: anew, or inside the dialog to refresh or (0) to end it; `body` with its Content-Type."""
        kind, content = body
        self.expires = self.expires if expires is None else expires
        self._cseq += 1
        phone = self.phone
        contact = f"<sip:{phone.line.user}@{phone.line.contact or phone.line.media.host}>"
        headers = Headers(
            (
                ("From", f"<{phone.address}>;tag={self._tag}"),
                ("To", self._to),
                ("Call-ID", self.call_id),
                ("CSeq", f"{self._cseq} SUBSCRIBE"),
                ("Contact", contact),
                ("Event", self.event),
                ("Expires", str(self.expires)),
                *self.lines,
                *((("Content-Type", kind),) if kind else ()),
                *extra,
            )
        )
        request = Request("SUBSCRIBE", self.target, headers, content)
        engine = phone.signalling.engine
        self._waiting = engine.request(request, phone.hop, phone.signalling.now()), request
        phone.signalling.kick()

    def responded(self, event: Responded) -> bool:
        """The answer to a SUBSCRIBE; False if it is none of ours."""
        if self._waiting is None or event.transaction != self._waiting[0]:
            return False
        request, self._waiting = self._waiting[1], None
        tried = "Authorization" in request.headers
        if event.status == 401 and event.response is not None and not tried:
            reply = self.phone.credentials(event.response.headers, request)
            if reply is not None:
                self.subscribe(extra=(reply,), body=(request.headers.get("Content-Type"), request.body))
                return True
        self.statuses.append(event.status)
        if event.status == 200 and event.response is not None:
            self._to = event.response.headers.get("To")
            self.granted = int(event.response.headers.get("Expires") or 0)
        elif event.status == 481:
            self._to, self.over = f"<{self.target}>", "gone"
        return True

    def notified(self, event: Requested) -> bool:
        """A NOTIFY; False if it belongs to another subscription."""
        headers = event.request.headers
        if headers.get("Call-ID") != self.call_id or tag_of(headers.get("To")) != self._tag:
            return False
        if self.deaf:
            return True
        status, extra = self.answers.pop(0) if self.answers else (200, ())
        if status < 300:
            self._take(event.request)
        self.phone.respond(event, status, extra)
        return True

    def _take(self, request: Request) -> None:
        self.notifies.append(request)
        self.cseqs.append(int(request.headers.get("CSeq").partition(" ")[0]))
        state, _, rest = request.headers.get("Subscription-State").partition(";")
        if state == "terminated":
            self.over = rest.partition("reason=")[2].partition(";")[0] or "terminated"
        found = _VERSION.search(request.body)
        version = int(found[1]) if found else -1
        if not found or not self.versions or version > self.versions[-1]:
            self.versions.append(version)
            self.documents.append(request.body)
