"""The log: key-value events, as JSON for the journal or in colours for a person."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from typing import Final, Literal, TextIO, cast

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from retrowalk.logs.outlet import Outlet

type LogFormat = Literal["auto", "json", "console"]

_LAST_WORDS_S: Final = 0.2
_SECRET: Final = ("password", "secret", "credential")


def configure_logs(
    level: str = "info",
    format_: LogFormat = "auto",
    *,
    stream: TextIO | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Outlet:
    """Send all logs, other libraries' too, to `stream` (stderr), by way of the outlet that is returned.

    "auto": colours on a terminal, else JSON.
    """
    stream = stream or sys.stderr
    outlet = Outlet(stream)
    pretty = format_ == "console" or (format_ == "auto" and stream.isatty() and "JOURNAL_STREAM" not in environ)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _hide_secrets,
    ]
    # JSON needs the traceback as text; the console renderer draws its own.
    render: list[Processor] = (
        [structlog.dev.ConsoleRenderer(colors=stream.isatty())]
        if pretty
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, *render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", outlet)),
        cache_logger_on_first_use=False,
    )
    _adopt_standard_logging(shared, render, outlet, number)
    return outlet


def leave(status: int) -> None:
    """End the process now. What was logged last gets 0.2 s to come out: nobody else will tell why it ended."""
    try:
        for handler in logging.getLogger().handlers:
            if isinstance(outlet := getattr(handler, "stream", None), Outlet):
                outlet.drain(_LAST_WORDS_S)
    finally:
        os._exit(status)


def _adopt_standard_logging(shared: list[Processor], render: list[Processor], stream: Outlet, level: int) -> None:
    """Let the libraries' loggers speak in the same form; they are asked for warnings only."""
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old.formatter, structlog.stdlib.ProcessorFormatter)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(max(level, logging.WARNING))


def _hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Never let a secret's value into a log, whoever put it there."""
    for key in event:
        if any(word in key.lower() for word in _SECRET) and not key.endswith("_file"):
            event[key] = "…"
    return event
