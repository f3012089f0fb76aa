"""Every test of the fake, collected again here; what cannot be the same says why it is skipped."""

from __future__ import annotations

from simulators.bluez.test_faults import *  # noqa: F403 - whatever is there
from simulators.bluez.test_gatt import *  # noqa: F403
from simulators.bluez.test_objects import *  # noqa: F403
from simulators.bluez.test_scanning import *  # noqa: F403
from simulators.bluez.test_sharing import *  # noqa: F403
