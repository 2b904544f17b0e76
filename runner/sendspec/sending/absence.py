"""When absence from the API's list proves that a message was not accepted."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from sendspec.ledger.record import AcceptedMessage, Doubt
from sendspec.provider.message_list import Sighting
from sendspec.sending.sighting_match import CLOCK_MARGIN, HashReceiver, is_for

SCANS_APART_SECONDS = 600.0
ABSENT = "the API's list lacked it twice, and showed all others"
"""The reason of a move that absence from the list proves."""
ABSENT_AFTER_SECONDS = 1_800.0
MAX_CLOCKS_APART_SECONDS = 60.0
"""Seconds that the clocks may differ for absence to count."""
DATE_STEP = 2.0
"""`Date` counts whole seconds, so times of the two clocks compare to this many seconds only."""
MIN_PREFIX = 8
"""A listed reference that was cut to fewer characters is matched by its recipient alone."""


def why_unprovable(doubt: Doubt) -> str | None:
    """Why no list at all could prove that a message in doubt was not accepted; None where one could."""
    if doubt.scheduled_for is not None:
        return "it was to be sent later"
    if doubt.clock_offset is None:
        return "the run that sent it did not know the API's clock"
    if abs(doubt.clock_offset) > MAX_CLOCKS_APART_SECONDS:
        return "this machine's clock was wrong when it was sent"
    return None


def api_claimed_at(doubt: Doubt, skew: float | None) -> float:
    """When a message was claimed, in Unix seconds by the API's clock.

    `skew` is by how many seconds that clock is ahead now; it is used where the run that claimed the message didn't note it.
    """
    return doubt.local_claimed_at + ((skew or 0.0) if doubt.clock_offset is None else doubt.clock_offset)


class AbsenceEvidence:
    """Whether one pass over a list proves that messages in doubt were not accepted.

    An anchor is an accepted message that the list shows as the ledger has it. A list counts as complete between two anchors,
    unless it lacks another accepted message from that time.
    """

    def __init__(self, doubts: Sequence[Doubt], hash_receiver: HashReceiver) -> None:
        self._hash = hash_receiver
        self._by_receiver: dict[bytes, list[Doubt]] = {}
        self._by_prefix: dict[str, list[Doubt]] = {}
        for doubt in doubts:
            self._by_receiver.setdefault(doubt.receiver, []).append(doubt)
            self._by_prefix.setdefault(doubt.reference.casefold()[:MIN_PREFIX], []).append(doubt)
        self._shown: dict[str, Sighting] = {}
        self._lookalikes: dict[bytes, set[str]] = {}
        self._anchors: list[float] = []
        self._unmatched: list[tuple[float, ...]] = []

    def read(self, page: Iterable[Sighting]) -> None:
        for sighting in page:
            self._shown[sighting.remote_id] = sighting
            for doubt in self._doubts_like(sighting):
                self._lookalikes.setdefault(doubt.id, set()).add(sighting.remote_id)

    def _doubts_like(self, sighting: Sighting) -> Iterable[Doubt]:
        """The doubts that a sighting could be although its reference differs."""
        folded = sighting.reference.strip().casefold()
        for doubt in self._by_prefix.get(folded[:MIN_PREFIX], ()):
            ours = doubt.reference.casefold()
            if sighting.reference != doubt.reference and folded and (ours == folded or ours.startswith(folded)):
                yield doubt
        if not sighting.reference and not all(name.startswith("+") for name in sighting.receivers or ("",)):
            yield from (
                doubt for doubts in self._by_receiver.values() for doubt in doubts if _created_during(sighting, doubt)
            )
        for receiver in {self._hash(name) for name in sighting.receivers}:
            for doubt in self._by_receiver.get(receiver, ()):
                if sighting.reference != doubt.reference and _created_during(sighting, doubt):
                    yield doubt

    @property
    def lookalikes(self) -> set[str]:
        """The API ids of every sighting that could be a doubt under another reference."""
        return {remote_id for ids in self._lookalikes.values() for remote_id in ids}

    def compare(self, accepted: Iterable[AcceptedMessage]) -> None:
        """Compares accepted messages, each of which the list must show, with its ids, references and recipients."""
        for message in accepted:
            sighting = self._shown.get(message.remote_id)
            if sighting is None:
                self._unmatched.append(message.times)
            elif not message.purged:
                same = sighting.reference == message.reference and is_for(message.receiver, sighting, self._hash)
                if same and sighting.created_at is not None:
                    self._anchors.append(sighting.created_at)
                elif not same:
                    self._unmatched.append(message.times)
        self._anchors.sort()

    def why_unproved(self, doubt: Doubt, credited: Iterable[str]) -> str | None:
        """Why this list does not prove that `doubt` was not accepted; None where it does. `credited` ids are other messages'."""
        if self._lookalikes.get(doubt.id, set()) - set(credited):
            return "the list shows a message that could be it under another reference"
        began, ended = _attempt_span(doubt)
        before = bisect_right(self._anchors, began - DATE_STEP)
        after = bisect_left(self._anchors, ended + DATE_STEP)
        if before == 0 or after == len(self._anchors):
            side = "before" if before == 0 else "after"
            return f"the list shows no message of this ledger that was accepted {side} it"
        first, last = self._anchors[before - 1], self._anchors[after]
        if any(not times or any(first <= time <= last for time in times) for times in self._unmatched):
            return "the list lacks other messages of that time, or shows them otherwise"
        return None


def _attempt_span(doubt: Doubt) -> tuple[float, float]:
    """When the attempt began and ended, in Unix seconds by the API's clock, as this machine knew it at the claim."""
    began = api_claimed_at(doubt, None)
    return began, began + max(0.0, (doubt.doubted_at or doubt.local_claimed_at) - doubt.local_claimed_at)


def _created_during(sighting: Sighting, doubt: Doubt) -> bool:
    """Whether a listed message may have been created during the doubt's attempt, within the error of the clocks."""
    if sighting.created_at is None:
        return True
    began, ended = _attempt_span(doubt)
    return began - CLOCK_MARGIN <= sighting.created_at <= ended + CLOCK_MARGIN
