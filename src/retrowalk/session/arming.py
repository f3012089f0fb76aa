"""Waiting for the person and the machine to be ready, and saying what is still missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from retrowalk.model import numbers as n
from retrowalk.model.reports import Fault
from retrowalk.model.requests import Request

_A_PERSONS_PART: Final = ("absent", "strap_open", "strap_unsettled", "strap_unproven", "key_unconfirmed")


def reasons(faults: Sequence[Fault]) -> str:
    """Put faults in words, with figures, and what a person can do about each; a latched stop before all else."""
    latched_first = sorted(faults, key=lambda fault: fault.rule != "latched")
    return "; ".join(f"{_told(fault)} ({fault.remedy})" for fault in latched_first)


def _told(fault: Fault) -> str:
    return f"{fault.words}: {fault.gauge}" if str(fault.gauge) else fault.words


def hopeless(faults: Sequence[Fault]) -> list[Fault]:
    """Return the faults that no waiting will clear."""
    return [fault for fault in faults if not fault.waits]


@dataclass(slots=True)
class Arming:
    """One request to arm, until a session opens or the wait is over."""

    request: Request
    since_ns: int
    answered: bool = False

    def refusal(self, faults: Sequence[Fault], now_ns: int) -> str | None:
        """Return why arming is over without a session; None: it is not over."""
        blocking: Sequence[Fault] = hopeless(faults)
        if not blocking and now_ns - self.since_ns > n.AUTO_DISARM_NS:
            blocking = faults
        return reasons(blocking) or None

    @staticmethod
    def only_awaits_presence(faults: Sequence[Fault]) -> bool:
        """Tell whether all is ready but the person, who shows up, and puts strap and key in."""
        return all(fault.rule in _A_PERSONS_PART for fault in faults)
