"""A run: the ledger held, every message planned, then sent spec by spec."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from hashlib import sha256

from sendspec.cli.console import Console
from sendspec.cli.exit_code import IN_DOUBT, described, ending_code, exit_code
from sendspec.composing.canonical_template import key_tree, text_digest, to_tree
from sendspec.composing.identity import id_text, receiver_hash, resent
from sendspec.composing.message import Message
from sendspec.composing.platforms.sms_segments import size_of
from sendspec.composing.reach import Reach
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exceptions import LedgerMissing, LedgerTrouble, PlanStale, SendspecError
from sendspec.diagnostics.redaction import mask
from sendspec.ledger.record import Change, Claim, PlannedRecord, Route, SpecIdentity
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.lock import RunLock
from sendspec.ledger.transitions import MOVE_BY_NAME
from sendspec.operations.api_lookup import CLOCK, ApiLookup, boot_time
from sendspec.operations.earlier_names import MovedSend, names_of, other_names
from sendspec.operations.git_commit import head_commit
from sendspec.operations.ledger_view import decide_again, ledger_to_read, moved_send
from sendspec.operations.project_context import ProjectContext, api_of, on_ci, this_process
from sendspec.operations.send_job import Job
from sendspec.operations.witness_check import Question, ask_witness, refuse_what_is_behind, witness_lines
from sendspec.planning.decide import Retry, Skip
from sendspec.planning.message_state import Fact, State
from sendspec.planning.plan import Decision, Plan
from sendspec.planning.totals import Totals, sum_of, totals_of
from sendspec.provider.sent_texts import SentTexts
from sendspec.reading.access_key import AccessKey, read_access_key
from sendspec.reading.project import Environment
from sendspec.reading.suppress import SuppressList
from sendspec.sending.credited_ids import CreditedIds
from sendspec.sending.ending import Finished
from sendspec.sending.loop import send_all
from sendspec.sending.reconciliation import Reconciled
from sendspec.sending.run import Cause, RunProgress, RunResult, Sendable, Settings, Stop, StopStage
from sendspec.sending.witness import SAMPLED
from sendspec.showing.ink import counted
from sendspec.showing.progress import ProgressLine
from sendspec.showing.reconcile import alarm_lines
from sendspec.showing.run import Reason, RunReport, SpecReport


class Session:
    """Sends jobs one after another. Holds the run lock from before the plan to after the last settlement."""

    def __init__(
        self,
        view: Console,
        workspace: ProjectContext,
        ledger: SqliteLedger,
        lock: RunLock,
        *,
        retry: Retry | None = None,
        asks_witness: bool = True,
    ) -> None:
        self._view = view
        self._workspace = workspace
        self._ledger = ledger
        self._lock = lock
        self._retry = retry
        self._asks_witness = asks_witness
        self._stop = Stop()
        self._credited = CreditedIds()
        self._sent_texts = SentTexts()
        self._key: AccessKey | None = None
        self._run: int | None = None
        self._planned_at = 0
        self._reach: dict[str, Reach] = {}
        self._chosen: dict[str, set[bytes]] = {}
        self._results: dict[str, RunResult] = {}
        self._witnessed: Counter[str] = Counter()
        self._alarms: set[str] = set()

    def reconcile(
        self, names: Collection[str] | None, *, freeing: Collection[str], jobs: Sequence[Job] = ()
    ) -> Reconciled:
        """Asks the API for the doubts of earlier runs, of the specs in `names` or, for None, of all.

        `freeing` are the specs that let a message be sent again when the API's list lacks it. With `jobs`, their tables tell
        whom to ask for.
        """
        self._access_key()  # before anything is written
        self._begin()
        self._sent_texts.add_constants(text for job in jobs for text in job.constant_texts())
        numbers_of = partial(_numbers_of, jobs) if jobs else None
        with api_of(self._workspace) as reachable, self._signals():
            return self._enquiry(reachable).reconcile(names, freeing=freeing, numbers_of=numbers_of)

    @property
    def interrupted(self) -> int | None:
        """The signal that asked the run to stop."""
        return self._stop.signal

    def names_of(self, jobs: Sequence[Job]) -> set[str]:
        """The names of jobs, and those that they had before or later."""
        return names_of((job.spec for job in jobs), self._ledger)

    @property
    def has_begun(self) -> bool:
        return self._run is not None

    def send(self, planned: Sequence[tuple[Job, Plan]], planned_at: int) -> tuple[RunReport, int]:
        """What became of every recipient, and the exit code. `planned_at`: how many moves the ledger held when it was planned.

        Raises what stopped the run otherwise than as it is foreseen to end; `report_of` then says what became of everybody.
        """
        self._planned_at = planned_at
        only_to = self._workspace.environment.only_to
        for job, _ in planned:
            self._reach[job.spec.name] = Reach(only_to, None if job.suppressed is None else job.suppressed.at_present)
        self._note_former_names([job for job, plan in planned if not plan.send])
        if any(plan.send for _, plan in planned):
            try:
                self._send(planned)
            except SendspecError as trouble:
                with suppress(LedgerTrouble):
                    self.end(trouble.problem)
                raise
        endings = [described(result.ending) for result in self._results.values()]
        stopped = next((ending for ending in endings if ending[0]), ("", "", 0))
        report = self._reported(planned, self._ledger, stopped[0], stopped[1])
        self.end("; ".join(ending for ending, _, _ in endings if ending), report.requests)
        codes = {code for _, _, code in endings} | self._left_in_doubt(planned)
        return report, exit_code(codes, sum_of(spec.account for spec in report.specs))

    def _note_former_names(self, jobs: Sequence[Job]) -> None:
        """A spec that was called otherwise is noted so also where nothing of it is to be sent: `moved_from` may go, the note stays."""
        for job in jobs:
            noted = {send.moved_from for send in self._ledger.sends(job.spec.name)}
            if not job.spec.moved_from or job.spec.moved_from in noted or moved_send(job, self._ledger) is None:
                continue
            self._begin()
            identity = identity_of(job, self._workspace, None)
            self._ledger.put_planned(identity, (), b"", now=time.time(), route=_route(job))

    def report_of(self, planned: Sequence[tuple[Job, Plan]], error: BaseException) -> RunReport:
        """The account of a run that an error ended: the ledger's own, read from it once more, not what this process remembers.

        Raises `LedgerTrouble` where the ledger can't be read.
        """
        problem, fix = (error.problem, error.fix) if isinstance(error, SendspecError) else ("sendspec broke", "")
        with ledger_to_read(self._workspace) as ledger:
            if ledger is None:
                raise LedgerMissing("the ledger is gone", "bring it back")
            return self._reported(planned, ledger, problem, fix)

    def _reported(self, planned: Sequence[tuple[Job, Plan]], ledger: SqliteLedger, ending: str, fix: str) -> RunReport:
        reports = [self._report(job, plan, ledger) for job, plan in planned]
        results = self._results.values()
        return RunReport(
            run=self._run,
            environment=self._workspace.environment.name,
            specs=reports,
            requests=sum(result.requests for result in results),
            seconds=sum(result.seconds for result in results),
            ending=ending,
            fix=fix,
            next_steps=self._next_steps(sum_of(report.account for report in reports)),
            code=next((code for result in results if (code := ending_code(result.ending))), ""),
        )

    def end(self, ending: str = "", requests: int = 0) -> None:
        """Closes the run's record, where one was begun."""
        if self._run is not None:
            self._ledger.end(now=time.time(), ending=ending or "finished", requests=requests)

    def _left_in_doubt(self, planned: Sequence[tuple[Job, Plan]]) -> set[int]:
        """Doubts count also where today's recipients don't include them: nobody may be forgotten."""
        left = sum(self._ledger.uncertain(name) for name in self.names_of([job for job, _ in planned]))
        return {IN_DOUBT} if left else set()

    def _begin(self) -> None:
        """Begins the run, once."""
        if self._run is not None:
            return
        begun = self._ledger.begin(this_process(), now=time.time())
        self._run = begun.run
        if begun.recovered:
            self._view.warn(
                f"{counted(begun.recovered, 'message')} of a run that ended without settling are in doubt now"
            )

    def _enquiry(self, reachable: Environment) -> ApiLookup:
        return ApiLookup(self._workspace, reachable, self._access_key(), self._ledger, self._stop, self._sent_texts)

    def _access_key(self) -> AccessKey:
        """The key, read once: a command that gives it may ask a person."""
        if self._key is None:
            self._key = read_access_key(self._workspace.environment.key, os.environ, self._workspace.root)
        return self._key

    def _send(self, planned: Sequence[tuple[Job, Plan]]) -> None:
        self._access_key()  # before anything is written
        self._begin()
        sending = [(job, plan) for job, plan in planned if plan.send]
        self._sent_texts.add_constants(text for job, _ in sending for text in job.constant_texts())
        commit = head_commit(self._workspace.root)
        for job, plan in sending:
            self._put_planned(job, plan, commit)
        with api_of(self._workspace) as reachable, self._signals():
            enquiry = self._enquiry(reachable)
            self._hear_witness(enquiry, sending)
            for job, plan in sending:
                self._results[job.spec.name] = result = self._send_job(job, plan, enquiry)
                if not isinstance(result.ending, Finished):
                    break
                if (moved := moved_send(job, self._ledger)) is not None:
                    moved.drop_what_was_sent(time.time())

    def _hear_witness(self, enquiry: ApiLookup, sending: Sequence[tuple[Job, Plan]]) -> None:
        """The API's list shows whether the ledger is behind what was sent: then nothing more is. See `refuse_what_is_behind`."""
        if not self._asks_witness:
            self._view.warn(
                "the API was not asked for its recent messages (--no-witness): a ledger that is behind would not show"
            )
            return
        questions = []
        for route in dict.fromkeys(_route(job) for job, _ in sending):
            jobs = [(job, plan) for job, plan in sending if _route(job) == route]
            sends = {(job.spec.name, job.spec.generation): self._claimed_at(job) for job, _ in jobs}
            questions.append(
                Question(
                    route=route,
                    sends=sends,
                    receivers=partial(self._spread, jobs),
                    under_other_names=partial(self._under_other_names, [job for job, _ in jobs]),
                )
            )
        heard = ask_witness(enquiry, questions)
        self._witnessed += heard.behind
        if heard.skews:
            self._ledger.note_clock(heard.skews[0])
        for line in witness_lines(heard):
            self._view.warn(line)
        self._tell_alarms(Reconciled(twice=heard.twice))
        refuse_what_is_behind(heard, stopped=self._stop.stage is not StopStage.NO)

    def _under_other_names(self, jobs: Sequence[Job], ids: Collection[bytes]) -> Counter[str]:
        """How many messages of each spec have one of these ids under a former name, where the ledger has nothing of it."""
        found: Counter[str] = Counter()
        for job in jobs:
            names = {*other_names(job.spec, self._ledger), *([job.spec.moved_from] if job.spec.moved_from else [])}
            if names:
                found[job.spec.name] += MovedSend(job, sorted(names), self._ledger).unknown_among(ids)
        return found

    def _claimed_at(self, job: Job) -> float | None:
        """When this send last claimed, by the API's clock, as the ledger has it before this run claims."""
        sends = self._ledger.sends(job.spec.name)
        return next((send.claimed_at for send in sends if send.generation == job.spec.generation), None)

    def _spread(self, jobs: Sequence[tuple[Job, Plan]]) -> list[str]:
        """Receivers of messages that would be sent, evenly spread over all of them."""
        total = sum(plan.send for _, plan in jobs)
        messages = (message for job, _ in jobs for message, _ in self._to_send(job))
        wanted = {number * total // SAMPLED for number in range(SAMPLED)}
        chosen = [message.receiver for number, message in enumerate(messages) if number in wanted]
        return list(dict.fromkeys(chosen))

    def _tell_alarms(self, outcome: Reconciled) -> None:
        """What must not go unnoticed, once a run."""
        for line in alarm_lines(outcome):
            if line not in self._alarms:
                self._alarms.add(line)
                self._view.warn(line)

    def _put_planned(self, job: Job, plan: Plan, commit: str | None) -> None:
        """Before the first claim, every message that was agreed to is in the ledger, and no other: all or nothing."""
        identity = identity_of(job, self._workspace, commit)
        if self._retry is Retry.REFUSED:
            self._plan_again(job)
        digest = bytes.fromhex(plan.digest)
        self._ledger.put_planned(identity, self._agreed(job, plan), digest, now=time.time(), route=_route(job))

    def _agreed(self, job: Job, plan: Plan) -> Iterator[PlannedRecord]:
        """The plan's messages to send, without those that the ledger has moved since, and without any other.

        Raises `PlanStale` at its end where spec or recipients are others than were agreed to.
        """
        moved = self._ledger.moves != self._planned_at
        freed = self._ledger.freed_since(self._planned_at, self._run) if moved else set()
        sent, composed = sha256(), sha256()
        for item, skip, _ in self._decided(job):
            sealed = item.id + item.digest if isinstance(item, Message) else b""
            composed.update(sealed)
            if isinstance(item, Message) and self._is_sent(job, item, skip) and item.id not in freed:
                sent.update(sealed)
                yield planned_record(job, item)
        same = composed.digest() == plan.composed_digest and (moved or sent.digest() == plan.sent_digest)
        if not same:
            raise PlanStale(
                f"the plan of {job.spec.name} is stale: what would be sent is no longer what was agreed to",
                "look at a new one: sendspec plan",
            )

    def _plan_again(self, job: Job) -> None:
        """On a person's word, what the API refused is planned once more, with the payload that it has now."""
        changes = [
            Change(
                id=message.id,
                attempt=fact.attempt,
                to=State.PLANNED,
                reason="sent again by `send --retry refused`",
                planned=planned_record(job, message),
            )
            for message, fact in self._to_send(job)
            if fact is not None and fact.state is State.REFUSED
        ]
        self._chosen[job.spec.name] = {change.id for change in changes}
        self._ledger.move(MOVE_BY_NAME["retry"], changes, now=time.time())

    def _to_send(self, job: Job) -> Iterator[tuple[Message, Fact | None]]:
        """The messages that are to be sent, composed anew: the same rows give the same messages, and the ledger's digest holds each to it."""
        for item, skip, fact in self._decided(job):
            if isinstance(item, Message) and self._is_sent(job, item, skip):
                yield item, fact

    def _decided(self, job: Job) -> Iterator[Decision]:
        retry = None if job.spec.name in self._chosen else self._retry
        return decide_again(job, self._workspace, self._ledger, retry, reach=self._reach[job.spec.name])

    def _is_sent(self, job: Job, message: Message, skip: Skip | None) -> bool:
        chosen = self._chosen.get(job.spec.name)
        return skip is None and (chosen is None or message.id in chosen)

    def _send_job(self, job: Job, plan: Plan, enquiry: ApiLookup) -> RunResult:
        channel = job.channel
        settings = Settings(
            concurrency=channel.concurrency,
            per_second=None if channel.rate is None else channel.rate.per_second,
            timeout=channel.timeout_seconds,
            trust_503=channel.trust_503,
            failure_rate=job.limits.failure_rate,
            expected=plan.send,
            batch=channel.batch,
        )
        self._ledger.make_room(min(plan.send, channel.concurrency * (channel.batch or 1)))
        line = self._progress(job, plan)
        try:
            return send_all(
                (_sendable(message, fact, job.suppressed) for message, fact in self._to_send(job)),
                self._ledger,
                enquiry.endpoint(_route(job), batch=channel.batch is not None),
                settings,
                CLOCK,
                self._stop,
                credited=self._credited,
                lock_still_mine=self._lock.still_mine,
                look_up=lambda: self._look_up(enquiry, job),
                watch=lambda progress: self._watch(line, progress),
                withholds=_withholding(job.suppressed),
                sent_texts=self._sent_texts,
            )
        finally:
            line.clear()

    def _look_up(self, enquiry: ApiLookup, job: Job) -> Sequence[bytes]:
        """While the run pauses because of doubts: what the API knows of them."""
        outcome = enquiry.reconcile({job.spec.name})
        self._tell_alarms(outcome)
        for reason in dict.fromkeys(outcome.unread):
            self._view.detail(reason)
        return outcome.found

    def _progress(self, job: Job, plan: Plan) -> ProgressLine:
        live = sys.stderr.isatty() and not on_ci(os.environ) and os.environ.get("TERM") != "dumb"
        rate = job.channel.messages_per_second
        shown = "" if rate is None else f"{rate:g}/s"
        return ProgressLine(sys.stderr, total=plan.send, live=live, rate=shown, now=boot_time())

    def _watch(self, line: ProgressLine, progress: RunProgress) -> None:
        if not self._view.quiet:
            line.show(progress, boot_time())

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """While the block runs, a signal asks the run to stop instead of ending the process.

        Once one has, further ones no longer end it either: what became of the run is still to be said.
        """
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, lambda number, frame: self._stop.ask(number)) for number in numbers}
        try:
            yield
        finally:
            going_on = self._stop.stage is StopStage.NO
            for number, handler in before.items():
                signal.signal(number, handler if going_on else signal.SIG_IGN)

    def _report(self, job: Job, plan: Plan, ledger: SqliteLedger) -> SpecReport:
        """What became of a spec's recipients, by the ledger."""
        spec, result = job.spec, self._results.get(job.spec.name)
        states = {} if self._run is None else ledger.states_of_run(self._run, spec.name, spec.generation)
        lost = {} if result is None else dict(result.lost)
        if self._witnessed[spec.name]:
            lost[Skip.ALREADY_ACCEPTED] = self._witnessed[spec.name]
        return SpecReport(
            target=job.target,
            account=totals_of(plan, states, lost),
            digest=plan.digest,
            refusals=() if result is None else _reasons(result.refusals),
            doubts=() if result is None else _reasons(result.doubts),
        )

    def _next_steps(self, total: Totals) -> list[str]:
        env = self._workspace.environment.name
        steps = [f"sendspec status --failed --env {env}"] if total.refused else []
        in_doubt = total.in_doubt or total.skipped.get(Skip.IN_DOUBT_BEFORE)
        return steps + ([f"sendspec reconcile --env {env}"] if in_doubt else [])


