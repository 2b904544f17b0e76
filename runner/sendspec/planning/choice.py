"""What a person chose of all that could be sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from sendspec.composing.message import Message
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.planning.decision import Decision, Retry, Skip
from sendspec.planning.earlier_send import MessageIds


@dataclass(frozen=True, slots=True)
class Choice:
    """`retry` has the kinds of messages to try again, and no others are sent; empty: everything that is due.

    `held` are messages that are skipped although they are due, by id, each with its reason. `kept` are the ids of those whom an
    earlier send did not reach, where the spec sends to nobody else; None: it sends to all.
    """

    retry: frozenset[Retry] = frozenset()
    held: Mapping[bytes, Skip] = field(default_factory=dict)
    kept: MessageIds | None = None

    @property
    def leaves_out(self) -> bool:
        """Whether it skips any message that is due."""
        return bool(self.held) or self.kept is not None

    def skip_of(self, identity: bytes) -> Skip | None:
        """Why a message that is due is skipped; None if it is sent."""
        if self.kept is not None and identity not in self.kept:
            return Skip.NOT_UNDELIVERED
        return self.held.get(identity)

    def applied(self, decided: Iterable[Decision]) -> Iterator[Decision]:
        """The decisions, with every message skipped that is not chosen."""
        if not self.leaves_out:
            yield from decided
            return
        for decision in decided:
            item = decision.item
            if decision.skip is None and isinstance(item, Message):
                decision = decision._replace(skip=self.skip_of(item.id))
            yield decision


@dataclass(frozen=True, slots=True)
class RetryTerm:
    """What an approval says of retries. `refused_until`: refusals count that the ledger had among its first so many moves."""

    kind: Retry
    refused_until: int | None = None


ALL_DUE = Choice()


def choice_of(retry: Retry | None) -> Choice:
    return ALL_DUE if retry is None else Choice(frozenset({retry}))
