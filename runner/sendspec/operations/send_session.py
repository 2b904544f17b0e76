"""A run: records every message as planned, then sends spec by spec."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial

from sendspec.diagnostics.exceptions import LedgerMissing, LedgerTrouble, SendspecError
from sendspec.diagnostics.wording import counted
from sendspec.ledger.protocol import Facts, Ledger
from sendspec.ledger.run_note import RunNote
from sendspec.operations.agreed_messages import AgreedMessages
from sendspec.operations.api_lookup import ApiLookup
from sendspec.operations.git_repository import head_commit
from sendspec.operations.last_looks import LastLooks
from sendspec.operations.ledger_access import RunRecord, ledger_to_read
from sendspec.operations.ledger_plan import renamed_send
from sendspec.operations.listener import Listener
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.reachable_api import connecting_words, reachable_api
from sendspec.operations.renamed_spec import names_of
from sendspec.operations.run_ending import EndingWords, describe_ending
from sendspec.operations.run_report import RunReport, first_stop, run_report, spec_report
from sendspec.operations.send_job import Job
from sendspec.operations.sendable import (
    expiry_of,
    receivers_by_id,
    route_of,
    sendable,
    spec_identity,
    withholding,
)
from sendspec.planning.plan import Plan
from sendspec.provider.sent_texts import SentTexts
from sendspec.reading.access_key import AccessKey, read_access_key
from sendspec.reading.environment import Environment
from sendspec.sending.credited_ids import CreditedIds
from sendspec.sending.ending import Finished, Interrupted
from sendspec.sending.loop import send_all
from sendspec.sending.reconciliation import Reconciled
from sendspec.sending.run import RunResult, Settings, Stop

PlannedJobs = Sequence[tuple[Job, Plan]]
Interruptible = Callable[[Stop], AbstractContextManager[None]]
"""Makes a context in which a signal that would end the process asks the run to stop instead."""


def leave_signals_alone(stop: Stop) -> AbstractContextManager[None]:
    """Changes nothing: a signal ends the process."""
    return nullcontext()


class SendSession:
    """Sends jobs one after another. The caller holds the run lock, from before the plan until the last result is durable."""

    def __init__(
        self,
        context: ProjectContext,
        ledger: Ledger,
        listener: Listener,
        *,
        interruptible: Interruptible = leave_signals_alone,
        asks_witness: bool = True,
    ) -> None:
        self._context = context
        self._clock = context.system.clock
        self._ledger = ledger
        self._listener = listener
        self._interruptible = interruptible
        self._stop = Stop()
        self._looks = LastLooks(context, ledger, listener, self._stop, asks_witness=asks_witness)
        self._credited = CreditedIds()
        self._sent_texts = SentTexts()
        self._key: AccessKey | None = None
        self._record = RunRecord(ledger, context.system)
        self._results: dict[str, RunResult] = {}
        self._taken: Counter[str] = Counter()
        self._has_connected = False

    @property
    def interrupted(self) -> int | None:
        """The signal that asked the run to stop."""
        return self._stop.signal

    @property
    def has_begun(self) -> bool:
        return self._record.number is not None

    def reconcile(
        self, names: Collection[str] | None, *, resend_if_absent: Collection[str], jobs: Sequence[Job] = ()
    ) -> Reconciled:
        """Asks the API about the doubts that earlier runs left on the specs in `names`, or on all specs for None.

        `resend_if_absent` names the specs that let a message be sent again when the API's list lacks it. The tables of `jobs` give the
        receivers to ask for.
        """
        self._access_key()  # before anything is written
        self._begin()
        self._sent_texts.add_constants(text for job in jobs for text in job.constant_texts())
        receivers_of = partial(receivers_by_id, jobs) if jobs else None
        with self._asking() as reachable:
            outcome = self._api_lookup(reachable).reconcile(
                names, resend_if_absent=resend_if_absent, receivers_of=receivers_of
            )
        self._credited.credit(outcome.credited)
        return outcome

    def end_interrupted(self, number: int) -> None:
        """Ends the run's record for a run that a signal stopped before it sent anything."""
        self._record.end(describe_ending(Interrupted(number)).problem)

    def end(self) -> None:
        self._record.end()

    def send(self, planned: PlannedJobs, agreed: AgreedMessages, approval: RunNote) -> RunReport:
        """What became of every recipient. `agreed` are the messages of these plans; `approval` says which plan is carried out, and who
        approved it.

        Raises any unforeseen error that stopped the run; `report_of` then gives the account of it.
        """
        self._note_former_names([job for job, plan in planned if not plan.send])
        if any(plan.send for _, plan in planned):
            try:
                self._send(planned, agreed, approval)
            except SendspecError as trouble:
                with suppress(LedgerTrouble):
                    self._record.end(trouble.problem)
                raise
        results = list(self._results.values())
        with self._ledger.one_moment():
            report = self._report(planned, self._ledger, first_stop(results), earlier_doubts=self._has_doubts(planned))
        endings = [describe_ending(result.ending).problem for result in results]
        self._record.end("; ".join(filter(None, endings)), report.requests)
        return report

    def report_of(self, planned: PlannedJobs, error: BaseException) -> RunReport:
        """The account of a run that an error ended, read from the ledger again: this process's memory is not trusted.

        Raises `LedgerTrouble` if the ledger can't be read.
        """
        words = EndingWords("sendspec broke")
        if isinstance(error, SendspecError):
            words = EndingWords(error.problem, error.fix)
        with ledger_to_read(self._context) as ledger:
            if ledger is None:
                raise LedgerMissing("the ledger is gone", "bring it back")
            return self._report(planned, ledger, words)

    def _report(
        self, planned: PlannedJobs, ledger: Facts, words: EndingWords, *, earlier_doubts: bool = False
    ) -> RunReport:
        run = self._record.number
        specs = []
        for job, plan in planned:
            name = job.spec.name
            states = {} if run is None else ledger.states_of_run(run, name, job.spec.generation)
            specs.append(
                spec_report(plan, states, self._results.get(name), self._looks.witnessed[name], self._taken[name])
            )
        return run_report(
            run,
            self._context.environment.name,
            specs,
            list(self._results.values()),
            words,
            earlier_doubts=earlier_doubts,
        )

    def _has_doubts(self, planned: PlannedJobs) -> bool:
        """Whether the ledger has doubts of these specs, under any of their names, including recipients no longer in the tables."""
        names = names_of((job.spec for job, _ in planned), self._ledger)
        return any(self._ledger.count_uncertain(name) for name in names)

    def _note_former_names(self, jobs: Sequence[Job]) -> None:
        """Records former names even if nothing is to be sent: the ledger still knows them once `moved_from` is gone from the spec."""
        for job in jobs:
            noted = {send.moved_from for send in self._ledger.sends(job.spec.name)}
            if not job.spec.moved_from or job.spec.moved_from in noted or renamed_send(job, self._ledger) is None:
                continue
            self._begin()
            identity = spec_identity(job, self._context, None)
            # without messages, this records the identity only
            self._ledger.put_planned(identity, (), b"", now=self._clock.wall(), route=route_of(job))

    def _begin(self) -> int:
        """Begins the run, once. Returns its number."""
        begun = self._record.begin()
        if begun.recovered:
            self._listener.warn(recovered_words(begun.recovered))
        return begun.run

    @contextmanager
    def _reachable(self) -> Iterator[Environment]:
        """The environment with an API that answers. Says once, before the first wait, what is connected to."""
        if not self._has_connected:
            self._has_connected = True
            self._listener.say(connecting_words(self._context))
        with reachable_api(self._context) as reachable:
            yield reachable

    @contextmanager
    def _asking(self) -> Iterator[Environment]:
        """The same, while a signal asks the run to stop."""
        with self._reachable() as reachable, self._interruptible(self._stop):
            yield reachable

    def _api_lookup(self, reachable: Environment) -> ApiLookup:
        return ApiLookup(self._context, reachable, self._access_key(), self._ledger, self._stop, self._sent_texts)

    def _access_key(self) -> AccessKey:
        """The key, read once: the command that prints it may prompt a person."""
        if self._key is None:
            context = self._context
            self._key = read_access_key(context.environment.key, context.system.environ, context.root)
        return self._key

    def _send(self, planned: PlannedJobs, agreed: AgreedMessages, approval: RunNote) -> None:
        self._access_key()  # before anything is written
        run = self._begin()
        sending = [(job, plan) for job, plan in planned if plan.send]
        self._sent_texts.add_constants(text for job, _ in sending for text in job.constant_texts())
        commit = head_commit(self._context.root, self._context.system.environ)
        self._ledger.note_approval(replace(approval, commit=commit))
        looking_back = [job for job, _ in sending if job.spec.only is not None]
        self._looks.look_at_earlier(looking_back, agreed, self._access_key(), self._asking)
        with self._listener.preparing() as watch:
            for job, plan in sending:
                agreed.put_planned(job, plan, run=run, commit=commit, now=self._clock.wall(), watch=watch)
        self._taken = agreed.taken
        with self._asking() as reachable:
            lookup = self._api_lookup(reachable)
            self._looks.look_for_opt_outs([job for job, _ in sending], self._access_key(), reachable)
            self._looks.check_witness(lookup, sending, agreed)
            for job, plan in sending:
                self._results[job.spec.name] = result = self._send_job(
                    job, plan, lookup, agreed, is_alone=len(sending) == 1
                )
                if not isinstance(result.ending, Finished):
                    break
                if (moved := renamed_send(job, self._ledger)) is not None:
                    moved.drop_what_was_sent(self._ledger, self._clock.wall())

    def _send_job(
        self, job: Job, plan: Plan, lookup: ApiLookup, agreed: AgreedMessages, *, is_alone: bool
    ) -> RunResult:
        channel, clock = job.channel, self._clock
        settings = Settings(
            concurrency=channel.concurrency,
            per_second=None if channel.rate is None else channel.rate.per_second,
            timeout=channel.timeout_seconds,
            trust_503=channel.trust_503,
            failure_rate=job.limits.failure_rate,
            expected=plan.send,
            batch=channel.batch,
            not_after=expiry_of(job, self._looks.api_ahead),
        )
        self._ledger.make_room(min(plan.send, channel.concurrency * (channel.batch or 1)))
        with self._listener.progress(
            "" if is_alone else job.spec.name, plan.send, channel.messages_per_second
        ) as watch:
            return send_all(
                (sendable(job, message, fact) for message, fact in agreed.to_send(job)),
                self._ledger,
                lookup.endpoint(route_of(job), batch=channel.batch is not None),
                settings,
                clock,
                self._stop,
                credited=self._credited,
                look_up=lambda: self._reconcile_open_doubts(lookup, job),
                watch=watch,
                withholds=withholding(job, clock.monotonic, agreed.still_kept.get(job.spec.name)),
                sent_texts=self._sent_texts,
            )

    def _reconcile_open_doubts(self, lookup: ApiLookup, job: Job) -> Sequence[bytes]:
        """Looks up the spec's doubts while the breaker pauses the run. Returns the messages that the API has."""
        outcome = lookup.reconcile({job.spec.name})
        self._credited.credit(outcome.credited)
        self._listener.alarms(outcome)
        for reason in dict.fromkeys(outcome.unread):
            self._listener.detail(reason)
        return outcome.found


def recovered_words(count: int) -> str:
    """`2 messages of a run that was cut off are in doubt now`."""
    return f"{counted(count, 'message of a run that was cut off is', 'messages of a run that was cut off are')} in doubt now"
