"""The check before a send's first claim: the API's list is the witness that the ledger is not behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial

from sendspec.composing.message import Message
from sendspec.diagnostics.exceptions import LedgerRolledBack, ListRefused, ListUnreadable
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.wording import counted
from sendspec.ledger.protocol import Facts
from sendspec.ledger.record import Route, Send
from sendspec.operations.api_lookup import ApiLookup
from sendspec.operations.renamed_spec import RenamedSend, other_names
from sendspec.operations.run_ending import fix_of_refusal
from sendspec.operations.send_job import Job
from sendspec.operations.sendable import route_of
from sendspec.planning.plan import Plan
from sendspec.sending.list_reader import ListAbandoned, ListUnread
from sendspec.sending.witness import SAMPLED, SKEW_NOTED

FORBIDDEN = 403
ToSend = Callable[[Job], Iterator[Message]]
"""The messages of a job that are to be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessQuery:
    """What is asked of one channel's list; see `sendspec.sending.witness.witness`."""

    route: Route
    sends: Mapping[Send, float | None]
    receivers: Callable[[], Sequence[str]]
    under_other_names: Callable[[Collection[bytes]], Counter[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessFindings:
    """What the lists of a run's channels say.

    `behind` counts, by spec, messages that the ledger had as planned although the API accepted them. `unproved` counts planned
    messages whose reference is listed, but by something that may be another's. `twice` are messages listed more than once.
    `sampled`: a list was too long, so only some recipients were looked up. `skews` are the seconds by which the API's clock is
    ahead of ours, one for each channel where it is known. `unread` says why lists broke off.
    """

    behind: Counter[str]
    unproved: int
    twice: Sequence[bytes]
    sampled: bool
    skews: Sequence[float]
    unread: Sequence[ListUnread]


def witness_queries(sending: Sequence[tuple[Job, Plan]], ledger: Facts, to_send: ToSend) -> Iterator[WitnessQuery]:
    """One query for each channel that the run sends through."""
    for route in dict.fromkeys(route_of(job) for job, _ in sending):
        jobs = [(job, plan) for job, plan in sending if route_of(job) == route]
        yield WitnessQuery(
            route=route,
            sends={(job.spec.name, job.spec.generation): _claimed_at(job, ledger) for job, _ in jobs},
            receivers=partial(_sampled_receivers, jobs, to_send),
            under_other_names=partial(_under_other_names, [job for job, _ in jobs], ledger),
        )


def query_witness(lookup: ApiLookup, queries: Sequence[WitnessQuery]) -> WitnessFindings:
    """Reads every channel's list, even after one broke off. Records planned messages that a list proves accepted as accepted."""
    found = [lookup.witness(each.route, each.sends, each.receivers, each.under_other_names) for each in queries]
    return WitnessFindings(
        behind=sum((each.behind for each in found), Counter()),
        unproved=sum(each.unproved.total() for each in found),
        twice=[identity for each in found for identity in each.twice],
        sampled=any(each.sampled for each in found),
        skews=[each.skew for each in found if each.skew is not None],
        unread=[each.unread for each in found if each.unread is not None],
    )


def witness_lines(findings: WitnessFindings) -> Iterator[str]:
    """Warnings and notes for a person, whether or not the send goes on."""
    skew = max(map(abs, findings.skews), default=0.0)
    if skew > SKEW_NOTED:
        yield (
            f"warning: the clocks of this machine and the API are {skew:.0f} s apart; set the clock, because messages in doubt are looked up by time"
        )
    if findings.sampled:
        yield "note: the API lists more messages than sendspec reads; only some receivers were looked up"
    for unread in findings.unread:
        if _may_not_read(unread):
            yield f"warning: the access key may not read the list: {unread.reason}; the send continues without comparing the ledger with the list"


def refuse_ledger_behind(findings: WitnessFindings, *, stopped: bool) -> None:
    """Raises `LedgerRolledBack` if the ledger lacks what the API lists, `ListUnreadable` or `ListRefused` if a list was not read.

    If the run was asked to stop meanwhile, an unread list raises nothing: the run ends before its first claim.
    """
    if findings.behind:
        raise LedgerRolledBack(
            f"the ledger is behind: the API accepted {counted(findings.behind.total(), 'message')} that it calls planned",
            "find out who sent with another ledger, or replaced this one; these messages are recorded as accepted now, and the next send skips them",
        )
    if findings.unproved:
        raise LedgerRolledBack(
            f"the API lists messages with the references of {counted(findings.unproved, 'message')} that the ledger calls"
            " planned, and does not show whether they are the same",
            "find out whether they were sent already; put {{ message_id }} into `reference` to make each one unique, or"
            " pass --no-witness once you are sure that they were not",
        )
    for unread in findings.unread:
        if stopped or isinstance(unread, ListAbandoned) or _may_not_read(unread):
            continue
        if unread.refusal is not None:
            raise ListRefused(f"the API refuses the run: {unread.refusal.text}", fix_of_refusal(unread.refusal))
        raise ListUnreadable(
            f"{unread.reason}, so it does not show whether the ledger is behind",
            "run the command again; --no-witness sends without this check",
        )


def _may_not_read(unread: ListUnread) -> bool:
    return unread.refusal is not None and unread.refusal.http_status == FORBIDDEN


def _claimed_at(job: Job, ledger: Facts) -> float | None:
    """When this send last claimed, by the API's clock, as the ledger has it before this run claims."""
    sends = ledger.sends(job.spec.name)
    return next((send.last_claimed_at for send in sends if send.generation == job.spec.generation), None)


def _sampled_receivers(jobs: Sequence[tuple[Job, Plan]], to_send: ToSend) -> list[str]:
    """Receivers of messages that would be sent, evenly spread over all of them."""
    total = sum(plan.send for _, plan in jobs)
    wanted = {number * total // SAMPLED for number in range(SAMPLED)}
    messages = (message for job, _ in jobs for message in to_send(job))
    chosen = [message.receiver for number, message in enumerate(messages) if number in wanted]
    return list(dict.fromkeys(chosen))


def _under_other_names(jobs: Sequence[Job], ledger: Facts, ids: Collection[bytes]) -> Counter[str]:
    """How many messages of each spec have one of these ids under a former name, and are unknown to the ledger or planned."""
    found: Counter[str] = Counter()
    for job in jobs:
        names = {*other_names(job.spec, ledger), *([job.spec.moved_from] if job.spec.moved_from else [])}
        if names:
            found[job.spec.name] += RenamedSend(job, sorted(names), ledger).unknown_among(ids)
    return found
