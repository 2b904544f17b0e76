"""The result of composing a block of rows for a plan: only what the plan counts, in plain values that processes can exchange."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

from sendspec.composing.eligibility import Eligibility
from sendspec.composing.identity import reference_hash
from sendspec.composing.message import Composed, Message
from sendspec.composing.platforms.sms_segments import NOT_FORCED, Encoding, ForcedBy, why_ucs2

PlanEntry = tuple[bytes, int, ForcedBy, int]
"""What a plan counts of one message, in four fields.

Its fingerprint, which is its id followed by its digest. Its segments, or 0 if its text isn't measured. What forces UCS-2. The
alternatives that its templates took (`Message.alternatives`).
"""
FILTERED: Literal[False] = False
RowResult = tuple[PlanEntry, bytes, int] | Literal[False] | None
"""The result of one row.

For a message: its entry, the hash of its reference (empty unless the spec writes references itself) and the number of its
`Exclusion`. For a row that `where` leaves out: `FILTERED`. None: `Composer.compose` has to compose the row, or has
rejected it.
"""
BlockResult = tuple[list[bytes], list[int], list[ForcedBy], list[int], list[bytes], list[tuple[int, RowResult]]]
"""The results of a block's rows, in six lists.

Four lists hold the entries of the messages to send, one list for each field, in the order of the rows. The fifth holds the
hashes of their references; it is empty unless the spec writes references itself. The sixth holds every other row, as a pair of its
index in the block and its result.
"""
BlockComposer = Callable[[Iterable[Any]], BlockResult]
"""Composes a block of rows, each given as its `Row.content`."""


def plan_entry_of(message: Message) -> PlanEntry:
    fingerprint, measured, taken = message.id + message.digest, message.measure, message.alternatives
    if measured is None:
        return (fingerprint, 0, NOT_FORCED, taken)
    forced = measured.encoding is Encoding.UCS2 and message.text is not None
    return (
        fingerprint,
        measured.segments,
        why_ucs2(message.text or "", measured.segments) if forced else NOT_FORCED,
        taken,
    )


def row_result_of(composed: Composed | None, eligibility: Eligibility, *, own_reference: bool) -> RowResult:
    """The result of a row that `Composer.compose` composed. `composed` is None for a rejected row."""
    if not isinstance(composed, Message):
        return None if composed is None else FILTERED
    hashed = reference_hash(composed.reference) if own_reference else b""
    return plan_entry_of(composed), hashed, eligibility.exclusion_of(composed).value


def block_result_of(
    composed: Iterable[Composed | None], eligibility: Eligibility, *, own_reference: bool
) -> BlockResult:
    """The result of rows that `Composer.compose` composed. An item is None for a rejected row."""
    others = [(at, row_result_of(item, eligibility, own_reference=own_reference)) for at, item in enumerate(composed)]
    return [], [], [], [], [], others
