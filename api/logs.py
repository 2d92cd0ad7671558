"""Logs: one structured line an event, text on a terminal and JSON elsewhere; each names its request, none a secret."""

import logging
import sys
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any, TextIO

import structlog

SECRET = ("authorization", "password", "secret", "key_file_content", "token", "cookie", "api_key", "bearer")
HIDDEN = "[hidden]"


def configure(level: str = "info", form: str = "auto", stream: TextIO | None = None) -> None:
    """Set up all logging of the process, ours and the libraries'.

    Args:
        level: debug, info, warning or error.
        form: `text`, `json`, or `auto`: text on a terminal, else JSON.
        stream: Where lines go; standard error by default, so that a command's output stays clean.
    """
    target = stream if stream is not None else sys.stderr
    as_text = form == "text" or (form == "auto" and target.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        hide_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    rendering: list[Any] = (
        [structlog.dev.ConsoleRenderer(colors=target.isatty(), exception_formatter=structlog.dev.plain_traceback)]
        if as_text
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("neo4j", "uvicorn", "asyncio", "botocore"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    # That a look at the schedules takes longer than a second is no news.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def hide_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put a mark in place of values whose name says that they are secret."""
    for name in event:
        if _is_secret(name):
            event[name] = HIDDEN
    return event


@lru_cache(1_000)
def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in SECRET)
