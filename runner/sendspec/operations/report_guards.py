"""Today's limits and what a send came to. The ledger keeps no limits, so those in force when it was sent may have been others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.send_report import Guard, ReportedRun, SegmentCounts
from sendspec.planning.cost import Cost
from sendspec.planning.totals import Totals
from sendspec.reading.limits import Amount, Limits
from sendspec.reading.spec import InDoubtPolicy, Spec
from sendspec.sending.ending import MIN_CERTAIN

GUARDS = ("messages", "segments", "total_segments", "cost", "encoding", "failure_rate", "not_after", "in_doubt")


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardTerms:
    """What limits the send today. `not_after` and `in_doubt` are None if the spec can't be read, or sets none."""

    limits: Limits
    not_after: datetime | None = None
    in_doubt: InDoubtPolicy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardFacts:
    """What a send came to. `resent` counts doubts that became planned again because the API's list lacked them."""

    runs: tuple[ReportedRun, ...]
    account: Totals
    segments: SegmentCounts
    cost: Cost | None
    resent: int


def terms_of(spec: Spec | None, limits: Limits) -> GuardTerms:
    """What the spec, if it can be read, and the `limits` of its environment set today."""
    if spec is None:
        return GuardTerms(limits=limits)
    return GuardTerms(limits=spec.limits.tightened_by(limits), not_after=spec.not_after, in_doubt=spec.in_doubt)


def guards_of(terms: GuardTerms, facts: GuardFacts) -> tuple[Guard, ...]:
    """Every guard, in the order of `GUARDS`; of `cost`, one for each currency."""
    limits, segments = terms.limits, facts.segments
    most_planned = max((each.run.messages for each in facts.runs), default=0)
    return (
        _up_to("messages", limits.messages, most_planned),
        _up_to("segments", limits.segments, segments.most),
        _of_each_run(_up_to("total_segments", limits.total_segments, segments.total), facts.runs),
        *(_of_each_run(guard, facts.runs) for guard in _cost(limits, facts.cost)),
        _encoding(limits.encoding, segments.ucs2),
        _failure_rate(limits.failure_rate, facts.account),
        _not_after(terms.not_after, facts.runs),
        _doubts(terms.in_doubt, facts.resent),
    )


def _up_to(name: str, limit: int | None, found: int) -> Guard:
    if limit is None:
        return Guard(name=name, limit=None, found=found)
    return Guard(name=name, limit=limit, found=found, headroom=limit - found, held=found <= limit)


def _of_each_run(guard: Guard, runs: tuple[ReportedRun, ...]) -> Guard:
    """Each run was held against the limit alone: that several together exceed it doesn't say that one of them did."""
    if guard.held is not False or len(runs) < 2:
        return guard
    return replace(guard, headroom=None, held=None, together=len(runs))


def _cost(limits: Limits, cost: Cost | None) -> Iterator[Guard]:
    """The highest price of what was accepted. While some prices are unknown, it is the lowest of the known ones: neither what is left nor
    that the limit held can be told.
    """
    unknown = cost is not None and cost.unknown_messages > 0
    totals = () if cost is None else cost.totals
    spent = {total.currency: total.low if unknown else total.high for total in totals}
    named = {each.currency for each in limits.cost}
    only = next(iter(spent)) if len(spent) == 1 else None
    for limit in limits.cost:
        currency = limit.currency or only
        amount = None if cost is None or currency is None else spent.get(currency, None if unknown else Decimal())
        if amount is None:
            yield Guard(name="cost", limit=limit, found=None)
            continue
        left = limit.amount - amount
        if unknown:
            held = False if left < 0 else None
            yield Guard(name="cost", limit=limit, found=Amount(amount, currency), held=held, at_least=True)
            continue
        yield Guard(
            name="cost", limit=limit, found=Amount(amount, currency), headroom=Amount(left, currency), held=left >= 0
        )
    for currency, amount in spent.items():
        if None not in named and currency not in named:
            yield Guard(name="cost", limit=None, found=Amount(amount, currency), at_least=unknown)
    if not limits.cost and not spent:
        yield Guard(name="cost", limit=None, found=None)


def _encoding(limit: str | None, ucs2: int) -> Guard:
    if limit is None:
        return Guard(name="encoding", limit=None, found=ucs2)
    return Guard(name="encoding", limit=limit, found=ucs2, headroom=-ucs2, held=ucs2 == 0)


def _failure_rate(limit: float | None, account: Totals) -> Guard:
    """The share of refused messages among those with a certain outcome; it counts from `MIN_CERTAIN` of them on."""
    certain = account.accepted + account.refused
    found = account.refused / certain if certain else None
    if limit is None or found is None:
        return Guard(name="failure_rate", limit=limit, found=found, held=None if limit is None else True)
    held = certain < MIN_CERTAIN or account.refused <= limit * certain
    return Guard(name="failure_rate", limit=limit, found=found, headroom=limit - found, held=held)


def _not_after(limit: datetime | None, runs: tuple[ReportedRun, ...]) -> Guard:
    """The time of the last claim: what was claimed in time may end later."""
    last = max((each.last_claim for each in runs if each.last_claim is not None), default=None)
    if limit is None:
        return Guard(name="not_after", limit=None, found=last)
    moment = limit.timestamp()
    if last is None:
        return Guard(name="not_after", limit=moment, found=None, held=True)
    return Guard(name="not_after", limit=moment, found=last, headroom=moment - last, held=last < moment)


def _doubts(policy: InDoubtPolicy | None, resent: int) -> Guard:
    if policy is None:
        return Guard(name="in_doubt", limit=None, found=resent)
    held = policy is InDoubtPolicy.RESEND_IF_ABSENT or resent == 0
    return Guard(name="in_doubt", limit=policy.value, found=resent, held=held)
