"""Observations and signals as they are kept: times in whole milliseconds, texts that can be stored, no number of a person.

Both stores keep these values only, so what counts doesn't depend on the store.
"""

from __future__ import annotations

import json
from dataclasses import replace

from sendspec.ledger.delivery.interaction import Interaction
from sendspec.ledger.delivery.masked_text import MASK, masked_text
from sendspec.ledger.delivery.observation import FailureReason, Observation, StatusReport
from sendspec.ledger.delivery.opt_out import RULED, OptOutSignal
from sendspec.ledger.delivery.protocol import PendingReport
from sendspec.ledger.moment import MAX_MOMENT, MIN_MOMENT, is_moment
from sendspec.ledger.storable import storable

MAX_TEXT = 200
MAX_PARTS = 1_000
CODE_DIGITS = 6
"""The API's codes have five digits, those of its sources up to six. A longer one could be a number: those have at least seven."""
UNREADABLE = "unreadable"
"""In place of a status or a kind that could name a person. As any word that the API doesn't document, it isn't final."""


def to_milliseconds(moment: float) -> int:
    return round(moment * 1_000)


def to_seconds(milliseconds: int) -> float:
    return milliseconds / 1_000


def is_kept_moment(milliseconds: int) -> bool:
    return is_moment(milliseconds / 1_000)


def kept_moment(moment: float) -> float:
    """To the millisecond, and never outside of what a calendar has."""
    inside = min(max(moment, MIN_MOMENT), MAX_MOMENT)
    return to_seconds(to_milliseconds(MIN_MOMENT if inside != inside else inside))


def kept_report(report: StatusReport) -> StatusReport:
    reason, at, parts = report.reason, report.at, report.parts
    return StatusReport(
        _kept_word(report.status),
        None if at is None or not is_moment(at) else kept_moment(at),
        None if reason is None else _kept_reason(reason),
        parts if parts is not None and 0 <= parts <= MAX_PARTS else None,
    )


def kept_observation(seen: Observation) -> Observation:
    return replace(seen, report=kept_report(seen.report), seen_at=kept_moment(seen.seen_at))


def kept_interaction(interaction: Interaction) -> Interaction:
    return replace(
        interaction, id=kept_text(interaction.id), kind=_kept_word(interaction.kind), at=kept_moment(interaction.at)
    )


def kept_signal(signal: OptOutSignal) -> OptOutSignal:
    """A person's reason may name whom it is about."""
    evidence = masked_text(signal.evidence) if signal.ground in RULED else signal.evidence
    channel = None if signal.channel is None else kept_text(masked_text(signal.channel))
    return replace(
        signal,
        at=kept_moment(signal.at),
        noted_at=kept_moment(signal.noted_at),
        channel=channel,
        evidence=kept_text(evidence),
    )


def kept_pending(pending: PendingReport) -> PendingReport:
    return replace(
        pending,
        remote_id=kept_text(pending.remote_id),
        report=kept_report(pending.report),
        seen_at=kept_moment(pending.seen_at),
    )


def kept_text(text: str) -> str:
    return storable(text[:MAX_TEXT])


def _kept_word(word: str) -> str:
    return UNREADABLE if MASK in masked_text(word) else kept_text(word)


def _is_code(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= CODE_DIGITS


def _kept_reason(reason: FailureReason) -> FailureReason:
    return FailureReason(
        kept_text(masked_text(reason.text)),
        None if reason.code is None or abs(reason.code) >= 10**CODE_DIGITS else reason.code,
        kept_text(masked_text(reason.source_name)),
        reason.source_code if _is_code(reason.source_code) else kept_text(masked_text(reason.source_code)),
    )


def reason_text(reason: FailureReason) -> str:
    """A reason as one text; equal reasons have equal texts."""
    return json.dumps([reason.text, reason.code, reason.source_name, reason.source_code], ensure_ascii=False)


def reason_of(text: str) -> FailureReason:
    """The reason that a text of `reason_text` holds. Raises ValueError for another text."""
    words, code, name, source_code = json.loads(text)
    return FailureReason(words, code, name, source_code)
