"""What was planned beside what arrived: the ledger's messages, and those that the sandbox has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sendspec.composing.identity import id_text, resent
from sendspec.composing.platforms.sms_segments import size_of
from sendspec.diagnostics.redaction import mask
from sendspec.ledger.record import MessageRecord
from sendspec.planning.message_state import State
from sendspec.sandbox.platforms import platform_of
from sendspec.sandbox.response_body import measure_of
from sendspec.sandbox.store import KEPT_SECONDS, MAX_KEPT, Stored


class Difference(StrEnum):
    """How what was planned and what arrived differ."""

    ABSENT = "planned and not arrived"
    ELSEWHERE = "to another address than planned"
    TWICE = "arrived more than once"
    UNPLANNED = "arrived and not planned"
    SIZE = "with other segments than planned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A message of the ledger beside those that arrived of it; `record` is None for one that nobody planned. Sizes as in `size_of`."""

    difference: Difference
    record: MessageRecord | None
    arrived: Sequence[Stored] = ()
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`planned` counts what was compared, `same` what is as it was planned, `waiting` what isn't to be sent, or not yet, and didn't arrive.

    `forgotten` are, by state, those of so long ago that the sandbox has them no more. `found` are the differences, by kind; those that nobody planned
    are unknown if the comparison `is_cut`. `elsewhere` counts messages of other workspaces, which are not compared. `record_of` are the
    ledger's messages by the ids of those that arrived.
    """

    planned: int
    arrived: int
    same: int
    waiting: Mapping[State, int] = field(default_factory=dict)
    forgotten: Mapping[State, int] = field(default_factory=dict)
    found: Mapping[Difference, Sequence[Compared]] = field(default_factory=dict)
    is_cut: bool = False
    elsewhere: int = 0
    record_of: Mapping[str, MessageRecord] = field(default_factory=dict)

    @property
    def differences(self) -> int:
        return sum(map(len, self.found.values()))


ARRIVES = frozenset({State.ACCEPTED, State.IN_DOUBT})
"""States of messages that the API has, or may have, and that are not on their way to it at present."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The ledger's messages to compare with, `is_cut` if it has more. `workspaces` are those that the project sends to in a sandbox."""

    records: Iterable[MessageRecord]
    workspaces: frozenset[str]
    is_cut: bool = False


def compare(planned: Planned, stored: Sequence[Stored], now: float, platforms: Mapping[str, str]) -> Comparison:
    """Finds each message by the API's id, and by the references that it went out under. Other workspaces are other projects' own."""
    own = [message for message in stored if message.workspace.lower() in planned.workspaces]
    finder, tally = _Finder(own), _Tally(_oldest_kept(stored, now))
    for record in planned.records:
        tally.take(record, finder.of(record), platforms)
    tally.take_others(platforms)
    unplanned = () if planned.is_cut else [message for message in own if message.id not in tally.record_of]
    tally.found[Difference.UNPLANNED] += [
        Compared(difference=Difference.UNPLANNED, record=None, arrived=[message], size=arrived_size(message, platforms))
        for message in unplanned
    ]
    return Comparison(
        planned=tally.planned,
        arrived=len(own),
        elsewhere=len(stored) - len(own),
        same=tally.same,
        waiting=tally.waiting,
        forgotten=tally.forgotten,
        found={difference: rows for difference, rows in tally.found.items() if rows},
        is_cut=planned.is_cut,
        record_of=tally.record_of,
    )


class _Finder:
    """What arrived, by id and by reference."""

    def __init__(self, stored: Sequence[Stored]) -> None:
        self._by_id = {message.id: message for message in stored}
        self._by_reference: dict[str, list[Stored]] = {}
        for message in stored:
            self._by_reference.setdefault(str(message.payload.get("reference", "")), []).append(message)

    def of(self, record: MessageRecord) -> list[list[Stored]]:
        """What arrived of a message: a list for each reference that it went out under, and for the id that it was accepted with."""
        own = record.reference or id_text(record.id)
        groups = [self._by_reference.get(resent(own, times), []) for times in range(record.resends + 1)]
        credited = self._by_id.get(record.remote_id or "")
        if credited is not None and not any(credited in group for group in groups):
            groups.append([credited])
        return [group for group in groups if group]


class _Tally:
    def __init__(self, oldest: float) -> None:
        self.planned = self.same = 0
        self.waiting: dict[State, int] = {}
        self.forgotten: dict[State, int] = {}
        self.found: dict[Difference, list[Compared]] = {difference: [] for difference in Difference}
        self.record_of: dict[str, MessageRecord] = {}
        self._oldest = oldest
        self._others: list[tuple[MessageRecord, list[Stored]]] = []

    def take(self, record: MessageRecord, groups: Sequence[Sequence[Stored]], platforms: Mapping[str, str]) -> None:
        self.planned += 1
        own = [[message for message in group if is_for(record, message)] for group in groups]
        arrived = [message for group in own for message in group]
        self.record_of.update((message.id, record) for message in arrived)
        if not arrived:
            self._others.append((record, [message for group in groups for message in group]))
            return
        size = arrived_size(arrived[-1], platforms)
        differs = record.size is not None and size is not None and size != record.size
        if any(len(group) > 1 for group in own):
            self._differs(Difference.TWICE, record, arrived, size)
        elif differs:
            self._differs(Difference.SIZE, record, arrived, size)
        else:
            self.same += 1

    def take_others(self, platforms: Mapping[str, str]) -> None:
        """Decides on what didn't arrive at its address. Two messages may share a reference: what arrived of one is nothing of the other."""
        for record, found in self._others:
            arrived = [message for message in found if message.id not in self.record_of]
            if arrived:
                self.record_of.update((message.id, record) for message in arrived)
                self._differs(Difference.ELSEWHERE, record, arrived, arrived_size(arrived[-1], platforms))
            elif record.state not in ARRIVES:
                self.waiting[record.state] = self.waiting.get(record.state, 0) + 1
            elif record.updated_at < self._oldest:
                self.forgotten[record.state] = self.forgotten.get(record.state, 0) + 1
            else:
                self._differs(Difference.ABSENT, record, (), None)

    def _differs(self, how: Difference, record: MessageRecord, arrived: Sequence[Stored], size: int | None) -> None:
        self.found[how].append(Compared(difference=how, record=record, arrived=arrived, size=size))


def is_for(record: MessageRecord, message: Stored) -> bool:
    """Whether a message went to the address that was planned, as far as the ledger knows it: masked."""
    return not (record.masked and message.receivers) or record.masked in map(mask, message.receivers)


def arrived_size(message: Stored, platforms: Mapping[str, str]) -> int | None:
    """Its size as `size_of`; None where its platform has no segments."""
    measured = measure_of(message, platform_of(message, platforms))
    return None if measured is None else size_of(measured)


def _oldest_kept(stored: Sequence[Stored], now: float) -> float:
    """What was accepted before may have been deleted since."""
    oldest = min((message.created_at for message in stored), default=now) if len(stored) >= MAX_KEPT else 0.0
    return max(now - KEPT_SECONDS, oldest)
