"""Scenarios for sipp, written step by step in Python: what a phone sends and what it must hear, as sipp's XML.

A script of the caller begins with ``dial``; one of the called with ``rung``. Inside a dialog both write their requests
with the tags and the target that they have learnt.
"""

from xml.sax.saxutils import quoteattr

CALLER = "<sip:[account]@[remote_ip]>;tag=[pid]uac[call_number]"
DIALLED = "sip:[service]@[remote_ip]:[remote_port]"
CALLED = "<sip:[service]@[remote_ip]>"
HERE = "<sip:[account]@[local_ip]:[local_port];transport=[transport]>"
VIA = "SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]"
TAG = ";tag=[pid]uas[call_number]"
_NEWEST = ("[last_Via:]", "[last_From:]", "[last_To:]TAG", "[last_Call-ID:]", "[last_CSeq:]")
_INVITE = ("Via:[$via]", "From:[$remote]", "To:[$local]TAG", "[last_Call-ID:]", "CSeq:[$first]")
_AGAIN = ("Via:[$via2]", "From:[$remote]", "To:[$local]TAG", "[last_Call-ID:]", "CSeq:[$second]")
DESK = "<sip:[local_ip]:[local_port];transport=[transport]>"


def sdp(
    way: str = "", *, host: str = "[media_ip]", version: int = 1, codecs: str = "8", more: tuple[str, ...] = ()
) -> str:
    """A description with PCMA, or with `codecs` (payload types that mean the same everywhere); `more` are further
    lines."""
    direction = (f"a={way}",) if way else ()
    return "\n".join(
        (
            "v=0",
            f"o=sipp 1 {version} IN IP4 [local_ip]",
            "s=-",
            f"c=IN IP4 {host}",
            "t=0 0",
            f"m=audio [media_port] RTP/AVP {codecs}",
            *direction,
            *more,
        )
    )


VIDEO = ("m=video [media_port] RTP/AVP 99", "a=rtpmap:99 H264/90000")
FAX = "\n".join((
    "v=0", "o=sipp 1 2 IN IP4 [local_ip]", "s=-", "c=IN IP4 [media_ip]", "t=0 0", "m=image [media_port] udptl t38",
))  # fmt: skip


