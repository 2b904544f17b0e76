"""Which recipients may get messages at all, regardless of the ledger: `only_to` and the suppress list."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from sendspec.composing.message import Message


class Exclusion(IntEnum):
    """Why a message is excluded. Numbers, because processes exchange them."""

    NONE = 0
    ONLY_TO = 1
    SUPPRESSED = 2


class Addresses(Protocol):
    """A set of normalised addresses."""

    def __contains__(self, address: str, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Eligibility:
    """If there is an `only_to`, no other address gets messages. Addresses in `suppressed` never do. None: there is no such list.

    A message that both exclude counts as excluded by `only_to`.
    """

    only_to: frozenset[str] | None = None
    suppressed: Addresses | None = None

    def exclusion_of(self, message: Message) -> Exclusion:
        """Why `message` must not go out. If it has several receivers, one excluded address is enough."""
        if self.only_to is not None and not all(address in self.only_to for address in message.receivers):
            return Exclusion.ONLY_TO
        if self.suppressed is not None and any(address in self.suppressed for address in message.receivers):
            return Exclusion.SUPPRESSED
        return Exclusion.NONE


EVERYONE = Eligibility()
