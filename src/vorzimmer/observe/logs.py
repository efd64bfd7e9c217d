"""Structured logs: one JSON object a line, with the call's id where there is one.

Secrets never reach a log: values under the keys of :data:`SECRET` are replaced, whoever logs them. This module must
never decide anything from a log call.
"""

import json
import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET = frozenset({"password", "authorization", "proxy_authorization", "response", "pin", "secret", "ha1", "digits"})
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

Logger = structlog.typing.FilteringBoundLogger


def configure(level: str, process: str) -> Logger:
    """Set up logging of this process on standard error; `level` is debug, info, warning or error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_secrets,
            structlog.processors.format_exc_info,
            _as_json,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS.get(level, logging.INFO)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logger: Logger = structlog.get_logger(process=process)
    return logger


def _without_secrets(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in SECRET & event.keys():
        event[key] = "(secret)"
    return event


_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode


def _as_json(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
    return _encode(event)
