"""What the sandbox does with messages to certain numbers: one table, by the number's last digits.

The documentation shows this table: `docs/generate.py` writes it from here. Where the API's code for a reason isn't documented, the first code of its
range stands in: 14000 for what a customer causes, 15000 for what a platform reports.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern

NUMBER = lazy_pattern(r"\+[1-9][0-9]{0,7}0000(?P<digits>[0-9]{3})", re.ASCII)
"""Phone numbers, at most 15 digits long, whose last seven digits are 0000 and the digits of an ending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How the API tells of a failure (`reference/api.md`, section 5). `name` is its word for the reason, `text` its sentence.

    `source_code` is None where no document has the code of the reason.
    """

    code: int
    name: str
    text: str
    source: str
    source_code: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """A status that a message reaches `at` so many steps after it was accepted."""

    at: float
    status: str
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A text from the receiver."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Click:
    """A click on a link of the message. `bot`: by a program that fetches links in advance."""

    at: float
    bot: bool


class PostAnswer(Enum):
    """What a POST is answered, if not 202."""

    REFUSED = 422
    THROTTLED_ONCE = 429
    ACCEPTED_UNSAID = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What becomes of a message to a number that ends in `0000` and `digits`. `does` says it for the documentation."""

    digits: str
    does: str
    life: tuple[Step, ...]
    replies: tuple[Reply, ...] = ()
    clicks: tuple[Click, ...] = ()
    answer: PostAnswer | None = None


_SENT = (Step(0, "accepted"), Step(0.5, "processing"), Step(1.5, "sent"))
_LAST = 3.0
_DELIVERED = (*_SENT, Step(_LAST, "delivered"))
_REPLIED = 4.0
_STOP = Reply(_REPLIED, "STOP")
STEPS_A_MINUTE = 60

USUAL = Ending(digits="", does="delivered", life=_DELIVERED)
"""What becomes of a message to any other number."""


def _undelivered(code: int, name: str, text: str, source_code: str | None) -> tuple[Step, ...]:
    """The life of a message that the network took and did not deliver."""
    failure = Failure(code=code, name=name, text=text, source="sms-messagebird", source_code=source_code)
    return (*_SENT, Step(_LAST, "delivery_failed", failure))


def _unsent(status: str, code: int, name: str, text: str, source: str) -> tuple[Step, ...]:
    """The life of a message that the network never got."""
    failure = Failure(code=code, name=name, text=text, source=source, source_code=str(code))
    return (_SENT[0], Step(0.5, status, failure))


ENDINGS = (
    Ending(digits="000", does="`delivery_failed`: a dead number (15005 unknown_subscriber, source code 1)",
           life=_undelivered(15005, "unknown_subscriber", "unknown subscriber", "1")),
    Ending(digits="001", does="`sending_failed`: this sender may not send to this destination (12003 unsupported_destination)",
           life=_unsent("sending_failed", 12003, "unsupported_destination", "unsupported destination", "pre-processing")),
    Ending(digits="002", does="stays `sent`: no receipt ever comes", life=_SENT),
    Ending(digits="003", does="`rejected` after it was accepted (11002 invalid_input)",
           life=_unsent("rejected", 11002, "invalid_input", "invalid input", "pre-processing")),
    Ending(digits="004", does="delivered; replies STOP, which is an `unsubscribe-request` too", life=_DELIVERED, replies=(_STOP,)),
    Ending(digits="005", does="`delivery_failed` as 000, and `delivered` afterwards",
           life=(*_undelivered(15005, "unknown_subscriber", "unknown subscriber", "1"), Step(2 * _LAST, "delivered"))),
    Ending(digits="006", does="`skipped`, without a reason", life=(_SENT[0], Step(0.5, "skipped"))),
    Ending(digits="007", does="delivered; a bot clicks on its link, then a person", life=_DELIVERED,
           clicks=(Click(_LAST + 0.5, bot=True), Click(_REPLIED, bot=False))),
    Ending(digits="008", does="as 004; START a minute later, which is a `subscribe-consent` too", life=_DELIVERED,
           replies=(_STOP, Reply(_REPLIED + STEPS_A_MINUTE, "START"))),
    Ending(digits="009", does="`sending_failed`: opted out before (source `contact`; how the API says this isn't known)",
           life=_unsent("sending_failed", 14000, "contact_opted_out", "the contact has opted out", "contact")),
    Ending(digits="010", does="delivered; replies \"Please don't stop now\", which only contains a keyword", life=_DELIVERED,
           replies=(Reply(_REPLIED, "Please don't stop now"),)),
    Ending(digits="020", does="`delivery_failed`: no SMS service, as with a landline (15005 unknown_subscriber, source code 11)",
           life=_undelivered(15005, "unknown_subscriber", "teleservice not provisioned", "11")),
    Ending(digits="021", does="`delivery_failed`: barred by the receiver or the network (15005 unknown_subscriber, source code 12)",
           life=_undelivered(15005, "unknown_subscriber", "call barred", "12")),
    Ending(digits="022", does="`delivery_failed`: out of reach (unavailable_subscriber; its codes aren't known)",
           life=_undelivered(15000, "unavailable_subscriber", "unavailable subscriber", None)),
    Ending(digits="023", does="`delivery_failed`: the sender isn't registered (source code 104, seen in use; its code and word aren't known)",
           life=_undelivered(15000, "sender_unregistered", "sender unregistered", "104")),
    Ending(digits="024", does="`delivery_failed`: refused without a reason (source code 0; its code isn't known)",
           life=_undelivered(15000, "generic_delivery_failure", "generic delivery failure", "0")),
    Ending(digits="025", does="`delivery_failed`: expired before the network took it (its codes aren't known)",
           life=_undelivered(15000, "expired", "expired", None)),
    Ending(digits="026", does="`delivery_failed`: no receipt before the validity ended (its codes aren't known)",
           life=_undelivered(15000, "dlr_not_received", "DLR not received", None)),
    Ending(digits="034", does="`delivery_failed`: a network error (15001 received_network_error, source code 34)",
           life=_undelivered(15001, "received_network_error", "system failure", "34")),
    Ending(digits="422", does="refused with 422", life=_DELIVERED, answer=PostAnswer.REFUSED),
    Ending(digits="429", does="429 at first, then accepted and delivered", life=_DELIVERED, answer=PostAnswer.THROTTLED_ONCE),
    Ending(digits="500", does="accepted and delivered, but answered 500: a doubt", life=_DELIVERED, answer=PostAnswer.ACCEPTED_UNSAID),
)  # fmt: skip
"""Every ending."""
ENDING_BY_DIGITS = {ending.digits: ending for ending in ENDINGS}


def ending_of(receivers: Sequence[str]) -> Ending:
    """What becomes of a message to `receivers`: the first one decides."""
    number = NUMBER.fullmatch(receivers[0]) if receivers else None
    return USUAL if number is None else ENDING_BY_DIGITS.get(number["digits"], USUAL)
