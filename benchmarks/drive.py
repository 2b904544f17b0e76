"""Drives the rooms of `sendspec` without the command line: fills a ledger, records in one, or sends with one and without.

Prints one JSON document. Run as `python -m benchmarks.drive`.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sendspec.composing.identity import id_text, receiver_hash
from sendspec.composing.message import Message
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.redaction import mask
from sendspec.ledger.protocol import Claims, Ledger
from sendspec.ledger.record import Claim, Exchanged, PlannedRecord, SendIdentity, Settlement
from sendspec.operations.ledger_access import ledger_to_write
from sendspec.operations.offline_plan import open_jobs
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.run_owner import run_owner
from sendspec.operations.send_job import Job
from sendspec.operations.system import real_clock, real_system
from sendspec.planning.message_state import State
from sendspec.provider.endpoint import Endpoint
from sendspec.sending.credited_ids import CreditedIds
from sendspec.sending.loop import send_all
from sendspec.sending.run import Sendable, Settings, Stop

from benchmarks.material import FAST

WINDOW = 5_000
PLAN_DIGEST = bytes(32)


class NoLedger:
    """Grants every claim and keeps nothing: what is left of a run is everything but the ledger."""

    def exchange(self, *, settle: Sequence[Settlement], claim: Sequence[Claim], now: float) -> Exchanged:
        return Exchanged({each.id: 1 for each in claim}, {})

    def spill(self, settlements: Sequence[Settlement]) -> None:
        raise AssertionError("there is no ledger that could fail")

    def still_mine(self) -> bool:
        return True


class Counted:
    """A ledger that counts how often it commits."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.commits = 0

    def exchange(self, *, settle: Sequence[Settlement], claim: Sequence[Claim], now: float) -> Exchanged:
        self.commits += 1
        return self._ledger.exchange(settle=settle, claim=claim, now=now)

    def spill(self, settlements: Sequence[Settlement]) -> None:
        self._ledger.spill(settlements)

    def still_mine(self) -> bool:
        return self._ledger.still_mine()


def open_job(project: Path, table: Path, environment: str = FAST) -> tuple[ProjectContext, Job]:
    return open_spec(project / "order.yaml", table, environment)


def open_spec(spec: Path, table: Path | None = None, environment: str = FAST) -> tuple[ProjectContext, Job]:
    """The job of a spec, with another table than its own if one is given. Ends the program if the spec is wrong."""
    problems = Problems()
    recipients = None if table is None else str(table)
    workspace, jobs = open_jobs((str(spec),), environment, recipients, problems, real_system("benchmark"))
    if workspace is None or not jobs:
        raise SystemExit("\n".join(diagnostic.problem for diagnostic in problems))
    return workspace, jobs[0]


def messages_of(job: Job) -> Iterator[Message]:
    return (item for item in job.composed(Problems()) if isinstance(item, Message))


def claim_of(message: Message) -> Claim:
    return Claim(message.id, message.digest, None)


def record_of(message: Message, salt: bytes) -> PlannedRecord:
    receiver = receiver_hash(salt, message.receiver)
    return PlannedRecord(message.id, message.digest, None, receiver, mask(message.receiver))


def fill(workspace: ProjectContext, job: Job, held: int) -> None:
    """Has every message of the job accepted, and made-up ones up to `held`."""
    with ledger_to_write(workspace) as ledger:
        ledger.begin(run_owner(workspace.system), now=time.time())
        salt = workspace.salt
        known = [record_of(message, salt) for message in messages_of(job)]
        others = (
            PlannedRecord(os.urandom(16), bytes(24), None, bytes(16), "+31••••00") for _ in range(held - len(known))
        )
        records = [*known, *others]
        ledger.put_planned(SendIdentity(job.spec.name, 1, "order.yaml"), records, PLAN_DIGEST, now=time.time())
        accept_all(ledger, [Claim(record.id, record.digest, record.reference) for record in records], WINDOW)
        ledger.end(now=time.time(), ending="finished", requests=held)


def accept_all(ledger: Ledger, claims: Sequence[Claim], window: int) -> int:
    """Claims and accepts in groups of `window`, each with the results of the one before; the count of commits."""
    settle: list[Settlement] = []
    stream, commits = iter(claims), 0
    while (group := list(islice(stream, window))) or settle:
        won = ledger.exchange(settle=settle, claim=group, now=time.time()).won
        settle = [Settlement(i, a, State.ACCEPTED, i.hex(), None, 202) for i, a in won.items()]
        commits += 1
    return commits


