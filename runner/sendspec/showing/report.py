"""A send's report as JSON, and its recipients as JSON lines."""

from __future__ import annotations

from typing import Any

from sendspec.composing.platforms.sms_segments import encoding_in, segments_in
from sendspec.ledger.delivery.observation import Fate
from sendspec.operations.delivery_account import DeliveryAccount
from sendspec.operations.found_rows import RecipientRow
from sendspec.operations.report_speed import Latency, Throughput
from sendspec.operations.send_report import (
    CountryCounts,
    EarlierGeneration,
    Guard,
    GuardValue,
    MessageMove,
    Reasons,
    ReportedMessage,
    ReportedRun,
    SegmentCounts,
    SendReport,
    Warned,
)
from sendspec.planning.message_state import State
from sendspec.reading.contacts.number_country import UNKNOWN
from sendspec.reading.limits import Amount
from sendspec.showing.cost import cost_json
from sendspec.showing.delivery import account_json, delivery_json
from sendspec.showing.message_list import listed_json, moment
from sendspec.showing.report_words import verdict_sentence, warning_text
from sendspec.showing.status import run_json

ROW_KEYS = (
    "id", "state", "receiver", "reference", "attempt", "remote_id", "http_status", "evidence", "updated_at", "under_way", "in_table", "row",
)  # fmt: skip


def report_document(report: SendReport) -> dict[str, Any]:
    """The `sendspec.report/1` document."""
    people = report.recipients
    return {
        "schema": "sendspec.report/1",
        "environment": report.environment,
        "name": report.name,
        "generation": report.generation,
        "path": report.path,
        "run": report.only_run,
        "verdict": report.verdict.value,
        "sentence": verdict_sentence(report),
        "warnings": [_warning_json(each) for each in report.warnings],
        "totals": report.account.as_dict(),
        "skipped": dict(report.skipped),
        "left": report.account.left,
        "under_way": report.under_way,
        "runs": [_run_json(each) for each in report.runs],
        "seconds": round(report.seconds, 3),
        "requests": report.requests,
        "requests_of_all_specs": report.requests_of_all_specs,
        "guards": [_guard_json(each) for each in report.guards],
        "throughput": _throughput_json(report.throughput),
        "latency": _latency_json(report.latency),
        "refusals": _reasons_json(report.refusals),
        "other_refusals": _others_json(report.refusals),
        "doubts": _reasons_json(report.doubts),
        "other_doubts": _others_json(report.doubts),
        "segments": _segments_json(report.segments),
        "countries": None if report.countries is None else [_country_json(each) for each in report.countries],
        "cost": None if report.cost is None else cost_json(report.cost),
        "delivery": None if report.delivery is None else _delivery_json(report.delivery),
        "earlier": None if report.earlier is None else _earlier_json(report.earlier),
        "recipients": {
            "listed": len(people.rows),
            "total": people.total,
            "unclaimed": people.unclaimed,
            "all": people.are_all,
            "failures": people.failures,
            "rows": [recipient_json(each) for each in people.rows],
        },
    }


def recipient_json(each: ReportedMessage) -> dict[str, Any]:
    """One recipient, as the report lists it and as a line of `--rows` has it. `reason` is why it was not reached, None if nothing is known."""
    listed = listed_json(each.message, each.row, ())
    size = each.message.size
    delivery = delivery_json(each.delivery)
    is_accepted = each.message.state is State.ACCEPTED
    return {
        **{key: listed[key] for key in ROW_KEYS},
        "planned_line": each.message.line,
        "country": country_of(each),
        "segments": segments_in(size) if size else None,
        "encoding": encoding_in(size).value if size else None,
        "reason": _reason(each),
        "delivery": delivery["delivery"] if is_accepted else None,
        "delivery_status": delivery["delivery_status"],
        "delivery_at": delivery["delivery_at"],
        "meaning": delivery["meaning"],
        "attempts": [_move_json(move) for move in each.attempts],
    }


def country_of(each: ReportedMessage) -> str:
    """The country of its number in today's table, `unknown` where it isn't there."""
    return each.row.country if isinstance(each.row, RecipientRow) else UNKNOWN


