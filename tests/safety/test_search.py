"""The search finds what is planted, and nothing in the interlock as it is. `make search` goes further."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace

import pytest

from retrowalk.interlock import Interlock, kernel
from retrowalk.interlock.drive import Drive
from retrowalk.interlock.ramp import Ramp
from retrowalk.interlock.rules import APPLYING
from retrowalk.model.commands import PermittedCommand, RequestControl
from retrowalk.model.intent import Boarding, Proposal
from retrowalk.model.reports import Motion
from retrowalk.model.units import Incline, Speed, seconds
from search import quanta
from search.explore import MOVES, Bound, Found, Search
from search.scene import Call, Scene
from search.script import SCRIPTS
from search.story import tell
from search.worlds import HEARTY, STEEP, TURNING, WORLDS, World


@pytest.mark.parametrize(("world", "moves"), [(TURNING, 1), (HEARTY, 1), (STEEP, 1), (TURNING, 2)])
def test_nothing_is_violated(world: World, moves: int) -> None:
    """Within a small bound, whatever happens at any moment of an ordinary session, every invariant holds."""
    found = Search(world, Bound(moves, away=1)).run()
    assert found.wrong is None, "\n".join(tell(found))
    assert found.transitions > 2500


# -- what is planted


class ClearsItsLatch(Interlock):
    """Forgets a latch as soon as the belt stands."""

    def judge(self, now_ns: int) -> None:
        """Judge, and forget."""
        super().judge(now_ns)
        if self.motion is Motion.IDLE:
            self.trip, self.readings.latched = None, False


class TakesAnyConfirmation(Interlock):
    """Takes every confirmation for a fresh one."""

    def _permit_start(self, boarding: Boarding, now_ns: int) -> None:
        super()._permit_start(replace(boarding, confirmed_ns=now_ns), now_ns)


class TakesTheFuture(Interlock):
    """Takes a confirmation of the future for a fresh one."""

    def _permit_start(self, boarding: Boarding, now_ns: int) -> None:
        super()._permit_start(replace(boarding, confirmed_ns=min(boarding.confirmed_ns, now_ns)), now_ns)


class ForgetsBoardings(Interlock):
    """Forgets which boardings were used up."""

    def _permit_start(self, boarding: Boarding, now_ns: int) -> None:
        self._boarding = 0
        super()._permit_start(boarding, now_ns)


class DrivesOn(Interlock):
    """Permits set-points while the belt is being stopped."""

    def permit(self, proposal: Proposal, now_ns: int) -> None:
        """Permit, and too much."""
        super().permit(proposal, now_ns)
        if self.motion is Motion.STOPPING and self.trip is None:
            self._permit_set_point(proposal, now_ns)


class IgnoresStopsAtRest(Interlock):
    """Takes a STOP for pointless where the belt should stand."""

    def stop_by_person(self, now_ns: int) -> None:
        """Stop, at times."""
        if self.motion is not Motion.STANDSTILL:
            super().stop_by_person(now_ns)


class TurnsUnderWay(Interlock):
    """Believes a new facing on a belt that moves."""

    def permit(self, proposal: Proposal, now_ns: int) -> None:
        """Permit, and too much."""
        super().permit(proposal, now_ns)
        if self.motion is Motion.MOVING and proposal.boarding:
            self.readings.facing = proposal.boarding.facing


class PermitsForEver(Interlock):
    """Gives permissions that last an hour."""

    def permit(self, proposal: Proposal, now_ns: int) -> None:
        """Permit, and too much."""
        super().permit(proposal, now_ns)
        self.commands = [
            replace(c, expires_ns=now_ns + seconds(3600)) if isinstance(c, PermittedCommand) else c
            for c in self.commands
        ]


class WritesInIdle(Interlock):
    """Asks for control of a treadmill that somebody else may be using."""

    def permit(self, proposal: Proposal, now_ns: int) -> None:
        """Permit, and too much."""
        super().permit(proposal, now_ns)
        if self.motion is Motion.IDLE and self.readings.linked:
            self.commands.append(RequestControl(self._next_number()))


@pytest.mark.parametrize(
    ("make", "invariant"),
    [
        (ClearsItsLatch, "violates_01_unlatches"),
        (TakesAnyConfirmation, "violates_02_starts_without_confirmation"),
        (TakesTheFuture, "violates_02_starts_without_confirmation"),
        (ForgetsBoardings, "violates_02_starts_without_confirmation"),
        (DrivesOn, "violates_03_writes_after_a_stop"),
        (IgnoresStopsAtRest, "violates_04_ignores_a_stop"),
        (TurnsUnderWay, "violates_07_turns_on_a_belt_that_may_move"),
        (PermitsForEver, "violates_09_permits_for_ever"),
        (WritesInIdle, "violates_13_writes_outside_a_session"),
    ],
)
def test_a_planted_violation_is_found(make: type[Interlock], invariant: str) -> None:
    """An interlock with one fault is caught, by the invariant that the fault breaks, with the way there."""
    found = Search(TURNING, Bound(moves=2, away=2), make).run()
    assert_tells(found, invariant, make)


def assert_tells(found: Found, invariant: str, make: type[Interlock] = Interlock) -> None:
    """The violation was found, and its story ends with it."""
    assert found.wrong
    assert found.wrong[0] == invariant
    story = list(tell(found, make))
    assert story[-1] == f"VIOLATED {invariant}: {found.wrong[1]}"
    assert found.path[-1] in story[-2]


def without(rule: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Plant: a row of the table is missing."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        rows = {motion: tuple(row for row in rows if row[0].name != rule) for motion, rows in APPLYING.items()}
        patch.setattr(kernel, "APPLYING", rows)

    return plant


def no_speed_cap(patch: pytest.MonkeyPatch) -> None:
    """Plant: the drive knows no ceiling."""
    patch.setattr(Drive, "ceiling", lambda _drive, _readings: Speed(10_000))


def double_ramp(patch: pytest.MonkeyPatch) -> None:
    """Plant: the ramp goes up twice as fast as it should."""
    honest = Ramp.toward

    def toward(self: Ramp, goal: int, *, up: int, down: int, now_ns: int) -> int:
        return honest(self, goal, up=2 * up, down=down, now_ns=now_ns)

    patch.setattr(Ramp, "toward", toward)


def fast_beginning(patch: pytest.MonkeyPatch) -> None:
    """Plant: a bout begins one step of the machine too fast."""
    honest = Drive.begin

    def begin(board_speed: Speed, incline: Incline | None, now_ns: int) -> Drive:
        return honest(board_speed + Speed(4), incline, now_ns)

    patch.setattr(Drive, "begin", begin)


@pytest.mark.parametrize(
    ("plant", "world", "invariant"),
    [
        (without("strap_open"), TURNING, "violates_01_moves_while_open_or_latched"),
        (without("safety_key"), HEARTY, "violates_01_moves_while_open_or_latched"),
        (no_speed_cap, TURNING, "violates_05_passes_a_cap"),
        (no_speed_cap, STEEP, "violates_05_passes_a_cap"),
        (double_ramp, TURNING, "violates_05_outruns_the_ramp"),
        (fast_beginning, TURNING, "violates_06_starts_above_board_speed"),
        (without("standstill_unverified"), TURNING, "violates_07_turns_on_a_belt_that_may_move"),
    ],
)
def test_a_planted_part_is_found(
    plant: Callable[[pytest.MonkeyPatch], None], world: World, invariant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same for faults in the parts of the interlock, and for rows that are missing."""
    plant(monkeypatch)
    found = Search(world, Bound(moves=2, away=2)).run()
    assert_tells(found, invariant)


