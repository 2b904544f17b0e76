"""Why a message was not delivered, in plain words: one table from what the API says to what it means and what to do.

The API's own words are shown beside it. Most codes are documented in part only, so each row says how certain it is.
"""

from __future__ import annotations

from enum import StrEnum

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.delivery.observation import FailureReason

SMS = "sms-messagebird"


class FailureKind(StrEnum):
    """What a failure means for the sender's next step. The words stand in JSON documents."""

    DEAD_NUMBER = "dead_number"
    LANDLINE = "landline"
    UNREACHABLE = "unreachable"
    SENDER = "sender"
    NETWORK = "network"
    EXPIRED = "expired"
    OPTED_OUT = "opted_out"
    CONTENT = "content"
    BALANCE = "balance"
    BEFORE_SENDING = "before_sending"
    WITHHELD = "withheld"
    UNKNOWN = "unknown"


class Certainty(StrEnum):
    """How a row is known: from the provider's pages, from public code and reports, or by inference."""

    DOCUMENTED = "documented"
    SEEN = "seen"
    GUESSED = "guessed"
    UNKNOWN = "unknown"


ADVICE = {
    FailureKind.DEAD_NUMBER: "remove these numbers from the list",
    FailureKind.LANDLINE: "remove these numbers, or reach these people in another way",
    FailureKind.UNREACHABLE: "try again later, with these people only",
    FailureKind.SENDER: "register the sender for this country, or use another one",
    FailureKind.NETWORK: "try again later, with these people only",
    FailureKind.EXPIRED: "allow more time with `validity`",
    FailureKind.OPTED_OUT: "don't write to them again until they ask for it: `sendspec opt-outs list --maybe`",
    FailureKind.CONTENT: "correct the message, then send it to these people only",
    FailureKind.BALANCE: "top up the account, then send to these people only",
    FailureKind.BEFORE_SENDING: "look the code up: it never reached a network",
    FailureKind.WITHHELD: "look at the workspace's rules: quiet hours, frequency caps, hold-outs",
    FailureKind.UNKNOWN: "look the code up with the provider",
}
SENT_AGAIN = frozenset(
    {FailureKind.UNREACHABLE, FailureKind.SENDER, FailureKind.NETWORK, FailureKind.CONTENT, FailureKind.BALANCE}
)
"""Kinds of which a later message may arrive, once what the advice says is done."""


