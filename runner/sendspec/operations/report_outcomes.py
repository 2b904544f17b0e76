"""What one run's claims ended in, message by message as far as it is listed, and by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sendspec.ledger.send_record import MessageKey
from sendspec.planning.message_state import State

MAX_LISTED = 5_000
"""Messages up to which a report lists all, and failures that it lists at most."""
MAX_KEPT = 20_000
MAX_REASONS = 200
"""Reasons told apart."""


class RunOutcomes:
    """The last outcome of each message that the run claimed. Evidence is kept of all while they are few, of failures otherwise."""

    def __init__(self) -> None:
        self._last: dict[MessageKey, tuple[str, str | None]] = {}
        self._ends: dict[MessageKey, State] = {}
        self._accepted: list[MessageKey] = []
        self._accepted_count = 0
        self._reasons: Counter[tuple[str, str]] = Counter()
        self._first: dict[tuple[str, str], MessageKey] = {}
        self._doubts: dict[MessageKey, str] = {}
        self.others: Counter[str] = Counter()
        self.are_all = True

    def add(self, message: MessageKey, target: str, evidence: str | None) -> None:
        if target == State.ACCEPTED.value:
            for failures in (self._last, self._ends, self._doubts):
                failures.pop(message, None)
            self._accepted_count += 1
            if len(self._accepted) <= MAX_LISTED:
                self._accepted.append(message)
            return
        self._ends[message] = State(target)
        if message in self._last or len(self._last) < MAX_KEPT:
            self._last[message] = (target, evidence)
        if target == State.IN_DOUBT.value:
            self._doubts[message] = evidence or ""
        else:
            self._doubts.pop(message, None)
        if target == State.REFUSED.value:
            self._add_reason(target, evidence or "", message)

    def close(self) -> None:
        """Behind the last outcome: what is in doubt now stays so, and its reasons count."""
        for message, words in self._doubts.items():
            self._add_reason(State.IN_DOUBT.value, words, message)

    def _add_reason(self, target: str, evidence: str, message: MessageKey) -> None:
        reason = (target, evidence)
        if reason in self._reasons or len(self._reasons) < MAX_REASONS:
            self._reasons[reason] += 1
            self._first.setdefault(reason, message)
        else:
            self.others[target] += 1

    def reasons(self, state: State) -> list[tuple[str, int, MessageKey]]:
        """Evidence, count and first message, the most frequent first."""
        found = [
            (words, count, self._first[target, words])
            for (target, words), count in self._reasons.items()
            if target == state.value
        ]
        return sorted(found, key=lambda each: -each[1])

    @property
    def claimed(self) -> int:
        """How many messages the run claimed."""
        return self._accepted_count + len(self._ends)

    @property
    def ends(self) -> Mapping[MessageKey, State]:
        """What became of the messages that the run claimed and did not get accepted."""
        return self._ends

    def listed(self) -> Mapping[MessageKey, tuple[str, str | None]]:
        """The last outcome and its evidence: of every message that the run claimed, or of `MAX_LISTED` failures."""
        self.are_all = self.claimed <= MAX_LISTED
        if self.are_all:
            return {**self._last, **dict.fromkeys(self._accepted, (State.ACCEPTED.value, None))}
        order = [State.REFUSED.value, State.IN_DOUBT.value, State.SENDING.value, State.PLANNED.value]
        failures = sorted(self._last.items(), key=lambda item: order.index(item[1][0]))
        return dict(failures[:MAX_LISTED])
