"""The plan of a spec: how many messages would be sent and skipped, and which, for the digests that an approval is bound to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from hashlib import sha256
from itertools import compress, islice

from sendspec.composing.block_result import NO_MESSAGE, PlanEntry, plan_entry_of
from sendspec.composing.message import Message
from sendspec.composing.platforms.sms_excess import segments_of
from sendspec.composing.platforms.sms_segments import NOT_FORCED, ForcedBy
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.planning.cost import Cost
from sendspec.planning.decision import Decision, Skip
from sendspec.planning.earlier_send import EarlierSend
from sendspec.planning.excess_count import ExcessCount, ExcessTally
from sendspec.planning.forcing_count import ForcingCount, ForcingTally, PlainCount
from sendspec.planning.last_generation import LastGeneration
from sendspec.planning.pair_set import PairSet, pair_of_message
from sendspec.planning.plan_digest import SpecSettings, digests
from sendspec.planning.schedule import Schedule
from sendspec.planning.shape_count import NO_SHAPES, ShapeCounts, ShapeTally
from sendspec.reading.contacts.number_country import UNKNOWN

NOT_DECLARED = frozenset({Skip.FILTERED, Skip.DUPLICATE, Skip.ONLY_TO, Skip.SUPPRESSED, Skip.OPTED_OUT})
"""Reasons to skip that the files give, or the recipients themselves. Every other message is declared, whether it is sent or not."""
MAX_SKIPPED_LINES = 10
"""Lines that are kept of the rows that are skipped for each of these reasons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Which messages a plan covers, and where they go.

    `name` is the spec's, `channel` the channel's id, `alias` its name in the project file. `batch` is the most messages in one request.
    """

    environment: str
    alias: str
    name: str
    generation: int
    workspace: str
    channel: str
    batch: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """The segments of all messages to send, and the number of messages by encoding. Unmeasured messages count as neither."""

    total: int
    gsm7: int
    ucs2: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """The suppression lists that were looked at, as the spec and the project file write their paths, and how long they are together."""

    files: tuple[str, ...]
    addresses: int


@dataclass(frozen=True, slots=True, eq=False)
class DeclaredPairs:
    """The pairs of the messages that the files declare: those that would be sent, and all others."""

    to_send: PairSet = field(default_factory=PairSet)
    others: PairSet = field(default_factory=PairSet)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What `send` would do. `recipients` = `send` + the sum of `skipped`.

    `sent_digest` covers the messages to send, in order. `composed_digest` covers all messages in order, whatever their decision: it
    changes only with the spec and its recipients. `text_digest` covers the templates' text (`canonical_template.text_digest`).

    `skipped_lines` are the first lines of rows that are skipped for reasons in `NOT_DECLARED`.

    `forcing` has the characters that force UCS-2, `plain` what it saves to replace several of them together, `excess` the messages that
    are a little too long for one segment fewer. `shapes` has the shapes of the messages to send. `left` counts messages of this spec,
    of any generation, that were planned, never sent, and are no longer composed.

    `messages_by_country` and `segments_by_country` count the messages to send by ISO 3166 code, or `number_country.UNKNOWN`. Both are
    empty unless `ComposeSettings.count_countries` asks for them. `country` is that of the spec's national numbers.

    `opted_out` is how many people are known to have opted out where that counts; None where the spec and its environment
    don't ask, or there is no ledger to know it from. `last` is what was sent before.

    `looks_back`: the spec says `only: undelivered`. `earlier` is what it kept by; None: nothing was looked up, and every row is taken for
    one that is kept. `cost` is None where the project has no prices. `digest` and `content_digest` are those of `plan_digest`; empty for
    a plan that nobody can approve. `ledger` is the ledger's id.
    """

    target: Target
    recipients: int
    send: int
    skipped: Mapping[Skip, int]
    segments: Segments
    sent_digest: bytes
    composed_digest: bytes
    forcing: tuple[ForcingCount, ...] = ()
    plain: PlainCount | None = None
    excess: tuple[ExcessCount, ...] = ()
    shapes: ShapeCounts = NO_SHAPES
    skipped_lines: Mapping[Skip, tuple[int, ...]] = field(default_factory=dict)
    messages_by_country: Mapping[str, int] = field(default_factory=dict)
    segments_by_country: Mapping[str, int] = field(default_factory=dict)
    country: str | None = None
    left: int = 0
    text_digest: str = ""
    pairs: DeclaredPairs = field(default_factory=DeclaredPairs, compare=False, repr=False)
    settings: SpecSettings | None = None
    ledger: str | None = None
    digest: str = ""
    content_digest: str = ""
    suppression: Suppression | None = None
    opted_out: int | None = None
    looks_back: bool = False
    earlier: EarlierSend | None = None
    schedule: Schedule | None = None
    cost: Cost | None = None
    last: LastGeneration | None = None

    @property
    def countries(self) -> Mapping[str, int]:
        """The messages by country, the most first; empty if none goes to another country than the spec's."""
        if self.country is None or self.messages_by_country.keys() <= {self.country, UNKNOWN}:
            return {}
        return dict(sorted(self.messages_by_country.items(), key=lambda each: (-each[1], each[0])))


