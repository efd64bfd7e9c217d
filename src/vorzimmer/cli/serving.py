"""`vorzimmer serve` and `vorzimmer demo`: start the server in the foreground.

This module must never start anything itself; the supervisor does.
"""

import asyncio
from typing import Annotated

import typer

from vorzimmer.app.options import load
from vorzimmer.app.supervisor import Supervisor

Texts = list[str] | None


def serve(
    config: Annotated[str | None, typer.Option("--config", help="A TOML file; flags win over it.")] = None,
    state: Annotated[str | None, typer.Option("--state", envvar="VORZIMMER_STATE", help="State directory.")] = None,
    sip: Annotated[Texts, typer.Option("--sip", help="udp:HOST:PORT, tcp:HOST:PORT or tls:HOST:PORT.")] = None,
    ws: Annotated[Texts, typer.Option("--ws", help="HOST:PORT for browser phones without TLS.")] = None,
    wss: Annotated[Texts, typer.Option("--wss", help="HOST:PORT for browser phones.")] = None,
    ws_origin: Annotated[Texts, typer.Option("--ws-origin", help="A page that may open them; all if none.")] = None,
    http: Annotated[str | None, typer.Option("--http", help="HOST:PORT of portal and API.")] = None,
    public: Annotated[str | None, typer.Option("--public", help="How browsers reach it: https://pbx.example.")] = None,
    http_proxy: Annotated[
        Texts,
        typer.Option("--http-proxy", help="Network of a proxy in front of --http, whose word on addresses counts."),
    ] = None,
    outgoing_allow: Annotated[
        Texts, typer.Option("--outgoing-allow", help="Network that webhooks and sign-in providers may be in.")
    ] = None,
    mail_server: Annotated[str | None, typer.Option("--mail-server", help="HOST[:PORT] that takes mail.")] = None,
    mail_security: Annotated[str | None, typer.Option("--mail-security", help="starttls, tls or none.")] = None,
    mail_from: Annotated[str | None, typer.Option("--mail-from", help="NAME <ADDRESS> of the sender.")] = None,
    mail_login: Annotated[str | None, typer.Option("--mail-login", help="The account there, if it wants one.")] = None,
    mail_password_file: Annotated[
        str | None, typer.Option("--mail-password-file", help="Its password; else VORZIMMER_MAIL_PASSWORD.")
    ] = None,
    advertise: Annotated[Texts, typer.Option("--advertise", help="[LISTENER=]ADDRESS[:PORT][@NETWORK]")] = None,
    rtp_range: Annotated[Texts, typer.Option("--rtp-range", help="[LISTENER=]LOW-HIGH")] = None,
    media_workers: Annotated[int | None, typer.Option("--media-workers", help="0: one per core.")] = None,
    database: Annotated[str | None, typer.Option("--database", help="URL; SQLite in --state if not given.")] = None,
    realm: Annotated[str | None, typer.Option("--realm", help="The digest realm of all accounts.")] = None,
    tls_certificate: Annotated[Texts, typer.Option("--tls-certificate", help="PEM file, full chain.")] = None,
    tls_key: Annotated[Texts, typer.Option("--tls-key", help="PEM file, in the same order.")] = None,
    tls_authorities: Annotated[
        str | None, typer.Option("--tls-authorities", help="PEM file: who may vouch for servers that we call.")
    ] = None,
    tls_peers: Annotated[
        Texts, typer.Option("--tls-peers", help="[LISTENER=]PEM file: who may vouch for trunks that call us.")
    ] = None,
    tls_name: Annotated[Texts, typer.Option("--tls-name", help="A host name of this server.")] = None,
    acme_directory: Annotated[
        str | None, typer.Option("--acme-directory", help="URL of an ACME server; its terms of service are agreed to.")
    ] = None,
    acme_email: Annotated[str | None, typer.Option("--acme-email", help="Where it writes to in trouble.")] = None,
    acme_authorities: Annotated[
        str | None, typer.Option("--acme-authorities", help="PEM file: who may vouch for that server.")
    ] = None,
    dscp_signalling: Annotated[int | None, typer.Option("--dscp-signalling", help="0 to 63; 24 is CS3.")] = None,
    dscp_media: Annotated[int | None, typer.Option("--dscp-media", help="0 to 63; 46 is EF.")] = None,
    log_level: Annotated[str | None, typer.Option("--log-level", help="debug, info, warning, error.")] = None,
    hep: Annotated[str | None, typer.Option("--hep", help="HOST:PORT of a capture server (HEP3 over UDP).")] = None,
    hep_id: Annotated[int | None, typer.Option("--hep-id", help="Our id there.")] = None,
    session_expires_s: Annotated[
        int | None,
        typer.Option("--session-expires-s", help="Seconds in which a call has to show life; 0: none asked."),
    ] = None,
    session_least_s: Annotated[
        int | None, typer.Option("--session-least-s", help="The shortest such time that a phone may ask for.")
    ] = None,
    drain_s: Annotated[float | None, typer.Option("--drain-s", help="Seconds for calls to end on SIGTERM.")] = None,
) -> None:
    """Serve until SIGTERM."""
    flags = {
        "state": state,
        "sip": tuple(sip or ()),
        "ws": tuple(ws or ()),
        "wss": tuple(wss or ()),
        "ws_origin": tuple(ws_origin or ()),
        "http": http,
        "public": public,
        "http_proxy": tuple(http_proxy or ()),
        "outgoing_allow": tuple(outgoing_allow or ()),
        "mail_server": mail_server,
        "mail_security": mail_security,
        "mail_from": mail_from,
        "mail_login": mail_login,
        "mail_password_file": mail_password_file,
        "advertise": tuple(advertise or ()),
        "rtp_range": tuple(rtp_range or ()),
        "media_workers": media_workers,
        "database": database,
        "realm": realm,
        "tls_certificate": tuple(tls_certificate or ()),
        "tls_key": tuple(tls_key or ()),
        "tls_authorities": tls_authorities,
        "tls_peers": tuple(tls_peers or ()),
        "tls_name": tuple(tls_name or ()),
        "acme_directory": acme_directory,
        "acme_email": acme_email,
        "acme_authorities": acme_authorities,
        "dscp_signalling": dscp_signalling,
        "dscp_media": dscp_media,
        "log_level": log_level,
        "hep": hep,
        "hep_id": hep_id,
        "session_expires_s": session_expires_s,
        "session_least_s": session_least_s,
        "drain_s": drain_s,
    }
    asyncio.run(Supervisor(load(config, flags), typer.echo).run())


def demo(
    host: Annotated[str, typer.Option("--host", help="The address that phones reach.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="SIP port.")] = 5060,
    http_port: Annotated[int, typer.Option("--http-port")] = 8080,
    ws_port: Annotated[int, typer.Option("--ws-port", help="Port for browser phones, without TLS; 0 for none.")] = 0,
    state: Annotated[str, typer.Option("--state", help="Made anew at each start.")] = ".demo",
    robots: Annotated[bool, typer.Option(help="Let robot phones call each other now and then.")] = True,
) -> None:
    """Start the demo company with fresh state, in the foreground."""
    from vorzimmer.app.demo.run import run_demo  # noqa: PLC0415 -- it loads the web framework, which is slow

    asyncio.run(run_demo(host, port, http_port, state, robots=robots, ws_port=ws_port))
