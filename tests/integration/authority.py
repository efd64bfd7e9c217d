"""A certificate authority for tests: signs whatever a test wants, valid or not. This module must never leave a test."""

import datetime as dates
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from vorzimmer.app.clock import LoopClock
from vorzimmer.net.certificates import Certificate

PEM = serialization.Encoding.PEM


class Authority:
    """A root and an intermediate that signs; `file` is the root as PEM."""

    def __init__(self, folder: Path, name: str = "Test Root") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._root_key = ec.generate_private_key(ec.SECP256R1())
        self._key = ec.generate_private_key(ec.SECP256R1())
        root = _named(name)
        self.root = _sign(root, root, (self._root_key, self._root_key), authority=True)
        self._middle_name = _named(f"{name} intermediate")
        self.middle = _sign(self._middle_name, root, (self._key, self._root_key), authority=True)
        self.file = folder / "root.pem"
        self.file.write_bytes(self.root.public_bytes(PEM))

    def issue(self, name: str, *names: str, days: float = 90, folder: Path | None = None) -> Certificate:
        """Chain (with the intermediate) and key files for host names, addresses and ``sip:`` URIs."""
        key = ec.generate_private_key(ec.SECP256R1())
        chain = self.chain(key, names, days)
        folder = folder or self.folder
        folder.mkdir(parents=True, exist_ok=True)
        made = Certificate(folder / f"{name}.crt", folder / f"{name}.key")
        made.chain.write_text(chain)
        made.key.write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        return made

    def chain(self, key: ec.EllipticCurvePrivateKey, names: tuple[str, ...], days: float = 90) -> str:
        """A chain for somebody's key."""
        leaf = _sign(_named("leaf"), self._middle_name, (key, self._key), names=names, days=days)
        return (leaf.public_bytes(PEM) + self.middle.public_bytes(PEM)).decode()

    def chain_of(self, request: x509.CertificateSigningRequest, days: float = 90) -> str:
        """A chain for a signing request, with the names in it."""
        named = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = tuple(named.get_values_for_type(x509.DNSName))
        leaf = _sign(
            _named("leaf"), self._middle_name, (None, self._key), names=names, days=days, public=request.public_key()
        )
        return (leaf.public_bytes(PEM) + self.middle.public_bytes(PEM)).decode()


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _sign(
    subject: x509.Name,
    issuer: x509.Name,
    keys: tuple[ec.EllipticCurvePrivateKey | None, ec.EllipticCurvePrivateKey],
    *,
    names: tuple[str, ...] = (),
    days: float = 90,
    authority: bool = False,
    public: object = None,
) -> x509.Certificate:
    now = LoopClock().wall()
    mine, signing = keys
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public or mine.public_key())  # type: ignore[union-attr,arg-type]  # one of both is given
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dates.timedelta(days=1))
        .not_valid_after(now + dates.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if authority:
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(usage, critical=True)
    else:
        both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(both), critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_general(each) for each in names]), critical=False)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
    own = x509.SubjectKeyIdentifier.from_public_key(public or mine.public_key())  # type: ignore[union-attr,arg-type]
    builder = builder.add_extension(identifier, critical=False).add_extension(own, critical=False)
    return builder.sign(signing, hashes.SHA256())


def _general(name: str) -> x509.GeneralName:
    if name.startswith("sip:"):
        return x509.UniformResourceIdentifier(name)
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
