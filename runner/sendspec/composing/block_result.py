"""The result of composing a block of rows: only what a plan counts, in plain values that pass between processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

from sendspec.composing.eligibility import Eligibility
from sendspec.composing.identity import reference_mark
from sendspec.composing.message import Composed, Message
from sendspec.composing.platforms.sms_segments import Encoding, first_forcing

PlanEntry = tuple[bytes, int, str]
"""What a plan counts of one message.

Its id and digest; its segments, 0 where nothing was measured; the character that makes an SMS UCS-2, empty for GSM-7.
"""
FILTERED: Literal[False] = False
RowResult = tuple[PlanEntry, bytes, int] | Literal[False] | None
"""The result of one row.

The message's entry, the mark of its reference and the number of its `Exclusion`; `FILTERED`; or None for a row that
`Composer.compose` has to compose.
"""
BlockResult = tuple[list[bytes], list[int], list[str], list[bytes], list[tuple[int, RowResult]]]
"""The results of rows in order.

The entries of the messages to send, one list for each part; the marks of their references, where the user writes these; and
every other row, with its place among all.
"""
BlockComposer = Callable[[Iterable[Any]], BlockResult]
"""Composes rows, each given as `Row.content`."""


def plan_entry_of(message: Message) -> PlanEntry:
    measured = message.measure
    if measured is None:
        return (message.id + message.digest, 0, "")
    forced_by = first_forcing(message.text) if measured.encoding is Encoding.UCS2 and message.text else ""
    return (message.id + message.digest, measured.segments, forced_by)


def row_result_of(composed: Composed | None, eligibility: Eligibility, *, own_reference: bool) -> RowResult:
    """The result of a row that was composed by itself; None where it was rejected."""
    if not isinstance(composed, Message):
        return None if composed is None else FILTERED
    mark = reference_mark(composed.reference) if own_reference else b""
    return plan_entry_of(composed), mark, eligibility.exclusion_of(composed).value


def block_result_of(
    composed: Iterable[Composed | None], eligibility: Eligibility, *, own_reference: bool
) -> BlockResult:
    """The result of rows that were composed one by one; None stands for a rejected row."""
    odds = [(at, row_result_of(item, eligibility, own_reference=own_reference)) for at, item in enumerate(composed)]
    return [], [], [], [], odds