@dataclass(frozen=True, slots=True)
class FailureWords:
    """What a failure means. `advice` begins with a verb."""

    meaning: str
    kind: FailureKind
    certainty: Certainty

    @property
    def advice(self) -> str:
        return ADVICE[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRow:
    """A row of the table. It applies where everything that it names is what the API says; codes count from `code` to `until`."""

    means: FailureWords
    source: str = ""
    source_codes: tuple[str, ...] = ()
    code: int | None = None
    until: int | None = None
    reasons: tuple[str, ...] = ()
    status: str = ""

    def applies(self, status: str, reason: FailureReason) -> bool:
        return (
            self.source in ("", reason.source_name)
            and (not self.source_codes or reason.source_code in self.source_codes)
            and (self.code is None or self.covers(reason.code))
            and (not self.reasons or reason.text.lower() in self.reasons)
            and self.status in ("", status)
        )

    def covers(self, code: int | None) -> bool:
        """Whether it names this failure's code."""
        return self.code is not None and code is not None and self.code <= code <= (self.until or self.code)


def _means(meaning: str, kind: FailureKind, certainty: Certainty) -> FailureWords:
    return FailureWords(meaning, kind, certainty)


_D, _S, _G = Certainty.DOCUMENTED, Certainty.SEEN, Certainty.GUESSED
ROWS = (
    FailureRow(source=SMS, source_codes=("10", "11"),
               means=_means("the line takes no text messages, such as a landline or a data SIM", FailureKind.LANDLINE, _G)),
    FailureRow(source=SMS, source_codes=("1", "2", "3", "5", "9"),
               means=_means("no active line has this number", FailureKind.DEAD_NUMBER, _D)),
    FailureRow(source=SMS, source_codes=("12", "13"),
               means=_means("the line is barred from receiving", FailureKind.DEAD_NUMBER, _G)),
    FailureRow(source=SMS, source_codes=("6", "27"),
               means=_means("the phone was off or out of reach", FailureKind.UNREACHABLE, _G)),
    FailureRow(source=SMS, source_codes=("34",),
               means=_means("the receiving network failed", FailureKind.NETWORK, _D)),
    FailureRow(source=SMS, source_codes=("103",),
               means=_means("the recipient has opted out of this sender", FailureKind.OPTED_OUT, _G)),
    FailureRow(source=SMS, source_codes=("104",),
               means=_means("the network doesn't know this sender", FailureKind.SENDER, _S)),
    FailureRow(source=SMS, source_codes=("105",),
               means=_means("the network doesn't know this text: it has to be registered", FailureKind.CONTENT, _G)),
    FailureRow(reasons=("landline", "landline number"),
               means=_means("the line takes no text messages, such as a landline or a data SIM", FailureKind.LANDLINE, _G)),
    FailureRow(reasons=("unknown subscriber",),
               means=_means("no active line has this number", FailureKind.DEAD_NUMBER, _D)),
    FailureRow(reasons=("unavailable subscriber",),
               means=_means("the phone was off or out of reach", FailureKind.UNREACHABLE, _D)),
    FailureRow(reasons=("network error", "received network error"),
               means=_means("the receiving network failed", FailureKind.NETWORK, _D)),
    FailureRow(reasons=("dlr not received",),
               means=_means("handed to the network, which sent no receipt in time, so it may have arrived", FailureKind.EXPIRED, _D)),
    FailureRow(reasons=("expired",),
               means=_means("its validity ended before it could be handed to the network", FailureKind.EXPIRED, _D)),
    FailureRow(reasons=("opted out", "unsubscribed", "suppressed"),
               means=_means("the recipient may have opted out", FailureKind.OPTED_OUT, _G)),
    FailureRow(reasons=("sender unregistered", "unregistered sender", "sender blocked", "blocked sender"),
               means=_means("the network doesn't know this sender, or blocks it", FailureKind.SENDER, _G)),
    FailureRow(code=12003, means=_means("this sender may not write to this destination", FailureKind.SENDER, _D)),
    FailureRow(code=11001, means=_means("the channel can't do what was asked", FailureKind.CONTENT, _D)),
    FailureRow(code=11002, means=_means("the message's settings are wrong", FailureKind.CONTENT, _D)),
    FailureRow(code=12002, means=_means("the platform has no such kind of message", FailureKind.CONTENT, _D)),
    FailureRow(code=12006, means=_means("the platform refused the message's form", FailureKind.CONTENT, _D)),
    FailureRow(source="accounting", means=_means("the account could not pay for it", FailureKind.BALANCE, _G)),
    FailureRow(source="contact", means=_means("the recipient may have opted out", FailureKind.OPTED_OUT, _G)),
    FailureRow(source="touchpoint", means=_means("its template could not be used", FailureKind.CONTENT, _D)),
    FailureRow(reasons=("generic delivery failure", "failed to deliver sms"),
               means=_means("the network reported a failure and no cause", FailureKind.UNKNOWN, _D)),
    FailureRow(source=SMS, source_codes=("0",),
               means=_means("the network reported a failure and no cause", FailureKind.UNKNOWN, _D)),
    FailureRow(code=11000, until=11999, means=_means("the API found the message wrong after it had accepted it", FailureKind.CONTENT, _D)),
    FailureRow(code=12000, until=12999, means=_means("the API failed, or has no price or route for it", FailureKind.BEFORE_SENDING, _D)),
    FailureRow(source="pre-processing", means=_means("the API stopped it before any network", FailureKind.BEFORE_SENDING, _D)),
    FailureRow(status="skipped", means=_means("the workspace held it back", FailureKind.WITHHELD, _G)),
    FailureRow(status="deleted", means=_means("it was deleted before it was sent", FailureKind.WITHHELD, _G)),
    FailureRow(status="rejected", means=_means("the API found the message wrong after it had accepted it", FailureKind.CONTENT, _D)),
)  # fmt: skip
"""The first row that applies counts: the network's own codes, then the reason's word, the API's codes, the source and the status."""
NOT_KNOWN = FailureWords("", FailureKind.UNKNOWN, Certainty.UNKNOWN)
"""For what no row covers: only the API's own words are shown."""


def failure_words(status: str, reason: FailureReason | None) -> FailureWords:
    """What it means that a message ended in `status` for `reason`."""
    said = reason or FailureReason("")
    return next((row.means for row in ROWS if row.applies(status, said)), NOT_KNOWN)


def code_words(code: int) -> FailureWords:
    """What a code alone means: one of the API's failures, or one of an SMS network's."""
    rows = (row for row in ROWS if row.covers(code) or (row.source == SMS and str(code) in row.source_codes))
    return next((row.means for row in rows), NOT_KNOWN)


def table_rows() -> list[tuple[str, ...]]:
    """The table as the documentation shows it: what the API says, what that means, the kind, how certain it is."""
    return [(_said(row), row.means.meaning, row.means.kind.value, row.means.certainty.value) for row in ROWS]


def _said(row: FailureRow) -> str:
    parts = [f"status `{row.status}`"] if row.status else []
    parts += [f"source `{row.source}`"] if row.source else []
    parts += ["code " + ", ".join(f"`{code}`" for code in row.source_codes)] if row.source_codes else []
    if row.code is not None:
        parts.append(f"failure code `{row.code}`" + ("" if row.until is None else f" to `{row.until}`"))
    parts += ["reason " + " or ".join(f"`{reason}`" for reason in row.reasons)] if row.reasons else []
    return ", ".join(parts)