def planned_record(job: Job, message: Message) -> PlannedRecord:
    """A message as the ledger holds it before it is sent."""
    return PlannedRecord(
        message.id,
        message.digest,
        _own_reference(message),
        receiver_hash(job.setting.salt, message.receiver),
        mask(message.receiver),
        message.line,
        None if message.measure is None else size_of(message.measure),
        job.scheduled_for(message),
    )


def identity_of(job: Job, workspace: ProjectContext, commit: str | None) -> SpecIdentity:
    """What the ledger notes of a send, for later runs to compare."""
    spec = job.spec
    return SpecIdentity(
        spec.name,
        spec.generation,
        workspace.relative(spec.path),
        key_tree=key_tree(spec),
        to_tree=to_tree(spec, job.channel.platform),
        text_digest=text_digest(spec),
        commit=commit,
        moved_from=spec.moved_from or None,
    )


def _route(job: Job) -> Route:
    return Route(job.channel.workspace, job.channel.channel)


def _numbers_of(jobs: Sequence[Job], ids: Collection[bytes]) -> dict[bytes, str]:
    """The receivers of messages, by their ids, as far as today's tables have them."""
    composed = (item for job in jobs for item in job.composed(Problems()))
    return {item.id: item.receiver for item in composed if isinstance(item, Message) and item.id in ids}


