"""Receives webhooks: answers each once it is spooled, and stores what it reports right after that."""

from __future__ import annotations

import errno
import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path, PurePath
from typing import Protocol
from urllib.parse import urlsplit

from sendspec.diagnostics.exceptions import LedgerMissing, LedgerTrouble, LedgerUnwritable
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.wording import counted, os_reason
from sendspec.ledger.durable_file import sync_folder
from sendspec.operations.captured_request import LineFault
from sendspec.operations.event_intake import IntakeCounts, settle_pending
from sendspec.operations.ledger_access import ledger_to_inspect
from sendspec.operations.lockfile_entry import require_identity
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.webhook_drain import Drain
from sendspec.operations.webhook_files import aside_path
from sendspec.operations.webhook_ingest import IngestReport, line_intake, opened_stores
from sendspec.operations.webhook_receiver import Receiver
from sendspec.operations.webhook_server import receiving
from sendspec.operations.webhook_settings import SigningKeys
from sendspec.operations.webhook_spool import MAX_BYTES, Spool, open_spool
from sendspec.operations.wrong_usage import WrongUsage
from sendspec.reading.files.nofollow_open import PRIVATE, open_beneath
from sendspec.reading.files.private_folder import FOLDER

COUNT_SECONDS = 60.0
"""How often a person hears what arrived."""
STORING_SECONDS = 3.0
"""How long the store has at the end. What isn't stored by then stays in the spool."""


class End(Protocol):
    """That the end was asked for. `set` may be called by any thread; only the one that serves waits."""

    def set(self) -> None: ...

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it was asked for, within so many seconds."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """`url` is the webhook's as it was registered; `address` is where to listen."""

    keys: SigningKeys
    url: str
    address: tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeWords:
    """Hears what a person has to know: the address, the first refusal of a kind and why, and what was put aside, by reason, and where.

    `counted` hears how many requests were answered, as in `ServeReport`, whenever a minute has brought more.
    """

    listening: Callable[[str], None]
    counted: Callable[[Mapping[str, int]], None]
    refused: Callable[[str, OSError | None], None]
    put_aside: Callable[[Mapping[str, int], PurePath], None]
    tell: Callable[[str], None]


@dataclass(slots=True)
class ServeReport:
    """`answered` counts requests by the reason of their refusal, those that were taken under the empty text. `left` are in the spool."""

    answered: Counter[str] = field(default_factory=Counter)
    stored: IntakeCounts = field(default_factory=IntakeCounts)
    put_aside: int = 0
    left: int = 0


def serve(context: ProjectContext, settings: ServeSettings, words: ServeWords, done: End) -> ServeReport:
    """Receives until `done` is set, and answers what is in hand then.

    Raises `ReceiverBusy` while another process receives for this environment, and `LedgerTrouble`.
    """
    _refuse_missing(context)
    report = ServeReport()
    spool = open_spool(context.root, context.environment.name)
    try:
        drain = Drain(spool, lambda lines: _store(context, settings, words, report, lines), words.tell, done.set)
        is_gone = threading.Event()

        def append(line: bytes) -> None:
            try:
                spool.append(line)
            except OSError as error:
                if error.errno == errno.ESTALE:
                    is_gone.set()
                    done.set()
                raise
            drain.wake()

        receiver = Receiver(settings.keys, settings.url, append, context.system.clock.wall, words.refused)
        drain.start()
        try:
            _receive(context, settings, words, receiver, done)
        finally:
            drain.end(STORING_SECONDS)
        report.answered = receiver.counts
        if drain.failure is not None:
            raise drain.failure
        if is_gone.is_set():
            raise _removed(spool)
    finally:
        report.left = spool.close()
    return report


def _refuse_missing(context: ProjectContext) -> None:
    """Raises `LedgerMissing`. Any other trouble with the ledger may pass, and what arrives meanwhile is spooled: `Drain` tells of it."""
    require_identity(context)
    try:
        with ledger_to_inspect(context):
            pass
    except LedgerMissing:
        raise
    except LedgerTrouble:
        return


def _receive(
    context: ProjectContext, settings: ServeSettings, words: ServeWords, receiver: Receiver, done: End
) -> None:
    parts = urlsplit(settings.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host, port = settings.address
    try:
        listening = receiving(settings.address, target, receiver.receive, context.system.clock.monotonic)
        with listening as address:
            words.listening(address)
            told: Mapping[str, int] = {}
            while not done.wait(COUNT_SECONDS):
                if receiver.counts != told:
                    told = receiver.counts
                    words.counted(told)
    except OSError as error:
        problem = f"{host}:{port} can't be listened on: {os_reason(error)}"
        raise WrongUsage(problem, "name another address; port 0 takes a free one", option="--listen") from None


def _removed(spool: Spool) -> LedgerUnwritable:
    return LedgerUnwritable(
        f"{spool.path.name} was removed or replaced while it was in use; the request was not answered with 200",
        "start it again: it makes a new one",
    )


def _store(
    context: ProjectContext, settings: ServeSettings, words: ServeWords, report: ServeReport, lines: Sequence[bytes]
) -> None:
    """Stores lines of the spool as `webhook ingest` does, and puts aside what a person has to look at: requests that can't be read, and
    those from before that none of the keys signed. Torn lines are only counted: nobody was told that they are kept.
    """
    found = IngestReport(most_listed=len(lines))
    now = context.system.clock.wall()
    with opened_stores(context) as (ledger, store):
        intake = line_intake(context, ledger, store, settings.keys, found, now)
        for number, line in enumerate(lines):
            if line.strip():
                intake.add(number, line)
        intake.flush()
        settle_pending(ledger, store, now)
    aside = [one for one in found.refused if one.reason not in set(LineFault)]
    if aside:
        _put_aside(context, [lines[one.line] for one in aside])
        words.put_aside(Counter(one.reason for one in aside), aside_path(context.environment.name))
    report.put_aside += len(aside)
    report.stored.add(found.counts)


def _put_aside(context: ProjectContext, lines: Sequence[bytes]) -> None:
    """Durably. Raises `LedgerUnwritable`."""
    path = aside_path(context.environment.name)
    try:
        _append(context.root, path, lines)
    except OSError as error:
        is_link = error.errno in (errno.ELOOP, errno.EMLINK)
        reason = "it is a link" if is_link else "it is full" if error.errno == errno.EFBIG else os_reason(error)
        raise LedgerUnwritable(
            f"{counted(len(lines), 'request has', 'requests have')} to be put aside into {path}, which can't be written: {reason}",
            "move it away; it is made again",
        ) from None


def _append(root: Path, path: PurePath, lines: Sequence[bytes]) -> None:
    descriptor = open_beneath(root, path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    try:
        found = os.fstat(descriptor)
        if found.st_nlink != 1 or found.st_size > MAX_BYTES:
            fault = errno.EMLINK if found.st_nlink != 1 else errno.EFBIG
            raise OSError(fault, os.strerror(fault))
        os.fchmod(descriptor, PRIVATE)
        is_torn = found.st_size > 0 and os.pread(descriptor, 1, found.st_size - 1) != b"\n"
        content = memoryview(b"\n" * is_torn + b"".join(line + b"\n" for line in lines))
        while content:
            content = content[os.write(descriptor, content) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_folder(root / FOLDER)
