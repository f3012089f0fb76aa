"""Somebody who tells a judge one thing after the other, as a log would: for the tests of the judge."""

from __future__ import annotations

from simulation.judge import Facts, Judge

FACTS = Facts(
    machine="ideal",
    caps_kmh={"backward": 2.0, "forward": 3.2},
    ramps_kmh_per_s={"backward": 0.1, "forward": 0.2},
    caps_pct={"backward": 3.0, "forward": 5.0},
    facings=("backward",),
    strap_line=True,
    remote_start=False,
    hard_bpm=140,
    happens=frozenset(),
    lasting=frozenset({"silence", "link_loss"}),
    expected_s=300,
    session_s=3600,
    longest_s={"walk": 120},
)


class Told:
    """A judge, and somebody who tells it one thing after the other."""

    def __init__(self, facts: Facts = FACTS) -> None:
        self.judge = Judge(facts)
        self.now_s = 0.0
        self.kmh = 0.0
        self.bpm = 80.0

    def say(self, who: str, what: str, detail: str = "") -> None:
        """Tell a line now."""
        self.judge.hear(self.now_s, who, what, detail)

    def pass_s(self, seconds: float, slows_kmh_per_s: float = 0.0) -> None:
        """Let time pass, in which the judge looks; the belt may slow down, and come to stand."""
        for _ in range(round(seconds / 0.2)):
            self.now_s += 0.2
            moved = self.kmh > 0
            self.kmh = max(0.0, self.kmh - 0.2 * slows_kmh_per_s)
            if moved and not self.kmh:
                self.say("belt", "belt_standing")
            self.judge.look(self.now_s, self.kmh, self.bpm)

    def board(self) -> None:
        """Come to the first prompt."""
        self.say("hand", "arms")
        self.say("line", "closed")
        self.say("said", "phase", "armed")
        self.pass_s(4)
        self.say("said", "phase", "board")
        self.say("said", "asks", "board board-1")
        self.pass_s(2)

    def walk(self) -> None:
        """Press, START, and walk at board speed."""
        self.board()
        self.say("hand", "press")
        self.say("belt", "written", "07")
        self.say("said", "phase", "starting")
        self.say("said", "asked", "board-1 ok")
        self.kmh = 0.8
        self.pass_s(1)
        self.say("belt", "written", "025000")
        self.say("said", "phase", "walk")
        self.pass_s(20)

    def stop(self) -> None:
        """Write a Stop, and let the belt run down."""
        self.say("belt", "written", "0801")
        self.pass_s(5, slows_kmh_per_s=0.8)

    @property
    def kinds(self) -> set[str]:
        """What was found."""
        return {verdict.kind for verdict in self.judge.verdicts}


def walking(facts: Facts = FACTS) -> Told:
    """Return somebody who walks."""
    told = Told(facts)
    told.walk()
    return told
