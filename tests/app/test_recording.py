"""The whole daemon in virtual time, with a shelf for its trips."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

import virtual_time
from retrowalk.app.flight import Flight, FlightRecorder
from retrowalk.model.commands import LinkCommand, PermittedCommand
from retrowalk.model.reports import Phase, PhaseChanged, Report, Rung, StopStep
from support.house import House, house
from support.ideal_belt import TWO_BOUTS


class Shelf:
    """Remembers what it was given."""

    def __init__(self, made: House) -> None:
        self.flights: list[Flight] = []
        made.daemon.parts = replace(made.daemon.parts, trips=self)

    def store(self, flight: Flight) -> None:
        """Take a recording."""
        self.flights.append(flight)


async def _pull_strap_in_a_walk(made: House) -> None:
    await made.settled()
    made.arm(TWO_BOUTS)
    await made.reach(Phase.WALK)
    made.strap.pull()
    await made.hear(StopStep, lambda step: step.rung is Rung.VERIFIED)


def test_the_daemon_gives_its_trips_to_the_shelf() -> None:
    """A version at the trip, in the call that brought it; the whole one ten seconds after the standstill."""

    async def session() -> None:
        async with house() as made:
            shelf = Shelf(made)
            await _pull_strap_in_a_walk(made)
            await asyncio.sleep(11)
            assert [flight.complete for flight in shelf.flights].count(True) == 1
            assert shelf.flights[-1].complete
            assert shelf.flights[-1].trip.cause == "strap_open"

    virtual_time.run(session())


def test_a_daemon_that_ends_in_a_recording_gives_what_it_has() -> None:
    """The last version is not complete, and has the readings up to the end."""

    async def session() -> None:
        async with house() as made:
            shelf = Shelf(made)
            await _pull_strap_in_a_walk(made)
            await asyncio.sleep(3)
            before = len(shelf.flights)
        assert len(shelf.flights) == before + 1
        assert not shelf.flights[-1].complete
        assert shelf.flights[-1].readings[-1].at_ns > shelf.flights[-2].readings[-1].at_ns

    virtual_time.run(session())


def test_the_stop_is_handed_over_before_the_recorder_hears_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that records stands between a pulled strap and the Stop."""
    order: list[str] = []
    hear = FlightRecorder.hear

    def listening(self: FlightRecorder, reports: tuple[Report, ...], *rest: Any) -> list[Flight]:
        if any(isinstance(report, StopStep) and report.rung is Rung.DEMANDED for report in reports):
            order.append("heard")
        return hear(self, reports, *rest)

    async def session() -> None:
        async with house() as made:
            monkeypatch.setattr(FlightRecorder, "hear", listening)
            execute = made.daemon.parts.link.execute

            def executing(command: LinkCommand) -> None:
                order.append(type(command).__name__)
                execute(command)

            monkeypatch.setattr(made.daemon.parts.link, "execute", executing)
            await _pull_strap_in_a_walk(made)

    virtual_time.run(session())
    assert order[order.index("heard") - 1] == "Stop"


def test_whatever_moves_the_belt_is_told_before_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """The phase in which a belt starts is known to everybody before START is on its way."""
    order: list[str] = []

    async def session() -> None:
        async with house() as made:
            publish, execute = House.publish, made.daemon.parts.link.execute

            def publishing(self: House, report: Report) -> None:
                order.append(report.phase.value if isinstance(report, PhaseChanged) else "")
                publish(self, report)

            def executing(command: LinkCommand) -> None:
                order.append(type(command.action).__name__ if isinstance(command, PermittedCommand) else "")
                execute(command)

            monkeypatch.setattr(House, "publish", publishing)
            monkeypatch.setattr(made.daemon.parts.link, "execute", executing)
            await made.settled()
            made.arm(TWO_BOUTS)
            await made.reach(Phase.WALK)

    virtual_time.run(session())
    assert order.index("starting") < order.index("Start")


def test_a_recorder_that_fails_costs_the_report_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The session goes on, the strap stops the belt, the stop is verified."""

    def broken(*_: object) -> list[Flight]:
        raise ZeroDivisionError

    monkeypatch.setattr(FlightRecorder, "hear", broken)
    monkeypatch.setattr(FlightRecorder, "cut", broken)

    async def session() -> None:
        async with house() as made:
            Shelf(made)
            await _pull_strap_in_a_walk(made)

    virtual_time.run(session())
