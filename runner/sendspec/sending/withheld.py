"""People who must not get a message after all: left out of what was chosen, just before it is claimed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TypeAlias

from sendspec.diagnostics.exceptions import LedgerTrouble, SuppressionListUnreadable
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.planning.decision import Skip
from sendspec.sending.claim_choice import ClaimGroup
from sendspec.sending.ending import Ending, OptOutsUnread, SuppressLost
from sendspec.sending.run import Sendable

Withholds: TypeAlias = Callable[[Sendable], Skip | None]
"""Says why a message must not go out. Raises `SuppressionListUnreadable` or `LedgerTrouble` where that can't be told."""


@dataclass(frozen=True, slots=True)
class Claimable:
    """What may be claimed, and why each other message may not. `ending`: why nothing more may be claimed at all."""

    groups: list[ClaimGroup]
    withheld: list[Skip] = field(default_factory=list)
    ending: Ending | None = None


def without_withheld(groups: list[ClaimGroup], withholds: Withholds | None) -> Claimable:
    """Leaves out recipients who were suppressed, or opted out, since the plan."""
    if withholds is None or not groups:
        return Claimable(groups)
    try:
        withheld = {
            message.id: why for messages, _ in groups for message in messages if (why := withholds(message)) is not None
        }
    except SuppressionListUnreadable as trouble:
        return Claimable([], ending=SuppressLost(trouble.problem, trouble.fix))
    except LedgerTrouble as trouble:
        return Claimable([], ending=OptOutsUnread(trouble.problem, trouble.fix, trouble.code))
    kept = [([message for message in messages if message.id not in withheld], due) for messages, due in groups]
    return Claimable([group for group in kept if group[0]], list(withheld.values()))
