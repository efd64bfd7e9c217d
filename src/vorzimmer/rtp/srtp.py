"""SRTP and SRTCP (RFC 3711, RFC 7714) of one direction, over libsrtp: protect what we send, check what comes.

A context keeps roll-over counters and replay windows, per SSRC, for as long as it lives: whoever makes a second context
of the same sending key would repeat a keystream, so the owner keeps it. This module must never put a key into a text,
and never raise on a peer's bytes.
"""

from pylibsrtp import Error, Policy, Session

from vorzimmer.kernel.errors import LocalError

_PROFILES = {
    "AES_CM_128_HMAC_SHA1_80": (Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 30),
    "AES_CM_128_HMAC_SHA1_32": (Policy.SRTP_PROFILE_AES128_CM_SHA1_32, 30),
    "AEAD_AES_128_GCM": (Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 28),
    "AEAD_AES_256_GCM": (Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 44),
}
LONGEST = 1500 - 148
"""Bytes of the longest packet that can be protected: an Ethernet frame less the longest trailer."""

_SHORTEST = 12
"""What libsrtp must not be given: less than an RTP header; for RTCP less than two words."""


class SrtpSender:
    """Protects one stream. Raises LocalError for an unknown suite or a key of the wrong length."""

    __slots__ = ("_session",)

    def __init__(self, suite: str, key: bytes) -> None:
        self._session = _session(suite, key, Policy.SSRC_ANY_OUTBOUND)

    def protect(self, packet: bytes | bytearray) -> bytes | None:
        """The SRTP packet; None for one that must not be sent: too long, a repeated number, a key used up."""
        if not _SHORTEST <= len(packet) <= LONGEST:
            return None
        try:
            return self._session.protect(bytes(packet))
        except Error:
            return None

    def protect_control(self, packet: bytes) -> bytes | None:
        """The SRTCP packet; None as in :meth:`protect`."""
        if not 8 <= len(packet) <= LONGEST:
            return None
        try:
            return self._session.protect_rtcp(packet)
        except Error:
            return None


class SrtpReceiver:
    """Checks and opens what one peer sends, of any SSRC. Raises LocalError as the sender does."""

    __slots__ = ("_session",)

    def __init__(self, suite: str, key: bytes) -> None:
        self._session = _session(suite, key, Policy.SSRC_ANY_INBOUND)

    def open(self, packet: bytes) -> bytes | None:
        """The RTP packet; None where it is not authentic, or was there before (RFC 3711 sections 3.3 and 3.3.2)."""
        if not _SHORTEST <= len(packet) <= LONGEST:
            return None
        try:
            return self._session.unprotect(packet)
        except Error:
            return None

    def open_control(self, packet: bytes) -> bytes | None:
        """The RTCP compound; None as in :meth:`open`."""
        if not _SHORTEST <= len(packet) <= LONGEST:
            return None
        try:
            return self._session.unprotect_rtcp(packet)
        except Error:
            return None


def _session(suite: str, key: bytes, which: int) -> Session:
    if suite not in _PROFILES:
        raise LocalError(f"no SRTP suite {suite}")
    profile, length = _PROFILES[suite]
    if len(key) != length:
        raise LocalError(f"{suite} takes a key of {length} bytes with its salt, not {len(key)}")
    policy = Policy(key=key, ssrc_type=which, srtp_profile=profile)
    policy.window_size = 1024
    return Session(policy)
