"""The engine on an ideal belt: whole sessions."""

from __future__ import annotations

from retrowalk.model.commands import ClearMarker, Disconnect, PermittedCommand, Start, Stop
from retrowalk.model.reports import Ending, Phase, Tripped, WorkoutEnded
from support.ideal_belt import backward, forward, plan, world


def test_a_two_bout_session_runs_to_its_clean_end() -> None:
    """Armed, present, two presses: two starts, two verified stops, hands off, marker gone, no trip."""
    w = world()
    w.arm()
    assert w.run(300, lambda: bool(w.said(WorkoutEnded)))
    assert w.said(WorkoutEnded)[0].ending is Ending.COMPLETED
    starts = [c for _, c in w.sent(PermittedCommand) if isinstance(c.action, Start)]
    assert len(starts) == 2
    assert not w.said(Tripped)
    assert w.sent(Disconnect)
    assert w.sent(ClearMarker)
    assert len(w.sent(Stop)) >= 2
    assert not w.linked


def test_a_session_with_ramps_and_turns_ends_cleanly() -> None:
    """Forward, turn, backward with a ramp and an incline, turn, forward."""
    w = world()
    w.arm(plan(forward((1.5, 60)), backward((0.5, 60), (1.0, 60), incline_pct=1), forward((1.0, 30)), level=1))
    assert w.run(900, lambda: bool(w.said(WorkoutEnded)))
    assert w.said(WorkoutEnded)[0].ending is Ending.COMPLETED
    assert not w.said(Tripped)
    assert w.engine.phase is Phase.IDLE
