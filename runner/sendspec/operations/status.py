"""What the ledger knows of each spec's newest generation."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.near_miss import near_miss
from sendspec.ledger.protocol import Facts
from sendspec.ledger.record import MessageRecord
from sendspec.ledger.run_note import PlannedRun
from sendspec.ledger.seen_run import SeenRun
from sendspec.operations.job_reader import read_jobs
from sendspec.operations.orphan import find_orphans
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.planning.message_state import State
from sendspec.planning.totals import Totals, sum_of_totals
from sendspec.reading.spec import Spec, StandardInput

REFUSED = (State.REFUSED,)
IN_DOUBT = (State.SENDING, State.IN_DOUBT)
"""A message on its way counts as in doubt until it is settled."""
NOT_SENT = (State.PLANNED,)
RUNS_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecStatus:
    """A send's newest generation in the ledger. `earlier_doubts` counts messages of older ones that are still in doubt.

    `runs` are the newest that planned messages of it, the latest first. `under_way`: how many of the messages that the account has as in
    doubt living runs are sending at present; None if none lives. `at_work` are these runs, as far as the ledger knows who lives.
    """

    name: str
    generation: int
    earlier_doubts: int = 0
    account: Totals
    runs: Sequence[PlannedRun] = ()
    under_way: int | None = None
    at_work: Sequence[SeenRun] = ()

    @property
    def in_doubt(self) -> int:
        """How many messages are in doubt that no living run is sending."""
        return self.account.in_doubt - (self.under_way or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverSent:
    """A spec that was asked for, and that the ledger doesn't know. `path` is None if only its name was given.

    `near` is a name that the ledger knows and that may have been meant.
    """

    name: str
    path: str | None
    near: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """What the ledger knows of some specs, or of all. `messages` is None if they were not asked for."""

    environment: str
    specs: Sequence[SpecStatus]
    messages: Sequence[MessageRecord] | None = None

    @property
    def account(self) -> Totals:
        """All specs' totals as one."""
        return sum_of_totals(spec.account for spec in self.specs)


def planned_jobs(specs: Sequence[Spec], context: ProjectContext, ledger: Facts) -> list[Job]:
    """The specs that have planned messages and a table that can be read: only their recipients are worth reading."""
    paths = [
        spec.path
        for spec in specs
        if not isinstance(spec.recipients, StandardInput)
        and ledger.states(spec.name, spec.generation).get(State.PLANNED)
    ]
    jobs: list[Job] = []
    for path in paths:
        problems = Problems()
        read = read_jobs([path], context, None, problems)
        jobs += [] if problems.has_errors else read
    return jobs


def spec_statuses(
    ledger: Facts, names: Collection[str], jobs: Sequence[Job] = (), *, held_by: int | None = None
) -> list[SpecStatus]:
    """The specs in `names`, or all if it is empty. The tables of `jobs` tell who is planned and no longer a recipient.

    `held_by` is the process that holds the ledger, if it is known.
    """
    with ledger.one_moment():
        return statuses_within(ledger, names, jobs, held_by=held_by)


def statuses_within(
    ledger: Facts, names: Collection[str], jobs: Sequence[Job] = (), *, held_by: int | None = None
) -> list[SpecStatus]:
    """The same, in a moment that the caller has begun."""
    job_by_name = {job.spec.name: job for job in jobs}
    newest = {
        spec.name: spec.generation
        for spec in ledger.sends()
        if (not names or spec.name in names) and (spec.messages or spec.given_up is None)
    }
    return [_status(ledger, name, generation, job_by_name.get(name), held_by) for name, generation in newest.items()]


def never_sent(asked: Mapping[str, str | None], known: Collection[str], all_names: Collection[str]) -> list[NeverSent]:
    """The specs in `asked` (path by name) that are not among the `known`. `all_names` are those of the ledger."""
    return [
        NeverSent(name=name, path=path, near=near_miss(name, all_names) if path is None else None)
        for name, path in asked.items()
        if name not in known
    ]


def messages_of(ledger: Facts, statuses: Sequence[SpecStatus], states: Sequence[State]) -> Iterator[MessageRecord]:
    """Messages of the newest generations; those in doubt of every generation, because they have to be settled."""
    wanted = {(status.name, status.generation): status for status in statuses}
    names = {status.name for status in statuses}
    for message in ledger.messages(states):
        status = wanted.get((message.name, message.generation))
        if (
            status is not None
            and message.state is State.SENDING
            and status.under_way is not None
            and not status.at_work
        ):
            yield replace(message, is_under_way=True)  # its ledger is held by the one run that sends
        elif status is not None or (message.state in IN_DOUBT and message.name in names):
            yield message


def least_listed(statuses: Sequence[SpecStatus], states: Sequence[State]) -> int:
    """How many messages `messages_of` yields at the least, as the accounts tell."""
    accounts = [status.account for status in statuses]
    counts = {
        State.ACCEPTED: sum(account.accepted for account in accounts),
        State.REFUSED: sum(account.refused for account in accounts),
        State.IN_DOUBT: sum(account.in_doubt for account in accounts),
        State.PLANNED: sum(account.not_sent for account in accounts),
    }
    return sum(counts.get(state, 0) for state in states)


def status_of(
    ledger: Facts, name: str, generation: int, *, job: Job | None = None, held_by: int | None = None
) -> SpecStatus:
    """The status of a send of any generation; all zero if the ledger doesn't know it. The table of `job` tells who is planned and left it."""
    return _status(ledger, name, generation, job, held_by)


def _status(ledger: Facts, name: str, generation: int, job: Job | None, held_by: int | None) -> SpecStatus:
    runs = ledger.runs_of(name, generation, RUNS_SHOWN)
    is_running = bool(runs) and runs[0].ended_at is None and runs[0].pid == held_by
    states = ledger.states(name, generation)
    in_doubt = sum(states.get(state, 0) for state in IN_DOUBT)
    at_work = ledger.runs_at_work(name)  # first: a run that dies now is then under way nowhere
    seen = ledger.under_way(name, generation)
    account = Totals(
        accepted=states.get(State.ACCEPTED, 0),
        refused=states.get(State.REFUSED, 0),
        in_doubt=in_doubt,
        not_sent=states.get(State.PLANNED, 0),
        skipped=_skipped(ledger, name, generation, states),
        left=_left(ledger, name, generation, job),
    )
    return SpecStatus(
        name=name,
        generation=generation,
        earlier_doubts=ledger.count_uncertain(name) - in_doubt + (seen or 0),
        account=account,
        runs=runs,
        under_way=states.get(State.SENDING, 0) if seen is None and is_running else seen,
        at_work=at_work,
    )


def _skipped(ledger: Facts, name: str, generation: int, states: Mapping[State, int]) -> Mapping[str, int]:
    return ledger.skips(name, generation) if states.get(State.SKIPPED) else {}


def _left(ledger: Facts, name: str, newest: int, job: Job | None) -> int:
    """Messages planned in an older generation; with a readable table, also messages whose recipient is no longer in it."""
    if job is not None:
        problems = Problems()
        orphans = find_orphans(job, ledger, problems)
        if not problems.has_errors:
            return len(orphans)
    return sum(count for generation, count in ledger.planned_counts(name).items() if generation < newest)
