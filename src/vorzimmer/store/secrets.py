"""Secrets at rest: device and trunk passwords encrypted, PINs hashed; the key lives outside of the database.

Encryption is AES-256-GCM bound to where the secret belongs, so that a row copied to another owner opens nothing;
hashing is Argon2id. This module must never log, print or raise a secret.
"""

import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidKey, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from vorzimmer.kernel.errors import StartError

KEY_SIZE = 32
_NONCE = 12

Place = tuple[str, str, str]
"""Kind, id and field of a secret within its company."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Argon2id parameters; memory in KiB (the defaults are OWASP's)."""

    memory: int = 19_456
    passes: int = 2


@dataclass(frozen=True, slots=True)
class Kept:
    """One secret as the database has it: `form` is ``encrypted`` or ``hashed``."""

    form: str
    blob: bytes

    def __repr__(self) -> str:
        return f"Kept({self.form})"


class SecretBox:
    """Seals and opens with one key."""

    def __init__(self, key: bytes, cost: Cost | None = None) -> None:
        self._aead = AESGCM(key)
        self._key = key
        self._cost = cost or Cost()

    def mark(self) -> bytes:
        """Identifies the key without giving it away, to notice a database with another key."""
        mac = HMAC(self._key, hashes.SHA256())
        mac.update(b"vorzimmer key mark")
        return mac.finalize()[:16]

    def keep(self, company: str, place: Place, form: str, text: str) -> Kept:
        """A secret for the database; `form` as in ``admin.ports.SecretForm``. Hashing takes some 20 ms."""
        if form == "hash":
            return Kept("hashed", text.encode())
        if form == "hashed":
            return Kept("hashed", self._hash(text).encode())
        nonce = os.urandom(_NONCE)
        return Kept("encrypted", nonce + self._aead.encrypt(nonce, text.encode(), _bound_to(company, place)))

    def open(self, company: str, place: Place, kept: Kept) -> str:
        """The plain text of an encrypted secret, the hash of a hashed one; raises StartError if the key is another."""
        if kept.form == "hashed":
            return kept.blob.decode()
        try:
            return self._aead.decrypt(kept.blob[:_NONCE], kept.blob[_NONCE:], _bound_to(company, place)).decode()
        except InvalidTag:
            raise StartError(
                f"the secret {':'.join(place)} of {company} was not written with this secret.key"
            ) from None

    def verify(self, company: str, place: Place, kept: Kept, text: str) -> bool:
        """Whether `text` is the secret."""
        if kept.form != "hashed":
            return hmac.compare_digest(self.open(company, place, kept).encode(), text.encode())
        try:
            Argon2id.verify_phc_encoded(text.encode(), kept.blob.decode())
        except (InvalidKey, ValueError):
            return False
        return True

    def _hash(self, text: str) -> str:
        cost = self._cost
        kdf = Argon2id(salt=os.urandom(16), length=32, iterations=cost.passes, lanes=1, memory_cost=cost.memory)
        return kdf.derive_phc_encoded(text.encode())


class CompanySecrets:
    """``admin.ports.Secrets``: one company's secrets as read, still sealed in memory."""

    def __init__(self, box: SecretBox, company: str, kept: Mapping[Place, Kept]) -> None:
        self._box = box
        self._company = company
        self._kept = kept

    def known(self, kind: str, ident: str, field: str) -> bool:
        """As the port says."""
        return (kind, ident, field) in self._kept

    def matches(self, kind: str, ident: str, field: str, text: str) -> bool:
        """As the port says; False for a secret that does not exist."""
        kept = self._kept.get((kind, ident, field))
        return kept is not None and self._box.verify(self._company, (kind, ident, field), kept, text)

    def reveal(self, kind: str, ident: str, field: str) -> str | None:
        """As the port says."""
        kept = self._kept.get((kind, ident, field))
        return None if kept is None else self._box.open(self._company, (kind, ident, field), kept)


def load_key(path: Path) -> bytes:
    """The key in file `path`, made with mode 0600 if there is none; raises StartError if it is damaged or open to
    others."""
    try:
        if not path.exists():
            _make_key(path)
        if path.stat().st_mode & 0o077:
            raise StartError(f"{path} can be read by others: chmod 600 {path}")
        key = path.read_bytes()
    except OSError as error:
        raise StartError(f"cannot read the secret key {path}: {error.strerror}") from None
    if len(key) != KEY_SIZE:
        raise StartError(f"{path} is damaged: a key has {KEY_SIZE} bytes; restore it from the backup")
    return key


def _make_key(path: Path) -> None:
    """Written aside and renamed, so that a crash leaves a whole key or none."""
    aside = path.with_name(path.name + ".new")
    aside.unlink(missing_ok=True)
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(AESGCM.generate_key(KEY_SIZE * 8))
        file.flush()
        os.fsync(file.fileno())
    aside.rename(path)


def _bound_to(company: str, place: Place) -> bytes:
    return "\x00".join((company, *place)).encode()
