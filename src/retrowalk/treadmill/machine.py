"""Who the treadmill is: how it is found, and what it says of its speed and incline, doubted where it makes no sense."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

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
from retrowalk.machines import About, Facts, Knowledge, Machines
from retrowalk.model.machine import InclineRange, Machine
from retrowalk.model.units import Incline, Speed
from retrowalk.treadmill.assigned import (
    FEATURE,
    FIRMWARE,
    FITNESS_MACHINE,
    INCLINE_RANGE,
    MANUFACTURER,
    MODEL,
    SPEED_RANGE,
)
from retrowalk.treadmill.frames import Features, ValueRange, read_features, read_incline_range, read_speed_range

_log = structlog.get_logger(__name__)

_NOTHING_KNOWN: Final = Machines()


@dataclass(frozen=True, slots=True)
class TreadmillSettings:
    """Which treadmill to look for (None: any FTMS treadmill), and what is known of those that may be found."""

    address: str | None = None
    name: str | None = None
    machines: Machines = _NOTHING_KNOWN

    @property
    def expected(self) -> Knowledge:
        """What is known of the treadmill before it was asked."""
        return self.machines.expected(self.address)

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
    """Read what the machine says of itself, and put what is known better in its place."""
    features = await _read(client, FEATURE, read_features)
    speeds = _speeds(await _read(client, SPEED_RANGE, read_speed_range))
    incline = _inclines(features, await _read(client, INCLINE_RANGE, read_incline_range))
    manufacturer, model, firmware = [await _read(client, uuid, _text) or "" for uuid in (MANUFACTURER, MODEL, FIRMWARE)]
    about = About(device.name or "", manufacturer, model)
    known = settings.machines.about(device.address, about, firmware, speeds)
    if known.stale:
        _log.warning(
            "commissioned_for_another_firmware", then=known.stale.firmware, now=firmware, do="commission again"
        )
    return Machine(
        address=device.address,
        name=device.name or device.address,
        slowest=Speed.from_kmh(known.value("slowest_kmh")),
        fastest=Speed.from_kmh(known.value("fastest_kmh")),
        step=Speed.from_kmh(known.value("step_kmh")),
        incline=None if known.value("incline") is False else incline,
        start_delay_s=known.value("start_delay_s"),
        run_down_s=known.value("run_down_s"),
        starts_at_console_only=known.starts_at_console_only,
        silent_after_stop=known.silent_after_stop,
        commissioned=known.commissioned,
        refused=known.refused,
        make=f"{manufacturer} {model}".strip(),
        firmware=firmware,
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


def _text(value: bytes) -> str:
    """Decode a text of the Device Information; what is no text is left out, and so is what would break a line."""
    return "".join(filter(str.isprintable, value.decode("utf-8", "ignore"))).strip()


def _speeds(said: ValueRange | None) -> Facts:
    """Return the speed range as far as it makes sense; one that begins at zero begins at its first step."""
    if said is None or not 0 <= said.min < said.max:
        _log.warning("speed_range_assumed", said=said)
        return Facts()
    return Facts(slowest_kmh=said.min or said.step or None, fastest_kmh=said.max, step_kmh=said.step or None)


def _inclines(features: Features | None, said: ValueRange | None) -> InclineRange | None:
    """Return the incline range if there is one that can be used, and the machine does not deny having it."""
    denied = features is not None and "inclination" not in features.target_features
    if said is None or denied or not said.min < said.max or not said.step:
        return None
    return InclineRange(Incline.from_pct(said.min), Incline.from_pct(said.max), Incline.from_pct(said.step))
