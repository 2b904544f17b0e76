"""Who of a list's recipients may be reached at all, whatever the ledger says of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from sendspec.composing.message import Message


class Exclusion(IntEnum):
    """Why an address gets nothing. Numbers, so that they go from process to process."""

    NONE = 0
    ONLY_TO = 1
    SUPPRESSED = 2


class Addresses(Protocol):
    """Some normalised addresses."""

    def __contains__(self, address: str, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Both hold normalised addresses; None where there is no such list.

    `only_to` are the only ones that may be reached, `suppressed` those that may not. An address that both leave out counts for
    `only_to`.
    """

    only_to: frozenset[str] | None = None
    suppressed: Addresses | None = None

    def exclusion_of(self, message: Message) -> Exclusion:
        """Why `message` reaches nobody. Of several receivers, one who may not be reached is enough."""
        if self.only_to is not None and not all(address in self.only_to for address in message.receivers):
            return Exclusion.ONLY_TO
        if self.suppressed is not None and any(address in self.suppressed for address in message.receivers):
            return Exclusion.SUPPRESSED
        return Exclusion.NONE


EVERYONE = Eligibility()
