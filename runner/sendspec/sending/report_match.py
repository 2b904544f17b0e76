"""Which accepted messages of the ledger the API's reports are about."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple, Protocol

from sendspec.composing.identity import ID_BYTES, ids_within
from sendspec.ledger.delivery.observation import Observation, Source
from sendspec.ledger.record import KnownMessage, SentMessage
from sendspec.planning.message_state import State
from sendspec.provider.message_list import Sighting
from sendspec.sending.sighting_match import HashReceiver, is_for

_PLACE_BITS = 24
_HASH_BYTES = 5


class ReportLedger(Protocol):
    """The part of the ledger that reports are compared with."""

    def known_messages(self, ids: Sequence[bytes]) -> Mapping[bytes, KnownMessage]: ...


class Matched(NamedTuple):
    """An entry of the API that is about a message of ours, and what it says of it."""

    sighting: Sighting
    observation: Observation


class RemoteIds:
    """Finds messages by the API's id, in 24 bytes a message. What it finds may be wrong: compare the whole id."""

    def __init__(self, messages: Iterable[SentMessage]) -> None:
        self._ids = bytearray()
        found = array("Q")
        for message in messages:
            if message.remote_id is not None:
                found.append(_prefix(message.remote_id) << _PLACE_BITS | len(found))
                self._ids += message.id
        self._found = array("Q", sorted(found))

    def candidates(self, remote_id: str) -> Iterator[bytes]:
        """The messages that may have this id."""
        prefix = _prefix(remote_id)
        at = bisect_left(self._found, prefix << _PLACE_BITS)
        while at < len(self._found) and self._found[at] >> _PLACE_BITS == prefix:
            start = (self._found[at] & (1 << _PLACE_BITS) - 1) * ID_BYTES
            yield bytes(self._ids[start : start + ID_BYTES])
            at += 1


def _prefix(remote_id: str) -> int:
    return int.from_bytes(blake2b(remote_id.encode(), digest_size=_HASH_BYTES).digest())


class ReportMatch:
    """Turns sightings into observations of the ledger's accepted messages. Nothing that it sees moves a message.

    A message is found by our reference, else by the API's id; `sent` yields the messages that may be meant by it, and is
    called at most once. The recipient has to be the same, and the id the one that was credited.
    """

    def __init__(
        self, ledger: ReportLedger, hash_receiver: HashReceiver, sent: Callable[[], Iterable[SentMessage]]
    ) -> None:
        self._ledger = ledger
        self._hash = hash_receiver
        self._sent = sent
        self._remote_ids: RemoteIds | None = None
        self._elsewhere: set[str] = set()
        self.unreadable = 0
        """Sightings of our messages whose status can't be read."""

    @property
    def elsewhere(self) -> int:
        """How many messages under one of our references or ids are about another recipient, or are another submission."""
        return len(self._elsewhere)

    def matched(self, page: Collection[Sighting], source: Source, now: float) -> list[Matched]:
        """What a page says of our messages. `now` is in Unix seconds by this machine's clock."""
        named = [(sighting, ids_within(sighting.reference)) for sighting in page]
        known = self._ledger.known_messages([identity for _, ids in named for identity in ids])
        found: list[Matched] = []
        rest: list[Sighting] = []
        for sighting, ids in named:
            ours = [identity for identity in ids if identity in known]
            if not ours:
                rest.append(sighting)
            found += self._seen(sighting, ours, known, source, now)
        if rest:
            found += self._by_remote_id(rest, source, now)
        return found

    def _by_remote_id(self, rest: Sequence[Sighting], source: Source, now: float) -> Iterator[Matched]:
        """References of the user's own, and other senders' messages."""
        if self._remote_ids is None:
            self._remote_ids = RemoteIds(self._sent())
        candidates = [(sighting, list(self._remote_ids.candidates(sighting.remote_id))) for sighting in rest]
        known = self._ledger.known_messages([identity for _, ids in candidates for identity in ids])
        for sighting, ids in candidates:
            ours = [identity for identity in ids if _is_credited(known.get(identity), sighting)]
            yield from self._seen(sighting, ours, known, source, now)

    def _seen(
        self,
        sighting: Sighting,
        ids: Sequence[bytes],
        known: Mapping[bytes, KnownMessage],
        source: Source,
        now: float,
    ) -> Iterator[Matched]:
        for identity in ids:
            message = known[identity]
            if message.state is not State.ACCEPTED:
                continue  # whether it was accepted is for reconciling to say
            if not _is_this_submission(message, sighting) or not is_for(message.receiver, sighting, self._hash):
                self._elsewhere.add(sighting.remote_id)
            elif sighting.report is None:
                self.unreadable += 1
            else:
                yield Matched(sighting, Observation(identity, sighting.report, source, now))


def _is_credited(message: KnownMessage | None, sighting: Sighting) -> bool:
    return message is not None and message.remote_id == sighting.remote_id


def _is_this_submission(message: KnownMessage, sighting: Sighting) -> bool:
    """A forced resend leaves earlier submissions in the list; the ledger has the id of the accepted one, or at least its reference."""
    if message.remote_id is None:
        return sighting.reference == message.reference
    return message.remote_id == sighting.remote_id
