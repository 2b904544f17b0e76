"""What a person chose of all that could be sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sendspec.composing.message import Message
from sendspec.planning.decision import Decision, Retry, Skip


@dataclass(frozen=True, slots=True)
class Choice:
    """`retry` has the kinds of messages to try again, and no others are sent; empty: everything that is due.

    `held` are messages that are skipped although they are due, by id, each with its reason.
    """

    retry: frozenset[Retry] = frozenset()
    held: Mapping[bytes, Skip] = field(default_factory=dict)

    def applied(self, decided: Iterable[Decision]) -> Iterator[Decision]:
        """The decisions, with every held message skipped."""
        if not self.held:
            yield from decided
            return
        for decision in decided:
            item = decision.item
            if decision.skip is None and isinstance(item, Message) and item.id in self.held:
                decision = decision._replace(skip=self.held[item.id])
            yield decision


@dataclass(frozen=True, slots=True)
class RetryTerm:
    """What an approval says of retries. `refused_until`: refusals count that the ledger had among its first so many moves."""

    kind: Retry
    refused_until: int | None = None


ALL_DUE = Choice()


def choice_of(retry: Retry | None) -> Choice:
    return ALL_DUE if retry is None else Choice(frozenset({retry}))
