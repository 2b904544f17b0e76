"""CPU of each stage, for one message: what planning and sending are made of.

`make bench-micro`. Medians of rounds over the same messages, every stage once a round, in one process.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import orjson
from sendspec.composing.common_rules import schedule_rule
from sendspec.composing.composer import Composer
from sendspec.composing.duplicates import Duplicates, mark_duplicates
from sendspec.composing.eligibility import EVERYONE
from sendspec.composing.identity import message_id
from sendspec.composing.message import Composed, Message
from sendspec.composing.message_context import message_context
from sendspec.composing.payload_text import text_of
from sendspec.composing.platforms.sms_segments import measure
from sendspec.composing.template_tree import fill
from sendspec.diagnostics.diagnostic import Problems
from sendspec.ledger.protocol import Ledger
from sendspec.ledger.record import SendIdentity, Settlement
from sendspec.operations.ledger_access import ledger_to_write
from sendspec.operations.run_owner import run_owner
from sendspec.operations.send_job import Job
from sendspec.planning.decision import History, decisions, nothing_known
from sendspec.planning.message_state import State
from sendspec.planning.plan import DeclaredPairs, PlanTally
from sendspec.provider.acceptance import SentMessage
from sendspec.provider.classification import classify
from sendspec.provider.http_response import read_response
from sendspec.reading.schema.validator import load_schema
from sendspec.reading.tables.row import Row

from benchmarks.drive import PLAN_DIGEST, claim_of, open_job, record_of
from benchmarks.material import FAST, Project, make_project
from benchmarks.measure import Spread, spread

Item = TypeVar("Item")
Stage = Callable[[], object]
ANSWER = (
    b"HTTP/1.1 202 Accepted\r\nServer: nginx\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    b"Connection: keep-alive\r\n\r\n%b"
)


@dataclass(frozen=True, slots=True)
class Ready:
    """What the stages work on: each has what the stages before it made."""

    job: Job
    rows: Sequence[Row]
    contexts: Sequence[Any]
    payloads: Sequence[dict[str, Any]]
    messages: Sequence[Message]


def made_ready(job: Job) -> Ready:
    rows = list(job.table.rows(Problems()))
    messages = [item for item in job.composed(Problems()) if isinstance(item, Message)]
    contexts = [message_context({**row.values, "generation": 1, "message_id": "m"}, row.values) for row in rows]
    return Ready(job, rows, contexts, [orjson.loads(message.body) for message in messages], messages)


def composing(ready: Ready) -> dict[str, Stage]:
    job, program, salt = ready.job, ready.job.program, ready.job.setting.salt
    schema, rules = load_schema("message"), (*job.setting.platform.rules, schedule_rule(job.now))
    texts = [text_of(payload) or "" for payload in ready.payloads]
    addresses = [message.receiver for message in ready.messages]
    to = program.to
    assert to is not None

    def compose() -> None:
        composer = Composer(program, job.table, job.setting, schema, rules, Problems())
        for row in ready.rows:
            composer.compose(row)

    return {
        "read row": lambda: every(lambda row: row, job.table.rows(Problems())),
        "compose, all of it": compose,
        "· template context": lambda: every(lambda row: message_context({**row.values}, row.values), ready.rows),
        "· address: template": lambda: every(lambda context: fill(to, context), ready.contexts),
        "· address: normalise": lambda: every(program.normalise, addresses),
        "· message id": lambda: every(lambda address: message_id(salt, "order-shipped", 1, address), addresses),
        "· render": lambda: every(lambda context: fill(program.content, context), ready.contexts),
        "· validate": lambda: every(schema.accepts, ready.payloads),
        "· rules": lambda: every(
            lambda payload: [found for rule in rules for found in rule.problems(payload)], ready.payloads
        ),
        "· measure the SMS": lambda: every(measure, texts),
        "· digest": lambda: every(
            lambda p: sha256(orjson.dumps(p, option=orjson.OPT_SORT_KEYS)).digest(), ready.payloads
        ),
        "· body": lambda: every(orjson.dumps, ready.payloads),
    }


def every(stage: Callable[[Any], object], items: Iterable[Any]) -> None:
    """Nothing is kept, as in a plan: what piles up would be paid for again by the garbage collector."""
    deque(map(stage, items), maxlen=0)


def in_blocks(ready: Ready) -> dict[str, Stage]:
    """What a plan of a long list is made of, a block at a time."""
    job = ready.job
    blocks = list(job.table.blocks(Problems()))
    plan = job.composer(Problems()).generate_for_blocks(blocks[0].columns, EVERYONE)
    assert plan is not None
    found = [plan(block.read[1]) for block in blocks]

    def judge() -> None:
        duplicates = Duplicates(job.table, Problems(), own_reference=job.program.own_reference)
        for block, (sealed, _, _, _, _, marks, _, _, _) in zip(blocks, found, strict=True):
            duplicates.judge(sealed, marks, block.lines_of(len(sealed)))

    def count() -> None:
        tally = PlanTally(job.target, DeclaredPairs())
        for block, (sealed, segments, forced_by, alternatives, countries, _, _, _, _) in zip(
            blocks, found, strict=True
        ):
            lines = block.lines_of(len(sealed))
            tally.count_sent(sealed, segments, forced_by, alternatives, countries, pairs=sealed, lines=lines)

    return {
        "blocks: pass over": lambda: every(lambda block: block, job.table.blocks(Problems())),
        "blocks: read": lambda: every(lambda block: block.read, job.table.blocks(Problems())),
        "blocks: compose, compiled": lambda: every(lambda block: plan(block.read[1]), blocks),
        "blocks: duplicates": judge,
        "blocks: count": count,
    }


def planning(ready: Ready) -> dict[str, Stage]:
    job = ready.job
    composed: Sequence[Composed] = ready.messages

    def decide() -> None:
        for _ in PlanTally(job.target, DeclaredPairs()).counted(
            decisions(composed, nothing_known, History(started=False), EVERYONE)
        ):
            pass

    return {
        "mark duplicates": lambda: sum(
            1 for _ in mark_duplicates(iter(composed), job.table, Problems(), own_reference=job.program.own_reference)
        ),
        "decide and count": decide,
    }


def recording(ready: Ready, ledger: Ledger, salt: bytes, window: int) -> dict[str, Stage]:
    """These change the ledger, so they only make sense in this order, once a ledger."""
    ids = [message.id for message in ready.messages]
    claims = [claim_of(message) for message in ready.messages]
    settle: list[Settlement] = []

    def look_up() -> None:
        for some in _windows(ids, 500):
            ledger.facts(some)

    def put_planned() -> None:
        records = (record_of(message, salt) for message in ready.messages)
        ledger.put_planned(SendIdentity("order-shipped", 1, "order.yaml"), records, PLAN_DIGEST, now=time.time())

    def claim_and_settle() -> None:
        nonlocal settle
        for some in [*_windows(claims, window), ()]:
            won = ledger.exchange(settle=settle, claim=some, now=time.time()).won
            settle = [Settlement(i, attempt, State.ACCEPTED, i.hex(), None, 202) for i, attempt in won.items()]

    return {
        "look up, unknown": look_up,
        "write the plan": put_planned,
        f"claim and settle, {window} a commit": claim_and_settle,
        "look up, known": look_up,
    }


def answering(ready: Ready) -> dict[str, Stage]:
    answers = [_answer_to(message) for message in ready.messages]
    whole = [read_response(iter([answer]).__next__) for answer in answers]
    sent = [SentMessage(message.reference, message.receiver) for message in ready.messages]
    return {
        "read the answer": lambda: every(lambda answer: read_response(iter([answer]).__next__), answers),
        "classify": lambda: every(
            lambda pair: classify(*pair, first=False, trust_503=False, extra=True), zip(whole, sent, strict=True)
        ),
    }


def _windows(items: Sequence[Item], size: int) -> Iterator[tuple[Item, ...]]:
    stream = iter(items)
    while window := tuple(islice(stream, size)):
        yield window


def _answer_to(message: Message) -> bytes:
    body = json.dumps({"id": message.id.hex(), "status": "accepted", "reference": message.reference}).encode()
    return ANSWER % (len(body), body)


def measure_all(project: Project, rounds: int, rows_by_window: Mapping[int, int]) -> dict[str, Spread]:
    """CPU in µs a message of every stage; the ledger's with several numbers of messages a commit."""
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        for window, rows in rows_by_window.items():
            project.with_fresh_ledger(FAST)
            workspace, job = open_job(project.folder, project.table(rows))
            ready = made_ready(job)
            with ledger_to_write(workspace) as ledger:
                ledger.begin(run_owner(workspace.system), now=time.time())
                stages = recording(ready, ledger, workspace.salt, window)
                if window == max(rows_by_window):
                    stages = {**in_blocks(ready), **composing(ready), **planning(ready), **stages, **answering(ready)}
                used = {name: _cpu(stage) / rows * 1e6 for name, stage in stages.items()}
            if window < max(rows_by_window):
                used = {name: value for name, value in used.items() if name.startswith("claim")}
            for name, value in used.items():
                found.setdefault(name, []).append(value)
    return {name: spread(values) for name, values in found.items()}


def _cpu(stage: Stage) -> float:
    begun = time.process_time()
    stage()
    return time.process_time() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    rows, rounds = (1_000, 3) if options.quick else (5_000, 9)
    with tempfile.TemporaryDirectory(prefix="sendspec-micro-") as folder:
        project = make_project(Path(folder) / "project")
        found = measure_all(project, rounds, {32: rows, 8: rows // 4, 1: rows // 20})
    print(f"| stage | CPU µs a message | lowest to highest |\n|---|---:|---:|\n{_rows(found)}")


def _rows(found: dict[str, Spread]) -> str:
    return "\n".join(f"| {name} | {s.middle:.2f} | {s.low:.2f} – {s.high:.2f} |" for name, s in found.items())


if __name__ == "__main__":
    main()