class PlanTally:
    """Builds a plan: counts decisions and adds them to its digests."""

    def __init__(self, target: Target, pairs: DeclaredPairs | None = None, *, count_countries: bool = False) -> None:
        """`pairs` takes the pairs of all declared messages; None: they are not needed."""
        self._target = target
        self._pairs = pairs
        self._count_countries = count_countries
        self._messages_by_country: Counter[str] = Counter()
        self._segments_by_country: Counter[str] = Counter()
        self._skipped: Counter[Skip] = Counter()
        self._skipped_lines: dict[Skip, list[int]] = {}
        self._send = 0
        self._segments = 0
        self._gsm7 = 0
        self._forcing = ForcingTally()
        self._excess = ExcessTally()
        self._shapes = ShapeTally()
        self._composed_digest = sha256()
        self._sent_digest = self._composed_digest

    def counted(self, decided: Iterable[Decision]) -> Iterator[Decision]:
        """Yields the decisions unchanged, and counts each as it passes."""
        for decision in decided:
            item = decision.item
            if isinstance(item, Message):
                entry = plan_entry_of(item, count_countries=self._count_countries)
                self.count((entry,), (decision.skip,), (pair_of_message(item),), (item.line,))
            else:
                self.count((NO_MESSAGE,), (decision.skip,), (b"",), (item.line,))
            yield decision

    def count(
        self,
        entries: Sequence[PlanEntry],
        skips: Sequence[Skip | None],
        pairs: Sequence[bytes],
        lines: Sequence[int],
    ) -> None:
        """Counts rows, given as their entries, the reasons to skip them, their pairs and their lines.

        A row without a message has the entry `NO_MESSAGE` and an empty pair.
        """
        if self._sent_digest is self._composed_digest and any(skips):  # equal as long as nothing is skipped
            self._sent_digest = self._composed_digest.copy()
        self._composed_digest.update(b"".join([entry[0] for entry in entries]))
        self._note_skipped(skips, lines)
        is_sent = [skip is None for skip in skips]
        sent = list(compress(entries, is_sent))
        if self._sent_digest is not self._composed_digest:
            self._sent_digest.update(b"".join([entry[0] for entry in sent]))
        if sent:
            _, sizes, forced_by, alternatives, countries = zip(*sent, strict=True)
            self._count_sizes(sizes, forced_by, alternatives, countries, list(compress(lines, is_sent)))
        if self._pairs is not None:
            self._pairs.to_send.add(list(compress(pairs, is_sent)))
            declared = [skip is not None and skip not in NOT_DECLARED for skip in skips]
            self._pairs.others.add(list(compress(pairs, declared)))

    def _note_skipped(self, skips: Sequence[Skip | None], lines: Sequence[int]) -> None:
        counts = Counter(skip for skip in skips if skip is not None)
        self._skipped.update(counts)
        for reason in counts.keys() & NOT_DECLARED:
            kept = self._skipped_lines.setdefault(reason, [])
            if len(kept) < MAX_SKIPPED_LINES:
                found = (line for skip, line in zip(skips, lines, strict=True) if skip is reason)
                kept += islice(found, MAX_SKIPPED_LINES - len(kept))

    def count_sent(
        self,
        fingerprints: Sequence[bytes],
        sizes: Sequence[int],
        forced_by: Sequence[ForcedBy],
        alternatives: Sequence[int],
        countries: Sequence[str],
        *,
        pairs: Sequence[bytes],
        lines: Sequence[int],
    ) -> None:
        """Counts rows that are all to be sent. The first arguments are their entries, one list for each field."""
        self._count_digests(b"".join(fingerprints))
        self._count_sizes(sizes, forced_by, alternatives, countries, lines)
        if self._pairs is not None:
            self._pairs.to_send.add(pairs)

    def _count_digests(self, joined: bytes) -> None:
        self._composed_digest.update(joined)
        if self._sent_digest is not self._composed_digest:
            self._sent_digest.update(joined)

    def _count_sizes(
        self,
        sizes: Sequence[int],
        forced_by: Sequence[ForcedBy],
        alternatives: Sequence[int],
        countries: Sequence[str],
        lines: Sequence[int],
    ) -> None:
        counted = self._shapes.add(alternatives, sizes, forced_by, lines)
        self._send += len(sizes)
        self._segments += sum(segments_of(size) * count for (_, size, _), count in counted.items())
        self._gsm7 += forced_by.count(NOT_FORCED) - sizes.count(0)
        self._forcing.add(forced_by, alternatives, lines, countries if self._count_countries else ())
        if not self._count_countries:
            self._excess.add(((shape, ""), count) for shape, count in counted.items())
            return
        by_country = Counter(zip(zip(alternatives, sizes, map(bool, forced_by), strict=True), countries, strict=True))
        self._excess.add(by_country.items())
        for ((_, size, _), country), count in by_country.items():
            self._messages_by_country[country] += count
            self._segments_by_country[country] += count * segments_of(size)

    def plan(self, left: int = 0) -> Plan:
        skipped = {skip: self._skipped[skip] for skip in Skip if self._skipped[skip]}
        return Plan(
            target=self._target,
            recipients=self._send + sum(skipped.values()),
            send=self._send,
            skipped=skipped,
            segments=Segments(
                total=self._segments,
                gsm7=self._gsm7,
                ucs2=self._forcing.messages,
            ),
            forcing=self._forcing.counts(),
            plain=self._forcing.plain(),
            excess=self._excess.counts(),
            shapes=self._shapes.counts(),
            skipped_lines={skip: tuple(self._skipped_lines[skip]) for skip in Skip if skip in self._skipped_lines},
            messages_by_country=dict(self._messages_by_country),
            segments_by_country=dict(self._segments_by_country),
            sent_digest=self._sent_digest.digest(),
            composed_digest=self._composed_digest.digest(),
            left=left,
            pairs=self._pairs or DeclaredPairs(),
        )


def approvable(plan: Plan, settings: SpecSettings, ledger: str | None) -> Plan:
    """The plan with what an approval is bound to. `ledger` is None before there is a ledger: its salt is part of every pair."""
    return _with_digests([replace(plan, settings=settings, ledger=ledger)])


def _with_digests(plans: Sequence[Plan]) -> Plan:
    """The first of `plans`, with the digests of all of them together."""
    first = plans[0]
    plan, content = digests(
        first.target.environment,
        first.ledger,
        [each.settings for each in plans if each.settings is not None],
        [each.pairs.to_send for each in plans],
        [each.pairs.others for each in plans],
    )
    return replace(first, digest=plan, content_digest="" if first.ledger is None else content)


def digests_of(plans: Sequence[Plan]) -> tuple[str, str]:
    """The plan digest and the content digest of several plans together, whatever their order. Those of a single plan are its own.

    The content digest is empty if the plans' ids are provisional.
    """
    if not plans:
        return digests("", None, (), (), ())[0], ""
    together = plans[0] if len(plans) == 1 else _with_digests(plans)
    return together.digest, together.content_digest
