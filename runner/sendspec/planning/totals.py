"""The totals of a send: every recipient in exactly one bucket."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sendspec.planning.decision import Skip
from sendspec.planning.message_state import State
from sendspec.planning.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The recipients by outcome. `skipped` counts by reason, in the words of the JSON documents.

    `left` is not part of the sum: messages that were planned, never sent, and whose recipients are no longer in the table.
    """

    accepted: int = 0
    refused: int = 0
    in_doubt: int = 0
    not_sent: int = 0
    skipped: Mapping[str, int]
    left: int = 0

    @property
    def skips(self) -> int:
        return sum(self.skipped.values())

    @property
    def recipients(self) -> int:
        return self.accepted + self.refused + self.in_doubt + self.not_sent + self.skips

    def totals(self) -> dict[str, int]:
        """The six totals as the JSON documents have them."""
        return {
            "recipients": self.recipients,
            "accepted": self.accepted,
            "refused": self.refused,
            "in_doubt": self.in_doubt,
            "not_sent": self.not_sent,
            "skipped": self.skips,
        }


def totals_of(plan: Plan, states: Mapping[State, int], skipped: Mapping[Skip, int]) -> Totals:
    """The totals of a plan after its run. A message that the run neither settled nor skipped counts as not sent.

    `states` are the ledger's, of the messages the run claimed. `skipped` are messages that the plan would have sent and the
    run did not claim.
    """
    ended = sum(count for state, count in states.items() if state is not State.PLANNED)
    skips: Counter[str] = Counter()
    for reasons in (plan.skipped, skipped):
        skips.update({skip.value: count for skip, count in reasons.items()})
    return Totals(
        accepted=states.get(State.ACCEPTED, 0),
        refused=states.get(State.REFUSED, 0),
        in_doubt=states.get(State.IN_DOUBT, 0) + states.get(State.SENDING, 0),
        not_sent=max(0, plan.send - ended - sum(skipped.values())),
        skipped=dict(skips),
        left=plan.left,
    )


def sum_of(accounts: Iterable[Totals]) -> Totals:
    """The totals of several specs, added."""
    listed = list(accounts)
    skipped: Counter[str] = Counter()
    for account in listed:
        skipped.update(account.skipped)
    return Totals(
        accepted=sum(a.accepted for a in listed),
        refused=sum(a.refused for a in listed),
        in_doubt=sum(a.in_doubt for a in listed),
        not_sent=sum(a.not_sent for a in listed),
        skipped=dict(skipped),
        left=sum(a.left for a in listed),
    )
