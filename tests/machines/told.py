"""The stories: every behaviour that real machines were caught at, against the whole daemon."""

from __future__ import annotations

import asyncio

from machines.stories import (
    ONE_BOUT,
    alarms,
    armed,
    clean,
    ends,
    goes_on,
    pauses,
    refused,
    story,
    trips,
    walking,
    written,
)
from retrowalk.model.reports import Ending, Phase, PhaseChanged, Reply, Rung, StopStep, Warned, WorkoutEnded
from retrowalk.model.requests import Verb
from support.house import House
from support.machines import commissioned

YES = "yes"
NO = "no"
ONE = "single bouts"


@story(1, "mph", usable=NO, daemon="trips on the first speed after START, before anybody has stepped on: `first_speed`")
async def mph(h: House) -> None:
    armed(h)
    await trips(h, "first_speed")
    assert h.walker.on_belt is False
    assert not [request for request in written(h) if int.from_bytes(bytes.fromhex(request)[1:3], "little") > 80]


@story(
    1,
    "mph-unseen",
    usable="no, and only commissioning tells",
    daemon="cannot see it: what the machine reports agrees with what it was told. The belt runs 1.6 times as fast as "
    "every cap allows. `retrowalk commission` unmasks it, by the way that its belt goes",
)
async def mph_unseen(h: House) -> None:
    await walking(h)
    speed = h.daemon.state().speed
    assert speed
    assert h.treadmill.speed_kmh / speed.kmh > 1.6
    await ends(h)


@story(2, "toggle-start", usable=YES, daemon="writes one START for each boarding, and only to a belt that stands")
async def toggle_start(h: House) -> None:
    await clean(h)


@story(2, "toggle-start", usable=YES, daemon="takes a start pressed on a moving belt for the pause that it is")
async def toggle_by_hand(h: House) -> None:
    await walking(h)
    h.treadmill.press("start")
    await pauses(h, within_s=10)


@story(
    3,
    "citysports",
    usable=YES,
    daemon="measures the effect of a Stop from the highest speed that was reported since: no alarm when it jumps up",
)
async def jump_at_stop(h: House) -> None:
    await walking(h)
    h.treadmill.machine.set_speed(1.0)
    await asyncio.sleep(0.7)
    h.treadmill.machine.belt.value = 2.0  # far behind the target that is reported
    h.walker.pull_strap()
    await trips(h, "strap_open")
    assert alarms(h) == []


@story(14, "urevo", usable=YES, daemon="the same: 0.96 km/h and 0.32 at a time")
@story(15, "urevo", usable=YES, daemon="does not look at the training status")
@story(12, "urevo", usable=YES, daemon="reads the fields that it knows, and a step count where one fits")
@story(4, "urevo", usable=YES, daemon="writes no incline where the range is 0 to 0; believes telemetry, not answers")
async def urevo(h: House) -> None:
    await clean(h)
    assert not [request for request in written(h) if request.startswith("03")]
    assert not [request for request in written(h) if request[:2] == "02" and int(request[2:4], 16) % 32]


@story(4, "ignores-start", usable=NO, daemon="writes one START, waits 8 s, stops and ends the session: `no_motion`")
async def ignores_start(h: House) -> None:
    armed(h)
    await ends(h, Ending.ENDED_EARLY)
    assert written(h).count("07") == 1
    assert written(h).count("0801") >= 1


@story(
    4,
    "ignores-speed",
    usable="at its minimum only",
    daemon="walks at the speed that is reported, which is the minimum, and tries no faster one in that bout",
)
async def ignores_speed(h: House) -> None:
    await walking(h)
    assert h.treadmill.speed_kmh == 0.8
    await ends(h)


@story(
    4,
    "ignores-stop",
    usable=NO,
    daemon="alarms 2 s after the first Stop, writes on twice a second, latches after 15 s: `no_standstill`; "
    "only the cord ends it",
)
async def ignores_stop(h: House) -> None:
    armed(h)
    no_effect = await h.hear(StopStep, lambda step: step.rung is Rung.NO_EFFECT)
    assert no_effect.elapsed_ns < 2.5e9
    assert h.treadmill.speed_kmh > 0
    await asyncio.sleep(20)
    assert h.daemon.state().alarm
    assert h.daemon.state().latched
    assert written(h).count("0801") >= 35
    h.treadmill.pull_key()
    await trips(h, "no_standstill")


