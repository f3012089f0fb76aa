"""Runs the commissioning procedure on a real link, and keeps its record. A second, smaller crank beside daemon.py."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

import structlog

from retrowalk import __version__, logs
from retrowalk.app.compose import LOCK_NAME, FolderUnusable, make_folders, only_one
from retrowalk.app.parts import Link, Marker
from retrowalk.bluetooth import Bluetooth
from retrowalk.commissioning import Findings, Leave, Line, Outcome, Procedure, Question, Said, Verdict
from retrowalk.config import Config
from retrowalk.files import write_durably
from retrowalk.machines import Facts, Figures, Machines, Record, record_path
from retrowalk.marker import SessionMarker
from retrowalk.model.commands import ClearMarker, Command, Exit, Relay, StoreMarker
from retrowalk.model.observations import Observation, Tick
from retrowalk.model.units import NS_PER_S, Speed
from retrowalk.treadmill.link import TreadmillLink
from retrowalk.treadmill.machine import TreadmillSettings

log = structlog.get_logger()

UNVERIFIED: Final = 5  # the exit status when the belt could not be confirmed stopped
_LAST_STOP_S: Final = 1.0

type Event = Observation | Said | Leave


class SessionLeftOpen(Exception):  # noqa: N818 - what happened, in the words of the person who must act
    """A session of the daemon never ended; its latch is a person's to reset."""

    def __init__(self, state_dir: Path, cause: str) -> None:
        super().__init__(
            f"{state_dir} has the marker of a session that did not end ({cause}): start the daemon, let it stop the "
            "belt, and reset it (`retrowalk ctl reset`)"
        )


class RecordNotKept(Exception):  # noqa: N818 - likewise
    """What was measured could not be written."""

    def __init__(self, path: Path, verdict: Verdict | None, why: str) -> None:
        super().__init__(f"{verdict}, but {path} cannot be written: {why}. Mend that, and commission again")


class Person(Protocol):
    """Whoever stands at the treadmill."""

    def tell(self, line: Line) -> None:
        """Show a line; never blocks."""

    def ask(self, question: Question | None) -> None:
        """Show the open question; None = there is none now. Told after each change."""

    def watch(self, speed: Speed | None) -> None:
        """Show how fast the belt runs, as the machine says; None = there is no link."""

    async def answers(self, observe: Callable[[Said | Leave], None]) -> None:
        """Pass on what is answered, until cancelled."""


@dataclass
class Commissioner:
    """Turns the procedure's crank. `link` and `marker` are set once, as they want to be handed `observe`."""

    person: Person
    clock_ns: Callable[[], int] = time.monotonic_ns
    leave: Callable[[int], None] = logs.leave
    keep: Callable[[], object] = lambda: None  # writes what was found; asked before a way out at once
    procedure: Procedure = field(default_factory=Procedure)
    link: Link = field(init=False)
    marker: Marker = field(init=False)
    _inputs: deque[Event] = field(default_factory=deque)
    _turning: bool = False
    _failed: bool = False
    _asked: Question | None = None
    _timer: asyncio.TimerHandle | None = None
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _verified: bool = True

    def connect_over(self, bluetooth: Bluetooth, settings: TreadmillSettings) -> None:
        """Make `link`: to one machine for good, for losing it under a moving belt is one of the tests."""
        heard = Machines(profiles=settings.machines.profiles)  # a former record must not colour the new one
        sought = TreadmillSettings(settings.address, settings.name, heard)
        self.link = TreadmillLink(sought, self.observe, bluetooth, clock_ns=self.clock_ns, stays=True)

    def observe(self, event: Event) -> None:
        """Take one input: handled now, or right after the one that is being handled. Never raises, never blocks."""
        self._inputs.append(event)
        if self._turning or self._failed:
            return
        self._turning = True
        try:
            while self._inputs and not self._failed:
                self._turn(self._inputs.popleft())
        finally:
            self._turning = False

    async def run(self) -> Verdict | None:
        """Run to the end, and return the verdict. An unverified end leaves at once, and the link up."""
        tasks = [asyncio.create_task(self.link.run()), asyncio.create_task(self.person.answers(self.observe))]
        try:
            self.observe(Tick())
            await self._over.wait()
            if not self._verified:
                with suppress(RecordNotKept):
                    self.keep()  # a machine that was not seen to stop must not live on with an older record
                self.leave(UNVERIFIED)
        finally:
            self._failed = True
            if self._timer:
                self._timer.cancel()
            await self.link.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return self.procedure.verdict

    # -- inside --------------------------------------------------------------------------------------------------

    def _turn(self, event: Event) -> None:
        try:
            self._carry_out(self.procedure.handle(event, self.clock_ns()))
        except Exception:
            log.critical("procedure_failed", belt="stop is being written", do="pull the cord", exc_info=True)
            self._fail()

    def _carry_out(self, outcome: Outcome) -> None:
        for command in outcome.commands:
            self._do(command)
        if self._timer:
            self._timer.cancel()
        wait_s = max(0, outcome.deadline_ns - self.clock_ns()) / NS_PER_S
        self._timer = asyncio.get_running_loop().call_later(wait_s, self.observe, Tick())
        for line in outcome.lines:
            self.person.tell(line)
        if outcome.question != self._asked:
            self._asked = outcome.question
            self.person.ask(outcome.question)
        self.person.watch(outcome.speed)

    def _do(self, command: Command) -> None:
        match command:
            case StoreMarker(latch):
                machine = self.procedure.findings.machine
                self.marker.store(machine.address if machine else "", latch)
            case ClearMarker():
                self.marker.clear()
            case Exit(verified):
                self._verified = verified
                self._over.set()
            case Relay():
                pass  # the key's loop is open or closed by hand here
            case _:
                self.link.execute(command)

    def _fail(self) -> None:
        """Write the precomputed Stop, and leave the link and the marker to the failsafe."""
        self._failed = True
        for command in self.procedure.precomputed_stop():
            self.link.execute(command)
        asyncio.get_running_loop().call_later(_LAST_STOP_S, self.leave, UNVERIFIED)


