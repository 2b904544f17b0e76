"""Before a send's first claim: what the API's list says of the ledger, and whether the send may go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sendspec.cli.exit_code import described
from sendspec.diagnostics.exceptions import LedgerRolledBack, ListRefused, ListUnreadable
from sendspec.diagnostics.wording import counted
from sendspec.ledger.record import Route
from sendspec.operations.api_lookup import ApiLookup
from sendspec.sending.listing import ListAbandoned, ListUnread
from sendspec.sending.run import StoppedByApi
from sendspec.sending.witness import SKEW_NOTED, Send

NO_RIGHT = 403


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessQuery:
    """What is asked of one channel's list; see `witness`."""

    route: Route
    sends: Mapping[Send, float | None]
    receivers: Callable[[], Sequence[str]]
    under_other_names: Callable[[Collection[bytes]], Counter[str]]


@dataclass(slots=True)
class WitnessFindings:
    """What the lists of a run's channels say. `skews` are how far the API's clock is ahead of ours, where it says."""

    behind: Counter[str] = field(default_factory=Counter)
    unproved: int = 0
    twice: list[bytes] = field(default_factory=list)
    sampled: bool = False
    skews: list[float] = field(default_factory=list)
    unread: list[ListUnread] = field(default_factory=list)


def query_witness(enquiry: ApiLookup, questions: Sequence[WitnessQuery]) -> WitnessFindings:
    """Asks every channel's list, also where one breaks off. What is listed is noted as accepted."""
    heard = WitnessFindings()
    for question in questions:
        witnessed = enquiry.witness(question.route, question.sends, question.receivers, question.under_other_names)
        heard.behind += witnessed.behind
        heard.unproved += witnessed.unproved.total()
        heard.twice += witnessed.twice
        heard.sampled = heard.sampled or witnessed.sampled
        if witnessed.skew is not None:
            heard.skews.append(witnessed.skew)
        if witnessed.unread is not None:
            heard.unread.append(witnessed.unread)
    return heard


def witness_lines(heard: WitnessFindings) -> Iterator[str]:
    """What a person should know, whether or not the send goes on."""
    skew = max(map(abs, heard.skews), default=0.0)
    if skew > SKEW_NOTED:
        yield (
            f"warning: this machine and the API are {skew:.0f} s apart; set the clock, as doubts are"
            " looked up by the time they were noted at"
        )
    if heard.sampled:
        yield "note: the API lists more messages than were looked at; some receivers were asked for instead"
    for broke in heard.unread:
        if _may_not_read(broke):
            yield f"warning: the list may not be read: {broke.reason}; going on without this check of the ledger"


def refuse_what_is_behind(heard: WitnessFindings, *, stopped: bool) -> None:
    """Raises `LedgerRolledBack` where the ledger lacks what the API lists; `ListUnreadable` or `ListRefused` where a list can't tell.

    Where the run was asked to stop meanwhile, a list that can't tell raises nothing: the run is over before its first claim.
    """
    if heard.behind:
        words = "message was", "messages were"
        raise LedgerRolledBack(
            f"the ledger is behind: {counted(heard.behind.total(), *words)} accepted by the API that it calls planned",
            "find out what wrote to another ledger, or what replaced this one; they are noted as accepted now, and the"
            " next send leaves them out",
        )
    if heard.unproved:
        raise LedgerRolledBack(
            f"the API lists something under the references of {counted(heard.unproved, 'message')} that the ledger calls"
            " planned, and it does not show whose it is",
            "find out whether they were sent already; put {{ message_id }} into `reference`, which tells them apart, or"
            " pass --no-witness once it is sure that they were not",
        )
    for broke in heard.unread:
        if stopped or isinstance(broke, ListAbandoned) or _may_not_read(broke):
            continue
        if broke.refusal is not None:
            raise ListRefused(
                f"the API refuses the run: {broke.refusal.text}", described(StoppedByApi(broke.refusal))[1]
            )
        raise ListUnreadable(
            f"{broke.reason}, so it does not show whether the ledger is behind",
            "run the command again; --no-witness sends without this check",
        )


def _may_not_read(broke: ListUnread) -> bool:
    return broke.refusal is not None and broke.refusal.http_status == NO_RIGHT
