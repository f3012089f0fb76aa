"""The control point without a radio: the last gate, the bytes, and whose answer an answer is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrowalk.model.commands import PermittedCommand, RequestControl, SetIncline, SetSpeed, Start
from retrowalk.model.machine import InclineRange, Machine
from retrowalk.model.observations import Answer, Answered
from retrowalk.model.plan import ABSOLUTE
from retrowalk.model.units import LEVEL, Incline, Speed, seconds
from retrowalk.treadmill.control_point import ControlPoint, Refused, Request

MACHINE = Machine(
    address="AA:BB:CC:DD:EE:FF",
    name="bench",
    slowest=Speed(80),
    fastest=Speed(1200),
    step=Speed(10),
    incline=InclineRange(LEVEL, Incline(120), Incline(5)),
)
LATER_NS = seconds(1)
SUCCESS = 0x01

type Action = Start | SetSpeed | SetIncline


def permitted(action: Action, number: int = 1) -> PermittedCommand:
    return PermittedCommand(number, action, LATER_NS)


def opened(machine: Machine = MACHINE) -> ControlPoint:
    """A control point after a START: set-points pass."""
    control_point = ControlPoint(machine)
    control_point.request(permitted(Start()), 0)
    return control_point


@pytest.mark.parametrize(
    ("action", "frame"),
    [
        (Start(), "07"),
        (SetSpeed(Speed.from_mph(0.5)), "025000"),
        (SetSpeed(Speed(229)), "02dc00"),
        (SetIncline(Incline(34)), "031e00"),
    ],
)
def test_commands_become_bytes_rounded_down(action: Action, frame: str) -> None:
    """0.5 mph is 80 hundredths; what lies between two steps of the machine becomes the lower one."""
    assert opened().request(permitted(action), 0).frame.hex() == frame


@given(centi_kmh=st.integers(0, ABSOLUTE.forward.speed.centi_kmh), slowest=st.integers(1, 200), step=st.integers(1, 60))
def test_no_speed_is_ever_rounded_up(centi_kmh: int, slowest: int, step: int) -> None:
    """Whatever the machine's grid, the encoded speed is at most the permitted one and less than a step below it."""
    machine = Machine("", "", slowest=Speed(slowest), fastest=Speed(1200), step=Speed(step))
    frame = opened(machine).request(permitted(SetSpeed(Speed(centi_kmh))), 0).frame
    encoded = int.from_bytes(frame[1:], "little")
    assert encoded <= centi_kmh
    assert encoded > centi_kmh - step
    assert encoded == 0 or (encoded - slowest) % step == 0


@pytest.mark.parametrize(
    "action",
    [
        SetSpeed(ABSOLUTE.forward.speed + Speed(1)),
        SetSpeed(Speed(-1)),
        SetIncline(Incline(ABSOLUTE.forward.incline.tenths_pct + 1)),
        SetIncline(Incline(-1)),
    ],
)
def test_nothing_beyond_the_absolute_caps_passes(action: Action) -> None:
    """Even if everything above failed, the last gate holds."""
    with pytest.raises(Refused, match="is not between 0 and"):
        opened().request(permitted(action), 0)


def test_an_incline_that_the_machine_has_not_is_refused() -> None:
    """A range of 0 to 0 is no incline, and asking for one anyway is not harmless."""
    flat = Machine("", "", slowest=Speed(80), fastest=Speed(600), step=Speed(10))
    with pytest.raises(Refused, match="no incline"):
        opened(flat).request(permitted(SetIncline(LEVEL)), 0)


def test_an_expired_permit_is_refused() -> None:
    """A permission ends on the nanosecond, and an expired START opens nothing."""
    control_point = ControlPoint(MACHINE)
    with pytest.raises(Refused, match="expired"):
        control_point.request(permitted(Start()), LATER_NS)
    with pytest.raises(Refused, match="new START"):
        control_point.request(permitted(SetSpeed(Speed(80))), 0)


def test_a_fresh_link_moves_no_belt_but_by_start() -> None:
    """A set-point on a fresh link is refused: some machines start on one."""
    with pytest.raises(Refused, match="new START"):
        ControlPoint(MACHINE).request(permitted(SetSpeed(Speed(80))), 0)


ACTIONS = st.one_of(
    st.builds(SetSpeed, st.builds(Speed, st.integers(-100, 1000))),
    st.builds(SetIncline, st.builds(Incline, st.integers(-100, 200))),
)
STEPS = st.lists(st.one_of(st.sampled_from(["start", "stop", "control"]), ACTIONS))


