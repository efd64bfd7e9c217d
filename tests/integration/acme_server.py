"""A small ACME server (RFC 8555) over HTTPS on loopback, strict where a client can be wrong: nonces, signatures, order.

This module must never validate over anything but loopback.
"""

import base64
import hashlib
import json
import ssl
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from tests.integration.authority import Authority

from vorzimmer.net.certificates import Certificate


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class AcmeServer:
    """`web` is HOST:PORT where challenges are looked for, whatever the name; `refuse` makes validation fail."""

    def __init__(self, authority: Authority, https: Certificate, web: str, *, days: float = 90) -> None:
        self.authority = authority
        self.web = web
        self.days = days
        self.refuse = False
        self.orders: dict[str, dict[str, Any]] = {}
        self.accounts: list[dict[str, Any]] = []
        self.nonces: set[str] = set()
        self.faults: list[str] = []
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.serve(self)

            def do_HEAD(self) -> None:
                server.serve(self)

            def do_POST(self) -> None:
                server.serve(self)

            def log_message(self, *arguments: Any) -> None:
                """Quiet."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(https.chain, https.key)
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self.base = f"https://127.0.0.1:{self._http.server_address[1]}"
        self.directory = f"{self.base}/directory"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    # -- HTTP ---------------------------------------------------------------------------------------------------------
    def serve(self, request: Any) -> None:
        try:
            status, body, headers = self._answer(request)
        except Exception as error:  # noqa: BLE001 -- a fault of the client is told to it and to the test
            self.faults.append(repr(error))
            status, headers = 400, {}
            body = {"type": "urn:ietf:params:acme:error:malformed", "detail": repr(error)}
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        nonce = b64(hashlib.sha256(str(len(self.nonces)).encode() + id(request).to_bytes(8, "big")).digest())
        with self._lock:
            self.nonces.add(nonce)
        request.send_response(status)
        kind = "application/pem-certificate-chain" if isinstance(body, str) else "application/json"
        kind = "application/problem+json" if status >= 400 else kind
        for name, value in {"Replay-Nonce": nonce, "Content-Type": kind, **headers}.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(data)

    def _answer(self, request: Any) -> tuple[int, Any, dict[str, str]]:
        what, _, which = request.path.lstrip("/").partition("/")
        if request.command != "POST":
            if what == "directory":
                names = ("newNonce", "newAccount", "newOrder")
                return 200, {name: f"{self.base}/{name}" for name in names}, {}
            assert what == "newNonce"
            return 200, {}, {}
        payload = self._signed(request, what)
        with self._lock:
            return getattr(self, f"_{what}")(which, payload)

    def _signed(self, request: Any, what: str) -> Any:
        """RFC 8555 section 6: every request signed, for its own URL, with a nonce that was never used."""
        outer = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        head = json.loads(unb64(outer["protected"]))
        with self._lock:
            self.nonces.remove(head["nonce"])
        assert head["url"] == f"{self.base}{request.path}"
        account = head["jwk"] if what == "newAccount" else self.accounts[int(head["kid"].rpartition("/")[2])]["jwk"]
        numbers = (int.from_bytes(unb64(account[part]), "big") for part in ("e", "n"))
        signed = f"{outer['protected']}.{outer['payload']}".encode()
        key = rsa.RSAPublicNumbers(*numbers).public_key()
        key.verify(unb64(outer["signature"]), signed, padding.PKCS1v15(), hashes.SHA256())
        payload = json.loads(unb64(outer["payload"])) if outer["payload"] else None
        return {"jwk": account, "asked": payload}

    # -- what is asked ------------------------------------------------------------------------------------------------
    def _newAccount(self, which: str, given: Any) -> tuple[int, Any, dict[str, str]]:
        assert given["asked"]["termsOfServiceAgreed"] is True
        for number, known in enumerate(self.accounts):
            if known["jwk"] == given["jwk"]:
                return 200, {"status": "valid"}, {"Location": f"{self.base}/account/{number}"}
        self.accounts.append({"jwk": given["jwk"], "contact": given["asked"].get("contact")})
        return 201, {"status": "valid"}, {"Location": f"{self.base}/account/{len(self.accounts) - 1}"}

    def _newOrder(self, which: str, given: Any) -> tuple[int, Any, dict[str, str]]:
        number = str(len(self.orders))
        token = b64(hashlib.sha256(number.encode()).digest())
        self.orders[number] = {"name": given["asked"]["identifiers"][0], "token": token, "status": "pending"}
        return 201, self._shown(number), {"Location": f"{self.base}/order/{number}"}

    def _shown(self, number: str) -> dict[str, Any]:
        order = self.orders[number]
        shown = {
            "status": order["status"],
            "identifiers": [order["name"]],
            "finalize": f"{self.base}/finalize/{number}",
        }
        shown["authorizations"] = [f"{self.base}/authz/{number}"]
        if "chain" in order:
            shown["certificate"] = f"{self.base}/certificate/{number}"
        return shown

    def _order(self, which: str, given: Any) -> tuple[int, Any, dict[str, str]]:
        return 200, self._shown(which), {}

    def _authz(self, which: str, given: Any) -> tuple[int, Any, dict[str, str]]:
        order = self.orders[which]
        return 200, {**self._state(order), "identifier": order["name"], "challenges": [self._challenge(which)]}, {}

    def _challenge(self, which: str) -> dict[str, Any]:
        order = self.orders[which]
        return {"type": "http-01", "url": f"{self.base}/chall/{which}", "token": order["token"], **self._state(order)}

    @staticmethod
    def _state(order: dict[str, Any]) -> dict[str, Any]:
        if order["status"] == "invalid":
            error = {"type": "urn:ietf:params:acme:error:unauthorized", "detail": "the proof was not there"}
            return {"status": "invalid", "error": error}
        return {"status": "pending" if order["status"] == "pending" else "valid"}

    def _chall(self, which: str, given: Any) -> tuple[int, Any, dict[str, str]]:
        """RFC 8555 section 8.3: look for the proof over plain HTTP."""
        order, jwk = self.orders[which], given["jwk"]
        thumb = {name: jwk[name] for name in ("e", "kty", "n")}
        digest = hashlib.sha256(json.dumps(thumb, separators=(",", ":"), sort_keys=True).encode()).digest()
        wanted = f"{order['token']}.{b64(digest)}"
        address = f"http://{self.web}/.well-known/acme-challenge/{order['token']}"
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                found = answer.read().decode()
        except OSError as error:
            found = repr(error)
        order["status"] = "ready" if found == wanted and not self.refuse else "invalid"
        return 200, self._challenge(which), {"Link": f'<{self.base}/authz/{which}>;rel="up"'}

    def _finalize(self, which: str, given: Any) -> tuple[int, Any, dict[str, str]]:
        order = self.orders[which]
        assert order["status"] == "ready"
        request = x509.load_der_x509_csr(unb64(given["asked"]["csr"]))
        assert request.is_signature_valid
        order["chain"], order["status"] = self.authority.chain_of(request, self.days), "valid"
        return 200, self._shown(which), {"Location": f"{self.base}/order/{which}"}

    def _certificate(self, which: str, given: Any) -> tuple[int, Any, dict[str, str]]:
        return 200, self.orders[which]["chain"], {}