def record_alone(workspace: ProjectContext, job: Job, group: int) -> dict[str, float]:
    """The ledger without a send: plans, claims, accepts, ends and closes. What is counted begins when it is open."""
    messages = list(messages_of(job))
    records = [record_of(message, workspace.salt) for message in messages]
    claims = list(map(claim_of, messages))
    with ledger_to_write(workspace) as ledger:
        ledger.begin(run_owner(workspace.system), now=time.time())
        begun = Spent.now()
        ledger.put_planned(SendIdentity(job.spec.name, 1, "order.yaml"), records, PLAN_DIGEST, now=time.time())
        planned = Spent.now()
        commits = accept_all(ledger, claims, group)
        ledger.end(now=time.time(), ending="finished", requests=len(messages))
    ended = Spent.now()
    return {
        "messages": len(messages),
        "commits": commits,
        **{f"plan_{name}": value for name, value in (planned - begun).items()},
        **{f"send_{name}": value for name, value in (ended - planned).items()},
    }


@dataclass(frozen=True, slots=True)
class Spent:
    """What this process has used so far: CPU seconds, bytes given to `write`, bytes that the kernel wrote or will write to a disk."""

    cpu: float
    written: int
    to_disk: int

    @classmethod
    def now(cls) -> Spent:
        lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
        count = {name: int(value) for name, value in (each.split(": ") for each in lines)}
        return cls(time.process_time(), count["wchar"], count["write_bytes"])

    def __sub__(self, other: Spent) -> dict[str, float]:
        return {
            "cpu": self.cpu - other.cpu,
            "written": self.written - other.written,
            "to_disk": self.to_disk - other.to_disk,
        }


def run_loop(workspace: ProjectContext, job: Job, url: str, *, with_ledger: bool) -> dict[str, float]:
    """Sends every message of the job; what is counted begins when all of them are composed."""
    messages = list(messages_of(job))
    if not with_ledger:
        return _timed(lambda: _send(job, messages, NoLedger(), url), len(messages))
    with ledger_to_write(workspace) as ledger:
        ledger.begin(run_owner(workspace.system), now=time.time())
        identity = SendIdentity(job.spec.name, 1, "order.yaml")
        counted = Counted(ledger)

        def send() -> int:
            records = (record_of(message, workspace.salt) for message in messages)
            ledger.put_planned(identity, records, PLAN_DIGEST, now=time.time())
            return _send(job, messages, counted, url)

        return {**_timed(send, len(messages)), "commits": counted.commits + 1}


def _timed(send: Callable[[], int], expected: int) -> dict[str, float]:
    begun, before = time.monotonic(), Spent.now()
    accepted = send()
    found = {**(Spent.now() - before), "seconds": time.monotonic() - begun, "messages": accepted}
    if accepted != expected:
        raise SystemExit(f"{accepted} of {expected} messages were accepted")
    return found


def _send(job: Job, messages: Sequence[Message], claims: Claims, url: str) -> int:
    channel = job.channel
    settings = Settings(
        concurrency=channel.concurrency,
        per_second=None if channel.rate is None else channel.rate.per_second,
        timeout=30.0,
        trust_503=False,
        failure_rate=None,
        expected=len(messages),
    )
    result = send_all(
        (Sendable(claim_of(m), m.reference, m.receiver, m.body, id_text(m.id)) for m in messages),
        claims,
        _endpoint(url, f"/workspaces/{channel.workspace}/channels/{channel.channel}/messages"),
        settings,
        real_clock(),
        Stop(),
        credited=CreditedIds(),
        look_up=list,
        watch=lambda progress: None,
    )
    return result.accepted


def _endpoint(url: str, path: str) -> Endpoint:
    authority = url.removeprefix("http://")
    host, _, port = authority.rpartition(":")
    return Endpoint(
        scheme="http",
        host=host,
        port=int(port),
        authority=authority,
        path=path,
        authorization="AccessKey benchmark",
        peer_allowed=lambda peer: True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("fill", "loop", "ledger"))
    parser.add_argument("project", type=Path)
    parser.add_argument("table", type=Path)
    parser.add_argument("--held", type=int, default=0, help="how many messages the ledger is to hold")
    parser.add_argument("--group", type=int, default=16, help="how many messages the ledger claims in one commit")
    parser.add_argument("--url", help="where to send to")
    parser.add_argument("--no-ledger", action="store_true")
    parser.add_argument("--environment", default=FAST)
    options = parser.parse_args()
    workspace, job = open_job(options.project, options.table, options.environment)
    found: dict[str, float] = {}
    if options.what == "fill":
        fill(workspace, job, options.held)
    elif options.what == "ledger":
        found = record_alone(workspace, job, options.group)
    else:
        found = run_loop(workspace, job, options.url, with_ledger=not options.no_ledger)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
