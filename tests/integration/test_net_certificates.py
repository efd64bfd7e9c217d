"""Certificates: the operator's, and the ones that we make ourselves."""

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from vorzimmer.app.clock import LoopClock
from vorzimmer.kernel.errors import StartError
from vorzimmer.net.certificates import Certificate, ensure_certificate, server_context


@pytest.mark.parametrize(
    "spoil",
    [
        lambda made: made.chain.unlink(),
        lambda made: made.chain.write_text("not a certificate"),
        lambda made: made.key.write_bytes(made.chain.read_bytes()),
    ],
)
def test_a_broken_certificate_is_one_clear_line(spoil: Callable[[Certificate], object], tmp_path: Path) -> None:
    made = ensure_certificate(tmp_path, ("localhost",), LoopClock().wall())
    spoil(made)
    with pytest.raises(StartError) as caught:
        server_context(made)
    assert str(made.chain) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_key_of_another_certificate_is_named(tmp_path: Path) -> None:
    now = LoopClock().wall()
    one, two = (ensure_certificate(tmp_path / name, ("localhost",), now) for name in "ab")
    with pytest.raises(StartError, match="the key does not belong to the certificate"):
        server_context(Certificate(one.chain, two.key))


def test_a_self_made_certificate_is_kept_renewed_and_private(tmp_path: Path) -> None:
    now = LoopClock().wall()
    made = ensure_certificate(tmp_path, ("localhost", "::1"), now)
    assert made.self_made
    assert made.key.stat().st_mode & 0o777 == 0o600
    first = made.chain.read_bytes()
    assert ensure_certificate(tmp_path, ("localhost",), now).chain.read_bytes() == first
    assert ensure_certificate(tmp_path, ("pbx.example",), now).chain.read_bytes() != first
    assert isinstance(server_context(made), ssl.SSLContext)