def _sendable(message: Message, fact: Fact | None, suppressed: SuppressList | None) -> Sendable:
    """A message that a person had sent again goes out under a reference of its own."""
    receivers = () if suppressed is None else message.receivers
    times = 0 if fact is None else fact.resend
    claim = Claim(message.id, message.digest, _own_reference(message))
    message = message.under(resent(message.reference, times))
    key = f"{resent(id_text(message.id), times)}-{message.digest[:8].hex()}"
    return Sendable(claim, message.reference, message.receiver, message.body, key, receivers)


def _withholding(suppressed: SuppressList | None) -> Callable[[Sendable], bool] | None:
    """Says of a message, just before it is claimed, whether it must not go out: somebody may have opted out meanwhile."""
    if suppressed is None:
        return None

    def withholds(message: Sendable) -> bool:
        suppressed.refreshed(boot_time())
        return any(address in suppressed for address in message.receivers)

    return withholds


def _own_reference(message: Message) -> str | None:
    """The user's own reference, as the ledger has it; None where it is the message's id."""
    return None if message.reference == id_text(message.id) else message.reference


def _reasons(causes: Sequence[Cause]) -> tuple[Reason, ...]:
    return tuple(Reason(text=cause.text, count=cause.count, first=id_text(cause.first)) for cause in causes)