@given(STEPS)
def test_after_a_stop_only_control_and_stop_pass_until_start(steps: list[str | SetSpeed | SetIncline]) -> None:
    """In any history, a frame that can raise speed or tilt lies after a START with no Stop in between."""
    control_point, started = ControlPoint(MACHINE), False
    for number, step in enumerate(steps):
        if step == "stop":
            started = False
            assert [request.frame for request in control_point.stop(number)][-1] == b"\x08\x01"
        elif step == "control":
            assert control_point.request(RequestControl(number), 0).frame == b"\x00"
        elif step == "start":
            started = True
            assert control_point.request(permitted(Start(), number), 0).frame == b"\x07"
        elif not started:
            with pytest.raises(Refused):
                control_point.request(permitted(step, number), 0)  # type: ignore[arg-type]  # the words are dealt with


def test_a_stop_asks_for_control_on_its_way_unless_it_is_held() -> None:
    """`00` goes first, and again each time, until the machine says yes; then Stop goes alone."""
    control_point = ControlPoint(MACHINE)
    assert [request.frame.hex() for request in control_point.stop(1)] == ["00", "0801"]
    control_point.answered(b"\x80\x00\x01")
    assert [request.frame.hex() for request in control_point.stop(2)] == ["0801"]


@pytest.mark.parametrize("lose", [ControlPoint.control_lost, lambda point: point.answered(b"\x80\x02\x05")])
def test_control_is_lost_by_status_or_by_a_refusal(lose: Callable[[ControlPoint], object]) -> None:
    """After either, a Stop asks for control again."""
    control_point = ControlPoint(MACHINE)
    control_point.answered(b"\x80\x00\x01")
    lose(control_point)
    assert not control_point.held


def write(control_point: ControlPoint, number: int, now_ns: int = 0, kmh: float = 1.0) -> Request:
    request = control_point.request(permitted(SetSpeed(Speed.from_kmh(kmh)), number), 0)
    control_point.written(request, now_ns)
    return request


@pytest.mark.parametrize(("code", "answer"), list(enumerate(Answer, start=1)))
def test_an_answer_goes_to_the_command_that_asked(code: int, answer: Answer) -> None:
    """Each result code has its answer."""
    control_point = opened()
    write(control_point, 7)
    assert control_point.answered(bytes((0x80, 0x02, code))) == Answered(7, answer)


def test_a_repeated_answer_is_ignored() -> None:
    """With two notification sessions each indication comes twice; the second one answers nothing."""
    control_point = opened()
    write(control_point, 7)
    assert control_point.answered(b"\x80\x02\x01") is not None
    assert control_point.answered(b"\x80\x02\x01") is None


def test_answers_out_of_order_find_their_commands() -> None:
    """A Stop that overtook a set-point may be answered before it."""
    control_point = opened()
    write(control_point, 7)
    (*_, stop) = control_point.stop(8)
    control_point.written(stop, 0)
    assert control_point.answered(b"\x80\x08\x01") == Answered(8, Answer.SUCCESS)
    assert control_point.answered(b"\x80\x02\x01") == Answered(7, Answer.SUCCESS)


def test_of_two_equal_requests_the_first_is_answered_first() -> None:
    """Success of the first is not taken for success of the second."""
    control_point = opened()
    write(control_point, 7)
    write(control_point, 8)
    assert control_point.answered(b"\x80\x02\x01") == Answered(7, Answer.SUCCESS)


def test_one_lost_answer_does_not_shift_all_others() -> None:
    """After 2 s nobody waits any more, and the next answer goes to the next command."""
    control_point = opened()
    write(control_point, 7)
    write(control_point, 8, now_ns=seconds(2.1))
    assert control_point.answered(b"\x80\x02\x01") == Answered(8, Answer.SUCCESS)


def test_a_failed_write_expects_no_answer() -> None:
    """What did not reach the wire is not answered, so the next answer is the next command's."""
    control_point = opened()
    control_point.failed(write(control_point, 7))
    write(control_point, 8)
    assert control_point.answered(b"\x80\x02\x01") == Answered(8, Answer.SUCCESS)


def test_the_links_own_request_for_control_is_nobodys_command() -> None:
    """Its answer sets `held` and is not passed on."""
    control_point = ControlPoint(MACHINE)
    for request in control_point.stop(1):
        control_point.written(request, 0)
    assert control_point.answered(b"\x80\x00\x01") is None
    assert control_point.held


@given(st.lists(st.binary(max_size=8)))
def test_no_indication_can_break_it(frames: list[bytes]) -> None:
    """Late, unsolicited, reserved or broken answers are ignored; a Stop is possible afterwards."""
    control_point = opened()
    write(control_point, 7)
    for frame in frames:
        control_point.answered(frame)
    assert control_point.stop(9)[-1].frame == b"\x08\x01"
