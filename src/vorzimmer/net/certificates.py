"""Server certificates: the operator's, or one that we sign ourselves so that TLS works out of the box.

This module must never print or keep a private key anywhere but in the file it is asked for, mode 0600.
"""

import ipaddress
import os
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from vorzimmer.kernel.errors import StartError

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20"
"""For TLS 1.2: forward secrecy and authenticated encryption only. TLS 1.3 has no others."""

VALID = timedelta(days=825)
"""How long a certificate of our own is good for; phones refuse longer ones."""

RENEW = timedelta(days=30)
"""A certificate of our own with less time left is made anew at the start."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Certificate chain and key as PEM files; `self_made` so that the server can say so at its start."""

    chain: Path
    key: Path
    self_made: bool = False


def ensure_certificate(directory: Path, names: tuple[str, ...], now: datetime) -> Certificate:
    """A self-signed certificate in `directory` for host names and addresses `names`, made or renewed where needed.

    Raises StartError where the directory cannot be written.
    """
    made = Certificate(directory / "tls.crt", directory / "tls.key", self_made=True)
    try:
        if not _still_good(made, names, now):
            _write(made, names, now)
    except OSError as error:
        raise StartError(f"cannot write a certificate to {directory}: {error.strerror}") from None
    return made


def server_context(certificate: Certificate, peers: Path | None = None) -> ssl.SSLContext:
    """A TLS 1.2+ server context; raises StartError naming the file that is missing or broken. With `peers`, clients may
    prove who they are by a certificate of these authorities; one of anybody else's ends the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _harden(context)
    _load(context, certificate)
    if peers is not None:
        _check_readable(peers)
        context.verify_mode = ssl.CERT_OPTIONAL
        try:
            context.load_verify_locations(peers)
        except (ssl.SSLError, ValueError):
            raise StartError(f"cannot read certificate authorities from {peers}") from None
    return context


def _harden(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION


def _load(context: ssl.SSLContext, certificate: Certificate) -> None:
    for path in (certificate.chain, certificate.key):
        _check_readable(path)
    try:
        context.load_cert_chain(certificate.chain, certificate.key, password=_no_password)
    except ssl.SSLError as error:
        raise StartError(f"certificate {certificate.chain} with key {certificate.key}: {_tls_problem(error)}") from None
    except ValueError:
        raise StartError(f"key {certificate.key} has a password; store it without one, readable by us only") from None


def client_context(
    authorities: Path | None = None, *, verify: bool = True, own: Certificate | None = None
) -> ssl.SSLContext:
    """A context for connections that we open: verified against `authorities` or the system's, unless told not to. `own`
    is shown to servers that ask who we are. The name is checked by ``peer_names``, since SIP has names of its own."""
    try:
        context = ssl.create_default_context(cafile=str(authorities) if authorities else None)
    except (OSError, ssl.SSLError):
        raise StartError(f"cannot read certificate authorities from {authorities}") from None
    _harden(context)
    context.check_hostname = False
    if not verify:
        context.verify_mode = ssl.CERT_NONE
    if own is not None:
        _load(context, own)
    return context


def _check_readable(path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise StartError(f"certificate file {path}: {(error.strerror or str(error)).lower()}") from None


def _no_password() -> str:
    # OpenSSL would otherwise ask on the terminal and hang a server that has none.
    raise ValueError("encrypted key")


def _tls_problem(error: ssl.SSLError) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return "the key does not belong to the certificate"
    return "not a PEM certificate and key" if error.reason in {None, "PEM_LIB", "NO_START_LINE"} else str(error.reason)


def _still_good(made: Certificate, names: tuple[str, ...], now: datetime) -> bool:
    try:
        found = x509.load_pem_x509_certificate(made.chain.read_bytes())
        wanted = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    covered = all(_general(name) in wanted for name in names)
    return covered and made.key.exists() and found.not_valid_after_utc - now > RENEW


def _write(made: Certificate, names: tuple[str, ...], now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    made.key.parent.mkdir(parents=True, exist_ok=True)
    made.key.unlink(missing_ok=True)
    with os.fdopen(os.open(made.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    made.chain.write_bytes(_sign(key, names, now).public_bytes(serialization.Encoding.PEM))


def _sign(key: ec.EllipticCurvePrivateKey, names: tuple[str, ...], now: datetime) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, (names[0] if names else "vorzimmer")[:64])])
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALID)
        .add_extension(
            x509.SubjectAlternativeName([_general(name) for name in names or ("vorzimmer",)]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=False)
        .sign(key, hashes.SHA256())
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
