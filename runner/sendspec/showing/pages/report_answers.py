"""The first screen of a report: whom to call, what it cost, and who won't get it, why, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from markupsafe import Markup

from sendspec.composing.identity import id_text
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.wording import counted, grouped
from sendspec.ledger.delivery.observation import FailureReason, Fate
from sendspec.operations.delivery_account import ReasonCount as DeliveryReason
from sendspec.operations.report_verdict import FINISHED
from sendspec.operations.send_report import Reasons, ReportedMessage, SendReport
from sendspec.planning.cost import Cost, price_text
from sendspec.planning.message_state import State
from sendspec.provider.failure_words import Certainty
from sendspec.reading.contacts.number_country import UNKNOWN
from sendspec.showing.account import skip_words
from sendspec.showing.cost import amounts_words
from sendspec.showing.delivery import NO_REASON
from sendspec.showing.pages.parts import Fact
from sendspec.showing.pages.report_recipients import key_words, place_words, row_id, why_words
from sendspec.showing.pages.report_words import clipped, with_code

CALLS_SHOWN, REASONS_SHOWN, COUNTRIES_SHOWN, UNPRICED_NAMED = 5, 3, 3, 8
WHY_LENGTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Somebody who won't get the message. `target` is their row in the table."""

    target: str
    place: str
    masked: str
    key: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """So many who won't get it, or may not. `reasons` say why, with their counts; `todo` begins with a verb. `link` leads to more."""

    count: str
    what: str
    tone: str
    reasons: tuple[str, ...] = ()
    todo: Markup | str = ""
    link: str = ""


def figures(report: SendReport) -> list[Fact]:
    """The six, with what is to be known beside them."""
    account, waiting = report.account, report.under_way or 0
    tally = None if report.delivery is None else report.delivery.tally
    delivered = "" if tally is None else f"{grouped(tally.delivered)} known to be delivered"
    share = f"{100 * account.accepted / account.recipients:.1f} %" if account.recipients else ""
    return [
        Fact("recipients", grouped(account.recipients)),
        Fact("accepted", grouped(account.accepted), delivered or share, "good"),
        Fact("refused", grouped(account.refused), "", "bad" if account.refused else ""),
        Fact("in doubt", grouped(report.in_doubt), f"{grouped(waiting)} more under way" if waiting else "", "doubt" if report.in_doubt else ""),
        Fact("not sent", grouped(account.not_sent), "", "warn" if account.not_sent else ""),
        Fact("skipped", grouped(account.skipped_total)),
    ]  # fmt: skip


def calls(report: SendReport, listed: Mapping[str, str]) -> list[Call]:
    """The first of them whose rows are among the `listed`, those whom the API refused first."""
    rows = [each for each in report.recipients.rows if id_text(each.message.id) in listed]
    failed = [*filter(_is_refused, rows), *filter(_is_undelivered, rows)]
    found: list[Call] = []
    before = ""
    for each in failed[:CALLS_SHOWN]:
        call = _call(each)
        found.append(replace(call, why="for the same reason") if call.why == before else call)
        before = call.why
    return found


def _is_refused(each: ReportedMessage) -> bool:
    return each.message.state is State.REFUSED


def _is_undelivered(each: ReportedMessage) -> bool:
    accepted = each.message.state is State.ACCEPTED
    return accepted and each.delivery is not None and each.delivery.report.fate is Fate.UNDELIVERED


def _call(each: ReportedMessage) -> Call:
    verb = "refused" if _is_refused(each) else "not delivered"
    return Call(
        target=row_id(id_text(each.message.id)),
        place=place_words(each),
        masked=each.message.masked,
        key=key_words(each),
        why=f"{verb}: {clipped(why_words(each) or NO_REASON, WHY_LENGTH)}",
    )


def missing(report: SendReport) -> list[Missing]:
    """Who won't get it, the most urgent first; those in doubt may have it."""
    return [*_failed(report), *_waiting(report)]


def nobody_missing(report: SendReport) -> str:
    """What is said if nobody is missing."""
    if not report.account.recipients:
        return "Nobody was sent anything."
    tally = None if report.delivery is None else report.delivery.tally
    is_known = tally is not None and tally.delivered == report.account.accepted
    return "Everybody got it." if is_known else "Everybody was accepted; not all are known to have it."


def _failed(report: SendReport) -> Iterator[Missing]:
    account = report.account
    if account.refused:
        yield Missing(
            count=grouped(account.refused),
            what="refused by the API",
            tone="bad",
            reasons=_reasons(report.refusals),
            todo=with_code("correct their rows or the spec, then send with `--retry refused`"),
            link="refusals",
        )
    if report.undelivered and report.delivery is not None:
        shown = report.delivery.reasons[:REASONS_SHOWN]
        advice = dict.fromkeys(each.words.advice for each in shown)
        texts = tuple(_delivery_words(each, has_advice=len(advice) > 1) for each in shown)
        yield Missing(
            count=grouped(report.undelivered),
            what="accepted, and not delivered",
            tone="bad",
            reasons=texts + _more(len(report.delivery.reasons) - len(shown)),
            todo=with_code(next(iter(advice))) if len(advice) == 1 else "",
            link="deliveries",
        )
    if report.in_doubt:
        yield Missing(
            count=grouped(report.in_doubt),
            what="in doubt: they may have it",
            tone="doubt",
            reasons=_reasons(report.doubts),
            todo=with_code("ask the API with `sendspec reconcile` before anybody is called"),
            link="doubts",
        )


