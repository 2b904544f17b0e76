"""The plan of a spec: what would be sent and what skipped, counted, with its digests."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain

from sendspec.composing.block_result import PlanEntry, plan_entry_of
from sendspec.composing.message import Message
from sendspec.planning.decision import Decision, Skip

_WORDS: dict[Skip | None, bytes] = {None: b"send", **{skip: skip.value.encode() for skip in Skip}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Which messages a plan covers, and where they go. The digest covers all fields but `alias` and `batch`.

    `alias` is the channel's name for people. `batch` is the most messages a request carries; None: one each.
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
    """The segments of the messages to send, and the count of messages by encoding."""

    total: int
    gsm7: int
    ucs2: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What `send` would do. `recipients` = `send` + the sum of `skipped`; `digest` is 64 hex digits.

    `sent_digest` covers the messages to send, in order. `composed_digest` covers all messages, whatever their decision: it
    changes only with the spec and its recipients. `forced_by` is the character that most often is the first to force UCS-2,
    with its count of messages. `left` counts messages of this spec, of any generation, that were planned, never sent, and
    are no longer composed. `text_digest` covers the templates' text (`template_tree.text_digest`).
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


NO_MESSAGE: PlanEntry = (b"", 0, "")
"""The entry of a filtered or duplicate row."""


class PlanTally:
    """Counts decisions and folds them into the plan's digests."""

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
        """Yields the decisions unchanged, counting each."""
        for decision in decided:
            item = decision.item
            self.count((plan_entry_of(item) if isinstance(item, Message) else NO_MESSAGE,), (decision.skip,))
            yield decision

    def count(self, entries: Sequence[PlanEntry], skips: Sequence[Skip | None]) -> None:
        """Counts rows by their entries and decisions. A row that is no message has the entry `NO_MESSAGE`."""
        words = [_WORDS[skip] for skip in skips]
        if self._sent_digest is self._composed_digest and any(skips):  # equal as long as nothing is skipped
            self._sent_digest = self._composed_digest.copy()
        self._composed_digest.update(b"".join([entry[0] for entry in entries]))
        self._digest.update(b"".join(chain.from_iterable(zip([entry[0] for entry in entries], words, strict=True))))
        self._skipped.update(skip for skip in skips if skip is not None)
        sent = [entry for entry, skip in zip(entries, skips, strict=True) if skip is None]
        if self._sent_digest is not self._composed_digest:
            self._sent_digest.update(b"".join([entry[0] for entry in sent]))
        self._count_sizes([entry[1] for entry in sent], [entry[2] for entry in sent])

    def count_sent(self, sealed: Sequence[bytes], segments: Sequence[int], forced_by: Sequence[str]) -> None:
        """Counts rows that are all to be sent. The arguments are their entries, a list per field."""
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
