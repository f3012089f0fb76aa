"""Who the treadmill is: how it is found, and what it says of its speed and incline, doubted where it makes no sense."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError
from pyftms import (  # type: ignore[import-untyped]
    MachineType,
    NotFitnessMachineError,
    get_machine_type_from_service_data,
)

from retrowalk.bluetooth import BleakClient, Sought
from retrowalk.frames import FrameUnreadable
from retrowalk.model.machine import InclineRange, Machine
from retrowalk.model.units import Incline, Speed
from retrowalk.treadmill.assigned import FEATURE, FITNESS_MACHINE, INCLINE_RANGE, SPEED_RANGE
from retrowalk.treadmill.frames import Features, ValueRange, read_features, read_incline_range, read_speed_range

_log = structlog.get_logger(__name__)

# For a machine that does not say. Slowest is what boarding asks for: the first frame after START trips on a machine
# that cannot do it. Fastest is what the weakest walking pads do, and no more.
_SLOWEST: Final = Speed.from_mph(0.5)
_FASTEST: Final = Speed.from_kmh(6.0)
_STEP: Final = Speed.from_kmh(0.1)


@dataclass(frozen=True, slots=True)
class TreadmillSettings:
    """Which treadmill, and what commissioning knows better. None: any FTMS treadmill; the most careful assumption."""

    address: str | None = None
    name: str | None = None
    run_down_s: float | None = None
    start_delay_s: float | None = None
    starts_at_console_only: bool = False
    silent_after_stop: bool = False
    commissioned: bool = False

    @property
    def profile(self) -> dict[str, Any]:
        """What commissioning knows, as fields of Machine; what it does not know is left out."""
        timing = {"run_down_s": self.run_down_s, "start_delay_s": self.start_delay_s}
        return {key: value for key, value in timing.items() if value is not None} | {
            "starts_at_console_only": self.starts_at_console_only,
            "silent_after_stop": self.silent_after_stop,
            "commissioned": self.commissioned,
        }

    @property
    def sought(self) -> Sought:
        """What to look for in the air."""
        return Sought("treadmill", FITNESS_MACHINE, is_treadmill, self.address, self.name)


def machine_types(advertisement: AdvertisementData) -> MachineType | None:
    """Return what the machine says that it is; None = it does not say, or says it wrongly."""
    try:
        return get_machine_type_from_service_data(advertisement)
    except NotFitnessMachineError:
        return None


def is_treadmill(advertisement: AdvertisementData) -> bool:
    """Whether this may be a treadmill: it says so, or has the service and does not say what it is."""
    types = machine_types(advertisement)
    if types is None:
        return FITNESS_MACHINE in advertisement.service_uuids
    return MachineType.TREADMILL in types


async def read_machine(client: BleakClient, device: BLEDevice, settings: TreadmillSettings) -> Machine:
    """Read what the machine says of itself. What is missing or senseless is replaced by careful assumptions."""
    features = await _read(client, FEATURE, read_features)
    slowest, fastest, step = _speeds(await _read(client, SPEED_RANGE, read_speed_range))
    return Machine(
        address=device.address,
        name=device.name or device.address,
        slowest=slowest,
        fastest=fastest,
        step=step,
        incline=_inclines(features, await _read(client, INCLINE_RANGE, read_incline_range)),
        **settings.profile,
    )


async def _read[T](client: BleakClient, uuid: str, decode: Callable[[bytes], T]) -> T | None:
    characteristic = client.services.get_characteristic(uuid)
    if characteristic is None:
        return None
    try:
        return decode(bytes(await client.read_gatt_char(characteristic)))
    except (BleakError, FrameUnreadable) as error:
        if not client.is_connected:
            raise
        _log.warning("machine_read_failed", characteristic=uuid, error=str(error))
        return None


def _speeds(said: ValueRange | None) -> tuple[Speed, Speed, Speed]:
    if said is None or not 0 <= said.min < said.max:
        _log.warning("speed_range_assumed", said=said, slowest=_SLOWEST.kmh, fastest=_FASTEST.kmh, step=_STEP.kmh)
        return _SLOWEST, _FASTEST, _STEP
    step = Speed.from_kmh(said.step)
    return Speed.from_kmh(said.min), Speed.from_kmh(said.max), step or _STEP


def _inclines(features: Features | None, said: ValueRange | None) -> InclineRange | None:
    """Return the incline range if there is one that can be used, and the machine does not deny having it."""
    denied = features is not None and "inclination" not in features.target_features
    if said is None or denied or not said.min < said.max or not said.step:
        return None
    return InclineRange(Incline.from_pct(said.min), Incline.from_pct(said.max), Incline.from_pct(said.step))
