"""A send's report in sentences: the verdict, the warnings, and the limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import assert_never

from sendspec.diagnostics.wording import counted, duration_text, grouped
from sendspec.operations.send_report import Concern, Guard, GuardValue, SendReport, Warned
from sendspec.planning.cost import price_text
from sendspec.reading.limits import Amount
from sendspec.reading.prices import Price
from sendspec.showing.account import left_words

GUARD_WORDS = {
    "messages": "messages a run",
    "segments": "segments a message",
    "total_segments": "segments in all",
    "cost": "cost",
    "encoding": "messages in UCS-2",
    "failure_rate": "share refused",
    "not_after": "last claim",
    "in_doubt": "doubts sent again",
}
"""What each guard counts."""
SHORT_SECONDS = 90
_COUNTED = {"encoding": "in UCS-2", "in_doubt": "sent again"}
"""What messages are counted for, under a limit that is a word."""


def verdict_sentence(report: SendReport) -> str:
    """`117 of 120 messages were accepted, 99 of them are known to be delivered and 4 were not; besides, 2 were refused and 1 is in doubt`."""
    if report.warned(Concern.UNKNOWN_NAME):
        return warning_text(report.warned(Concern.UNKNOWN_NAME)[0])
    never = report.warned(Concern.NEVER_SENT)
    if never:
        return _never_sent(report, never[0])
    account = report.account
    wanted = account.recipients - account.skipped_total
    if not wanted:
        return "nobody was left to send to" if account.recipients else "no message was planned"
    if wanted == account.accepted:
        whole = {1: "the message was", 2: "both messages were"}.get(wanted, f"all {grouped(wanted)} messages were")
        fine = f"{whole} accepted"
    else:
        fine = f"{grouped(account.accepted)} of {counted(wanted, 'message was', 'messages were')} accepted"
    parts, reached = list(_shortfalls(report)), _reached(report)
    joint = "" if not parts else "; besides, " if report.undelivered else "; "
    return f"{fine}{reached}{joint}{_listed(parts)}"


def _listed(parts: Sequence[str]) -> str:
    """`2 were refused, 1 was not sent and 1 is in doubt`."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def _never_sent(report: SendReport, never: Warned) -> str:
    if report.generation is not None and never.detail:
        return f"generation {report.generation} was never sent; the ledger has generation {never.detail}"
    return "it was never sent"


def _reached(report: SendReport) -> str:
    delivery = report.delivery
    if delivery is None or not delivery.tally.accepted:
        return ""
    tally = delivery.tally
    if tally.delivered == tally.accepted:
        return " and delivered"
    found = counted(tally.delivered, "of them is", "of them are") if tally.delivered else "none of them is"
    known = f"{found} known to be delivered"
    if not report.undelivered:
        return f", {known}{'' if tally.delivered else ' yet'}"
    return (
        f", {known} and {counted(report.undelivered, 'was not', 'were not')}{'' if tally.delivered else ' delivered'}"
    )


def _shortfalls(report: SendReport) -> Iterator[str]:
    account = report.account
    if report.under_way is not None:
        yield "a run is sending"
    if account.refused:
        yield counted(account.refused, "was refused", "were refused")
    if report.in_doubt > 0:
        yield counted(report.in_doubt, "is in doubt", "are in doubt")
    if account.not_sent:
        yield counted(account.not_sent, "was not sent", "were not sent")


def claimed_words(report: SendReport) -> str:
    """Of whom the report of one run has more than a number; empty where that is everybody."""
    people = report.recipients
    if report.only_run is None or not people.unclaimed:
        return ""
    planned = counted(people.total + people.unclaimed, "message")
    claimed = grouped(people.total) if people.total else "none"
    rest = f"; segments, countries, cost and list are of these {claimed}" if people.total else ""
    return f"run {report.only_run} claimed {claimed} of the {planned} that it planned{rest}"