class Script:
    """Steps in order; every method gives back the script."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._steps: list[str] = []
        self._cseq = 0

    def xml(self) -> str:
        """The whole scenario."""
        steps = "\n".join(self._steps)
        known = [
            name
            for name in ("target", "remote", "local", "via", "first", "via2", "second", "seen", "learnt")
            if f'"{name}"' in steps
        ]
        if known:  # or sipp complains of those that are never read
            steps += f'\n  <Reference variables="{",".join(known)}"/>'
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<scenario name={quoteattr(self.name)}>\n{steps}\n</scenario>\n'

    # -- the plain steps --------------------------------------------------------------------------------------------
    def send(self, text: str, *, repeats: bool = False) -> "Script":
        """One message as it stands."""
        lines = "\n".join(f"      {line}".rstrip() for line in text.split("\n"))
        retrans = ' retrans="500"' if repeats else ""
        self._steps.append(f"  <send{retrans}><![CDATA[\n\n{lines}\n\n  ]]></send>")
        return self

    def hears(self, status: int, *, maybe: bool = False, **more: str) -> "Script":
        """A response must (or may) come."""
        return self._recv(f'response="{status}"', maybe, more)

    def asked(self, method: str, *, maybe: bool = False, **more: str) -> "Script":
        """A request must (or may) come."""
        return self._recv(f'request="{method}"', maybe, more)

    def _recv(self, what: str, maybe: bool, more: dict[str, str]) -> "Script":
        checks = more.pop("has", ""), more.pop("hasnot", ""), more.pop("learns", "")
        options = "".join(f' {name}="{value}"' for name, value in more.items()) + (' optional="true"' if maybe else "")
        actions = _action(*checks)
        self._steps.append(f"  <recv {what}{options}>{actions}</recv>" if actions else f"  <recv {what}{options}/>")
        return self

    def waits(self, milliseconds: int) -> "Script":
        """Do nothing for a while."""
        self._steps.append(f'  <pause milliseconds="{milliseconds}"/>')
        return self

    # -- the caller -------------------------------------------------------------------------------------------------
    def request(
        self, method: str, *headers: str, body: str = "", uri: str = "", cseq: int | None = None, **more: str
    ) -> "Script":
        """A request of the caller: outside a dialog without ``tag``, inside with the peer's."""
        if cseq is None:
            self._cseq += method not in {"ACK", "CANCEL"}
            cseq = self._cseq
        inside = more.get("tag", "[peer_tag_param]")
        target = uri or more.get("target", "[next_url]")
        text = "\n".join(
            (
                f"{method} {target} SIP/2.0",
                f"Via: {more.get('via', VIA)}",
                f"From: {more.get('caller', CALLER)}",
                f"To: {more.get('called', CALLED)}{inside}",
                f"Call-ID: {more.get('call', '[call_id]')}",
                f"CSeq: {cseq} {method}",
                f"Contact: {HERE}",
                "Max-Forwards: 70",
                "User-Agent: sipp",
                *headers,
                *(("Content-Type: application/sdp",) if body and "Content-Type" not in "".join(headers) else ()),
                "Content-Length: [len]" if body else "Content-Length: 0",
                "",
                body,
            )
        )
        return self.send(
            text.rstrip("\n") + ("" if body else "\n"), repeats=method not in {"ACK"} and not more.get("once")
        )

    def invite(self, *headers: str, body: str = "", **more: str) -> "Script":
        """INVITE, outside a dialog."""
        uri = more.pop("uri", DIALLED)
        return self.request("INVITE", *headers, body=body, uri=uri, tag="", **more)

    def dial(self, *headers: str, body: str | None = None, **more: str) -> "Script":
        """INVITE, the challenge, and INVITE with the answer to it."""
        body = sdp() if body is None else body
        self.invite(*headers, body=body, **more)
        self.hears(100, maybe=True).hears(401, auth="true").ack_refusal()
        return self.invite(*headers, "[authentication]", body=body, **more)

    def ack_refusal(self) -> "Script":
        """The ACK of a final response that is no 2xx: on the INVITE's branch."""
        via = VIA.replace("[branch]", "[branch-3]")
        return self.request("ACK", uri=DIALLED, via=via)

    def ack(self, body: str = "") -> "Script":
        """The ACK of a 2xx."""
        return self.request("ACK", body=body)

    def answered(self, status: int = 200, **more: str) -> "Script":
        """Whatever rings, then the 200 and its ACK."""
        return (
            self.hears(100, maybe=True)
            .hears(180, maybe=True)
            .hears(183, maybe=True)
            .hears(status, rrs="true", **more)
            .ack()
        )

    def hangs_up(self) -> "Script":
        """BYE and its 200."""
        return self.request("BYE").hears(200)

    def refused(self, status: int, **more: str) -> "Script":
        """Whatever rings, then a final refusal and its ACK."""
        rings = self.hears(100, maybe=True).hears(180, maybe=True).hears(181, maybe=True).hears(183, maybe=True)
        return rings.hears(status, **more).ack_refusal()

    # -- the called -------------------------------------------------------------------------------------------------
    def rung(self, **more: str) -> "Script":
        """An INVITE comes; who calls, from where and how to reach them is remembered."""
        return self._learns("INVITE", **more)

    def _learns(self, method: str, **more: str) -> "Script":
        checks = _check("has", more.get("has", "")) + _check("hasnot", more.get("hasnot", ""))
        learns = (
            '<ereg regexp="sip:[^&gt;]*" search_in="hdr" header="Contact:" assign_to="target"/>'
            '<ereg regexp=".*" search_in="hdr" header="From:" assign_to="remote"/>'
            '<ereg regexp=".*" search_in="hdr" header="To:" assign_to="local"/>'
            '<ereg regexp=".*" search_in="hdr" header="Via:" assign_to="via"/>'
            '<ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="first"/>'
        )
        self._steps.append(f'  <recv request="{method}"><action>{learns}{checks}</action></recv>')
        return self

    def rung_again(self) -> "Script":
        """A re-INVITE comes, which is answered later: ``says(…, again=True)``."""
        learns = (
            '<ereg regexp=".*" search_in="hdr" header="Via:" assign_to="via2"/>'
            '<ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="second"/>'
        )
        self._steps.append(f'  <recv request="INVITE"><action>{learns}</action></recv>')
        return self

    def says(
        self,
        status: int,
        *headers: str,
        body: str = "",
        tag: str = TAG,
        invite: bool = False,
        again: bool = False,
        repeats: bool = False,
    ) -> "Script":
        """A response to the newest request, or (`invite`) to the INVITE that came first, or to the one of
        ``rung_again``."""
        to_whom = _INVITE if invite else _AGAIN if again else _NEWEST
        text = "\n".join(
            (
                f"SIP/2.0 {status} X",
                *(line.replace("TAG", tag) for line in to_whom),
                f"Contact: {DESK}",
                "User-Agent: sipp",
                *headers,
                *(("Content-Type: application/sdp",) if body else ()),
                "Content-Length: [len]" if body else "Content-Length: 0",
                "",
                body,
            )
        )
        return self.send(text.rstrip("\n") + ("" if body else "\n"), repeats=repeats)

    def picks_up(self, *headers: str) -> "Script":
        """180, 200 and the ACK."""
        return self.says(180).says(200, *headers, body=sdp()).asked("ACK")

    def told_bye(self) -> "Script":
        """The other side hangs up."""
        return self.asked("BYE").says(200, tag="")

    def sends(self, method: str, *headers: str, body: str = "", cseq: int = 10, **more: str) -> "Script":
        """A request of the called inside the dialog."""
        text = "\n".join(
            (
                f"{method} [$target] SIP/2.0",
                f"Via: {more.get('via', VIA)}",
                f"From:[$local]{TAG}",
                "To:[$remote]",
                "[last_Call-ID:]",
                f"CSeq: {cseq} {method}",
                f"Contact: {DESK}",
                "Max-Forwards: 70",
                "User-Agent: sipp",
                *headers,
                *(("Content-Type: application/sdp",) if body else ()),
                "Content-Length: [len]" if body else "Content-Length: 0",
                "",
                body,
            )
        )
        return self.send(text.rstrip("\n") + ("" if body else "\n"), repeats=method != "ACK" and not more.get("once"))


def _action(has: str, hasnot: str, learns: str) -> str:
    checks = _check("has", has) + _check("hasnot", hasnot)
    if learns:
        checks += f'<ereg regexp=".*" search_in="hdr" header="{learns}:" assign_to="learnt"/>'
    return f"<action>{checks}</action>" if checks else ""


def _check(kind: str, pattern: str) -> str:
    """The whole message must (not) match a regular expression, or the call has failed."""
    if not pattern:
        return ""
    rule = 'check_it="true"' if kind == "has" else 'check_it_inverse="true"'
    return f'<ereg regexp={quoteattr(pattern)} search_in="msg" {rule} assign_to="seen"/>'
