"""The log's way out: it may be blocked, full or gone, and nobody who logs is any the worse."""

from __future__ import annotations

import io
import os
import threading

from retrowalk.logs.outlet import _MOST_WAITING, Outlet


def test_what_is_written_comes_out_in_order() -> None:
    """As with any stream, only later."""
    stream = io.StringIO()
    outlet = Outlet(stream)
    for number in range(100):
        outlet.write(f"{number}\n")
    outlet.drain()
    assert stream.getvalue().split() == [str(number) for number in range(100)]


def test_a_reader_that_is_gone_is_nobodys_trouble() -> None:
    """A closed pipe raises nowhere but in the outlet's own thread, which goes on."""
    reading, writing = os.pipe()
    os.close(reading)
    outlet = Outlet(os.fdopen(writing, "w"))
    outlet.write("to nobody\n")
    outlet.drain()
    outlet.write("again\n")
    outlet.drain()
    assert outlet.dropped >= 1


def test_a_frozen_reader_costs_log_lines_and_no_time() -> None:
    """What does not fit is dropped and counted; when the reader thaws it is told how much it missed."""
    frozen, stream = threading.Event(), io.StringIO()

    class Frozen(io.StringIO):
        def write(self, text: str) -> int:
            frozen.wait()
            return stream.write(text)

    outlet = Outlet(Frozen())
    for _ in range(_MOST_WAITING + 50):
        outlet.write("x\n")
    assert outlet.dropped >= 49
    frozen.set()
    outlet.drain(10)
    assert "log entries were lost" in stream.getvalue()
