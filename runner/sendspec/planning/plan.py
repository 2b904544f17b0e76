"""The plan of a spec: how many messages would be sent and skipped, with the digests that an approval is bound to."""

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
    """Which messages a plan covers, and where they go. The plan's digest covers all fields but `alias` and `batch`.

    `name` is the spec's name, `channel` the channel's id, `alias` its name in the project file. `batch` is the most messages in one
    request; None: each message has its own request.
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
class Plan:
    """What `send` would do. `recipients` = `send` + the sum of `skipped`.

    `digest` covers the target, the messages and the decisions, in 64 hex digits. `sent_digest` covers the messages to send, in
    order. `composed_digest` covers all messages, whatever their decision: it changes only with the spec and its recipients.
    `text_digest` covers the templates' text (`canonical_template.text_digest`).

    `forced_by` names the character that is the first to force UCS-2 in the most messages, and their number. `left` counts
    messages of this spec, of any generation, that were planned, never sent, and are no longer composed.
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
    """Builds a plan: counts decisions and adds them to its digests."""

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

    def counted(self, decided: Iterable[Decision]) -> Iterator[Decision]:
        """Yields the decisions unchanged, and counts each as it passes."""
        for decision in decided:
            item = decision.item
            self.count((plan_entry_of(item) if isinstance(item, Message) else NO_MESSAGE,), (decision.skip,))
            yield decision

    def count(self, entries: Sequence[PlanEntry], skips: Sequence[Skip | None]) -> None:
        """Counts rows, given as their entries and the reasons to skip them. A row without a message has the entry `NO_MESSAGE`."""
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

    def count_sent(self, fingerprints: Sequence[bytes], segments: Sequence[int], forced_by: Sequence[str]) -> None:
        """Counts rows that are all to be sent. The arguments are their entries, one list for each field."""
        self._digest.update(_WORDS[None].join((*fingerprints, b"")))
        self._count_digests(b"".join(fingerprints))
        self._count_sizes(segments, forced_by)

    def _count_digests(self, joined: bytes) -> None:
        self._composed_digest.update(joined)
        if self._sent_digest is not self._composed_digest:
            self._sent_digest.update(joined)

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
    """The digest of several plans together. That of a single plan is its own."""
    if len(plans) == 1:
        return plans[0].digest
    return sha256("".join(plan.digest for plan in plans).encode()).hexdigest()


def _header(target: Target) -> bytes:
    fields = [target.environment, target.name, target.generation, target.workspace, target.channel]
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