def warning_text(warned: Warned) -> str:
    """A warning as a sentence of ours; what it quotes is not printable yet."""
    count, detail = warned.count, warned.detail
    match warned.concern:
        case Concern.NEVER_SENT:
            return "it was never sent"
        case Concern.UNKNOWN_NAME:
            near = f" (did you mean '{detail}'?)" if detail else ""
            return f"no spec of this name was ever sent here{near}"
        case Concern.GIVEN_UP:
            return f"this generation was given up: {detail}"
        case Concern.UNDER_WAY:
            return "a run is sending; this is how far it is"
        case Concern.STOPPED:
            return f"run {count} stopped: {detail}"
        case Concern.KILLED:
            return f"run {count} has no end: it was killed, or goes on elsewhere"
        case Concern.NOT_SENT:
            return f"{counted(count, 'message was', 'messages were')} not sent"
        case Concern.IN_DOUBT:
            return f"{counted(count, 'message is', 'messages are')} in doubt, and may have been accepted"
        case Concern.EARLIER_DOUBTS:
            return f"{counted(count, 'message', 'messages')} of earlier generations {'is' if count == 1 else 'are'} still in doubt"
        case Concern.REFUSED:
            return f"{counted(count, 'message was', 'messages were')} refused by the API"
        case Concern.UNDELIVERED:
            return f"{counted(count, 'message was', 'messages were')} accepted, and not delivered"
        case Concern.LEFT:
            return left_words(count)
        case Concern.GUARD:
            return f"today's limit is exceeded: {GUARD_WORDS[detail]}"
        case Concern.UNKNOWN_PRICE:
            return f"{counted(count, 'accepted message has', 'accepted messages have')} an unknown price: what is said of the cost is without {'it' if count == 1 else 'them'}"
        case Concern.PRICES:
            return f"the price table can't be used, so no cost is known: {detail}"
        case Concern.TABLE:
            return detail.removeprefix("note: ")
        case Concern.SPEC:
            return f"the spec can't be read, so this is from the ledger alone: {detail}"
        case _:
            assert_never(warned.concern)


def took_text(seconds: float) -> str:
    """`12.3 s`, `3 min`: tenths while it is short."""
    return f"{seconds:.1f} s" if seconds < SHORT_SECONDS else duration_text(seconds)


def least_words(report: SendReport) -> str:
    """Before a number of requests: a run that was killed has noted none."""
    return "at least " if any(each.run.requests is None for each in report.runs) else ""


def shared_words(report: SendReport) -> str:
    """Behind a number of requests: a run of several specs counts them together."""
    if not report.requests_of_all_specs:
        return ""
    return f"for all specs of the {'run' if len(report.runs) == 1 else 'runs'}"


def pace_text(per_second: float) -> str:
    """`13.7`, `1 200.5`."""
    return f"{per_second:,.1f}".replace(",", " ")


def guard_text(guard: Guard) -> str:
    """`segments a message 2 of 3`, `share refused 1.6 % of 5 %`, `cost EUR 8.40, no limit`."""
    words = GUARD_WORDS[guard.name]
    found = found_text(guard)
    if guard.limit is None:
        return f"{words} {found}, no limit"
    limit = value_text(guard.name, guard.limit)
    mark = " (exceeded)" if guard.held is False else f" ({together_words(guard)})" if guard.together else ""
    if guard.name in _COUNTED:
        return f"{guard.name}: {limit}, {found} {_COUNTED[guard.name]}{mark}"
    return f"{words} {found} {'before' if guard.name == 'not_after' else 'of'} {limit}{mark}"


def together_words(guard: Guard) -> str:
    """Why it can't be told whether a limit of one run held."""
    return f"exceeded by {guard.together} runs together; it limits each alone"


def found_text(guard: Guard) -> str:
    """`EUR 8.40`, `at least EUR 8.40`, `unknown`."""
    if guard.found is None:
        return "unknown"
    return f"{'at least ' if guard.at_least else ''}{value_text(guard.name, guard.found)}"


def headroom_text(guard: Guard) -> str:
    """What is left up to the limit; empty where that says nothing."""
    left = guard.headroom
    if left is None:
        return ""
    if guard.name == "not_after" and isinstance(left, float):
        return f"{'-' if left < 0 else ''}{duration_text(abs(left))}"
    if isinstance(left, float) and isinstance(guard.limit, float) and isinstance(guard.found, float):
        return _tenths_text(_tenths(guard.limit) - _tenths(guard.found))  # of the shares as they are shown
    return value_text(guard.name, left)


def _tenths(share: float) -> int:
    """A share in tenths of a percent."""
    return round(share * 1_000)


def _tenths_text(tenths: int) -> str:
    return f"{tenths / 10:.1f} %".replace(".0 %", " %")


def value_text(name: str, value: GuardValue) -> str:
    """A value of the guard with this name: grouped digits, a share, a moment, an amount, or a word of the spec."""
    match value:
        case Amount():
            amount, sign = abs(value.amount), "-" if value.amount < 0 else ""
            return sign + price_text(Price(value.currency or "", amount, amount)).strip()
        case str():
            return value
        case float() if name == "not_after":
            return datetime.fromtimestamp(value, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        case float():
            return _tenths_text(_tenths(value))
        case int():
            return grouped(value)
        case _:
            assert_never(value)
