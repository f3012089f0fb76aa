from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from retrowalk.logs import configure_logs
from retrowalk.logs.outlet import Outlet


def poured(outlet: Outlet, stream: io.StringIO) -> str:
    """Return what has been written, once it has been."""
    outlet.drain()
    return stream.getvalue()


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture(autouse=True)
def _put_back() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_log_is_one_json_object_a_line_where_nobody_looks() -> None:
    """The journal gets keys and values, time and level."""
    stream = io.StringIO()
    outlet = configure_logs(stream=stream, environ={})
    structlog.get_logger().info("mqtt_connected", port=1883)
    entry = json.loads(poured(outlet, stream))
    assert (entry["event"], entry["port"], entry["level"]) == ("mqtt_connected", 1883, "info")
    assert entry["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    ("stream", "format_", "environ", "is_json"),
    [
        (Terminal(), "auto", {}, False),
        (Terminal(), "auto", {"JOURNAL_STREAM": "8:1"}, True),
        (Terminal(), "json", {}, True),
        (io.StringIO(), "console", {}, False),
    ],
)
def test_a_person_gets_colours_and_the_journal_json(
    stream: io.StringIO, format_: str, environ: dict[str, str], is_json: bool
) -> None:
    """Auto looks at the stream and for the journal; the other two do as told."""
    outlet = configure_logs("info", format_, stream=stream, environ=environ)  # type: ignore[arg-type]  # a parametrized Literal
    structlog.get_logger().warning("cue_spoken")
    assert poured(outlet, stream).startswith("{") is is_json
    assert "cue_spoken" in poured(outlet, stream)


def test_the_level_is_the_least_that_is_logged() -> None:
    """What is below it costs nothing and says nothing."""
    stream = io.StringIO()
    outlet = configure_logs("warning", stream=stream, environ={})
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    assert [json.loads(line)["event"] for line in poured(outlet, stream).splitlines()] == ["loud"]


def test_other_libraries_speak_in_the_same_form_once() -> None:
    """Their warnings are JSON too, however often logs are configured."""
    stream = io.StringIO()
    configure_logs(stream=stream, environ={})
    outlet = configure_logs(stream=stream, environ={})
    logging.getLogger("bleak").warning("adapter %s is gone", "hci0")
    logging.getLogger("bleak").info("chatter")
    (line,) = poured(outlet, stream).splitlines()
    assert json.loads(line)["event"] == "adapter hci0 is gone"


def test_a_secret_never_reaches_the_log() -> None:
    """Whatever its key is called, as long as it says so; the name of its file may be told."""
    stream = io.StringIO()
    outlet = configure_logs(stream=stream, environ={})
    structlog.get_logger().info("login", mqtt_password="hunter2", password_file="/etc/x")  # noqa: S106 (that is the point)
    assert "hunter2" not in poured(outlet, stream)
    assert json.loads(poured(outlet, stream))["password_file"] == "/etc/x"  # noqa: S105 (a path)


def test_an_exception_is_logged_with_its_traceback() -> None:
    """As text in one JSON line."""
    stream = io.StringIO()
    outlet = configure_logs(stream=stream, environ={})
    try:
        int("broken")
    except ValueError:
        structlog.get_logger().exception("failed")
    assert "ValueError: invalid literal" in json.loads(poured(outlet, stream))["exception"]
