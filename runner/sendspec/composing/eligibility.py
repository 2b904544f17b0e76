"""Which recipients may get messages at all, whatever became of their messages: `only_to`, the suppression list, opt-outs."""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol

from sendspec.composing.message import Message
from sendspec.diagnostics.lazy_dataclass import dataclass


class Exclusion(IntEnum):
    """Why a message is excluded. Numbers, because processes exchange them."""

    NONE = 0
    ONLY_TO = 1
    SUPPRESSED = 2
    OPTED_OUT = 3


class Addresses(Protocol):
    """A set of normalised addresses."""

    def __contains__(self, address: str, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Eligibility:
    """If there is an `only_to`, no other address gets messages. Addresses in `suppressed` and `opted_out` never do. None: there is no such list.

    A message that several exclude counts as excluded by the first of them.
    """

    only_to: frozenset[str] | None = None
    suppressed: Addresses | None = None
    opted_out: Addresses | None = None

    def exclusion_of(self, message: Message) -> Exclusion:
        """Why `message` must not go out. If it has several receivers, one excluded address is enough."""
        if self.only_to is not None and not all(address in self.only_to for address in message.receivers):
            return Exclusion.ONLY_TO
        if self.suppressed is not None and any(address in self.suppressed for address in message.receivers):
            return Exclusion.SUPPRESSED
        if self.opted_out is not None and any(address in self.opted_out for address in message.receivers):
            return Exclusion.OPTED_OUT
        return Exclusion.NONE


EVERYONE = Eligibility()
