"""Reads captured requests, verifies each, and stores what they report.

What is stored is durable batch by batch, and storing it again changes nothing: a reading that was killed anywhere is simply repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import field
from functools import partial
from typing import BinaryIO

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.delivery.protocol import DeliveryStore
from sendspec.operations.captured_request import MAX_LINE, LineFault, read_request
from sendspec.operations.delivery_access import deliveries_to_write
from sendspec.operations.event_intake import EventIntake, IntakeCounts, IntakeSettings, settle_pending
from sendspec.operations.event_owner import OwnerLedger
from sendspec.operations.ledger_access import ledger_to_inspect
from sendspec.operations.opt_out_keeping import keep_signals
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.webhook_settings import SigningKeys
from sendspec.provider.webhook_event import Event, read_event
from sendspec.provider.webhook_signature import Unsigned, verify

BATCH = 256
"""Events that are stored in one go."""
MAX_LISTED = 1_000
"""Refused lines that are listed one by one. All are counted."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """`reason` is a `LineFault`, a `SignatureFault`, an `EventFault`, or `event_intake.NO_ADDRESS`."""

    line: int
    reason: str


@dataclass(slots=True)
class IngestReport:
    """What became of lines; their number is `counts.total`, without blank ones. `refused` are the first of those that were refused."""

    counts: IntakeCounts = field(default_factory=IntakeCounts)
    refused: list[RefusedLine] = field(default_factory=list)
    settled: int = 0
    most_listed: int = MAX_LISTED

    def refuse(self, line: int, reason: str) -> None:
        if len(self.refused) < self.most_listed:
            self.refused.append(RefusedLine(line, reason))


class LineIntake:
    """Takes lines one at a time. What was added is stored once `flush` has returned, or a batch was full."""

    def __init__(self, intake: EventIntake, keys: SigningKeys, report: IngestReport, now: float) -> None:
        self._intake, self._keys, self._report, self._now = intake, keys, report, now
        self._events: list[tuple[int, Event]] = []

    def add(self, number: int, line: bytes) -> None:
        request = read_request(line)
        fault: str | None = None
        if isinstance(request, LineFault):
            fault = request.value
        else:
            found = verify(self._keys.keys, request.url, request.headers, request.body)
            if isinstance(found, Unsigned):
                fault = found.fault.value
            else:
                self._events.append((number, read_event(request.body)))
        if fault is not None:
            self._report.counts.refused[fault] += 1
            self._report.refuse(number, fault)
        if len(self._events) >= BATCH:
            self.flush()

    def flush(self) -> None:
        if self._events:
            refused = self._intake.take([event for _, event in self._events], self._now)
            for index, reason in refused.items():
                self._report.refuse(self._events[index][0], reason)
            self._events = []


def ingest(context: ProjectContext, keys: SigningKeys, source: BinaryIO) -> IngestReport:
    """Stores what the requests in `source` report, one JSON object a line. Raises `LedgerTrouble` and `LedgerBusy`."""
    report = IngestReport()
    now = context.system.clock.wall()
    with opened_stores(context) as (ledger, store):
        intake = line_intake(context, ledger, store, keys, report, now)
        for number, line in read_lines(source):
            intake.add(number, line)
        intake.flush()
        report.settled = settle_pending(ledger, store, now)
    report.refused.sort(key=lambda refused: refused.line)
    return report


@contextmanager
def opened_stores(context: ProjectContext) -> Iterator[tuple[OwnerLedger, DeliveryStore]]:
    """The environment's ledger, to read, and what is kept beside it, to write; both also while a run holds the ledger."""
    with ledger_to_inspect(context, context.system.tell) as ledger, deliveries_to_write(context) as store:
        yield ledger, store


def line_intake(
    context: ProjectContext,
    ledger: OwnerLedger,
    store: DeliveryStore,
    keys: SigningKeys,
    report: IngestReport,
    now: float,
) -> LineIntake:
    environment = context.environment
    own = frozenset(channel.channel.lower() for channel in environment.channels.values())
    settings = IntakeSettings(salt=context.salt, channels=None if environment.is_sandbox else own)
    events = EventIntake(ledger, store, settings, report.counts, partial(keep_signals, context, store))
    return LineIntake(events, keys, report, now)


def read_lines(source: BinaryIO) -> Iterable[tuple[int, bytes]]:
    """The lines that aren't blank, with their numbers from 1, without their ends. Of one that is too long, only the beginning."""
    number = 0
    while line := source.readline(MAX_LINE + 2):
        number += 1
        part = line
        while not part.endswith(b"\n") and len(part) > 0 and len(line) > MAX_LINE:
            part = source.readline(MAX_LINE)
        line = line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
        if line.strip():
            yield number, line.rstrip(b"\r\n")