@story(
    5, "citysports", usable=YES, daemon="takes a stop at the remote for a pause, though it is told at standstill only"
)
async def stop_by_remote(h: House) -> None:
    await walking(h)
    h.treadmill.press("stop")
    await pauses(h, within_s=12)


@story(
    6,
    "urevo",
    usable=YES,
    daemon="gives no meaning to target-speed statuses; the stop status at the end of the run-down makes it a pause",
)
async def run_down_by_remote(h: House) -> None:
    await walking(h)
    h.treadmill.press("stop")
    await pauses(h, within_s=12)


@story(
    7,
    "key-unreported",
    usable=YES,
    daemon="takes a standstill that nobody explains for the key: `unexplained_standstill`",
)
async def key_unreported(h: House) -> None:
    await walking(h)
    h.treadmill.pull_key()
    await trips(h, "unexplained_standstill")


@story(7, "key-as-reset", usable=YES, daemon="a reset explains no standstill: `unexplained_standstill`")
async def key_as_reset(h: House) -> None:
    await walking(h)
    h.treadmill.pull_key()
    await trips(h, "unexplained_standstill")


@story(
    8,
    "silent-after-stop",
    usable="no, before it is commissioned",
    daemon="cannot verify the stop: latches after 3 s of silence, alarms, writes on; a person's reset after 30 s "
    "stands in for the telemetry: `stop_unseen`",
)
async def silent_after_stop(h: House) -> None:
    armed(h)
    await h.reach(Phase.STOPPING)
    await asyncio.sleep(20)
    assert h.daemon.state().alarm
    h.ask(Verb.RESET)
    assert h.daemon.state().latched
    await asyncio.sleep(15)
    h.ask(Verb.RESET)
    await h.reach(Phase.IDLE)


@story(
    8,
    "silent-after-stop",
    usable=ONE,
    knows=commissioned("silent-after-stop", after_stop="silence"),
    daemon="refuses programs of more than one bout: `single_bout_only`",
)
async def silence_that_is_known(h: House) -> None:
    await refused(h, "single-bout")


@story(
    8,
    "silent-after-stop",
    usable=ONE,
    knows=commissioned("silent-after-stop", after_stop="silence"),
    daemon="walks a single bout; latches nothing; after 30 s a person confirms the end by a reset",
)
async def one_bout_before_the_silence(h: House) -> None:
    armed(h, ONE_BOUT)
    await h.reach(Phase.SLOWING)
    await asyncio.sleep(45)
    assert not h.daemon.state().latched
    h.ask(Verb.RESET)
    await h.reach(Phase.IDLE)
    assert [ended.ending for ended in h.said(WorkoutEnded)] == [Ending.COMPLETED]
    assert not h.treadmill.linked or h.disk.content is None


@story(
    8,
    "last-speed-for-ever",
    usable=NO,
    daemon="never sees it stand: alarms 2 s after the Stop, writes on, latches after 15 s: `no_standstill`; "
    "switching it off and on ends it",
)
async def last_speed_for_ever(h: House) -> None:
    armed(h)
    await h.hear(StopStep, lambda step: step.rung is Rung.NO_STANDSTILL)
    await asyncio.sleep(20)
    assert h.daemon.state().alarm
    h.ask(Verb.RESET)
    assert h.daemon.state().latched, "a belt that says that it runs is not reset"
    h.treadmill.power_cycle()
    await trips(h, "no_standstill")
    assert h.daemon.state().alarm is None


@story(9, "zero-frames", usable=YES, daemon="asks for two frames of zero in a row before it calls a belt standing")
async def zero_frames(h: House) -> None:
    await clean(h)


@story(9, "citysports", usable=YES, daemon="needs no counters: it keeps its own time")
@story(11, "citysports", usable=YES, daemon="writes with response where both ways are listed")
@story(10, "citysports", usable=YES, daemon="asks for control all the same")
async def citysports(h: House) -> None:
    await clean(h)
    assert written(h)[0] == "00"


@story(10, "mute-control", usable=YES, daemon="waits for no grant; writes each Stop behind a new request for control")
async def mute_control(h: House) -> None:
    await clean(h)


