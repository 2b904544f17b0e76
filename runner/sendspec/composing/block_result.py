"""The result of composing a block of rows for a plan: only what the plan counts, in plain values that processes can exchange."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

from sendspec.composing.eligibility import Eligibility, Exclusion
from sendspec.composing.identity import reference_hash
from sendspec.composing.message import Composed, Message
from sendspec.composing.platforms.sms_excess import sized
from sendspec.composing.platforms.sms_segments import NOT_FORCED, Encoding, ForcedBy, why_ucs2
from sendspec.composing.record_part import RecordPart
from sendspec.reading.contacts.number_country import country_of_number

PlanEntry = tuple[bytes, int, ForcedBy, int, str]
"""What a plan counts of one message, in five fields.

Its fingerprint, which is its id followed by its digest. Its size (`sms_excess.sized`), or 0 if its text isn't measured. What forces
UCS-2. The alternatives that its templates took (`Message.alternatives`). Its receiver's country, or "" if countries are not counted.
"""
NO_MESSAGE: PlanEntry = (b"", 0, NOT_FORCED, 0, "")
"""The entry of a filtered or duplicate row."""
FILTERED: Literal[False] = False
RowResult = tuple[PlanEntry, bytes, int, bytes, RecordPart | None] | Literal[False] | None
"""The result of one row.

For a message: its entry, the hash of its reference (empty unless the spec writes references itself), the number of its
`Exclusion`, its `folded_fingerprint`, and its record part, if records are kept and it is to be sent. For a row that `where` leaves out: `FILTERED`. None: `Composer.compose` has to compose the row, or has
rejected it.
"""
BlockResult = tuple[
    list[bytes],
    list[int],
    list[ForcedBy],
    list[int],
    list[str],
    list[bytes],
    list[tuple[int, bytes]],
    bytes,
    list[tuple[int, RowResult]],
]
"""The results of a block's rows, in eight lists and the packed records.

Five lists hold the entries of the messages to send, one list for each field, in the order of the rows. The sixth holds the
hashes of their references; it is empty unless the spec writes references itself. The seventh holds the `folded_fingerprint`
of messages that have one, by their index in the first list. Next are the `packed_records` of the messages to send, empty unless records
are kept. The last list holds every other row, as a pair of its index in the block and its result.
"""
BlockComposer = Callable[[Iterable[Any]], BlockResult]
"""Composes a block of rows, each given as its `Row.content`."""


def plan_entry_of(message: Message, *, count_countries: bool = False) -> PlanEntry:
    fingerprint, measured, taken = message.id + message.digest, message.measure, message.alternatives
    country = country_of_number(message.receiver) if count_countries else ""
    if measured is None:
        return (fingerprint, 0, NOT_FORCED, taken, country)
    forced = measured.encoding is Encoding.UCS2 and message.text is not None
    return (
        fingerprint,
        sized(message.text or "", measured),
        why_ucs2(message.text or "", measured.segments) if forced else NOT_FORCED,
        taken,
        country,
    )


def row_result_of(
    composed: Composed | None,
    eligibility: Eligibility,
    folded_of: Callable[[Message], bytes],
    part_of: Callable[[Message], RecordPart] | None = None,
    *,
    own_reference: bool,
    count_countries: bool = False,
) -> RowResult:
    """The result of a row that `Composer.compose` composed. `composed` is None for a rejected row.

    `part_of` gives the record parts of messages; None: records are not kept.
    """
    if not isinstance(composed, Message):
        return None if composed is None else FILTERED
    hashed = reference_hash(composed.reference) if own_reference else b""
    entry = plan_entry_of(composed, count_countries=count_countries)
    exclusion = eligibility.exclusion_of(composed)
    part = part_of(composed) if part_of is not None and exclusion is Exclusion.NONE else None
    return entry, hashed, exclusion.value, folded_of(composed), part


def block_result_of(others: Iterable[RowResult]) -> BlockResult:
    """The result of a block whose rows were composed one by one."""
    return [], [], [], [], [], [], [], b"", list(enumerate(others))
