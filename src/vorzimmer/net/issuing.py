"""Obtaining one certificate by ACME (RFC 8555) with the challenge HTTP-01. It blocks: call it in a thread.

This module must never touch the certificate in use: it gives back a new one that has been tried.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
from acme import challenges, client, errors, messages
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from josepy.errors import Error as JoseError
from josepy.jwk import JWKRSA
from josepy.util import ComparableRSAKey

from vorzimmer.kernel.errors import StartError, VorzimmerError
from vorzimmer.net.certificates import Certificate, server_context

AGENT = "vorzimmer"
TIMEOUT_S = 20
"""For one request to the ACME server."""

PATIENCE = timedelta(seconds=120)
"""For validation and issuing together."""

MAX_NAME = 64
"""A common name may be no longer; longer host names stand in the alternative names alone."""


class IssueError(VorzimmerError):
    """No certificate, and why, in one line."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to obtain and from whom. `account` is the file of the account's key, made where it is missing (mode 0600);
    `authorities` who may vouch for the ACME server, None for the system's; `now` the local time, without a zone."""

    name: str
    directory: str
    email: str
    account: Path
    authorities: Path | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Issued:
    """A chain and its key as PEM."""

    chain: str
    key: bytes


Present = Callable[[str, str | None], None]
"""Serve this text at this path of the web server; None takes it away again."""


def issue(order: Order, present: Present) -> Issued:
    """Obtain a certificate for one host name; raises IssueError."""
    try:
        return _issue(order, present)
    except errors.ValidationError as error:
        raise IssueError(f"{order.name}: {_problems(error)}") from error
    except (errors.Error, messages.Error, requests.RequestException, JoseError) as error:
        raise IssueError(f"{order.name}: {type(error).__name__}: {error}") from error
    except (OSError, ValueError, KeyError, StartError) as error:
        raise IssueError(f"{order.name}: {error}") from error


def _issue(order: Order, present: Present) -> Issued:
    acme = _client(order)
    key = ec.generate_private_key(ec.SECP256R1())
    wanted = acme.new_order(_request(order.name, key))
    shown: list[str] = []
    try:
        for authorization in wanted.authorizations:
            if authorization.body.status != messages.STATUS_VALID:
                shown.append(_answer(acme, authorization, present))
        done = acme.poll_and_finalize(wanted, order.now + PATIENCE)
    finally:
        for path in shown:
            present(path, None)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return _tried(Issued(done.fullchain_pem, pem), order.name)


def _client(order: Order) -> client.ClientV2:
    # The library hands `verify_ssl` on to requests, which also takes the path of a file with authorities.
    verify: Any = str(order.authorities) if order.authorities else True
    net = client.ClientNetwork(_account_key(order.account), user_agent=AGENT, timeout=TIMEOUT_S, verify_ssl=verify)
    acme = client.ClientV2(client.ClientV2.get_directory(order.directory, net), net)
    registration = messages.NewRegistration.from_data(email=order.email or None, terms_of_service_agreed=True)
    try:
        acme.new_account(registration)
    except errors.ConflictError as known:
        net.account = messages.RegistrationResource(uri=known.location, body=messages.Registration())
    return acme


def _account_key(path: Path) -> JWKRSA:
    if not path.exists():
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        write_private(path, made.private_bytes(encoding, form, serialization.NoEncryption()))
    found = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(found, rsa.RSAPrivateKey):
        raise ValueError(f"{path} is no RSA key")
    return JWKRSA(key=ComparableRSAKey(found))


def _request(name: str, key: ec.EllipticCurvePrivateKey) -> bytes:
    common = [x509.NameAttribute(NameOID.COMMON_NAME, name)] if len(name) <= MAX_NAME else []
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(common)).add_extension(names, False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _answer(acme: client.ClientV2, authorization: messages.AuthorizationResource, present: Present) -> str:
    """Put the proof where the server looks for it (RFC 8555 section 8.3), and say so; gives back the path."""
    for body in authorization.body.challenges:
        if isinstance(body.chall, challenges.HTTP01):
            response, proof = body.response_and_validation(acme.net.key)
            present(body.chall.path, proof)
            acme.answer_challenge(body, response)
            return str(body.chall.path)
    raise IssueError(f"{authorization.body.identifier.value}: the server does not offer HTTP-01")


def _tried(issued: Issued, name: str) -> Issued:
    """A chain that does not load with its key, or is somebody else's, is none; raises StartError, ValueError."""
    with TemporaryDirectory(prefix="vz-acme-") as folder:
        made = Certificate(Path(folder) / "chain.pem", Path(folder) / "key.pem")
        write_private(made.chain, issued.chain.encode())
        write_private(made.key, issued.key)
        server_context(made)
    leaf = x509.load_pem_x509_certificate(issued.chain.encode())
    named = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    if name.lower() not in (each.lower() for each in named.get_values_for_type(x509.DNSName)):
        raise ValueError("the certificate is not for this name")
    return issued


def write_private(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 that is never there in part."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    fresh.replace(path)


def _problems(error: errors.ValidationError) -> str:
    found = [
        str(body.error.detail)
        for authorization in error.failed_authzrs
        for body in authorization.body.challenges
        if body.error is not None
    ]
    return "; ".join(found) or "the server could not validate the name"