def _reason(each: ReportedMessage) -> str | None:
    delivery = each.delivery
    if delivery is not None and delivery.report.fate is Fate.UNDELIVERED:
        reason = delivery.report.reason
        return None if reason is None else reason.text or None
    return None if each.message.state is State.ACCEPTED else each.message.evidence


def _move_json(move: MessageMove) -> dict[str, Any]:
    return {
        "at": exact_moment(move.at),
        "run": move.run,
        "attempt": move.attempt,
        "from": move.origin,
        "to": move.target,
        "evidence": move.evidence,
    }


def exact_moment(seconds: float) -> str:
    """A moment to the millisecond: attempts are shorter than a second."""
    whole, fraction = divmod(round(seconds * 1_000), 1_000)
    return f"{moment(whole)[:-1]}.{fraction:03}Z"


def _warning_json(warned: Warned) -> dict[str, Any]:
    return {"code": warned.concern.value, "count": warned.count, "text": warning_text(warned)}


def _run_json(each: ReportedRun) -> dict[str, Any]:
    return {
        **run_json(each.run),
        "requests": each.run.requests,
        "specs": each.run.specs,
        "seconds": round(each.seconds, 3),
        "totals": each.account.as_dict(),
        "released": each.released,
        "found": each.found,
        "under_way": each.under_way,
    }


def _guard_json(guard: Guard) -> dict[str, Any]:
    is_moment = guard.name == "not_after"
    return {
        "name": guard.name,
        "limit": _value_json(guard.limit, is_moment=is_moment),
        "found": _value_json(guard.found, is_moment=is_moment),
        "at_least": guard.at_least,
        "headroom": _value_json(guard.headroom, is_moment=False),
        "held": guard.held,
        "together": guard.together,
    }


def _value_json(value: GuardValue | None, *, is_moment: bool) -> int | float | str | dict[str, str | None] | None:
    """An amount of money is exact, so it is text."""
    if isinstance(value, Amount):
        return {"currency": value.currency, "amount": f"{value.amount:f}"}
    if isinstance(value, float):
        return moment(value) if is_moment else round(value, 6)
    return value


def _throughput_json(found: Throughput) -> dict[str, Any]:
    return {
        "seconds": found.seconds,
        "buckets": [
            {
                "at": moment(each.at),
                "accepted": each.accepted,
                "refused": each.refused,
                "in_doubt": each.in_doubt,
                "released": each.released,
            }
            for each in found.buckets
        ],
        "gaps": [{"after": each.after, "seconds": each.seconds} for each in found.gaps],
        "bands": [
            {
                "first": each.first,
                "last": each.last,
                "cause": each.cause.value,
                "words": each.words,
                "released": each.released,
            }
            for each in found.bands
        ],
    }


def _latency_json(found: Latency) -> dict[str, Any]:
    return {
        "count": found.count,
        "p50": found.p50,
        "p90": found.p90,
        "p99": found.p99,
        "max": found.max,
        "histogram": [{"from": each.low, "to": each.high, "count": each.count} for each in found.histogram],
    }


def _reasons_json(reasons: Reasons) -> list[dict[str, Any]]:
    return [{"text": each.text, "count": each.count, "first": each.first} for each in reasons.listed]


def _others_json(reasons: Reasons) -> dict[str, int]:
    return {"count": reasons.others, "reasons": reasons.other_kinds}


def _segments_json(found: SegmentCounts) -> dict[str, int]:
    return {
        "total": found.total,
        "gsm7": found.gsm7,
        "ucs2": found.ucs2,
        "unmeasured": found.unmeasured,
        "accepted": found.accepted,
        "most": found.most,
    }


def _country_json(found: CountryCounts) -> dict[str, Any]:
    return {
        "country": found.country,
        "messages": found.messages,
        "accepted": found.accepted,
        "segments": found.segments,
    }


def _delivery_json(account: DeliveryAccount) -> dict[str, Any]:
    parts = account_json(account)
    return {**parts.pop("delivery"), **parts, "as_of": None if account.as_of is None else moment(account.as_of)}


def _earlier_json(found: EarlierGeneration) -> dict[str, Any]:
    return {
        "generation": found.generation,
        "totals": found.account.as_dict(),
        "skipped": dict(found.account.skipped),
        "segments": _segments_json(found.segments),
        "delivery": None if found.delivery is None else found.delivery.tally.as_dict(),
    }
