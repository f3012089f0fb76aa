"""A simulated treadmill with nobody on it, a person beside it, and the procedure between them, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from retrowalk.app.commission import Commissioner
from retrowalk.bluetooth import Bluetooth
from retrowalk.commissioning import Findings, Leave, Line, Question, Said, Tone, Verdict
from retrowalk.model.observations import MarkerStored
from retrowalk.model.units import Speed, seconds
from retrowalk.treadmill.machine import TreadmillSettings
from retrowalk_sim.memory import Radio
from retrowalk_sim.profiles import Profile
from retrowalk_sim.treadmill import Treadmill

THINKS_S = 1.5
type Hand = Callable[["Helper"], object]
YES, NO = "yes", "no"


class _Disk:
    """A session marker that lives as long as the test."""

    def __init__(self) -> None:
        self.content: str | None = None
        self.stored = 0
        self.observe: Callable[[MarkerStored], None] = lambda _: None

    def cause(self) -> str | None:
        return self.content

    def store(self, address: str, latch: str | None) -> None:
        self.content = latch or f"open {address}"
        self.stored += 1
        asyncio.get_running_loop().call_later(0.01, self.observe, MarkerStored(ok=True))

    def clear(self) -> None:
        self.content = None

    def close(self) -> None: ...


@dataclass
class Helper:
    """Reads, thinks, answers and does what is asked for. `says`: other answers, by a piece of the question.

    An answer may be a hand that does something and returns what is typed; None = nothing is.
    """

    treadmill: Treadmill
    says: dict[str, str | Hand] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    commissioner: Commissioner = field(init=False)
    open: Question | None = None

    def tell(self, line: Line) -> None:
        """Read a line; where it says what to do, do it."""
        self.lines.append(line)
        if line.tone is Tone.DO:
            self._later(lambda: self._act(line.text, ""))

    def ask(self, question: Question | None) -> None:
        """Read a question, and answer it."""
        self.open = question
        if question is None:
            return
        self.asked.append(question.text)
        usual = {"enter": "", "yes_no": YES, "number": ""}[question.kind.value]
        if question.default is not None:
            usual = ""
        self._later(lambda: self._answer(question, usual))

    def watch(self, speed: Speed | None) -> None:
        """See the belt."""

    async def answers(self, _observe: Callable[[Said | Leave], None]) -> None:
        """Live until cancelled: answers go their own way."""
        await asyncio.Event().wait()

    def _later(self, do: Callable[[], object]) -> None:
        asyncio.get_running_loop().call_later(THINKS_S, do)

    def _answer(self, question: Question, usual: str) -> None:
        text = self._act(question.text, usual)
        if isinstance(text, str):
            self.answer(question, text)

    def answer(self, question: Question | None, text: str) -> None:
        """Type an answer, if the question is still open."""
        if question is not None and self.open is question:
            self.commissioner.observe(Said(question.id, text))

    def _act(self, about: str, usual: str) -> object:
        told = next((said for piece, said in self.says.items() if piece in about), usual)
        return told if isinstance(told, str) else told(self)

    def leave(self) -> None:
        """Press Ctrl-C."""
        self.commissioner.observe(Leave())

    def told(self, tone: Tone) -> list[str]:
        """Return what was said in one tone."""
        return [line.text for line in self.lines if line.tone is tone]


@dataclass(frozen=True)
class Report:
    """What came of it."""

    verdict: Verdict | None
    findings: Findings
    helper: Helper
    treadmill: Treadmill
    left: list[int]
    kept: list[Verdict | None]  # what was written before a way out at once
    marker: str | None
    took_s: float

    @property
    def reason(self) -> str:
        """Why it did not pass."""
        return "; ".join(self.findings.reasons)

    @property
    def starts(self) -> int:
        """How often START was written."""
        return sum(event.detail == "07" for event in self.treadmill.witness.of("written"))


async def commissioned(profile: Profile | str = "ideal", *others: Treadmill, **says: str | Hand) -> Report:
    """Commission a simulated treadmill beside `others`; underscores in the names of `says` are spaces."""
    loop = asyncio.get_running_loop()
    treadmill = Treadmill(profile)
    helper = Helper(treadmill, {piece.replace("_", " "): said for piece, said in says.items()})
    left: list[int] = []

    def leave(status: int) -> None:
        left.append(status)
        running.cancel()  # the process would be gone now

    kept: list[Verdict | None] = []
    commissioner = Commissioner(helper, clock_ns=lambda: seconds(loop.time()), leave=leave)
    commissioner.keep = lambda: kept.append(commissioner.procedure.verdict)
    helper.commissioner = commissioner
    disk = _Disk()
    disk.observe = commissioner.observe
    with Radio(*others, treadmill) as radio:
        bluetooth = Bluetooth(None, radio.client, radio.scanner, radio.adapter)
        commissioner.marker = disk
        commissioner.connect_over(bluetooth, TreadmillSettings())
        running = asyncio.create_task(commissioner.run())
        await asyncio.wait([running])
    return Report(
        commissioner.procedure.verdict,
        commissioner.procedure.findings,
        helper,
        treadmill,
        left,
        kept,
        disk.content,
        loop.time(),
    )
