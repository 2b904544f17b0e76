"""A report of a send as a value: many outcomes, a kill, throttling, deliveries, prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from sendspec.ledger.delivery.observation import Delivery, FailureReason, Source, StatusReport
from sendspec.ledger.record import MessageRecord
from sendspec.ledger.run_note import PlannedRun, RunNote
from sendspec.operations.delivery_account import DeliveryAccount, ReasonCount
from sendspec.operations.found_rows import RecipientRow
from sendspec.operations.recipient_row import Absence
from sendspec.operations.report_speed import Bucket, Gap, Latency, LatencyBin, PauseBand, PauseCause, Throughput
from sendspec.operations.run_report import Reason
from sendspec.operations.send_report import (
    Concern,
    CountryCounts,
    EarlierGeneration,
    Guard,
    MessageMove,
    Reasons,
    ReportedMessage,
    ReportedRecipients,
    ReportedRun,
    SegmentCounts,
    SendReport,
    Verdict,
    Warned,
)
from sendspec.planning.cost import cost_of
from sendspec.planning.delivery_gate import DeliveryTally
from sendspec.planning.message_state import State
from sendspec.planning.totals import Totals
from sendspec.provider.failure_words import failure_words
from sendspec.reading.limits import Amount
from sendspec.reading.prices import Price, PriceTable

BEGUN = 1_790_000_000.0
UNKNOWN_NUMBER = FailureReason("unknown subscriber", 15005, "sms-messagebird", "1")
PRICES = PriceTable({c: Price("EUR", Decimal(p), Decimal(q)) for c, p, q in (("GB", "0.04", "0.04"), ("NL", "0.07", "0.08"))}, "prices.csv", "ab" * 32)  # fmt: skip
REFUSED_TEXT = "422: receiver.contacts[0].identifierValue: not a mobile number"
DOUBT_TEXT = "the connection was closed before an answer came"


def message(
    number: int,
    state: State = State.ACCEPTED,
    evidence: str | None = None,
    delivery: Delivery | None = None,
    *,
    attempts: Sequence[MessageMove] | None = None,
    row: RecipientRow | Absence | None = None,
) -> ReportedMessage:
    """The message in line `number` + 1 of the table."""
    at = BEGUN + number / 50
    moves = attempts
    if moves is None:
        planned = MessageMove(at=BEGUN, run=1, attempt=0, origin=None, target="planned", evidence=None)
        claimed = MessageMove(at=at, run=1, attempt=1, origin="planned", target="sending", evidence=None)
        settled = MessageMove(at=at + 0.12, run=1, attempt=1, origin="sending", target=state.value, evidence=evidence)
        moves = (planned,) if state is State.PLANNED else (planned, claimed, settled)
    record = MessageRecord(
        id=number.to_bytes(16, "big"),
        name="order-shipped",
        generation=2,
        state=state,
        attempt=max((move.attempt for move in moves), default=0),
        masked=f"+44••••••{number % 100:02}",
        reference=None,
        remote_id=f"6b1f0000-0000-4000-8000-{number:012x}" if state is State.ACCEPTED else None,
        http_status=202 if state is State.ACCEPTED else 422 if state is State.REFUSED else None,
        evidence=evidence,
        updated_at=at,
        resends=0,
        line=number + 1,
        size=3 if number % 10 == 0 else 2,
    )
    here = row or RecipientRow(
        path="data/orders.csv",
        number=number,
        line=number + 1,
        key_column="order_id",
        key=f"A{1000 + number}",
        cells={},
        country="NL" if number % 3 == 0 else "GB",
    )
    return ReportedMessage(message=record, row=here, delivery=delivery, attempts=tuple(moves))


def delivered(at: float) -> Delivery:
    return Delivery(StatusReport("delivered", at, None, 1), Source.LIST, at + 1)


def undelivered(at: float, reason: FailureReason = UNKNOWN_NUMBER) -> Delivery:
    return Delivery(StatusReport("delivery_failed", at, reason, 1), Source.LIST, at + 1)


def run(number: int, begun: float, seconds: float, ending: str | None, account: Totals, note: RunNote | None = None) -> ReportedRun:  # fmt: skip
    planned = PlannedRun(
        run=number, pid=7, started_at=begun, ended_at=None if ending is None else begun + seconds, ending=ending, messages=120, note=note,
        requests=None if ending is None else account.recipients,
    )  # fmt: skip
    return ReportedRun(run=planned, account=account, released=3, first=begun + 0.2, last=begun + seconds)


def totals(accepted: int = 0, refused: int = 0, in_doubt: int = 0, not_sent: int = 0, **skipped: int) -> Totals:
    reasons = {name.replace("_", "-"): count for name, count in skipped.items()}
    return Totals(accepted=accepted, refused=refused, in_doubt=in_doubt, not_sent=not_sent, skipped=reasons)


def rows_of_all(count: int = 120) -> tuple[ReportedMessage, ...]:
    """Every 15th refused, every 40th in doubt, every 30th not delivered, the last two not sent."""
    found = []
    for number in range(1, count + 1):
        at = BEGUN + number
        if number > count - 2:
            found.append(message(number, State.PLANNED))
        elif number % 40 == 0:
            found.append(message(number, State.IN_DOUBT, DOUBT_TEXT))
        elif number % 15 == 0:
            found.append(message(number, State.REFUSED, REFUSED_TEXT, row=Absence.GONE if number == 15 else None))
        else:
            found.append(message(number, delivery=undelivered(at) if number % 29 == 0 else delivered(at)))
    return tuple(found)


def sample() -> SendReport:
    """120 messages in three runs, one of them killed."""
    rows = rows_of_all()
    states = [each.message.state for each in rows]
    lost = sum(each.delivery is not None and each.delivery.report.status == "delivery_failed" for each in rows)
    accepted, refused, doubts = (states.count(each) for each in (State.ACCEPTED, State.REFUSED, State.IN_DOUBT))
    account = totals(accepted, refused, doubts, 2, duplicate=12, filtered=2, opted_out=1)
    note = RunNote(plan_digest=bytes(range(32)), commit="4e1f" * 10, claimed="github: bob", verified=("ann", "cy"))
    tally = DeliveryTally(accepted=accepted, delivered=accepted - lost, undelivered=lost)
    reason = ReasonCount("delivery_failed", UNKNOWN_NUMBER, failure_words("delivery_failed", UNKNOWN_NUMBER), lost, rows[28].message.id)  # fmt: skip
    delivery = DeliveryAccount(
        tally=tally, by_status={"delivered": accepted - lost}, reasons=[reason], as_of=BEGUN + 900
    )
    buckets = tuple(
        Bucket(
            int(BEGUN) + n * 5, accepted=(n * 7) % 23, refused=n % 3, in_doubt=int(n == 9), released=4 * (5 <= n <= 7)
        )
        for n in range(40)
    )
    countries = tuple(
        CountryCounts(country=country, messages=messages, accepted=fine, segments=segments)
        for country, messages, fine, segments in (("GB", 80, 74, 82), ("NL", 36, 30, 33), ("unknown", 4, 3, 3))
    )
    cost = cost_of({each.country: (each.accepted, each.segments) for each in countries}, PRICES, unmeasured=0)
    guards = (
        Guard(name="messages", limit=5_000, found=120, headroom=4_880, held=True),
        Guard(name="segments", limit=2, found=1, headroom=1, held=True),
        Guard(name="total_segments", limit=None, found=130),
        Guard(name="cost", limit=Amount(Decimal(5), "EUR"), found=Amount(Decimal("5.77"), "EUR"), headroom=Amount(Decimal("-0.77"), "EUR"), held=False),
        Guard(name="failure_rate", limit=0.2, found=0.067, headroom=0.133, held=True),
        Guard(name="not_after", limit=BEGUN + 90_000, found=BEGUN + 250, headroom=89_750.0, held=True),
        Guard(name="in_doubt", limit="hold", found=doubts),
    )  # fmt: skip
    return SendReport(
        environment="production",
        name="order-shipped",
        generation=2,
        path="specs/order-shipped.yaml",
        verdict=Verdict.ATTENTION,
        warnings=(
            Warned(Concern.REFUSED, refused),
            Warned(Concern.UNDELIVERED, lost),
            Warned(Concern.IN_DOUBT, doubts),
            Warned(Concern.KILLED, 2),
        ),
        account=account,
        runs=(
            run(1, BEGUN, 200.0, "the API refuses the run: 402", totals(60, 5), None),
            run(2, BEGUN + 300, 200.0, None, totals(30, 2, 1), note),
            run(3, BEGUN + 4_000, 60.0, "finished", totals(20, 1), note),
        ),
        requests=130,
        guards=guards,
        throughput=Throughput(
            seconds=5,
            buckets=buckets,
            gaps=(Gap(25, 3_300),),
            bands=(PauseBand(5, 7, PauseCause.THROTTLED, "429: too many requests", 12),),
        ),
        latency=Latency(
            count=118, p50=0.081, p90=0.240, p99=1.9, max=12.4,
            histogram=tuple(LatencyBin(low, high, count) for low, high, count in ((0, 0.05, 12), (0.05, 0.1, 60), (0.1, 0.2, 30), (0.2, 0.5, 11), (0.5, 1, 2), (1, 2, 2), (2, None, 1))),
        ),
        refusals=Reasons(listed=(Reason(text=REFUSED_TEXT, count=refused, first="m0000000000000000000000000000000f"),)),
        doubts=Reasons(listed=(Reason(text=DOUBT_TEXT, count=doubts, first="m00000000000000000000000000000028"),)),
        segments=SegmentCounts(total=130, gsm7=109, ucs2=11, accepted=118, most=2),
        countries=countries,
        cost=cost,
        delivery=delivery,
        earlier=EarlierGeneration(generation=1, account=totals(100, 2), segments=SegmentCounts(total=104, gsm7=102, accepted=100, most=2)),
        recipients=ReportedRecipients(total=len(rows), are_all=True, failures=refused + doubts + lost + 2, rows=rows),
    )  # fmt: skip


def many(report: SendReport, rows: tuple[ReportedMessage, ...], total: int) -> SendReport:
    """The same with `rows` as the failures of `total` messages."""
    return replace(report, recipients=ReportedRecipients(total=total, are_all=False, failures=len(rows), rows=rows))
