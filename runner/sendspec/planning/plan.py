"""The plan: what would become of each message of a spec, counted, and sealed by a digest."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, islice
from typing import NamedTuple, Never

from sendspec.composing.block_result import Entry, entry_of
from sendspec.composing.message import Composed, Message
from sendspec.composing.reach import Reach
from sendspec.planning.decision import History, Retry, Skip, decide
from sendspec.planning.fact import Fact, PriorState

_WORDS: dict[Skip | None, bytes] = {None: b"send", **{skip: skip.value.encode() for skip in Skip}}
WINDOW = 500
"""Messages that are looked up at once."""

FactLookup = Callable[[Sequence[bytes]], Mapping[bytes, Fact]]
"""The facts of those of some ids that are known."""
StateLookup = Callable[[Sequence[bytes]], Mapping[bytes, PriorState]]
"""How the known ones of some ids stand, each by the id followed by the digest that was last planned."""


def nothing_known(ids: Sequence[bytes]) -> Mapping[bytes, Never]:
    """What an empty ledger says."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Which messages a plan is about, and where they go. All but `alias`, a name for people, and `batch` is part of the digest.

    `batch` is how many of them one request carries at most; None where each has its own.
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
    """SMS segments of the messages to send: all segments, and the messages by encoding."""

    total: int
    gsm7: int
    ucs2: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What `send` would do. `recipients` = `send` + the sum of `skipped`; `digest` is 64 hex digits.

    `sent_digest` is over the messages to send alone, in their order, `composed_digest` over all of them, whatever is to become of
    them: it is the same as long as the spec and its recipients are. `forced_by` is the character that makes most of the UCS-2
    messages so, and of how many it is the first to. `left` counts messages of this spec, of whatever generation, that were
    planned, never sent, and are not among today's. `text_digest` is over what the messages say (`template_tree.text_digest`).
    """

    target: Target
    recipients: int
    send: int
    skipped: Mapping[Skip, int]
    segments: Segments
    forced_by: tuple[str, int] | None
    digest: str
    sent_digest: bytes
    composed_digest: bytes
    left: int = 0
    text_digest: str = ""


class Decision(NamedTuple):
    """One composed row and what the plan says of it; `skip` is None where it is to be sent. `fact` is what the ledger has."""

    item: Composed
    skip: Skip | None
    fact: Fact | None = None


def decisions(
    composed: Iterable[Composed],
    lookup: FactLookup,
    history: History,
    reach: Reach,
    retry: Retry | None = None,
) -> Iterator[Decision]:
    """Every row with its decision, in order, the facts asked for a window at a time."""
    stream = iter(composed)
    while window := list(islice(stream, WINDOW)):
        facts = lookup([item.id for item in window if isinstance(item, Message)])
        for item in window:
            fact = facts.get(item.id) if isinstance(item, Message) else None
            yield Decision(item, decide(item, fact, history, reach, retry), fact)


NO_MESSAGE: Entry = (b"", 0, "")


class PlanTally:
    """Counts decisions as they pass, and folds them into the plan's digest."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._skipped: Counter[Skip] = Counter()
        self._send = 0
        self._segments = 0
        self._gsm7 = 0
        self._forcing: Counter[str] = Counter()
        self._digest = sha256(_header(target))
        self._composed_digest = sha256()
        self._sent_digest = self._composed_digest

    def watch(self, decided: Iterable[Decision]) -> Iterator[Decision]:
        """Passes the decisions on, counted."""
        for decision in decided:
            item = decision.item
            self.count((entry_of(item) if isinstance(item, Message) else NO_MESSAGE,), (decision.skip,))
            yield decision

    def count(self, entries: Sequence[Entry], skips: Sequence[Skip | None]) -> None:
        """Counts rows, each with why it is skipped, if it is. A row that is no message has the entry `NO_MESSAGE`."""
        words = [_WORDS[skip] for skip in skips]
        if self._sent_digest is self._composed_digest and any(skips):  # the same up to here
            self._sent_digest = self._composed_digest.copy()
        self._composed_digest.update(b"".join([entry[0] for entry in entries]))
        self._digest.update(b"".join(chain.from_iterable(zip([entry[0] for entry in entries], words, strict=True))))
        self._skipped.update(skip for skip in skips if skip is not None)
        sent = [entry for entry, skip in zip(entries, skips, strict=True) if skip is None]
        if self._sent_digest is not self._composed_digest:
            self._sent_digest.update(b"".join([entry[0] for entry in sent]))
        self._count_sizes([entry[1] for entry in sent], [entry[2] for entry in sent])

    def count_sent(self, sealed: Sequence[bytes], segments: Sequence[int], forced_by: Sequence[str]) -> None:
        """Counts rows which are all to be sent: their entries, a list for each part."""
        self._digest.update(_WORDS[None].join((*sealed, b"")))
        self._count_digests(b"".join(sealed))
        self._count_sizes(segments, forced_by)

    def _count_digests(self, sealed: bytes) -> None:
        self._composed_digest.update(sealed)
        if self._sent_digest is not self._composed_digest:
            self._sent_digest.update(sealed)

    def _count_sizes(self, segments: Sequence[int], forced_by: Sequence[str]) -> None:
        self._send += len(segments)
        self._segments += sum(segments)
        forcing = list(filter(None, forced_by))
        self._forcing.update(forcing)
        self._gsm7 += len(segments) - segments.count(0) - len(forcing)

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
                ucs2=self._forcing.total(),
            ),
            forced_by=next(iter(self._forcing.most_common(1)), None),
            digest=self._digest.hexdigest(),
            sent_digest=self._sent_digest.digest(),
            composed_digest=self._composed_digest.digest(),
            left=left,
        )


def digest_of(plans: Sequence[Plan]) -> str:
    """The digest of several plans; of one plan, its own."""
    if len(plans) == 1:
        return plans[0].digest
    return sha256("".join(plan.digest for plan in plans).encode()).hexdigest()


def _header(target: Target) -> bytes:
    fields = [target.environment, target.name, target.generation, target.workspace, target.channel]
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
