from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from bleak import BleakAdapter, BleakClient, BleakScanner
from bleak.exc import BleakCharacteristicNotFoundError, BleakDBusError, BleakDeviceNotFoundError, BleakError
from bleak.exc import BleakGATTProtocolError as GattError

import virtual_time
from retrowalk_sim import treadmill as ftms
from retrowalk_sim.memory import Radio
from retrowalk_sim.treadmill import Treadmill


@dataclass
class Bench:
    """A treadmill on a radio, a connected client, and what it heard."""

    treadmill: Treadmill
    radio: Radio
    client: BleakClient
    heard: list[tuple[float, bytes]] = field(default_factory=list)
    gone_s: list[float] = field(default_factory=list)

    def hear(self, _: object, value: bytearray) -> None:
        """Keep a value with its time of arrival."""
        self.heard.append((now_s(), bytes(value)))

    async def write(self, hexadecimal: str, *, response: bool = True) -> None:
        """Write a request to the control point."""
        await self.client.write_gatt_char(ftms.CONTROL_POINT, bytes.fromhex(hexadecimal), response=response)


def now_s() -> float:
    return asyncio.get_running_loop().time()


def on_bench(scenario: Callable[[Bench], Awaitable[None]], profile: str = "ideal") -> None:
    """Run `scenario` in virtual time with a connected client that hears the control point."""

    async def main() -> None:
        treadmill = Treadmill(profile)
        with Radio(treadmill) as radio:
            client = BleakClient(
                radio.device(treadmill.advertisement.address),
                disconnected_callback=lambda _: bench.gone_s.append(now_s()),
                backend=radio.client,
            )
            bench = Bench(treadmill, radio, client)
            await client.connect()
            await client.start_notify(ftms.CONTROL_POINT, bench.hear)
            await scenario(bench)

    virtual_time.run(main())


def test_a_scanner_sees_what_a_treadmill_advertises() -> None:
    """Name, service and service data arrive through the ordinary scanner, and only what fits the filter."""

    async def main() -> None:
        with Radio(Treadmill()) as radio:
            found = await BleakScanner.discover(return_adv=True, backend=radio.scanner)
            none = await BleakScanner.discover(service_uuids=["180d"], backend=radio.scanner)
        ((device, data),) = found.values()
        assert device.name == "Sim ideal"
        assert data.service_data == {ftms.FITNESS_MACHINE: b"\x01\x01\x00"}
        assert not none

    virtual_time.run(main())


def test_a_connected_treadmill_does_not_advertise_and_is_found_through_the_adapter() -> None:
    """A second client cannot scan for it; the adapter knows it, and a client by address fails."""

    async def scenario(bench: Bench) -> None:
        assert not await BleakScanner.discover(backend=bench.radio.scanner)
        adapter = await BleakAdapter.get(backend=bench.radio.adapter)
        (device,) = await adapter.get_connected_devices([ftms.FITNESS_MACHINE])
        assert device.address == bench.client.address
        assert not await adapter.get_connected_devices(["180d"])
        with pytest.raises(BleakDeviceNotFoundError):
            await BleakClient(device.address, backend=bench.radio.client).connect()

    on_bench(scenario)


def test_a_client_by_address_scans_and_connects() -> None:
    """An address alone is enough while the treadmill advertises."""

    async def main() -> None:
        with Radio(Treadmill()) as radio:
            async with BleakClient(Treadmill().advertisement.address.lower(), backend=radio.client) as client:
                assert client.is_connected
                assert client.name == "Sim ideal"
                assert client.mtu_size == 23

    virtual_time.run(main())


def test_services_and_values_are_there_after_connecting() -> None:
    """Discovery lists the Fitness Machine with its properties; readable values are read."""

    async def scenario(bench: Bench) -> None:
        control_point = bench.client.services.get_characteristic(ftms.CONTROL_POINT)
        assert control_point is not None
        assert control_point.properties == ["indicate", "write"]
        assert control_point.max_write_without_response_size == 20
        assert await bench.client.read_gatt_char(ftms.SPEED_RANGE) == bytes.fromhex("5000b0040a00")
        with pytest.raises(GattError, match="Read Not Permitted"):
            await bench.client.read_gatt_char(ftms.TREADMILL_DATA)
        with pytest.raises(BleakCharacteristicNotFoundError):
            await bench.client.read_gatt_char("2a37")

    on_bench(scenario)


def test_a_request_is_answered_by_an_indication_after_its_response() -> None:
    """The write returns within 30 ms; the answer comes 44 to 259 ms after the request."""

    async def scenario(bench: Bench) -> None:
        asked_s = now_s()
        await bench.write("00")
        assert 0.012 <= now_s() - asked_s <= 0.030
        await asyncio.sleep(0.3)
        ((answered_s, answer),) = bench.heard
        assert answer == bytes.fromhex("800001")
        assert 0.044 <= answered_s - asked_s <= 0.259

    on_bench(scenario)


def test_an_att_error_is_a_gatt_protocol_error() -> None:
    """What the treadmill refuses with an ATT error is raised with its code, as over BlueZ."""

    async def scenario(bench: Bench) -> None:
        await bench.write("00")
        with pytest.raises(GattError) as caught:
            await bench.write("0801")
        assert caught.value.code == 0xFE

    on_bench(scenario, "enforces-cccd")


