"""Traces: what crossed the wire for one call, for people and for Wireshark, without any secret in it.

The ring keeps bytes as they came; whatever leaves it goes through ``redact`` first. This package must never cost a call
more than a look-up a packet, keep more than its limits, or let a digest response, a key or a dialled digit out.
"""
