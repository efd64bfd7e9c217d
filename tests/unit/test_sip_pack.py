"""Hostile text goes to bytes and back without an exception (ARCHITECTURE decision 2: what lives is written down)."""

from datetime import UTC, datetime

import msgspec

from vorzimmer.kernel.address import Address
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.pack import pack, storable
from vorzimmer.sip.registration import Binding

FLOW = Flow("udp", Address("192.0.2.1", 5060), Address("198.51.100.1", 5060))


class Tagged(msgspec.Struct, frozen=True, tag="t"):
    """A value like those of calls: tagged, with times and bytes."""

    name: str
    when: datetime
    body: bytes
    nested: dict[str, tuple[str, ...]]


def test_plain_values_are_plain_msgpack() -> None:
    binding = Binding("sip:a@b", FLOW, "c", 1, 2.0)
    assert pack(binding) == msgspec.msgpack.encode(binding)


def test_bytes_that_are_not_utf8_become_replacement_characters() -> None:
    binding = Binding("sip:\udcff\udc80@b", FLOW, "ä\udcff", 1, 2.0, params=(("\udcfe", None),))
    read = msgspec.msgpack.decode(pack(binding), type=Binding)
    assert (read.uri, read.call_id, read.params, read.flow) == (
        "sip:\ufffd\ufffd@b",
        "ä\ufffd",
        (("\ufffd", None),),
        FLOW,
    )


def test_tags_times_and_bytes_stay_what_they_are() -> None:
    value = Tagged("\udcff", datetime(2026, 3, 2, tzinfo=UTC), b"\xff\x00", {"\udcfe": ("\udcfd", "x")})
    read = msgspec.msgpack.decode(pack(value), type=Tagged)
    assert read == Tagged("\ufffd", value.when, value.body, {"\ufffd": ("\ufffd", "x")})


def test_storable_leaves_good_text_alone() -> None:
    assert storable("Jörg 你好 \x00") == "Jörg 你好 \x00"