def test_a_write_waits_for_the_former_one() -> None:
    """Two writes at once reach the treadmill one after the other: the second when the first is responded to."""

    async def scenario(bench: Bench) -> None:
        await asyncio.gather(bench.write("00"), bench.write("07"))
        first, second = bench.treadmill.witness.of("written")
        assert (first.detail, second.detail) == ("00", "07")
        assert second.at_s - first.at_s >= 0.012

    on_bench(scenario)


def test_a_stalled_write_closes_the_bearer_after_30_s_and_starves_the_next() -> None:
    """Neither a write with nor one without response overtakes a stalled one; both fail when the bearer closes."""

    async def scenario(bench: Bench) -> None:
        bench.treadmill.faults.stall_writes = True
        began_s = now_s()
        writes = [bench.write("00"), bench.write("0801"), bench.write("0801", response=False)]
        results = await asyncio.gather(*writes, return_exceptions=True)
        assert [isinstance(result, BleakError) for result in results] == [True, True, True]
        assert now_s() - began_s == pytest.approx(30)
        assert not bench.treadmill.witness.of("written")
        assert not bench.client.is_connected
        assert len(bench.gone_s) == 1

    on_bench(scenario)


def test_a_lost_radio_is_told_after_400_ms() -> None:
    """Until then the client believes in its link, and what it writes fails with the link."""

    async def scenario(bench: Bench) -> None:
        bench.treadmill.lose_link(for_s=5)
        lost_s = now_s()
        await asyncio.sleep(0.2)
        assert bench.client.is_connected
        with pytest.raises(BleakDBusError):
            await bench.write("0801")
        (gone_s,) = bench.gone_s
        assert gone_s - lost_s == pytest.approx(0.4, abs=0.11)  # a hand is noticed at the next pulse
        with pytest.raises(BleakError, match="Not connected"):
            await bench.client.start_notify(ftms.MACHINE_STATUS, bench.hear)

    on_bench(scenario)


def test_a_client_reconnects_once_the_treadmill_is_in_range_again() -> None:
    """Connecting waits for the range; a shorter patience ends in TimeoutError. Subscriptions are gone."""

    async def scenario(bench: Bench) -> None:
        bench.treadmill.lose_link(for_s=10)
        await asyncio.sleep(1)
        with pytest.raises(TimeoutError):
            await BleakClient(bench.radio.device(bench.client.address), timeout=3, backend=bench.radio.client).connect()
        await bench.client.connect()
        assert now_s() >= 10
        await bench.write("00")
        await asyncio.sleep(1)
        assert bench.heard == []
        with pytest.raises(BleakError, match="already connected"):
            await bench.client.connect()

    on_bench(scenario)


def test_two_clients_share_one_link() -> None:
    """A second client writes over the first one's link; each value comes twice to each; one ends it for both."""

    async def scenario(bench: Bench) -> None:
        second = BleakClient(bench.radio.device(bench.client.address), backend=bench.radio.client)
        await second.connect()
        heard: list[bytes] = []
        await second.start_notify(ftms.CONTROL_POINT, lambda _, value: heard.append(bytes(value)))
        await second.write_gatt_char(ftms.CONTROL_POINT, b"\x00", response=True)
        await asyncio.sleep(0.3)
        assert heard == [b"\x80\x00\x01"] * 2
        assert [value for _, value in bench.heard] == heard
        assert len(bench.treadmill.witness.of("link_up")) == 1
        await second.disconnect()
        assert not bench.client.is_connected
        assert len(bench.gone_s) == 1
        assert bench.treadmill.witness[-1].what == "link_down"

    on_bench(scenario)


def test_the_link_outlives_a_dead_client_and_the_belt_runs_on() -> None:
    """A client that vanishes without disconnecting leaves link and belt as they are."""

    async def scenario(bench: Bench) -> None:
        await bench.write("00")
        await bench.write("07")
        del bench.client
        await asyncio.sleep(60)
        assert bench.treadmill.linked
        assert bench.treadmill.speed_kmh == 0.8

    on_bench(scenario)


def test_unsubscribing_ends_the_notifications() -> None:
    """After stop_notify nothing comes any more; a second start_notify only replaces the callback."""

    async def scenario(bench: Bench) -> None:
        await bench.client.start_notify(ftms.CONTROL_POINT, bench.hear)
        await bench.write("00")
        await asyncio.sleep(0.3)
        await bench.client.stop_notify(ftms.CONTROL_POINT)
        await bench.write("00")
        await asyncio.sleep(0.3)
        assert len(bench.heard) == 1
        with pytest.raises(BleakDBusError, match="NotSupported"):
            await bench.client.start_notify(ftms.FEATURE, bench.hear)

    on_bench(scenario)


def test_an_hour_of_telemetry_takes_a_moment() -> None:
    """Telemetry runs under virtual time at the profile's rate."""

    async def scenario(bench: Bench) -> None:
        await bench.client.start_notify(ftms.TREADMILL_DATA, bench.hear)
        with suppress(TimeoutError):
            async with asyncio.timeout(600):
                await asyncio.Event().wait()
        assert len(bench.heard) == pytest.approx(1200, abs=2)

    on_bench(scenario)
