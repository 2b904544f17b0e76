"""One pass over a channel's list for its messages in doubt: which part to read, and what it showed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Protocol

from sendspec.composing.identity import id_in, id_text
from sendspec.ledger.record import Doubt, Route
from sendspec.provider.message_list import Sighting
from sendspec.sending.absence import AbsenceEvidence, api_claimed_at
from sendspec.sending.list_reader import ListReader, ListUnread
from sendspec.sending.list_window import MARGIN, MAX_WINDOW, RECEIVERS_PER_QUERY, pages_in_api_time
from sendspec.sending.sighting_match import DuplicateListings, HashReceiver, SightingLedger

MIN_NARROWED_WINDOW = 3_600.0
"""From this many seconds on, a window is long enough to list a few recipients instead of every message."""
MAX_NARROWED = 64
EDGE = 2 * MARGIN
"""Seconds at the start of a window: a message accepted in them may have been created before it."""

ReceiversOf = Callable[[Collection[bytes]], Mapping[bytes, str]]
"""The recipients of messages, where the table is available: the ledger has only their hashes."""


class ScanLedger(SightingLedger, Protocol):
    """The part of the ledger that a scan reads."""

    def accepted_before(self, route: Route, moment: float) -> float | None: ...


class ChannelScan:
    """`absence_provable` are the doubts that a list could prove not accepted: their window reaches back to an acceptance before them."""

    def __init__(
        self,
        ledger: ScanLedger,
        route: Route,
        doubts: Sequence[Doubt],
        absence_provable: Sequence[Doubt],
        reader: ListReader,
        hash_receiver: HashReceiver,
        now: float,
    ) -> None:
        self._ledger = ledger
        self._route = route
        self._doubts = doubts
        self._absence_provable = absence_provable
        self._hash = hash_receiver
        self._now = now
        self._own = {doubt.reference for doubt in doubts if doubt.own_reference}
        self._named = {doubt.id for doubt in doubts if not doubt.own_reference}
        self.reader = reader
        self.evidence = AbsenceEvidence(absence_provable, hash_receiver)
        self.duplicates = DuplicateListings(ledger, hash_receiver)
        self.sightings: dict[str, dict[str, Sighting]] = {}
        """By the name that `name_of` gives, then by the API's id."""
        self.since = 0.0
        """Where the window begins, in Unix seconds."""
        self.unread: ListUnread | None = None
        """Why the list was not read to its end."""

    def read(self, receivers_of: ReceiversOf | None) -> None:
        """Reads the list. Where it breaks off, what it showed before counts.

        With `receivers_of`, a few doubts in a long window are listed by their recipients; absence can't be concluded then.
        """
        try:
            for page in self._pages(receivers_of):
                self.duplicates.read(page)
                if self._absence_provable:
                    self.evidence.read(page)
                for sighting in page:
                    name = self._name_in(sighting.reference)
                    if name is not None:
                        self.sightings.setdefault(name, {})[sighting.remote_id] = sighting
        except ListUnread as error:
            self.unread = error
        finally:
            self.reader.close()

    def _pages(self, receivers_of: ReceiversOf | None) -> Iterator[list[Sighting]]:
        receivers = [] if receivers_of is None else self._receivers(receivers_of)
        if not receivers:
            yield from pages_in_api_time(self.reader, self._window)
        for start in range(0, len(receivers), RECEIVERS_PER_QUERY):
            window = self._window(self.reader.skew or 0.0)
            yield from self.reader.pages(*window, receivers[start : start + RECEIVERS_PER_QUERY])

    def _receivers(self, receivers_of: ReceiversOf) -> list[str]:
        """The recipients to list instead of the whole window; empty for a short window, or where one is unknown."""
        since, until = self._window(0.0)
        if until - since < MIN_NARROWED_WINDOW or len(self._doubts) > MAX_NARROWED:
            return []
        receivers = receivers_of({doubt.id for doubt in self._doubts})
        if any(self._hash(receivers.get(doubt.id, "")) != doubt.receiver for doubt in self._doubts):
            return []
        return sorted(set(receivers.values()))

    def _window(self, skew: float) -> tuple[float, float]:
        """From before the oldest claim on. To conclude absence, from the last acceptance before it."""
        until = max(self._now, self._now + skew) + MARGIN
        earliest = until - MAX_WINDOW
        if any(doubt.local_claimed_at > self._now for doubt in self._doubts):
            self.since = earliest  # this machine's clock has been set back since the claim
            return earliest, until
        since = min(api_claimed_at(doubt, skew) for doubt in self._doubts)
        if self._absence_provable:
            oldest = min(doubt.local_claimed_at for doubt in self._absence_provable)
            accepted = self._ledger.accepted_before(self._route, oldest)
            since = since if accepted is None else min(since, accepted + skew - EDGE)
        self.since = max(since - MARGIN, earliest)
        return self.since, until

    def _name_in(self, reference: str) -> str | None:
        """The name of the doubt that a reference is about; None where it is about none of them."""
        identity = id_in(reference)
        if identity is not None and identity in self._named:
            return id_text(identity)
        return reference if reference in self._own else None


def name_of(doubt: Doubt) -> str:
    """What a doubt's sightings are collected under. A default reference names one message, also when it was sent again."""
    return doubt.reference if doubt.own_reference else id_text(doubt.id)