@story(11, "command-only", usable=YES, daemon="writes without response where nothing else is listed")
async def command_only(h: House) -> None:
    await clean(h)


@story(11, "notifies-answers", usable=YES, daemon="subscribes to whatever the control point lists")
async def notifies_answers(h: House) -> None:
    await clean(h)


@story(12, "short-steps", usable=YES, daemon="the same, with two bytes")
async def short_steps(h: House) -> None:
    await clean(h)
    assert h.daemon.engine.phase is Phase.IDLE


@story(21, "split-frames", usable=YES, daemon="4 Hz: takes every frame as it comes")
@story(12, "split-frames", usable=YES, daemon="takes a speed only from a packet that carries one, in either order")
async def split_frames(h: House) -> None:
    await clean(h)


@story(13, "cut-frames", usable=YES, daemon="believes a frame as far as it goes; the speed comes first")
async def cut_frames(h: House) -> None:
    await walking(h)
    state = h.daemon.state()
    assert state.speed
    assert state.distance_m
    assert state.elapsed_s is None
    await ends(h)


@story(14, "min-1.0", usable=YES, daemon="boards at the minimum and warns, up to 1.0 mph: `fast_minimum`")
async def minimum_of_1_kmh(h: House) -> None:
    await clean(h)
    assert [warning.what for warning in h.said(Warned)] == ["fast_minimum"]


@story(14, "min-2.0", usable="forward programs", daemon="refuses to walk backward on it: `machine_too_fast`")
async def minimum_of_2_kmh(h: House) -> None:
    await refused(h, "slowest speed is too fast")


@story(14, "step-0.5", usable=YES, daemon="rounds every set-point down to the machine's own grid")
async def half_steps(h: House) -> None:
    await clean(h)
    set_points = {int.from_bytes(bytes.fromhex(request)[1:], "little") for request in written(h) if request[:2] == "02"}
    assert set_points == {50, 100, 150}


@story(14, "range-by-mode", usable=NO, daemon="believes the range at rest, and trips on the first speed: `first_speed`")
async def range_by_mode(h: House) -> None:
    armed(h)
    await trips(h, "first_speed")
    assert h.walker.on_belt is False


@story(15, "no-ranges", usable=YES, daemon="assumes 0.8 to 6.0 km/h in steps of 0.1; a faster start would trip")
async def no_ranges(h: House) -> None:
    await clean(h)


@story(16, "early-speed", usable=YES, daemon="writes no set-point before it has seen the belt move")
async def early_speed(h: House) -> None:
    await clean(h)
    assert [event.detail for event in h.treadmill.witness.of("link_down")] == ["ended"]


@story(21, "countdown", usable=YES, daemon="1 Hz: warns at 1.5 s without a frame, trips at 3 s")
@story(16, "countdown", usable=YES, daemon="waits 8 s for motion, or 1.5 times what commissioning measured")
async def countdown(h: House) -> None:
    await clean(h)


@story(
    17, "replays-status", usable=YES, daemon="no old status starts, confirms or resets; an old key status is a no-entry"
)
async def replays_status(h: House) -> None:
    h.treadmill.pull_key()
    h.treadmill.insert_key()
    await clean(h)


@story(
    18,
    "ignores-start",
    usable=ONE,
    knows=commissioned("ignores-start", starts_at_console_only=True),
    daemon="refuses programs of more than one bout: `single_bout_only`",
)
async def starts_at_its_console(h: House) -> None:
    await refused(h, "single-bout")


@story(
    18,
    "ignores-start",
    usable=ONE,
    knows=commissioned("ignores-start", starts_at_console_only=True),
    daemon="walks a single bout when a helper presses start within a minute of the walker's OK",
)
async def a_helper_starts_it(h: House) -> None:
    armed(h, ONE_BOUT)
    await h.reach(Phase.STARTING)
    await asyncio.sleep(45)
    h.treadmill.press("start")
    await ends(h)


@story(18, "locked", usable=NO, daemon="a refused START is not written again; the session ends: `start_refused`")
async def locked(h: House) -> None:
    armed(h)
    await ends(h, Ending.ENDED_EARLY)
    assert written(h).count("07") == 1


