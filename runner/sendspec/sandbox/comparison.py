"""What was planned beside what arrived: the ledger's messages, and those that the sandbox has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from hashlib import sha256

import orjson

from sendspec.composing.identity import id_text, payload_digest, receiver_hash, resent
from sendspec.composing.message import normal_address
from sendspec.composing.platforms.sms_segments import size_of
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import mask
from sendspec.ledger.record import PURGED, MessageRecord
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
    CONTENT = "with other content than planned"


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
    ledger's messages by the ids of those that arrived, and `unlike` says by these ids whose address or content is another one.
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
    unlike: Mapping[str, Difference] = field(default_factory=dict)

    @property
    def differences(self) -> int:
        return sum(map(len, self.found.values()))


NOTED_SECONDS = 120.0
"""That it was accepted, or is in doubt, the ledger may note so long after a message arrived."""
ARRIVES = frozenset({State.ACCEPTED, State.IN_DOUBT})
"""States of messages that the API has, or may have, and that are not on their way to it at present."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Whom a message was planned for, and with what: the ledger's keyed hash of its receiver, and its payload digest."""

    receiver: bytes
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The ledger's messages to compare with, `is_cut` if it has more. `workspaces` are those that the project sends to in a sandbox.

    `fingerprints` are keyed with `salt`, and found by message id; of a message without one only the masked address is compared.
    """

    records: Iterable[MessageRecord]
    workspaces: frozenset[str]
    is_cut: bool = False
    salt: bytes = b""
    fingerprints: Mapping[bytes, Fingerprint] = field(default_factory=dict)

    def unlike(self, record: MessageRecord, message: Stored) -> Difference | None:
        """Whether what arrived went to another address than it was planned for, or has another content."""
        known = self.fingerprints.get(record.id)
        if known is not None and known.digest == self._digest(message):
            return None
        if known is None or known.receiver == PURGED:
            is_theirs = not (record.masked and message.receivers) or record.masked in map(mask, message.receivers)
        else:
            is_theirs = any(receiver_hash(self.salt, name) == known.receiver for name in _names(message))
        if not is_theirs:
            return Difference.ELSEWHERE
        return None if known is None else Difference.CONTENT

    def _digest(self, message: Stored) -> bytes:
        content = {name: value for name, value in message.payload.items() if name != "reference"}
        return payload_digest(self.salt, sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest())


def _names(message: Stored) -> Iterable[str]:
    """What a receiver may be called in the ledger: addresses as they are written and as they are normalised, and ids of contacts."""
    contacts = message.payload["receiver"].get("contacts") or ()
    for name in (*message.receivers, *(str(contact["id"]) for contact in contacts if contact.get("id"))):
        yield from (name, normal_address(name))


def compare(
    planned: Planned, stored: Sequence[Stored], now: float, platforms: Mapping[str, str], lost_at: float | None = None
) -> Comparison:
    """Finds each message by the API's id, and by the references that it went out under. Other workspaces are other projects' own.

    What had arrived until `lost_at` is not among `stored` any more.
    """
    own = [message for message in stored if message.workspace.lower() in planned.workspaces]
    finder, tally = _Finder(own), _Tally(planned, _oldest_kept(stored, now, lost_at), platforms)
    for record in planned.records:
        tally.take(record, finder.of(record))
    tally.take_others()
    unplanned = () if planned.is_cut else [message for message in own if message.id not in tally.record_of]
    tally.found[Difference.UNPLANNED] += [
        Compared(difference=Difference.UNPLANNED, record=None, arrived=[message], size=arrived_size(message, platforms))
        for message in unplanned
    ]
    return Comparison(
        planned=tally.count,
        arrived=len(own),
        elsewhere=len(stored) - len(own),
        same=tally.same,
        waiting=tally.waiting,
        forgotten=tally.forgotten,
        found={difference: rows for difference, rows in tally.found.items() if rows},
        is_cut=planned.is_cut,
        record_of=tally.record_of,
        unlike=tally.unlike,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """What arrived of a message: under its `latest` reference or the id that it was accepted with, and under each of its `earlier` ones.

    The ledger's receiver and content are those of the latest: another one may have been planned before.
    """

    latest: Sequence[Stored]
    earlier: Sequence[Sequence[Stored]]


class _Finder:
    """What arrived, by id and by reference."""

    def __init__(self, stored: Sequence[Stored]) -> None:
        self._by_id = {message.id: message for message in stored}
        self._by_reference: dict[str, list[Stored]] = {}
        for message in stored:
            self._by_reference.setdefault(str(message.payload.get("reference", "")), []).append(message)

    def of(self, record: MessageRecord) -> _Found:
        own = record.reference or id_text(record.id)
        *earlier, latest = (self._by_reference.get(resent(own, times), []) for times in range(record.resends + 1))
        credited = self._by_id.get(record.remote_id or "")
        if credited is not None and not any(credited in group for group in (latest, *earlier)):
            latest = [*latest, credited]
        return _Found(latest, earlier)


class _Tally:
    def __init__(self, planned: Planned, oldest: float, platforms: Mapping[str, str]) -> None:
        self.count = self.same = 0
        self.waiting: dict[State, int] = {}
        self.forgotten: dict[State, int] = {}
        self.found: dict[Difference, list[Compared]] = {difference: [] for difference in Difference}
        self.record_of: dict[str, MessageRecord] = {}
        self.unlike: dict[str, Difference] = {}
        self._planned, self._oldest, self._platforms = planned, oldest, platforms
        self._others: list[tuple[MessageRecord, Sequence[Stored]]] = []

    def take(self, record: MessageRecord, found: _Found) -> None:
        self.count += 1
        how = {message.id: self._planned.unlike(record, message) for message in found.latest}
        latest = [message for message in found.latest if how[message.id] is not Difference.ELSEWHERE]
        arrived = [*(message for group in found.earlier for message in group), *latest]
        self.record_of.update((message.id, record) for message in arrived)
        if not arrived:
            self._others.append((record, found.latest))
            return
        unlike = {message.id: difference for message in latest if (difference := how[message.id])}
        self.unlike.update(unlike)
        size = self._size(arrived)
        if any(len(group) > 1 for group in (*found.earlier, latest)):
            self._differs(Difference.TWICE, record, arrived)
        elif record.size is not None and size is not None and size != record.size:
            self._differs(Difference.SIZE, record, arrived)
        elif unlike:
            self._differs(Difference.CONTENT, record, arrived)
        else:
            self.same += 1

    def take_others(self) -> None:
        """Decides on what didn't arrive at its address. Two messages may share a reference: what arrived of one is nothing of the other."""
        for record, found in self._others:
            arrived = [message for message in found if message.id not in self.record_of]
            if arrived:
                self.record_of.update((message.id, record) for message in arrived)
                self.unlike.update((message.id, Difference.ELSEWHERE) for message in arrived)
                self._differs(Difference.ELSEWHERE, record, arrived)
            elif record.state not in ARRIVES:
                self.waiting[record.state] = self.waiting.get(record.state, 0) + 1
            elif record.updated_at - NOTED_SECONDS < self._oldest:
                self.forgotten[record.state] = self.forgotten.get(record.state, 0) + 1
            else:
                self._differs(Difference.ABSENT, record, ())

    def _size(self, arrived: Sequence[Stored]) -> int | None:
        return arrived_size(arrived[-1], self._platforms) if arrived else None

    def _differs(self, how: Difference, record: MessageRecord, arrived: Sequence[Stored]) -> None:
        found = Compared(difference=how, record=record, arrived=arrived, size=self._size(arrived))
        self.found[how].append(found)


def arrived_size(message: Stored, platforms: Mapping[str, str]) -> int | None:
    """Its size as `size_of`; None where its platform has no segments."""
    measured = measure_of(message, platform_of(message, platforms))
    return None if measured is None else size_of(measured)


def _oldest_kept(stored: Sequence[Stored], now: float, lost_at: float | None) -> float:
    """What was accepted before may have been deleted since."""
    oldest = min((message.created_at for message in stored), default=now) if len(stored) >= MAX_KEPT else 0.0
    return max(now - KEPT_SECONDS, oldest, 0.0 if lost_at is None else lost_at)