# -- the search itself


def on_the_way(world: World) -> Iterator[Scene]:
    """Yield each moment of the scripts."""
    for deed, names in SCRIPTS.values():
        scene = Scene.begin(world, Interlock, seconds(1000))
        scene.handle(Call(scene.now_ns, first=deed))
        for name in names:
            yield scene
            scene = scene.fork()
            for call in MOVES[name].calls(scene):
                scene.handle(call)
        yield scene


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_the_scripts_come_everywhere(world: World) -> None:
    """The scripts reach each motion, the highest speed that is allowed, a latch and its reset."""
    scenes = list(on_the_way(world))
    assert {scene.lock.motion for scene in scenes} == set(Motion)
    facing = world.plan.bouts[0].facing
    assert world.ceiling(facing).speed in {scene.witness.set_point for scene in scenes}
    assert {scene.witness.latched for scene in scenes} == {False, True}


def dump(scene: Scene) -> str:
    """Write out all that an interlock holds."""
    return repr((vars(scene.lock), vars(scene.lock.readings.heart), scene.witness))


def test_a_fork_goes_its_own_way() -> None:
    """Whatever happens to a fork leaves the scene that it came from as it was, and happens to a second one alike."""
    for scene in (scene for world in WORLDS for scene in on_the_way(world)):
        before = dump(scene)
        for move in MOVES.values():
            one, other = scene.fork(), scene.fork()
            for call in move.calls(scene):
                assert one.handle(call) == other.handle(call)
            assert one.key == other.key
        assert dump(scene) == before


def test_every_attribute_tells_states_apart_or_says_why_not() -> None:
    """An attribute that the interlock or one of its parts gets needs a row in the search's table."""
    lock = Interlock(TURNING.settings)
    names: dict[type, set[str]] = {
        Interlock: set(vars(lock)),
        type(lock.readings.heart): set(vars(lock.readings.heart)),
        **{kind: {field.name for field in fields(kind)} for kind in quanta.ROWS if is_dataclass(kind)},
    }
    assert names == {kind: set(rows) for kind, rows in quanta.ROWS.items()}


def test_an_age_is_fresh_then_warns_then_expires() -> None:
    """An age counts the limits that it has passed, and tells when it passes the next."""
    age = quanta.Age((10, 20), quanta.Rest.YOUNG)
    assert [age.quantised(100, now) for now in (100, 110, 111, 120, 121)] == [0, 0, 1, 1, 2]
    assert [age.next_ns(100, now) for now in (100, 111, 121)] == [111, 121, None]
    assert [age.away(100, now) for now in (110, 111)] == [False, True]
    assert age.quantised(None, 100) is None
