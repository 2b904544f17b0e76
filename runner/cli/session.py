"""A run: the ledger held, every message planned, then sent spec by spec."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from runner.cli.against import decide_all
from runner.cli.ending import described, exit_code
from runner.cli.job import Job
from runner.cli.view import View
from runner.cli.workspace import Workspace, api_of, on_ci, this_process
from runner.composing.identity import id_text, receiver_hash
from runner.composing.message import Message
from runner.errors import LedgerMissing
from runner.ledger.lock import RunLock, take_lock
from runner.ledger.opening import open_to_write, refuse_on_ci
from runner.ledger.record import PlannedRecord, SpecIdentity
from runner.ledger.sqlite import SqliteLedger
from runner.planning.account import account_of, sum_of
from runner.planning.plan import Plan
from runner.reading.access_key import read_access_key
from runner.reading.diagnostic import Problems
from runner.reading.mask import mask
from runner.reading.project import Environment
from runner.reading.url import peer_is_allowed
from runner.sending.loop import send_all
from runner.sending.run import Cause, Clock, Finished, Progress, RunResult, Sendable, Settings, Stop
from runner.sending.wire import Endpoint
from runner.showing.ink import counted
from runner.showing.progress import ProgressLine
from runner.showing.run import Reason, RunReport, SpecReport


def boot_time() -> float:
    """Seconds that also count while the machine sleeps, where the system has such a clock."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


CLOCK = Clock(monotonic=boot_time, wall=time.time, sleep=time.sleep, random=random.random)


@contextmanager
def ledger_to_write(workspace: Workspace) -> Iterator[tuple[SqliteLedger, RunLock]]:
    """The environment's ledger with its run lock, checked; sending never makes one."""
    place, identity = workspace.environment.ledger, workspace.identity
    if identity is None:
        raise LedgerMissing(
            f"the environment '{workspace.environment.name}' has no ledger",
            f"make it once: sendspec ledger init --env {workspace.environment.name}",
        )
    refuse_on_ci(place.file, ci=on_ci(os.environ), durable=place.durable)
    if not place.file.exists():
        raise LedgerMissing(
            f"the ledger {place.file} is gone, and sendspec.lock says that there was one",
            "bring it back: a new one would send everything again",
        )
    since = datetime.now(UTC).isoformat(timespec="seconds")
    lock = take_lock(place.file, this_process(), since=since)
    try:
        ledger = open_to_write(place.file, identity.ledger, salt_check=identity.salt_check)
        try:
            yield ledger, lock
        finally:
            ledger.close()
    finally:
        lock.release()


