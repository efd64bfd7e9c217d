"""How people reach this server, and how it reaches others: addresses, mail, proxies, as options of `serve`.

Every value is checked before anything is started. This module must never open a connection.
"""

import os
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from vorzimmer.api.signin.ports import Public
from vorzimmer.kernel.errors import StartError
from vorzimmer.net.advertise import is_wildcard
from vorzimmer.net.mail_server import SmtpServer, check

if TYPE_CHECKING:
    from vorzimmer.app.options import ServeOptions

MAIL_PASSWORD = "VORZIMMER_MAIL_PASSWORD"
"""An environment variable."""
PORTS = {"starttls": 587, "tls": 465, "none": 25}


def public(options: "ServeOptions") -> Public:
    """The public address; without one it is this computer's. Raises StartError."""
    if not options.public:
        return _here(options)
    parts = urlsplit(options.public)
    try:
        port = parts.port
    except ValueError:
        port = -1
    plain = not parts.path.strip("/") and not parts.query and not parts.fragment and not parts.username
    if parts.scheme not in {"http", "https"} or not parts.hostname or not plain or port == -1:
        raise StartError("--public: give an address like https://pbx.example")
    usual = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    suffix = f":{port}" if port not in {None, usual} else ""
    return Public(f"{parts.scheme}://{host}{suffix}", parts.hostname, parts.scheme == "https")


def _here(options: "ServeOptions") -> Public:
    """``localhost`` for a listener on loopback (passkeys need a name), else the address that it listens on."""
    spec = options.web()
    local = is_wildcard(spec.host) or spec.host in {"127.0.0.1", "::1", "localhost"}
    name = "localhost" if local else spec.host
    host = f"[{name}]" if ":" in name else name
    return Public(f"http://{host}:{spec.port}", name, secure=False)


def networks(texts: tuple[str, ...], flag: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Networks of an option; raises StartError."""
    try:
        return tuple(ip_network(text) for text in texts)
    except ValueError as error:
        raise StartError(f"{flag}: {error}") from None


def mail(options: "ServeOptions") -> SmtpServer | None:
    """Where mail goes, None for nowhere; raises StartError."""
    if not options.mail_server:
        return None
    default = PORTS[options.mail_security]
    host, _, port = options.mail_server.rpartition(":") if ":" in options.mail_server else (options.mail_server, "", "")
    if not host or (port and not port.isdigit()):
        raise StartError("--mail-server: give HOST or HOST:PORT")
    server = SmtpServer(
        host.strip("[]"),
        int(port or default),
        options.mail_security,
        options.mail_from,
        options.mail_login,
        _password(options) if options.mail_login else "",
        options.tls_authorities,
    )
    check(server)
    return server


def _password(options: "ServeOptions") -> str:
    if not options.mail_password_file:
        return os.environ.get(MAIL_PASSWORD, "")
    try:
        return Path(options.mail_password_file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"--mail-password-file: {error}") from None


def check_reach(options: "ServeOptions") -> None:
    """Raises StartError."""
    public(options)
    mail(options)
    networks(options.outgoing_allow, "--outgoing-allow")
    networks(options.http_proxy, "--http-proxy")
