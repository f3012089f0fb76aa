"""A treadmill with everything around it, and the words by which a person or another process plays with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from retrowalk_sim.device import Device
from retrowalk_sim.faults import Switchable
from retrowalk_sim.heart_rate import HeartRateStrap
from retrowalk_sim.strap_line import SafetyStrap
from retrowalk_sim.treadmill import Treadmill
from retrowalk_sim.walker import Walker

type Order = Mapping[str, Any]
"""What to do: `do` is the name of an act, the rest are its arguments."""


class Stage:
    """Treadmill, safety strap, walker and perhaps a heart-rate strap, all at the same present."""

    def __init__(self, treadmill: Treadmill, *, heart_rate: bool = False) -> None:
        self.treadmill = treadmill
        self.strap = SafetyStrap()
        self.walker = Walker(treadmill, self.strap)
        self.heart = HeartRateStrap(self.walker.heart_bpm) if heart_rate else None
        self._acts: Final[dict[str, Callable[[Order], None]]] = {
            "pull_strap": lambda _: self.walker.pull_strap(),
            "clip_strap": lambda _: self.walker.clip_strap(),
            "pull_key": lambda _: treadmill.pull_key(),
            "insert_key": lambda _: treadmill.insert_key(),
            "power_off": lambda _: treadmill.power_off(),
            "power_on": lambda _: treadmill.power_on(),
            "press": lambda order: treadmill.press(str(order["key"])),
            "move_by_hand": lambda order: treadmill.move_by_hand(float(order["kmh"])),
            "take_control": lambda order: treadmill.take_control(order.get("kmh")),
            "fault": lambda order: self._fault(treadmill.faults, order),
            "heart_fault": lambda order: self._fault(self._worn.faults, order),
            "lose_link": lambda order: treadmill.lose_link(float(order.get("for_s", 0.0))),
            "walker": self._walk,
        }

    @property
    def devices(self) -> list[Device]:
        """Everything that has a radio."""
        return [self.treadmill, *([self.heart] if self.heart else [])]

    def do(self, order: Order) -> None:
        """Carry out one order now. Raises ValueError that says what would be right; nothing has happened then."""
        act = self._acts.get(str(order.get("do")))
        if act is None:
            raise ValueError(f"{order.get('do')!r} cannot be done; choose from {', '.join([*self._acts, 'quit'])}")
        for device in self.devices:
            device.catch_up(time.monotonic())
        try:
            act(order)
        except (KeyError, TypeError) as error:
            raise ValueError(f"{order['do']!r} lacks or misuses {error}") from error

    @property
    def _worn(self) -> HeartRateStrap:
        if self.heart is None:
            raise ValueError("nobody wears a heart-rate strap here: --heart-rate adds one")
        return self.heart

    def _fault(self, faults: Switchable, order: Order) -> None:
        on = bool(order.get("on", True))
        faults.switch(str(order["name"]), on=on, value=order.get("value"))
        self.treadmill.witness.saw(self.treadmill.now_s, "fault", f"{order['name']} {'on' if on else 'off'}")

    def _walk(self, order: Order) -> None:
        steps = {name: getattr(self.walker, name) for name in ("step_on", "step_off", "fall")}
        step = steps.get(str(order.get("step", "")))
        if step is None:
            raise ValueError(f"a walker can step: {', '.join(steps)}; not {order.get('step')!r}")
        step()
