"""Counts the outcomes of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from heapq import nlargest
from typing import assert_never

from sendspec.ledger.record import ClaimLost
from sendspec.planning.decision import Skip
from sendspec.provider.outcome import Accepted, InDoubt, NotProcessed, NotSent, Refused, RunRefused
from sendspec.sending.ending import Ending
from sendspec.sending.run import AttemptResult, Cause, RecentReason, RunResult

MAX_CAUSES = 100
RECENT_REASONS = 3
REFUSED, IN_DOUBT = "refused", "in doubt"
SKIP_BY_CLAIM_LOST = {ClaimLost.ON_HOLD: Skip.ON_HOLD, ClaimLost.TAKEN_ELSEWHERE: Skip.TAKEN_ELSEWHERE}


class Tally:
    """Counts each finished attempt. `unclaimed` counts messages that could not or must not be claimed, by reason."""

    def __init__(self) -> None:
        self.accepted = 0
        self.refused = 0
        self.in_doubt = 0
        self._resolved = 0
        self.unclaimed: Counter[Skip] = Counter()
        self.watch_error: str | None = None
        self._requests = 0
        self._refusals: dict[str, tuple[int, bytes]] = {}
        self._doubts: dict[str, tuple[int, bytes]] = {}
        self._doubt_of: dict[bytes, str] = {}
        self._last_seen: dict[tuple[str, str], int] = {}
        self._first: float | None = None
        self._last = 0.0

    def count(self, result: AttemptResult) -> None:
        match result.outcome:
            case Accepted():
                self.accepted += 1
            case Refused(_, text):
                self.refused += 1
                self._note(REFUSED, _add(self._refusals, text, result.message.id))
            case InDoubt(evidence):
                self.in_doubt += 1
                text = _add(self._doubts, evidence, result.message.id)
                self._doubt_of[result.message.id] = text
                self._note(IN_DOUBT, text)
            case NotSent() | NotProcessed() | RunRefused():
                pass
            case _:
                assert_never(result.outcome)

    def _note(self, what: str, text: str) -> None:
        """Notes that a reason came just now. A known one keeps its place."""
        self._last_seen[what, text] = self.refused + self.in_doubt + self._resolved

    def recent_reasons(self) -> tuple[RecentReason, ...]:
        """The reasons that came last, in the order in which they first came: a list that people watch shouldn't jump."""
        counts = {REFUSED: self._refusals, IN_DOUBT: self._doubts}
        known = [(what, text) for what, text in self._last_seen if text in counts[what]]
        latest = set(nlargest(RECENT_REASONS, known, key=self._last_seen.__getitem__))
        return tuple(RecentReason(what, text, counts[what][text][0]) for what, text in known if (what, text) in latest)

    def count_lost(self, claims: Iterable[ClaimLost]) -> None:
        """Counts messages that the ledger did not let this run claim."""
        self.unclaimed.update(SKIP_BY_CLAIM_LOST[why] for why in claims)

    def count_request(self) -> None:
        """Counts a finished request of which a byte left."""
        self._requests += 1

    def found(self, ids: Iterable[bytes]) -> None:
        """Counts messages in doubt that the API turned out to have accepted. Those of earlier runs are ignored."""
        for identity in ids:
            text = self._doubt_of.pop(identity, None)
            if text is None:
                continue
            self.in_doubt -= 1
            self._resolved += 1
            self.accepted += 1
            known, first = self._doubts.pop(text)
            if known > 1:
                self._doubts[text] = (known - 1, next((i for i, t in self._doubt_of.items() if t == text), first))

    def timed(self, now: float) -> None:
        """Notes that an exchange with the ledger ended at `now`, in monotonic seconds."""
        self._first = now if self._first is None else self._first
        self._last = now

    def result(self, ending: Ending) -> RunResult:
        return RunResult(
            accepted=self.accepted,
            refused=self.refused,
            in_doubt=self.in_doubt,
            unclaimed=dict(+self.unclaimed),
            requests=self._requests,
            seconds=self._last - self._first if self._first is not None else 0.0,
            ending=ending,
            refusals=_causes(self._refusals),
            doubts=_causes(self._doubts),
            watch_error=self.watch_error,
        )


def _add(causes: dict[str, tuple[int, bytes]], text: str, identity: bytes) -> str:
    """Counts a cause. Returns the text that it is counted under."""
    if text not in causes and len(causes) >= MAX_CAUSES:
        text = "other reasons"
    known, first = causes.get(text, (0, identity))
    causes[text] = (known + 1, first)
    return text


def _causes(causes: dict[str, tuple[int, bytes]]) -> tuple[Cause, ...]:
    listed = sorted(causes.items(), key=lambda item: -item[1][0])
    return tuple(Cause(text, count, first) for text, (count, first) in listed)
