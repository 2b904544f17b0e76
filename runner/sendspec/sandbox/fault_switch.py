"""The faults that are switched on, by the command line or by a person, who may add and remove them at any time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.sandbox.fault import SandboxFault

MAX_FAULTS = 50


class Counted(Enum):
    """What a fault counts."""

    POSTS = "POSTs"
    LISTS = "lists"
    MESSAGES = "messages"


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchedFault:
    """A fault that is on. It counts from when it was switched on: `since` is how many there had been. `struck` counts what it struck."""

    id: int
    fault: SandboxFault
    since: int
    struck: int = 0

    @property
    def counted(self) -> Counted:
        return counted_by(self.fault)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultState:
    """The faults at one moment, and how many of each there have been."""

    faults: tuple[SwitchedFault, ...]
    counts: dict[Counted, int]


class TooManyFaults(Exception):
    """No further fault is taken."""


class FaultSwitch:
    """Thread-safe. `version` grows with each change that a person makes."""

    def __init__(self, faults: Sequence[SandboxFault] = ()) -> None:
        self._lock = threading.Lock()
        self._counts = dict.fromkeys(Counted, 0)
        self._faults: list[SwitchedFault] = []
        self._last_id = 0
        self.version = 0
        for fault in faults:
            self._switch_on(fault)

    def next(self, counted: Counted) -> list[SandboxFault]:
        """Counts one, and returns the faults for it, in the order in which they were switched on, until one has decided the answer."""
        with self._lock:
            self._counts[counted] += 1
            number = self._counts[counted]
            struck = []
            for index, each in enumerate(self._faults):
                if each.counted is counted and each.fault.applies_to(number - each.since):
                    self._faults[index] = replace(each, struck=each.struck + 1)
                    struck.append(each.fault)
                    if each.fault.ends_exchange:
                        break
            return struck

    def add(self, fault: SandboxFault) -> None:
        """Switches a fault on; its first POST, list or message is the next one. Raises `TooManyFaults`."""
        with self._lock:
            if len(self._faults) >= MAX_FAULTS:
                raise TooManyFaults
            self._switch_on(fault)
            self.version += 1

    def remove(self, identity: int) -> None:
        """Switches a fault off, if it is on."""
        with self._lock:
            self._faults = [each for each in self._faults if each.id != identity]
            self.version += 1

    def clear(self) -> None:
        with self._lock:
            self._faults = []
            self.version += 1

    def state(self) -> FaultState:
        with self._lock:
            return FaultState(faults=tuple(self._faults), counts=dict(self._counts))

    def _switch_on(self, fault: SandboxFault) -> None:
        self._last_id += 1
        since = self._counts[counted_by(fault)]
        self._faults.append(SwitchedFault(id=self._last_id, fault=fault, since=since))


def counted_by(fault: SandboxFault) -> Counted:
    if fault.is_of_posts:
        return Counted.POSTS
    return Counted.LISTS if fault.is_of_lists else Counted.MESSAGES


def switch_of(faults: FaultSwitch | Sequence[SandboxFault]) -> FaultSwitch:
    """A switch as it is; one of its own for faults that nobody switches."""
    return faults if isinstance(faults, FaultSwitch) else FaultSwitch(faults)