def _delivery_words(found: DeliveryReason, *, has_advice: bool) -> str:
    """The API's words with their meaning, and what to do where it differs from reason to reason."""
    words, guess = found.words, " (a guess)" if found.words.certainty is Certainty.GUESSED else ""
    text = clipped((found.reason or FailureReason("")).text or NO_REASON, WHY_LENGTH)
    meaning = f": {words.meaning}{guess}" if words.meaning else ""
    return f"{grouped(found.count)} × {text}{meaning}{f' → {words.advice}' if has_advice else ''}"


def _waiting(report: SendReport) -> Iterator[Missing]:
    account = report.account
    if account.not_sent:
        is_running = report.under_way is not None
        yield Missing(
            count=grouped(account.not_sent),
            what="not sent yet",
            tone="soft" if is_running else "warn",
            reasons=(_unsent_words(report),),
            todo="" if is_running else with_code("`sendspec plan` says what the next send does"),
            link="runs",
        )
    if account.left:
        yield Missing(
            count=grouped(account.left),
            what="planned, never sent, and gone from the table",
            tone="warn",
            todo=with_code("give them up with `sendspec resolve SPEC --left --as skipped --reason …`"),
        )
    if account.skipped_total:
        listed = sorted(report.skipped.items(), key=lambda item: (-item[1], item[0]))
        reasons = tuple(f"{grouped(count)} × {skip_words(reason)}" for reason, count in listed[:REASONS_SHOWN])
        yield Missing(
            count=grouped(account.skipped_total),
            what="skipped",
            tone="soft",
            reasons=reasons + _more(len(listed) - REASONS_SHOWN),
            link="skipped",
        )


def _unsent_words(report: SendReport) -> str:
    if report.under_way is not None:
        return "a run is sending them"
    if not report.runs:
        return "no run has begun"
    latest = report.runs[-1].run
    if latest.ended_at is None:
        return f"run {latest.run} has no end: it was killed, or goes on elsewhere"
    if latest.ending == FINISHED:
        return f"run {latest.run} left them out"
    return clipped(f"run {latest.run} stopped: {latest.ending}", WHY_LENGTH)


def _reasons(reasons: Reasons) -> tuple[str, ...]:
    shown = [f"{grouped(each.count)} × {clipped(each.text, WHY_LENGTH)}" for each in reasons.listed[:REASONS_SHOWN]]
    return (*shown, *_more(len(reasons.listed) + reasons.other_kinds - len(shown)))


def _more(kinds: int) -> tuple[str, ...]:
    return (f"and for {counted(kinds, 'other reason')}",) if kinds > 0 else ()


def cost_facts(report: SendReport) -> list[Fact]:
    """What the accepted messages cost: the dearest countries, and the others together."""
    segments = report.segments
    billed = f"{counted(segments.accepted, 'segment')} accepted" if segments.total else "segments aren’t measured"
    if report.cost is None:
        return [Fact(billed, "no price is known" if report.account.accepted else "nothing")]
    return [cost_fact(billed, report.cost), *_country_facts(report.cost)]


def _country_facts(cost: Cost) -> Iterator[Fact]:
    """The dearest countries, the others together, and those without a price by name: all segments are in one of them."""
    priced = [each for each in cost.by_country if each.price is not None]
    most = COUNTRIES_SHOWN + (len(priced) == COUNTRIES_SHOWN + 1)
    for each in priced[:most]:
        yield Fact(
            each.country, "" if each.price is None else price_text(each.price), counted(each.segments, "segment")
        )
    if others := priced[most:]:
        together = replace(cost, by_country=tuple(others)).totals
        segments = counted(sum(each.segments for each in others), "segment")
        yield Fact(f"{grouped(len(others))} more countries", " + ".join(map(price_text, together)), segments)
    if unpriced := cost.unpriced:
        names = [country_words(each.country) for each in unpriced[:UNPRICED_NAMED]]
        more = [f"{grouped(len(unpriced) - UNPRICED_NAMED)} more"] if len(unpriced) > UNPRICED_NAMED else []
        segments = counted(sum(each.segments for each in unpriced), "segment")
        yield Fact(", ".join(names + more), "unknown price", segments)


def country_words(country: str) -> str:
    return "unknown country" if country == UNKNOWN else country


def cost_fact(label: str, cost: Cost) -> Fact:
    """The known cost; what has no price is said below it, and never counted as nothing."""
    unknown = cost.unknown_messages
    more = f"and {counted(unknown, 'message')} of unknown price" if unknown else ""
    if not cost.totals:
        return Fact(label, "not known" if unknown else "nothing", more)
    return Fact(label, amounts_words(cost.totals), more)
