"""The accounting line, and the skipped recipients by reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sendspec.diagnostics.wording import grouped
from sendspec.planning.decision import Skip
from sendspec.planning.totals import Totals

COUNTRIES_SHOWN = 12


def accounting_line(account: Totals, under_way: int = 0) -> str:
    """`120 recipients = 120 accepted + 0 refused + 0 in doubt + 0 not sent + 0 skipped`: plain digits, for scripts too.

    `under_way`: how many of those in doubt a living run is sending. They are told apart, if there are any.
    """
    on_the_way = f"{under_way} under way + " if under_way else ""
    recipients = "recipient" if account.recipients == 1 else "recipients"
    return (
        f"{account.recipients} {recipients} = {account.accepted} accepted + {account.refused} refused + "
        f"{account.in_doubt - under_way} in doubt + {on_the_way}{account.not_sent} not sent + {account.skipped_total} skipped"
    )


def left_words(left: int) -> str:
    """Messages that no total counts."""
    were = (
        "1 message was planned and never sent, and its row is"
        if left == 1
        else f"{left} messages were planned and never sent, and their rows are"
    )
    return f"{were} gone from the table: give up with `sendspec resolve SPEC --left --as skipped --reason …`"


def skipped_words(skipped: Mapping[str, int], shown: Callable[[int], str] = str) -> str:
    """`28 already accepted · 2 filtered`."""
    return " · ".join(f"{shown(count)} {skip_words(reason)}" for reason, count in skipped.items() if count)


def skip_words(reason: str) -> str:
    """A reason to skip, as text says it."""
    if reason == Skip.NOT_UNDELIVERED:
        return "reached, or not known to have failed"
    return reason.replace("-", " ")


def country_words(countries: Mapping[str, int], shown: Callable[[int], str] = grouped) -> str:
    """`BR 231 · PL 1`: the messages by country."""
    listed = [f"{country} {shown(count)}" for country, count in countries.items()]
    return " · ".join(listed[:COUNTRIES_SHOWN]) + " · …" * (len(listed) > COUNTRIES_SHOWN)
