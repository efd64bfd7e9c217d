"""Takes secrets out of SIP messages, byte for byte in place, so that lengths and packets stay true.

Digest responses, SDES keys, ICE passwords, digits and texts in bodies, what is dialled after a feature code, cookies
and tokens (ARCHITECTURE decision 8). This module must never let through what it does not know: of credentials only the
parameters named here stay readable, of bodies only the kinds named here.
"""

import re

MASK = b"x"

_CREDENTIALS = re.compile(
    rb"^(?:proxy-)?(?:authorization|authentication-info)[ \t]*:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*",
    re.IGNORECASE | re.MULTILINE,
)
_TOKENS = re.compile(
    rb"^(?:cookie|set-cookie|identity)[ \t]*:([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)", re.IGNORECASE | re.MULTILINE
)
_READABLE = re.compile(
    rb"\b(?:username|realm|uri|nonce|opaque|algorithm|qop|nc|stale)[ \t]*=[ \t]*"
    rb"(?:\"[^\"\r\n]*\"|[^\s,\"]+)|\bdigest\b",
    re.IGNORECASE,
)
_KEYS = re.compile(rb"(?:\binline:|^k=|^a=ice-pwd:|^a=key-mgmt:)([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_CODE = re.compile(rb"(?:sips?:|tel:)(?:\*|#|%23|%2a)[0-9*]{2}((?:[0-9*#]|%23|%2a){1,64})", re.IGNORECASE)
_KIND = re.compile(rb"^(?:content-type|c)[ \t]*:[ \t]*([^;\s]+)", re.IGNORECASE | re.MULTILINE)
_CSEQ = re.compile(rb"^cseq[ \t]*:[ \t]*\d+[ \t]+(\w+)", re.IGNORECASE | re.MULTILINE)
_HARMLESS = frozenset({
    b"application/sdp", b"message/sipfrag", b"application/dialog-info+xml", b"application/reginfo+xml",
    b"application/pidf+xml", b"application/simple-message-summary",
})  # fmt: skip
_LINE_ENDS = b"\r\n"


def redacted(message: bytes) -> bytes:
    """The same number of bytes without secrets; what is no SIP message at all is masked whole."""
    head, blank, body = message.partition(b"\r\n\r\n")
    if not _CSEQ.search(head):
        return message if not message.strip() else _masked(message)
    head = _CREDENTIALS.sub(lambda found: _credentials(found.group()), head)
    head = _TOKENS.sub(_inner, head)
    head = _CODE.sub(_inner, head)
    return head + blank + _body(head, body)


def _credentials(line: bytes) -> bytes:
    """One header with everything masked but its name, the scheme and the parameters that are no secret."""
    start = line.index(b":") + 1
    kept = bytearray(_masked(line[start:]))
    for found in _READABLE.finditer(line, start):
        kept[found.start() - start : found.end() - start] = found.group()
    return line[:start] + bytes(kept)


def _inner(found: "re.Match[bytes]") -> bytes:
    at, end = found.start(1) - found.start(), found.end(1) - found.start()
    whole = found.group()
    return whole[:at] + _masked(whole[at:end]) + whole[end:]


def _body(head: bytes, body: bytes) -> bytes:
    kind = _KIND.search(head)
    if body and (kind is None or kind.group(1).lower() not in _HARMLESS):
        return _masked(body)
    return _CODE.sub(_inner, _KEYS.sub(_inner, body))


def _masked(data: bytes) -> bytes:
    """Line ends and blanks stay, so that a reader still sees where lines are."""
    return bytes(byte if byte in b'\r\n\t ,="' else MASK[0] for byte in data)
