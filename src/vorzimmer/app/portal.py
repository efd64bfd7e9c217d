"""The portal's files over HTTP: what was built in ``web/`` is read once and handed out compressed.

Files with a hash in their name are kept by browsers for a year, the page itself never, because it carries the nonce of
its visit. This module must never run a template over anything that came with a request, nor answer for the API.
"""

import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from vorzimmer.kernel.chance import Chance

BUILT: Final = Path(__file__).parents[3] / "web" / "dist"
"""Where ``make setup`` puts what it has built."""
NONCE: Final = b"__NONCE__"
NONCE_BYTES: Final = 18
_YEAR: Final = "public, max-age=31536000, immutable"
_HOUR: Final = "public, max-age=3600"
_PACKED: Final = (("br", ".br"), ("gzip", ".gz"))
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), payment=(), usb=()",
}
_MISSING: Final = """<!doctype html><html lang="de"><meta charset="utf-8"><title>Vorzimmer</title>
<h1>Das Portal ist nicht gebaut</h1>
<p>Telefonieren geht trotzdem. Bauen Sie es mit <code>make setup</code>; dafür braucht es Node.js 20.19 oder neuer.</p>
<h1 lang="en">The portal has not been built</h1>
<p lang="en">Calls work all the same. Build it with <code>make setup</code>, which needs Node.js 20.19 or newer.</p>
"""


@dataclass(frozen=True, slots=True)
class File:
    """One file, as it is and as it was compressed when it was built."""

    kind: str
    plain: bytes
    packed: dict[str, bytes]
    lasting: bool


def read(folder: Path) -> dict[str, File]:
    """All files by the path that they are asked for; empty where nothing was built."""
    if not (folder / "index.html").is_file():
        return {}
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() or name.startswith(".") or path.suffix in {".br", ".gz"}:
            continue
        variants = {word: path.with_name(path.name + end) for word, end in _PACKED}
        packed = {word: other.read_bytes() for word, other in variants.items() if other.is_file()}
        found[f"/{name}"] = File(_kind(path), path.read_bytes(), packed, name.startswith("assets/"))
    return found


def _kind(path: Path) -> str:
    if path.suffix == ".js":
        return "text/javascript; charset=utf-8"
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


class Portal:
    """An ASGI application over the files of a folder."""

    def __init__(self, folder: Path, chance: Chance) -> None:
        self._files = read(folder)
        self._chance = chance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. Whatever is no file is a place inside the portal, so the page answers."""
        if scope["type"] != "http":
            return
        await self._answer(scope["method"], scope["path"], Headers(scope=scope))(scope, receive, send)

    def _answer(self, method: str, path: str, headers: Headers) -> Response:
        if method not in {"GET", "HEAD"}:
            return Response("method not allowed", 405, {"Allow": "GET, HEAD"}, "text/plain")
        if path.startswith(("/api/", "/.well-known/")):
            return Response("not found", 404, media_type="text/plain")
        if not self._files:
            return Response(_MISSING, 503, _ALWAYS | {"Cache-Control": "no-store"}, "text/html")
        file = self._files.get(path) if path != "/index.html" else None
        if file is not None:
            return _file(file, headers.get("accept-encoding", ""))
        if path.startswith("/assets/"):
            return Response("not found", 404, media_type="text/plain")
        return self._page()

    def _page(self) -> Response:
        nonce = self._chance.token(NONCE_BYTES)
        body = self._files["/index.html"].plain.replace(NONCE, nonce.encode())
        policy = {"Content-Security-Policy": _POLICY.format(nonce=nonce), "Cache-Control": "no-store"}
        return Response(body, 200, _ALWAYS | policy, "text/html")


def _file(file: File, accepted: str) -> Response:
    kept = {"Cache-Control": _YEAR if file.lasting else _HOUR, "Vary": "Accept-Encoding"}
    body, coded = _best(file, accepted)
    if coded:
        kept["Content-Encoding"] = coded
    return Response(body, 200, _ALWAYS | kept | {"Content-Type": file.kind})


def _best(file: File, accepted: str) -> tuple[bytes, str]:
    """The smallest form that the browser takes."""
    taken = {
        word.strip()
        for part in accepted.split(",")
        for word, _, how in [part.partition(";")]
        if "q=0" not in how or "q=0." in how
    }
    for word, _ in _PACKED:
        if word in taken and word in file.packed:
            return file.packed[word], word
    return file.plain, ""
