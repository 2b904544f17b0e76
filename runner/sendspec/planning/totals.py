"""The totals of a send: every recipient in exactly one bucket."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.planning.decision import Skip
from sendspec.planning.message_state import State
from sendspec.planning.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The number of recipients by outcome. `skipped` counts by reason, in the words of the JSON documents.

    `not_sent` counts messages that were to be sent and weren't. `left` is not part of `recipients`: it counts messages that were
    planned, never sent, and whose recipients are no longer in the table.
    """

    accepted: int = 0
    refused: int = 0
    in_doubt: int = 0
    not_sent: int = 0
    skipped: Mapping[str, int]
    left: int = 0

    @property
    def skipped_total(self) -> int:
        return sum(self.skipped.values())

    @property
    def recipients(self) -> int:
        return self.accepted + self.refused + self.in_doubt + self.not_sent + self.skipped_total

    def as_dict(self) -> dict[str, int]:
        """The six totals, by their names in the JSON documents."""
        return {
            "recipients": self.recipients,
            "accepted": self.accepted,
            "refused": self.refused,
            "in_doubt": self.in_doubt,
            "not_sent": self.not_sent,
            "skipped": self.skipped_total,
        }


def totals_of(plan: Plan, states: Mapping[State, int], skipped: Mapping[Skip, int]) -> Totals:
    """The totals of a plan after its run. A message that the run neither settled nor skipped counts as not sent.

    `states` counts the messages that the run claimed, by their state in the ledger. `skipped` counts messages
    that the plan would have sent but the run skipped.
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


def sum_of_totals(totals: Iterable[Totals]) -> Totals:
    """The totals of several specs, added."""
    listed = list(totals)
    skipped: Counter[str] = Counter()
    for each in listed:
        skipped.update(each.skipped)
    return Totals(
        accepted=sum(each.accepted for each in listed),
        refused=sum(each.refused for each in listed),
        in_doubt=sum(each.in_doubt for each in listed),
        not_sent=sum(each.not_sent for each in listed),
        skipped=dict(skipped),
        left=sum(each.left for each in listed),
    )
