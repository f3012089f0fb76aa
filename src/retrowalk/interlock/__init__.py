"""May the belt move? Rules, latch, permits, ceilings, the only ramp limiter, and the stop ladder. It disposes."""

from retrowalk.interlock.kernel import Interlock

__all__ = ["Interlock"]
