"""Measures the report of a send: bytes of its page, seconds and memory, of 20 messages and of a million with 40 % failures.

And the pages of usual sends, of which a twentieth failed, for a few reasons: `--usual` makes these alone.

`make bench-report`, or `python -m benchmarks.report_page --messages 20000` for a look. Every failure has a reason of its own, as long
and as odd as a refusal can be. The ledger, the deliveries beside it and the table are made through their own code.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from sendspec.composing.identity import message_id
from sendspec.diagnostics.redaction import printable
from sendspec.ledger import access
from sendspec.ledger.delivery.observation import FailureReason, Observation, Source, StatusReport
from sendspec.ledger.delivery_access import open_deliveries
from sendspec.ledger.identity import LOCK_FILE, read_identities
from sendspec.ledger.record import Claim, PlannedRecord, RunOwner, SendIdentity, Settlement
from sendspec.planning.message_state import State
from sendspec.provider.refusal_text import MAX_TEXT
from sendspec.reading.environment import LedgerFile

from benchmarks.material import FAST, Project, call, make_project, sendspec
from benchmarks.measure import measured

OWNER = RunOwner(pid=1, host="bench", command="bench")
DIGEST = bytes(24)
GROUP = 10_000
ODD = "</script><b>&\u202e\x07\U0001f600'\" javascript:"
ODD_TEXT = printable(ODD * 30)
REASON = FailureReason("unknown subscriber", 15005, "sms-messagebird", "1")
FEW = 20
USUAL = (20, 409, 1_000, 5_000, 20_000)
Outcomes = Callable[[int], tuple[State, str | None]]
PAGE, ROWS = ["--html", "report.html"], ["--rows", "rows.jsonl"]
FORMS: tuple[list[str], ...] = ([], PAGE, ["--format", "json"], ROWS)


def phone(number: int) -> str:
    return f"+316{10_000_000 + number}"


def outcome(number: int) -> tuple[State, str | None]:
    """Of a hundred, 38 are refused and 2 in doubt, each for a reason of its own."""
    place = number % 100
    if place >= 40:
        return State.ACCEPTED, None
    return State.IN_DOUBT if place >= 38 else State.REFUSED, f"422: {number} {ODD_TEXT}"[:MAX_TEXT]


def usual_outcome(number: int) -> tuple[State, str | None]:
    """Of a hundred, three are refused and one is in doubt. (Of the accepted, `fill` leaves some undelivered.)"""
    if number % 100 in (13, 47, 81):
        return State.REFUSED, "422 InvalidPayload: receiver.contacts[0].identifierValue: not a mobile number"
    return (
        (State.IN_DOUBT, "the connection was closed before an answer came")
        if number % 100 == 99
        else (State.ACCEPTED, None)
    )


def fill(project: Project, count: int, outcome: Outcomes = outcome, lost_of: int = 20) -> None:
    """Three runs, each with a third of the messages; the second one has no end. Of the accepted, one in `lost_of` was not delivered."""
    identity = read_identities(project.folder / LOCK_FILE)[FAST]
    place = LedgerFile(project.folder / f"{FAST}.db", durable=True)
    ids = [message_id(identity.salt, "order-shipped", 1, phone(n)) for n in range(count)]
    records = (
        PlannedRecord(each, DIGEST, None, each, f"+31••••••{n % 100:02}", n + 2, 2 + n % 8 // 7)
        for n, each in enumerate(ids)
    )
    begun = time.time() - 3_600
    with access.hold(place, identity, OWNER, since="now", ci=False) as ledger:
        for third in range(3):
            ledger.begin(OWNER, now=begun)
            if third == 0:
                ledger.put_planned(SendIdentity("order-shipped", 1, "order.yaml"), records, bytes(32), now=begun)
            mine = iter(range(third * count // 3, (third + 1) * count // 3))
            while group := list(islice(mine, GROUP)):
                won = ledger.exchange(settle=(), claim=[Claim(ids[n], DIGEST, None) for n in group], now=begun).won
                begun += GROUP / 1_000
                settled = [Settlement(ids[n], won[ids[n]], *_settled(n, outcome)) for n in group]
                ledger.exchange(settle=settled, claim=(), now=begun)
            if third != 1:
                ledger.end(now=begun, ending="finished", requests=count // 3)
            begun += 60
    with open_deliveries(place, identity) as store:
        store.observe(_observations(ids, begun, outcome, lost_of))


def _settled(number: int, outcome: Outcomes) -> tuple[State, str | None, str | None, int]:
    state, evidence = outcome(number)
    return state, f"api-{number}" if state is State.ACCEPTED else None, evidence, 422 if state is State.REFUSED else 202


def _observations(ids: list[bytes], at: float, outcome: Outcomes, lost_of: int) -> Iterator[Observation]:
    for number, identity in enumerate(ids):
        if outcome(number)[0] is State.ACCEPTED:
            lost = number % lost_of == 0
            report = StatusReport("delivery_failed" if lost else "delivered", at, REASON if lost else None, 1)
            yield Observation(identity, report, Source.LIST, at)


def line(what: str, value: float, unit: str) -> None:
    print(f"{what:<58}{value:>14,.2f} {unit}", flush=True)


def of_report(folder: Path, count: int) -> None:
    project = make_project(folder)
    project.table(count).rename(folder / "few.csv")
    call([sendspec(), "ledger", "init", "--env", FAST, "--empty"], folder)
    start = time.perf_counter()
    fill(project, count)
    line(f"{count:,} messages: ledger made", time.perf_counter() - start, "s")
    for form in FORMS:
        usage = measured([sendspec(), "report", "order-shipped", "--env", FAST, *form], folder)
        what = " ".join([f"{count:,} messages: report", *form])
        line(what, usage.seconds, "s")
        line(f"{what}, CPU", usage.cpu, "s")
        line(f"{what}, memory", usage.memory / 1e6, "MB")
        if form in (PAGE, ROWS):
            line(f"{what}, file", (folder / form[1]).stat().st_size / 1e3, "kB")


def of_usual_page(folder: Path, count: int) -> None:
    project = make_project(folder)
    project.table(count).rename(folder / "few.csv")
    call([sendspec(), "ledger", "init", "--env", FAST, "--empty"], folder)
    fill(project, count, usual_outcome, lost_of=100)
    usage = measured([sendspec(), "report", "order-shipped", "--env", FAST, *PAGE], folder)
    line(f"{count:,} messages, a twentieth failed: page, CPU", usage.cpu, "s")
    line(f"{count:,} messages, a twentieth failed: page, file", (folder / PAGE[1]).stat().st_size / 1e3, "kB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000, help="of the large send")
    parser.add_argument("--usual", action="store_true", help="only the pages of usual sends")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for count in USUAL:
            of_usual_page(Path(folder) / f"usual-{count}", count)
        if arguments.usual:
            return
        of_report(Path(folder) / "few", FEW)
        of_report(Path(folder) / "many", arguments.messages)


if __name__ == "__main__":
    main()
