"""A send's messages by country: today's table tells the number, the ledger what became of the message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from sendspec.composing.compact_key_set import CompactKeySet
from sendspec.composing.platforms.sms_segments import Encoding, encoding_in, segments_in
from sendspec.ledger.send_record import MeasuredMessage, SizeCount
from sendspec.operations.send_report import CountryCounts, SegmentCounts
from sendspec.planning.cost import Cost, cost_of
from sendspec.planning.message_state import State
from sendspec.reading.contacts.number_country import UNKNOWN, country_of_number
from sendspec.reading.prices import PriceTable

BLOCK = 5_000
_ENTRY_BYTES = 24
_NO_VALUE = bytes(8)


class CountryTally:
    """Told of the recipients in a table, with the ids of their messages. Repeated ones count once.

    `measured` gives the state and size of each of these messages that counts.
    """

    def __init__(self, measured: Callable[[Sequence[bytes]], Mapping[bytes, MeasuredMessage]]) -> None:
        self._measured = measured
        self._waiting: list[tuple[bytes, str]] = []
        self._known = CompactKeySet(_ENTRY_BYTES)
        self._rows = 0
        self._messages: Counter[str] = Counter()
        self._accepted: Counter[str] = Counter()
        self._segments: Counter[str] = Counter()

    def add(self, identity: bytes, address: str) -> None:
        self._waiting.append((identity, address))
        if len(self._waiting) >= BLOCK:
            self._look_up()

    @property
    def has_recipients(self) -> bool:
        """Whether a table had any."""
        return bool(self._rows or self._waiting)

    def _look_up(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        entries = b"".join(identity + _NO_VALUE for identity, _ in waiting)
        lines = range(self._rows + 1, self._rows + 1 + len(waiting))
        self._rows += len(waiting)
        repeated = {index for index, _, _ in self._known.add(entries, lines)}
        found = self._measured([identity for identity, _ in waiting])
        for index, (identity, address) in enumerate(waiting):
            known = found.get(identity)
            if known is None or known.state is State.SKIPPED or index in repeated:
                continue
            country = country_of_number(address)
            self._messages[country] += 1
            if known.state is State.ACCEPTED:
                self._accepted[country] += 1
                self._segments[country] += segments_in(known.size or 0)

    def counts(self, sizes: Sequence[SizeCount]) -> tuple[CountryCounts, ...]:
        """By country, the most messages first. Those of `sizes` that no row had are `unknown`."""
        self._look_up()
        counted = [each for each in sizes if each.state is not State.SKIPPED]
        accepted = [each for each in counted if each.state is State.ACCEPTED]
        self._messages[UNKNOWN] += sum(each.count for each in counted) - self._messages.total()
        self._accepted[UNKNOWN] += sum(each.count for each in accepted) - self._accepted.total()
        segments = sum(segments_in(each.size or 0) * each.count for each in accepted)
        self._segments[UNKNOWN] += segments - self._segments.total()
        return tuple(
            CountryCounts(
                country=country, messages=count, accepted=self._accepted[country], segments=self._segments[country]
            )
            for country, count in self._messages.most_common()
            if count
        )


def cost_by_country(countries: tuple[CountryCounts, ...], segments: SegmentCounts, prices: PriceTable) -> Cost:
    """What the accepted messages cost."""
    counts = {each.country: (each.accepted, each.segments) for each in countries if each.accepted}
    return cost_of(counts, prices, unmeasured=segments.accepted_unmeasured)


def segment_counts(sizes: Sequence[SizeCount]) -> SegmentCounts:
    """The segments of the messages that were not skipped."""
    counted = [each for each in sizes if each.state is not State.SKIPPED]
    measured = [(each.size, each.count, each.state) for each in counted if each.size]
    accepted = [(each.size, each.count) for each in counted if each.state is State.ACCEPTED]
    return SegmentCounts(
        total=sum(segments_in(size) * count for size, count, _ in measured),
        gsm7=sum(count for size, count, _ in measured if encoding_in(size) is Encoding.GSM7),
        ucs2=sum(count for size, count, _ in measured if encoding_in(size) is Encoding.UCS2),
        unmeasured=sum(each.count for each in counted if not each.size),
        accepted=sum(segments_in(size or 0) * count for size, count in accepted),
        accepted_unmeasured=sum(count for size, count in accepted if not size),
        most=max((segments_in(size) for size, _, _ in measured), default=0),
    )
