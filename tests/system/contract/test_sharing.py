"""The tests of the fake, collected again: conftest.py puts the real one in its place."""

from simulators.bluez.test_sharing import *  # noqa: F403 - whatever is there
