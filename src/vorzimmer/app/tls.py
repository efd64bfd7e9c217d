"""TLS for the listeners: the operator's certificate, or one that the server makes for itself and says so.

This module must never accept a broken certificate silently.
"""

from datetime import datetime
from pathlib import Path

from vorzimmer.app.layout import Layout
from vorzimmer.app.options import ServeOptions
from vorzimmer.net.certificates import Certificate, client_context, ensure_certificate, server_context
from vorzimmer.net.transports import SECURE, TlsContexts


def certificate(options: ServeOptions, layout: Layout, now: datetime) -> Certificate | None:
    """The certificate of the TLS listeners, None without any; raises StartError."""
    hosts = tuple(dict.fromkeys(spec.host for spec in options.listeners() if spec.transport in SECURE))
    if not hosts:
        return None
    if options.tls_certificate:
        return Certificate(Path(options.tls_certificate), Path(options.tls_key))
    return ensure_certificate(layout.state.tls, (*hosts, "localhost"), now)


def tls_contexts(options: ServeOptions, layout: Layout, now: datetime) -> TlsContexts:
    """Contexts for connections in both directions; raises StartError."""
    own = certificate(options, layout, now)
    return TlsContexts(server_context(own) if own is not None else None, client_context())
