"""A passkey authenticator in software: makes ES256 credentials and answers challenges as browsers hand them on.

For tests; its keys come from the system's generator, and nothing depends on which they are. Never for production.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from vorzimmer.accounts.secret import base64url, from_base64url

Json = dict[str, Any]
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Credential:
    """One key: whose it is, and for which relying party."""

    ident: bytes
    handle: bytes
    rp: str
    key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    count: int = 0


class Authenticator:
    """Keeps credentials; `verifies` whether it asks its owner for a PIN or fingerprint."""

    def __init__(self, origin: str, *, verifies: bool = True) -> None:
        self.origin = origin
        self.verifies = verifies
        self.credentials: list[Credential] = []

    def create(self, options: Json) -> Json:
        """``navigator.credentials.create(options).toJSON()``."""
        ident = hashlib.sha256(f"{self.origin} {len(self.credentials)} {id(self)}".encode()).digest()
        credential = Credential(ident, from_base64url(options["user"]["id"]), options["rp"]["id"])
        self.credentials.append(credential)
        numbers = credential.key.public_key().public_numbers()
        x, y = (part.to_bytes(32, "big") for part in (numbers.x, numbers.y))
        key = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        attested = bytes(16) + len(ident).to_bytes(2, "big") + ident + key
        data = self._data(credential, ATTESTED) + attested
        client = self._client("webauthn.create", options["challenge"])
        statement = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": base64url(client),
            "attestationObject": base64url(statement),
            "transports": ["internal", "hybrid", "nonsense", 7],
        }
        return self._credential(credential, response)

    def get(self, options: Json, which: int = 0) -> Json:
        """``navigator.credentials.get(options).toJSON()`` with one of the credentials."""
        credential = self.credentials[which]
        credential.count += 1
        data = self._data(credential)
        client = self._client("webauthn.get", options["challenge"])
        signature = credential.key.sign(data + hashlib.sha256(client).digest(), ECDSA(SHA256()))
        response = {
            "clientDataJSON": base64url(client),
            "authenticatorData": base64url(data),
            "signature": base64url(signature),
            "userHandle": base64url(credential.handle),
        }
        return self._credential(credential, response)

    def _data(self, credential: Credential, more: int = 0) -> bytes:
        flags = PRESENT | (VERIFIED if self.verifies else 0) | more
        party = hashlib.sha256(credential.rp.encode()).digest()
        return party + bytes([flags]) + credential.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        told = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(told).encode()

    def _credential(self, credential: Credential, response: Json) -> Json:
        ident = base64url(credential.ident)
        return {"id": ident, "rawId": ident, "type": "public-key", "response": response, "clientExtensionResults": {}}
