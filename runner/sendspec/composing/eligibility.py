"""Which recipients may get messages at all, regardless of the ledger: `only_to` and the suppress list."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from sendspec.composing.message import Message


class Exclusion(IntEnum):
    """Why a message is excluded. Numbers, which pass between processes."""

    NONE = 0
    ONLY_TO = 1
    SUPPRESSED = 2


class Addresses(Protocol):
    """A set of normalised addresses."""

    def __contains__(self, address: str, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Eligibility:
    """`only_to` are the only addresses that may get messages; `suppressed` get none. None means no such list.

    A message that both exclude counts as excluded by `only_to`.
    """

    only_to: frozenset[str] | None = None
    suppressed: Addresses | None = None

    def exclusion_of(self, message: Message) -> Exclusion:
        """Why `message` must not go out. Of several receivers, one excluded address is enough."""
        if self.only_to is not None and not all(address in self.only_to for address in message.receivers):
            return Exclusion.ONLY_TO
        if self.suppressed is not None and any(address in self.suppressed for address in message.receivers):
            return Exclusion.SUPPRESSED
        return Exclusion.NONE


EVERYONE = Eligibility()
