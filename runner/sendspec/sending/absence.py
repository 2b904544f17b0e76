"""When it may be believed that a message was not accepted, because the API's list lacks it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from sendspec.ledger.record import Doubt, Listable
from sendspec.provider.message_list import Sighting
from sendspec.sending.proof import CLOCK_MARGIN, HashReceiver, is_for

SCANS_APART = 600.0
ABSENT_AFTER = 1_800.0
MAX_CLOCKS_APART = 60.0
"""Seconds that the clocks may differ for absence to be believed."""
DATE_STEP = 2.0
"""`Date` counts whole seconds, so times of both clocks compare to that many seconds only."""
MIN_CUT = 8
"""A reference that was cut to fewer characters than that is known by its receiver alone."""


def objection(doubt: Doubt) -> str | None:
    """Why no list could prove that a message in doubt was not accepted; None where one could."""
    if doubt.scheduled_for is not None:
        return "it was to be sent later"
    if doubt.clock_offset is None:
        return "the run that sent it did not know the API's clock"
    if abs(doubt.clock_offset) > MAX_CLOCKS_APART:
        return "this machine's clock was wrong when it was sent"
    return None


def claimed_at(doubt: Doubt, skew: float | None) -> float:
    """When a message was claimed, by the API's clock; `skew` is how far that is ahead now."""
    return doubt.claimed_at + ((skew or 0.0) if doubt.clock_offset is None else doubt.clock_offset)


class ListedAround:
    """What one pass over a list shows around messages in doubt."""

    def __init__(self, doubts: Sequence[Doubt], hash_receiver: HashReceiver) -> None:
        self._hash = hash_receiver
        self._by_receiver: dict[bytes, list[Doubt]] = {}
        self._by_beginning: dict[str, list[Doubt]] = {}
        for doubt in doubts:
            self._by_receiver.setdefault(doubt.receiver, []).append(doubt)
            self._by_beginning.setdefault(doubt.reference.casefold()[:MIN_CUT], []).append(doubt)
        self._shown: dict[str, Sighting] = {}
        self._like: dict[bytes, set[str]] = {}
        self._anchors: list[float] = []
        self._missing: list[tuple[float, ...]] = []

    def read(self, page: Iterable[Sighting]) -> None:
        for sighting in page:
            self._shown[sighting.remote_id] = sighting
            for doubt in self._doubts_like(sighting):
                self._like.setdefault(doubt.id, set()).add(sighting.remote_id)

    def _doubts_like(self, sighting: Sighting) -> Iterable[Doubt]:
        """The doubts that a sighting could be of, though it is listed under another reference."""
        folded = sighting.reference.strip().casefold()
        for doubt in self._by_beginning.get(folded[:MIN_CUT], ()):
            ours = doubt.reference.casefold()
            if sighting.reference != doubt.reference and folded and (ours == folded or ours.startswith(folded)):
                yield doubt
        if not sighting.reference and not all(name.startswith("+") for name in sighting.receivers or ("",)):
            yield from (
                doubt for doubts in self._by_receiver.values() for doubt in doubts if _made_meanwhile(sighting, doubt)
            )
        for receiver in {self._hash(name) for name in sighting.receivers}:
            for doubt in self._by_receiver.get(receiver, ()):
                if sighting.reference != doubt.reference and _made_meanwhile(sighting, doubt):
                    yield doubt

    @property
    def like(self) -> set[str]:
        """The API's ids of everything that could be a doubt under another reference."""
        return {remote_id for ids in self._like.values() for remote_id in ids}

    def compare(self, accepted: Iterable[Listable]) -> None:
        """Notes which of the messages that the list has to show it does show, under their references and receivers."""
        for message in accepted:
            sighting = self._shown.get(message.remote_id)
            if sighting is None:
                self._missing.append(message.times)
            elif not message.purged:
                same = sighting.reference == message.reference and is_for(message.receiver, sighting, self._hash)
                if same and sighting.created_at is not None:
                    self._anchors.append(sighting.created_at)
                elif not same:
                    self._missing.append(message.times)
        self._anchors.sort()

    def objection(self, doubt: Doubt, credited: Iterable[str]) -> str | None:
        """Why this list does not prove that `doubt` was not accepted; None where it does. `credited` ids are other messages'."""
        if self._like.get(doubt.id, set()) - set(credited):
            return "the list shows a message that could be it under another reference"
        began = claimed_at(doubt, None)
        ended = began + max(0.0, (doubt.doubted_at or doubt.claimed_at) - doubt.claimed_at)
        before = bisect_right(self._anchors, began - DATE_STEP)
        after = bisect_left(self._anchors, ended + DATE_STEP)
        if before == 0 or after == len(self._anchors):
            side = "before" if before == 0 else "after"
            return f"the list shows no message of this ledger that was accepted {side} it"
        first, last = self._anchors[before - 1], self._anchors[after]
        if any(not times or any(first <= time <= last for time in times) for times in self._missing):
            return "the list lacks other messages of that time, or shows them otherwise"
        return None


def _made_meanwhile(sighting: Sighting, doubt: Doubt) -> bool:
    """Whether a message was created while the doubt's attempt was under way, as far as the clocks can tell."""
    if sighting.created_at is None:
        return True
    began = claimed_at(doubt, None)
    ended = began + max(0.0, (doubt.doubted_at or doubt.claimed_at) - doubt.claimed_at)
    return began - CLOCK_MARGIN <= sighting.created_at <= ended + CLOCK_MARGIN
