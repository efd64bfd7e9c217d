"""Whom a certificate proves (RFC 5922)."""

from typing import Any

import pytest

from vorzimmer.net.peer_names import peer_names, proves


def certificate(*names: tuple[str, str]) -> dict[str, Any]:
    return {"subject": ((("commonName", "cn.example"),),), "subjectAltName": names}


@pytest.mark.parametrize(
    ("names", "proven"),
    [
        ((("DNS", "A.example"), ("DNS", "b.example.")), ("a.example", "b.example")),
        ((("DNS", "host.example"), ("URI", "sip:Carrier.example")), ("carrier.example",)),
        ((("URI", "sip:alice@carrier.example"), ("DNS", "a.example")), ("a.example",)),
        ((("URI", "sips:carrier.example"), ("URI", "https://x.example"), ("DNS", "a.example")), ("a.example",)),
        ((("URI", "sip:carrier.example;x"), ("URI", "sip:")), ()),
        ((), ()),
    ],
)
def test_rfc5922_7_1_sip_domains_before_host_names_and_never_the_common_name(
    names: tuple[tuple[str, str], ...], proven: tuple[str, ...]
) -> None:
    assert peer_names(certificate(*names)) == proven


@pytest.mark.parametrize("nothing", [None, {}])
def test_without_a_verified_certificate_nobody_is_proven(nothing: Any) -> None:
    assert peer_names(nothing) == ()
    assert not proves(nothing, "a.example")


@pytest.mark.parametrize(
    ("host", "holds"),
    [
        ("carrier.example", True),
        ("CARRIER.example.", True),
        ("host.example", True),
        ("a.wild.example", True),
        ("a.b.wild.example", False),
        ("wild.example", False),
        ("cn.example", False),
        ("evil.example", False),
        ("192.0.2.1", True),
        ("2001:db8:0::1", True),
        ("192.0.2.2", False),
        ("", False),
    ],
)
def test_rfc5922_7_3_the_name_that_was_asked_for(host: str, holds: bool) -> None:
    shown = certificate(
        ("URI", "sip:carrier.example"), ("DNS", "host.example"), ("DNS", "*.wild.example"),
        ("IP Address", "192.0.2.1"), ("IP Address", "2001:DB8:0:0:0:0:0:1"),
    )  # fmt: skip
    assert proves(shown, host) is holds


def test_a_certificate_with_a_thousand_names_is_not_read_to_its_end() -> None:
    assert len(peer_names(certificate(*(("DNS", f"{number}.example") for number in range(1000))))) <= 64
