"""The portal's files: compressed, cached where they may be, with a policy that lets no inline script run."""

import re
from pathlib import Path

import pytest

from vorzimmer.app.portal import Portal
from vorzimmer.testing.chance import SeededChance
from vorzimmer.testing.loop import run

Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / ".vite").mkdir()
    (tmp_path / ".vite" / "manifest.json").write_text("{}")
    (tmp_path / "index.html").write_text('<meta property="csp-nonce" content="__NONCE__">')
    (tmp_path / "favicon.svg").write_text("<svg/>")
    (tmp_path / "assets" / "main-abc.js").write_text("plain")
    (tmp_path / "assets" / "main-abc.js.br").write_bytes(b"brotli")
    (tmp_path / "assets" / "main-abc.js.gz").write_bytes(b"gzip")
    return tmp_path


def ask(portal: Portal, path: str, accepted: str = "", method: str = "GET") -> Answer:
    async def scenario() -> Answer:
        sent: list[dict[str, object]] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        headers = [(b"accept-encoding", accepted.encode())]
        await portal({"type": "http", "method": method, "path": path, "headers": headers}, receive, send)  # type: ignore[arg-type]  # plain dicts do
        told = {k.decode(): v.decode() for k, v in sent[0]["headers"]}  # type: ignore[attr-defined]  # a list of pairs
        return int(str(sent[0]["status"])), told, bytes(sent[1]["body"])  # type: ignore[call-overload]  # bytes

    return run(scenario())


def portal_of(folder: Path) -> Portal:
    return Portal(folder, SeededChance(1))


def test_hashed_files_are_kept_for_a_year_and_come_compressed(folder: Path) -> None:
    portal = portal_of(folder)
    status, headers, body = ask(portal, "/assets/main-abc.js", "gzip, deflate, br")
    assert (status, body, headers["content-encoding"]) == (200, b"brotli", "br")
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["content-type"] == "text/javascript; charset=utf-8"
    assert headers["vary"] == "Accept-Encoding"
    assert ask(portal, "/assets/main-abc.js", "gzip")[2] == b"gzip"
    assert ask(portal, "/assets/main-abc.js", "br;q=0, gzip;q=0.5")[2] == b"gzip"
    assert ask(portal, "/assets/main-abc.js")[2] == b"plain"
    assert "max-age=3600" in ask(portal, "/favicon.svg")[1]["cache-control"]


def test_every_place_inside_the_portal_is_the_page_and_never_cached(folder: Path) -> None:
    portal = portal_of(folder)
    for path in ("/", "/index.html", "/c/musterbau/people/anna.schneider", "/signin"):
        status, headers, body = ask(portal, path, "br")
        assert (status, headers["cache-control"]) == (200, "no-store")
        assert b"csp-nonce" in body
        assert "content-encoding" not in headers


def test_the_policy_names_a_fresh_nonce_and_no_inline_script(folder: Path) -> None:
    portal = portal_of(folder)
    nonces = set()
    for _ in range(3):
        _, headers, body = ask(portal, "/")
        policy = headers["content-security-policy"]
        found = re.search(r"'nonce-([^']{16,})'", policy)
        assert found is not None
        assert found[1].encode() in body
        assert "unsafe" not in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        nonces.add(found[1])
    assert len(nonces) == 3


@pytest.mark.parametrize("path", ["/assets/gone-123.js", "/api/v2/users", "/api/", "/.well-known/x"])
def test_what_is_no_place_of_the_portal_is_not_found(folder: Path, path: str) -> None:
    assert ask(portal_of(folder), path)[0] == 404


def test_hidden_files_and_steps_out_of_the_folder_are_never_handed_out(folder: Path) -> None:
    portal = portal_of(folder)
    for path in ("/.vite/manifest.json", "/../secret", "/assets/../../etc/passwd", "/assets/main-abc.js.br"):
        body = ask(portal, path)[2]
        assert b"csp-nonce" in body or body == b"not found"


def test_only_reading_is_possible(folder: Path) -> None:
    assert ask(portal_of(folder), "/", method="POST")[0] == 405


def test_without_a_build_a_page_says_what_to_do(tmp_path: Path) -> None:
    status, headers, body = ask(portal_of(tmp_path), "/")
    assert status == 503
    assert b"make setup" in body
    assert headers["cache-control"] == "no-store"
