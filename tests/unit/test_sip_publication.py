"""PUBLISH (RFC 3903): entity tags, limits, expiry; and documents that a phone may send, hostile ones included."""

import pytest

from vorzimmer.kernel.errors import PeerError
from vorzimmer.presence import dialog_info
from vorzimmer.presence.resources import Talk
from vorzimmer.sip.message import Headers, Request
from vorzimmer.sip.publication import Compositor, Limits, Visit

KIND = "application/dialog-info+xml"
BODY = b'<?xml version="1.0"?><dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="0" state="full"/>'


class Bench:
    """A compositor and tags that count."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.compositor = Compositor({"dialog": (KIND, dialog_info.read)}, limits=limits)
        self.now = 0.0
        self.tags = 0

    def publish(
        self, *lines: tuple[str, str], body: bytes = b"", account: str = "a/1", kind: str = KIND
    ) -> dict[str, str]:
        self.tags += 1
        more = (("Content-Type", kind),) if body else ()
        request = Request("PUBLISH", "sip:1@a", Headers((*lines, *more)), body)
        return dict(self.compositor.publish(account, "dialog", request, Visit(self.now, f"tag{self.tags}")))

    def refused(self, *lines: tuple[str, str], **more: object) -> int:
        before = len(self.compositor), self.compositor.of("a/1", "dialog")
        with pytest.raises(PeerError) as caught:
            self.publish(*lines, **more)  # type: ignore[arg-type]  # as publish has them
        assert (len(self.compositor), self.compositor.of("a/1", "dialog")) == before
        return caught.value.status


def test_rfc3903_4_publish_refresh_modify_and_remove() -> None:
    bench = Bench()
    first = bench.publish(("Expires", "300"), body=BODY)
    assert first == {"SIP-ETag": "tag1", "Expires": "300"}
    again = bench.publish(("SIP-If-Match", "tag1"), ("Expires", "600"))
    assert again == {"SIP-ETag": "tag2", "Expires": "600"}
    other = BODY.replace(b'"0"', b'"1"')
    bench.publish(("SIP-If-Match", "tag2"), body=other)
    assert [each.body for each in bench.compositor.of("a/1", "dialog")] == [other]
    assert bench.publish(("SIP-If-Match", "tag3"), ("Expires", "0"))["Expires"] == "0"
    assert len(bench.compositor) == 0


@pytest.mark.parametrize("tag", ["nothing", "tag1 x", "TAG1"])
def test_rfc3903_6_a_tag_that_does_not_match_gets_412(tag: str) -> None:
    bench = Bench()
    bench.publish(body=BODY)
    assert bench.refused(("SIP-If-Match", tag)) == 412
    assert bench.refused(("SIP-If-Match", "tag1, tag2")) == 400
    assert bench.refused(("SIP-If-Match", "tag1"), account="b/1") == 412


def test_rfc3903_6_what_is_refused() -> None:
    bench = Bench(Limits(size=200, each=2, all=3))
    assert bench.refused() == 400
    assert bench.refused(("Expires", "10"), body=BODY) == 423
    assert bench.refused(body=BODY, kind="application/pidf+xml") == 415
    assert bench.refused(body=BODY + b" " * 200) == 413
    assert bench.refused(body=b"<x/>") == 400
    bench.publish(body=BODY)
    bench.publish(body=BODY)
    assert bench.refused(body=BODY) == 403
    bench.publish(body=BODY, account="b/1")
    assert bench.refused(body=BODY, account="c/1") == 403


def test_rfc3903_6_it_expires_and_what_was_refreshed_does_not() -> None:
    bench = Bench()
    bench.publish(("Expires", "100"), body=BODY)
    bench.publish(("Expires", "100"), body=BODY, account="b/1")
    bench.now = 50.0
    bench.publish(("SIP-If-Match", "tag1"), ("Expires", "100"))
    assert bench.compositor.expire(100.0) == {"b/1"}
    assert bench.compositor.expire(149.0) == frozenset()
    assert bench.compositor.expire(150.0) == {"a/1"}
    assert bench.compositor.next_expiry() is None


def test_a_phone_that_refreshes_all_day_leaves_nothing_behind() -> None:
    bench = Bench()
    bench.publish(body=BODY)
    for number in range(3_000):
        bench.publish(("SIP-If-Match", f"tag{number + 1}"))
    assert len(bench.compositor._expiries) < 1_100


def document(inner: str) -> bytes:
    return f'<dialog-info xmlns="{dialog_info.NAMESPACE}" version="0" state="full">{inner}</dialog-info>'.encode()


def test_rfc4235_4_a_published_document_is_read() -> None:
    found = dialog_info.read(
        document(
            '<dialog id="a" direction="initiator"><state> confirmed </state></dialog>'
            '<dialog id="b"><state>early</state><duration>3</duration></dialog>'
            '<dialog id="c"><state>terminated</state></dialog><dialog id="d"/>'
        )
    )
    assert found == (Talk("p0", "confirmed", initiator=True), Talk("p1", "early"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"<a/>",
        b"<dialog-info/>",
        b'<!DOCTYPE d [<!ENTITY a "b">]>' + BODY.partition(b"?>")[2],
        b'<!DOCTYPE d SYSTEM "file:///etc/passwd">' + BODY.partition(b"?>")[2],
        document("<a>" * 20 + "</a>" * 20),
        document("<dialog>"),
        document("&undefined;"),
        b'<?xml version="1.0" encoding="nonsense"?>' + BODY.partition(b"?>")[2],
        document("\x01"),
    ],
)
def test_a_hostile_document_is_refused(body: bytes) -> None:
    with pytest.raises(PeerError) as caught:
        dialog_info.read(body)
    assert caught.value.status == 400