@dataclass(frozen=True, slots=True)
class Commissioned:
    """How it ended, and where it is written; None = nothing was."""

    verdict: Verdict | None
    reasons: tuple[str, ...]
    record: Record | None
    path: Path | None


async def commission(config: Config, person: Person) -> Commissioned:
    """Commission the configured treadmill. Raises AlreadyRunning, FolderUnusable, SessionLeftOpen."""
    make_folders(config)
    with only_one(config.runtime_dir / LOCK_NAME):
        _try_to_write(config.records_dir)
        commissioner = Commissioner(person)
        commissioner.keep = lambda: _kept(config.records_dir, commissioner.procedure)
        marker = SessionMarker(config.state_dir, commissioner.observe)
        if (cause := marker.cause()) is not None:
            raise SessionLeftOpen(config.state_dir, cause)
        commissioner.marker = marker
        commissioner.connect_over(Bluetooth(config.treadmill.adapter), config.treadmill_settings())
        with _leaving_on_signals(lambda: commissioner.observe(Leave())):
            await commissioner.run()
        marker.close()
        return _kept(config.records_dir, commissioner.procedure)


def _try_to_write(folder: Path) -> None:
    """Raise FolderUnusable now, and not when all is measured."""
    trial = folder / "trial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_durably(trial, "is there room?")
        trial.unlink()
    except OSError as error:
        raise FolderUnusable(f"{folder} cannot be written: {error.strerror}; a record could not be kept") from error


def _kept(folder: Path, procedure: Procedure) -> Commissioned:
    """Write the record, if there is one. Raises RecordNotKept."""
    findings, verdict = procedure.findings, procedure.verdict
    path = record_path(folder, findings.machine.address if findings.machine else "none")
    try:
        record = record_of(findings, verdict, datetime.now(UTC))
        if record is None:
            return Commissioned(verdict, tuple(findings.reasons), None, None)
        write_durably(path, record.to_toml())
    except (OSError, ValueError) as error:
        if verdict is Verdict.REFUSED:
            with suppress(OSError):
                path.unlink()  # a full disk still lets go: an older record must not bless what was refused now
        raise RecordNotKept(path, verdict, str(error)) from error
    return Commissioned(verdict, tuple(findings.reasons), record, path)


def record_of(findings: Findings, verdict: Verdict | None, date: datetime) -> Record | None:
    """Return the record that is worth keeping; None = nothing was decided about the machine."""
    machine = findings.machine
    if machine is None or verdict not in (Verdict.PASSED, Verdict.REFUSED):
        return None
    measured = asdict(findings)
    return Record(
        address=machine.address,
        name=machine.name,
        make=machine.make,
        firmware=machine.firmware,
        software=__version__,
        date=date.replace(microsecond=0),
        passed=verdict is Verdict.PASSED,
        reasons=tuple(findings.reasons),
        skipped=tuple(findings.skipped),
        facts=Facts.model_validate(findings.facts),
        figures=Figures.model_validate({name: measured[name] for name in Figures.model_fields}),
    )


@contextmanager
def _leaving_on_signals(leave: Callable[[], None]) -> Iterator[None]:
    """Let the signals that end a process end the procedure instead: stop, verify, then leave."""
    loop, numbers = asyncio.get_running_loop(), (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, leave)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
