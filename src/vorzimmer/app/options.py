"""What `vorzimmer serve` can be told: flags win over the TOML file, the file over the defaults.

Every value is checked here, before anything is started, so that a mistake costs one clear line. This module must never
open a socket or a database.
"""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from vorzimmer.app.reach import check_reach
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import StartError
from vorzimmer.net.advertise import Advertise, ListenerSpec, parse_advertise, parse_listener
from vorzimmer.sip.uri import is_address, is_host

Ports = tuple[int, int]
DEFAULT_RANGE: Ports = (20000, 29999)


class ServeOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`sip` are listeners `udp:HOST:PORT`, `ws` and `wss` those of browser phones, `HOST:PORT`, `ws_origin` the pages
    that may open them; `public` is how browsers reach `http`; `http_proxy` are the networks of proxies in front of it,
    `outgoing_allow` networks that are not public and may be reached all the same; `mail_server` is HOST:PORT, empty for
    no mail; `advertise` is `[LISTENER=]ADDRESS[:PORT][@NETWORK]`; `rtp_range` is `[LISTENER=]LOW-HIGH`;
    `media_workers` 0 means one per core; `database` empty means SQLite in `state`; `session_expires_s` is the session
    interval that is asked for (0: none), `session_least_s` the least that is taken (RFC 4028)."""

    state: str
    sip: tuple[str, ...] = ("udp:127.0.0.1:5060", "tcp:127.0.0.1:5060")
    ws: tuple[str, ...] = ()
    wss: tuple[str, ...] = ()
    ws_origin: tuple[str, ...] = ()
    http: str = "127.0.0.1:8080"
    public: str = ""
    http_proxy: tuple[str, ...] = ()
    outgoing_allow: tuple[str, ...] = ()
    mail_server: str = ""
    mail_security: Literal["starttls", "tls", "none"] = "starttls"
    mail_from: str = ""
    mail_login: str = ""
    mail_password_file: str = ""
    advertise: tuple[str, ...] = ()
    rtp_range: tuple[str, ...] = ()
    media_workers: Annotated[int, msgspec.Meta(ge=0, le=256)] = 0
    database: str = ""
    realm: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] = "vorzimmer"
    tls_certificate: str | tuple[str, ...] = ()
    tls_key: str | tuple[str, ...] = ()
    tls_authorities: str = ""
    tls_peers: tuple[str, ...] = ()
    tls_name: tuple[str, ...] = ()
    acme_directory: str = ""
    acme_email: str = ""
    acme_authorities: str = ""
    dscp_signalling: Annotated[int, msgspec.Meta(ge=0, le=63)] = 24
    dscp_media: Annotated[int, msgspec.Meta(ge=0, le=63)] = 46
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    hep: str = ""
    hep_id: Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)] = 2001
    session_expires_s: Annotated[int, msgspec.Meta(ge=0, le=86_400)] = 1800
    session_least_s: Annotated[int, msgspec.Meta(ge=90, le=3600)] = 90
    drain_s: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 30.0

    @property
    def directory(self) -> Path:
        """The state directory."""
        return Path(self.state)

    @property
    def sessions(self) -> tuple[int, int]:
        """The session interval that we ask for, and the least that we take."""
        return self.session_expires_s, self.session_least_s

    @property
    def workers(self) -> int:
        """How many media workers to run."""
        return self.media_workers or os.cpu_count() or 1

    def listeners(self) -> tuple[ListenerSpec, ...]:
        """The SIP listeners with the addresses they advertise; raises StartError."""
        scoped = [_scoped(text, "--advertise") for text in self.advertise]
        rules = [(scope, parse_advertise(rule)) for scope, rule in scoped]
        return tuple(_listener(text, rules) for text in self.sockets)

    @property
    def sockets(self) -> tuple[str, ...]:
        """All SIP listeners as texts, those of browser phones last."""
        return (*self.sip, *(f"ws:{text}" for text in self.ws), *(f"wss:{text}" for text in self.wss))

    @property
    def web_origins(self) -> frozenset[str]:
        """Pages that may open a WebSocket, as browsers write them: `https://pbx.example`. Empty for all."""
        return frozenset(text.lower().rstrip("/") for text in self.ws_origin)

    def capture_server(self) -> Address | None:
        """Where copies of all SIP messages go, None for nowhere; raises StartError."""
        spec = parse_listener(f"udp:{self.hep}") if self.hep else None
        return Address(spec.host, spec.port) if spec else None

    def web(self) -> ListenerSpec:
        """Where the portal and the API listen; raises StartError."""
        return parse_listener(f"tcp:{self.http}")

    def certificates(self) -> tuple[tuple[str, str], ...]:
        """Chain and key files that the operator gives, the default first; raises StartError."""
        chains, keys = (
            (each,) if isinstance(each, str) and each else tuple(each) for each in (self.tls_certificate, self.tls_key)
        )
        if len(chains) != len(keys):
            raise StartError("--tls-certificate and --tls-key belong together")
        return tuple(zip(chains, keys, strict=True))

    def peers(self) -> dict[str, Path]:
        """Authorities of clients that prove who they are, by listener, "" for all; raises StartError."""
        return {scope: Path(value) for scope, value in (_scoped(text, "--tls-peers") for text in self.tls_peers)}

    def ports_of(self, listener: str) -> Ports:
        """The media ports of a SIP listener; raises StartError."""
        ranges = [_scoped(text, "--rtp-range") for text in self.rtp_range]
        for scope, value in ranges:
            if scope == listener:
                return _ports(value)
        return next((_ports(value) for scope, value in ranges if not scope), DEFAULT_RANGE)


def load(path: str | None, flags: dict[str, Any]) -> ServeOptions:
    """The options of a TOML file (if any) with `flags` on top; raises StartError naming file and key."""
    values = _read(path) if path is not None else {}
    values |= {name: value for name, value in flags.items() if value not in (None, [], ())}
    if "state" not in values:
        raise StartError("say where the state lives: --state DIR")
    try:
        options = msgspec.convert(values, ServeOptions)
    except msgspec.ValidationError as error:
        raise StartError(f"{path or 'options'}: {error}") from error
    for listener in options.listeners():
        options.ports_of(listener.name)
    options.web()
    options.capture_server()
    check_reach(options)
    _check_names(options)
    _check_sessions(options)
    options.certificates()
    options.peers()
    return options


def _check_sessions(options: ServeOptions) -> None:
    if 0 < options.session_expires_s < options.session_least_s:
        raise StartError("--session-expires-s: at least --session-least-s, or 0 for none")


def _check_names(options: ServeOptions) -> None:
    for name in options.tls_name:
        if not is_host(name) or is_address(name) or name.startswith((".", "-")) or ".." in name:
            raise StartError(f"--tls-name {name!r}: give a host name")
    if options.acme_directory and not options.acme_directory.startswith("https://"):
        raise StartError("--acme-directory: give the https:// address of an ACME server's directory")
    if options.acme_directory and not options.tls_name:
        raise StartError("--acme-directory: say for which names, with --tls-name")


def _read(path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(path).read_text())
    except OSError as error:
        raise StartError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StartError(f"{path}: {error}") from error


def _scoped(text: str, flag: str) -> tuple[str, str]:
    scope, equals, value = text.rpartition("=")
    if equals and not scope:
        raise StartError(f"{flag} {text!r}: give LISTENER=VALUE or just VALUE")
    return (parse_listener(scope).name if scope else ""), value


def _listener(text: str, rules: list[tuple[str, Advertise]]) -> ListenerSpec:
    name = parse_listener(text).name
    return parse_listener(text, tuple(rule for scope, rule in rules if scope in ("", name)))


def _ports(text: str) -> Ports:
    low, dash, high = text.partition("-")
    if not (dash and low.isdigit() and high.isdigit() and 1024 <= int(low) < int(high) <= 65535):
        raise StartError(f"--rtp-range {text!r}: give LOW-HIGH between 1024 and 65535")
    return int(low), int(high)
