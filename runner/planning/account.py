"""The accounting of a send: every recipient in exactly one bucket, and the buckets add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from runner.planning.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What became of each recipient. `skipped` counts by reason; the words stand in JSON."""

    accepted: int = 0
    refused: int = 0
    in_doubt: int = 0
    not_sent: int = 0
    skipped: Mapping[str, int]

    @property
    def skips(self) -> int:
        return sum(self.skipped.values())

    @property
    def recipients(self) -> int:
        return self.accepted + self.refused + self.in_doubt + self.not_sent + self.skips

    def totals(self) -> dict[str, int]:
        """The six totals of the JSON documents."""
        return {
            "recipients": self.recipients,
            "accepted": self.accepted,
            "refused": self.refused,
            "in_doubt": self.in_doubt,
            "not_sent": self.not_sent,
            "skipped": self.skips,
        }


def account_of(plan: Plan, *, accepted: int, refused: int, in_doubt: int) -> Account:
    """The account of a plan after its run; what the run did not bring to an end was not sent."""
    not_sent = plan.send - accepted - refused - in_doubt
    if not_sent < 0:
        raise AssertionError(f"{accepted + refused + in_doubt} outcomes for {plan.send} messages")
    return Account(
        accepted=accepted,
        refused=refused,
        in_doubt=in_doubt,
        not_sent=not_sent,
        skipped={skip.value: count for skip, count in plan.skipped.items()},
    )


def sum_of(accounts: Iterable[Account]) -> Account:
    """Several specs as one."""
    listed = list(accounts)
    skipped: Counter[str] = Counter()
    for account in listed:
        skipped.update(account.skipped)
    return Account(
        accepted=sum(a.accepted for a in listed),
        refused=sum(a.refused for a in listed),
        in_doubt=sum(a.in_doubt for a in listed),
        not_sent=sum(a.not_sent for a in listed),
        skipped=dict(skipped),
    )