@story(
    19,
    "ideal",
    usable=YES,
    daemon="follows a pause at the console with a Stop; goes on by boarding anew, at board speed",
)
async def pause_at_the_console(h: House) -> None:
    await walking(h)
    h.treadmill.press("pause")
    await pauses(h, within_s=10)


@story(19, "resumes-former", usable=YES, daemon="the same: its Stop makes the machine forget the former speed")
async def resumes_former(h: House) -> None:
    await walking(h)
    h.treadmill.press("pause")
    await pauses(h, within_s=10)


@story(
    20,
    "one-link",
    usable="until a link is lost",
    daemon="a link lost while the belt moves cannot be made again: latches and alarms until the machine is switched "
    "off and on: `link_down`",
)
async def one_link(h: House) -> None:
    await walking(h)
    h.treadmill.lose_link()
    await asyncio.sleep(60)
    assert h.treadmill.speed_kmh > 0, "no software stops a belt without a link"
    assert h.daemon.state().latched
    assert "pull the cord" in (h.daemon.state().alarm or "")
    h.treadmill.power_cycle()
    await trips(h, "link_down")
    assert h.daemon.state().alarm is None


@story(
    20,
    "one-link",
    usable="one session, then switch it off and on",
    daemon="finds no machine for the next session, and says so: `link_down`",
)
async def one_session(h: House) -> None:
    await clean(h)
    armed(h)
    refusal = await h.hear(Reply, lambda reply: reply.verb is Verb.ARM and not reply.ok)
    assert "no Bluetooth link" in refusal.reason
    assert h.daemon.engine.phase is Phase.IDLE


@story(
    20,
    "drops-after-stop",
    usable=NO,
    daemon="a link lost before standstill is a trip; reconnects, writes Stop, verifies: `link_down`",
)
async def drops_after_stop(h: House) -> None:
    armed(h)
    await trips(h, "link_down")
    assert h.treadmill.witness.of("link_up")[1:]


@story(
    20,
    "drops-unwritten",
    usable=NO,
    daemon="a link lost while the belt moves is a trip; reconnects, writes Stop, verifies: `link_down`",
)
async def drops_unwritten(h: House) -> None:
    armed(h)
    await trips(h, "link_down")
    assert h.treadmill.witness.of("link_up")[1:]


@story(
    20,
    "locks-console",
    usable=YES,
    daemon="lets go after each session; in one, the console's stop is dead, STOP is not",
)
async def locks_console(h: House) -> None:
    await walking(h)
    h.treadmill.press("stop")
    await asyncio.sleep(5)
    assert h.treadmill.speed_kmh > 1
    h.press()
    await trips(h, "user_stop")


@story(
    22,
    "ideal",
    usable=YES,
    contact_bit=False,
    daemon="RR intervals missing for 5 s are a lost heart rate, however steady the rate; 10 s later it pauses",
)
async def strap_without_contact_bit(h: House) -> None:
    await heart_rate_lost(h, within_s=22)


@story(22, "ideal", usable=YES, daemon="a rate without contact does not count; after 10 s it pauses")
async def strap_without_contact(h: House) -> None:
    await heart_rate_lost(h, within_s=17)


async def heart_rate_lost(h: House, within_s: float) -> None:
    """Take the strap off while walking, and put it on again in the pause."""
    await walking(h, after_s=30)
    h.heart.faults.off_body = True
    async with asyncio.timeout(within_s):
        await h.hear(PhaseChanged, lambda changed: changed.phase is Phase.PAUSED)
    assert h.treadmill.speed_kmh == 0
    h.heart.faults.off_body = False
    await h.reach(Phase.BOARD)
    await asyncio.sleep(10)
    if h.daemon.engine.phase is Phase.BOARD:  # the first OK may come before the rate has settled again: refused
        h.press()
    await goes_on(h)


@story(
    23,
    "starts-on-connect",
    usable=NO,
    daemon="a belt that was seen to stand and moves within 8 s of connecting is stopped, and latched: "
    "`starts_on_connect`",
)
async def starts_on_connect(h: House) -> None:
    armed(h)
    await trips(h, "starts_on_connect")
    assert not h.said(WorkoutEnded)
    assert set(written(h)) == {"00", "0801"}
