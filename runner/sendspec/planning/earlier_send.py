"""What became of a table's rows in an earlier send, and whom `only: undelivered` keeps of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Protocol

from sendspec.diagnostics.lazy_dataclass import dataclass


class Reach(StrEnum):
    """What else can have become of a row than a failure. The words are used in JSON.

    `OPTED_OUT`: it failed, and by the reason the recipient may have opted out. `UNKNOWN`: accepted, and never seen at the API since. `NOT_SENT`: planned, or settled by hand. `NOT_PART`: that send has no message
    of this recipient's key.
    """

    DELIVERED = "delivered"
    OPTED_OUT = "opted_out"
    UNDER_WAY = "under_way"
    UNKNOWN = "unknown"
    IN_DOUBT = "in_doubt"
    NOT_SENT = "not_sent"
    NOT_PART = "not_part"


OUTWEIGHS = (Reach.OPTED_OUT, Reach.DELIVERED, Reach.IN_DOUBT, Reach.UNDER_WAY, Reach.UNKNOWN)
"""Outcomes that keep a row from being sent to, whatever was sent under another name of the spec, the most telling first."""


class MessageIds(Protocol):
    """A set of message ids."""

    def __contains__(self, identity: bytes, /) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierSend:
    """`kept` has the ids, in the present send, of the rows that are kept. `outcomes` counts all rows by what became of them: a `Reach`,
    or a failure (`undelivered.OUTCOMES`). `wanted` are the failures that are kept.

    `newest` is when the newest of these statuses was seen, in Unix seconds by this machine's clock; None without any.
    """

    name: str
    generation: int
    kept: MessageIds
    wanted: frozenset[str]
    outcomes: Mapping[str, int] = field(default_factory=dict)
    newest: float | None = None

    @property
    def kept_outcomes(self) -> dict[str, int]:
        return {outcome: count for outcome, count in self.outcomes.items() if outcome in self.wanted}

    @property
    def left_outcomes(self) -> dict[str, int]:
        return {outcome: count for outcome, count in self.outcomes.items() if outcome not in self.wanted}

    @property
    def undecided(self) -> int:
        """How many may still be delivered, or fail."""
        return self.outcomes.get(Reach.UNDER_WAY, 0) + self.outcomes.get(Reach.UNKNOWN, 0)


@dataclass(slots=True, eq=False)
class EarlierLook:
    """An earlier send, looked at once in a command, so that every pass over the rows decides alike. None: not yet."""

    found: EarlierSend | None = None