class Session:
    """Sends jobs one after another. Holds the run lock from before the plan to after the last settlement."""

    def __init__(self, view: View, workspace: Workspace, ledger: SqliteLedger, lock: RunLock) -> None:
        self._view = view
        self._workspace = workspace
        self._ledger = ledger
        self._lock = lock
        self._stop = Stop()

    def send(self, planned: Sequence[tuple[Job, Plan]]) -> tuple[RunReport, int]:
        """What became of every recipient, and the exit code."""
        to_send = any(plan.send for _, plan in planned)
        run, results = self._run(planned) if to_send else (None, {})
        reports = [self._report(job, plan, results.get(job.spec.name)) for job, plan in planned]
        endings = [described(result.ending) for result in results.values()]
        stopped = next((ending for ending in endings if ending[0]), ("", "", 0))
        total = sum_of(report.account for report in reports)
        report = RunReport(
            run=run,
            environment=self._workspace.environment.name,
            specs=reports,
            requests=sum(result.requests for result in results.values()),
            seconds=sum(result.seconds for result in results.values()),
            ending=stopped[0],
            fix=stopped[1],
            next_steps=self._next_steps(total.refused, total.in_doubt),
        )
        return report, exit_code((code for _, _, code in endings), total)

    def _run(self, planned: Sequence[tuple[Job, Plan]]) -> tuple[int, dict[str, RunResult]]:
        environment = self._workspace.environment
        key = read_access_key(environment.key, os.environ, self._workspace.root)
        run, recovered = self._ledger.begin(this_process(), now=time.time())
        if recovered:
            self._view.warn(f"{counted(recovered, 'message')} of a run that ended without settling are in doubt now")
        for job, plan in planned:
            if plan.send:
                self._put_planned(job, plan)
        results: dict[str, RunResult] = {}
        with api_of(self._workspace) as reachable, self._signals():
            for job, plan in planned:
                if plan.send:
                    results[job.spec.name] = result = self._send_job(
                        job, plan, reachable, key.authorization(environment.scheme)
                    )
                    if not isinstance(result.ending, Finished):
                        break
        requests = sum(result.requests for result in results.values())
        ending = "; ".join(described(result.ending)[0] for result in results.values()).strip("; ")
        self._ledger.end(now=time.time(), ending=ending or "finished", requests=requests)
        return run, results

    def _put_planned(self, job: Job, plan: Plan) -> None:
        """Before the first claim, every message of the plan is in the ledger: all or nothing."""
        identity = SpecIdentity(job.spec.name, job.spec.generation, self._workspace.relative(job.spec.path))
        salt = self._workspace.salt
        records = (
            PlannedRecord(
                message.id,
                message.digest,
                None if message.reference == id_text(message.id) else message.reference,
                receiver_hash(salt, message.receiver),
                mask(message.receiver),
            )
            for message in self._to_send(job)
        )
        self._ledger.put_planned(identity, records, bytes.fromhex(plan.digest), now=time.time())

    def _to_send(self, job: Job) -> Iterator[Message]:
        """The messages that are to be sent, composed anew: the same rows give the same messages, and the ledger's digest holds each to it."""
        for decision in decide_all(job, self._workspace, self._ledger, Problems()):
            if decision.skip is None and isinstance(decision.item, Message):
                yield decision.item

    def _send_job(self, job: Job, plan: Plan, environment: Environment, authorization: str) -> RunResult:
        channel, api = job.channel, environment.api
        endpoint = Endpoint(
            scheme=api.scheme,
            host=api.host,
            port=api.port,
            authority=api.authority,
            path=f"{api.prefix}/workspaces/{channel.workspace}/channels/{channel.channel}/messages",
            authorization=authorization,
            peer_allowed=lambda peer: peer_is_allowed(api, peer),
        )
        settings = Settings(
            concurrency=channel.concurrency,
            per_second=None if channel.rate is None else channel.rate.per_second,
            timeout=channel.timeout_seconds,
            trust_503=channel.trust_503,
            failure_rate=job.limits.failure_rate,
            expected=plan.send,
        )
        line = self._progress(job, plan)
        messages = (
            Sendable(m.id, m.reference, m.receiver, m.body, f"{id_text(m.id)}-{m.digest[:8].hex()}")
            for m in self._to_send(job)
        )
        try:
            return send_all(
                messages,
                self._ledger,
                endpoint,
                settings,
                CLOCK,
                self._stop,
                lock_still_mine=self._lock.still_mine,
                watch=lambda progress: self._watch(line, progress),
            )
        finally:
            line.clear()

    def _progress(self, job: Job, plan: Plan) -> ProgressLine:
        live = sys.stderr.isatty() and not on_ci(os.environ) and os.environ.get("TERM") != "dumb"
        rate = job.channel.rate
        shown = "" if rate is None else f"{rate.per_second:g}/s"
        return ProgressLine(sys.stderr, total=plan.send, live=live, rate=shown, now=boot_time())

    def _watch(self, line: ProgressLine, progress: Progress) -> None:
        if not self._view.quiet:
            line.show(progress, boot_time())

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """While the block runs, a signal asks the run to stop instead of ending the process."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, lambda number, frame: self._stop.ask(number)) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _report(self, job: Job, plan: Plan, result: RunResult | None) -> SpecReport:
        accepted, refused, in_doubt = (
            (0, 0, 0) if result is None else (result.accepted, result.refused, result.in_doubt)
        )
        return SpecReport(
            target=job.target,
            account=account_of(plan, accepted=accepted, refused=refused, in_doubt=in_doubt),
            digest=plan.digest,
            refusals=() if result is None else _reasons(result.refusals),
            doubts=() if result is None else _reasons(result.doubts),
        )

    def _next_steps(self, refused: int, in_doubt: int) -> list[str]:
        env = self._workspace.environment.name
        steps = [f"sendspec status --failed --env {env}"] if refused else []
        return steps + ([f"sendspec status --in-doubt --env {env}"] if in_doubt else [])


def _reasons(causes: Sequence[Cause]) -> tuple[Reason, ...]:
    return tuple(Reason(text=cause.text, count=cause.count, first=id_text(cause.first)) for cause in causes)
