"""Where today's table has the recipients of listed messages, and the key that the user knows each of them by."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from enum import Enum, auto
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from sendspec.composing.identity import message_id
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import mask, mask_in_place, printable
from sendspec.ledger.protocol import Facts
from sendspec.ledger.record import MessageRecord
from sendspec.operations.found_rows import FoundRows, RecipientRow
from sendspec.operations.job_reader import read_jobs
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.renamed_spec import other_names
from sendspec.operations.send_job import Job
from sendspec.reading.contacts.number_country import country_of_number
from sendspec.reading.spec import StandardInput, read_spec

MAX_NAMED = 100_000
"""Messages whose rows are kept in memory; longer lists are shown without rows."""
Send = tuple[str, int]
"""A spec's name and generation."""


class Absence(Enum):
    """Why a message has no row. `GONE`: the table was read, and the recipient is no longer in it. `UNKNOWN`: it was not read."""

    GONE = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRows:
    """The rows of some messages. `read`: the sends whose tables were read to their end. `columns` are those of all tables.

    `notes` say which tables could not be read, and why.
    """

    by_send: Mapping[Send, FoundRows] = field(default_factory=dict)
    read: frozenset[Send] = frozenset()
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def row_of(self, message: MessageRecord) -> RecipientRow | Absence:
        send = (message.name, message.generation)
        rows = self.by_send.get(send)
        found = None if rows is None else rows.row_of(message.id)
        if found is not None:
            return found
        return Absence.GONE if send in self.read else Absence.UNKNOWN


NO_ROWS = RecipientRows()
TOO_MANY = RecipientRows(notes=(f"note: for lists of more than {MAX_NAMED:,} messages, no rows are looked up",))


class Watch(Protocol):
    """Told of the recipients in a send's table: a message's id and the address, of every row that has a valid one."""

    def add(self, identity: bytes, address: str) -> None: ...


def find_rows(
    messages: Iterable[MessageRecord],
    context: ProjectContext,
    ledger: Facts,
    paths: Sequence[str],
    recipients: str | None = None,
    watched: Mapping[Send, Watch] = MappingProxyType({}),
    at_least: int = 0,
    columns: Sequence[str] | None = None,
) -> RecipientRows:
    """The rows of `messages` in the tables of today, read as far as they are needed. `at_least`: so many messages there are known to be.

    `paths` are specs; others are read where the ledger noted them. `recipients` takes the place of their tables. The tables of `watched`
    sends are read to their end, and each watch is told of every recipient. `columns` are those whose cells are kept: all if it is empty.
    """
    if at_least > MAX_NAMED:
        return TOO_MANY
    ids_by_send: defaultdict[Send, bytearray] = defaultdict(bytearray)
    for count, message in enumerate(messages, 1):
        if count > MAX_NAMED:
            return TOO_MANY
        ids_by_send[message.name, message.generation] += message.id
    return _Finder(context, ledger, paths, recipients, watched, columns).rows(ids_by_send)


class _Finder:
    def __init__(
        self,
        context: ProjectContext,
        ledger: Facts,
        paths: Sequence[str],
        recipients: str | None,
        watched: Mapping[Send, Watch],
        columns: Sequence[str] | None,
    ) -> None:
        self._watched = watched
        self._context = context
        self._given = tuple(paths)
        self._ledger = ledger
        self._recipients = recipients
        self._notes: list[str] = []
        self._columns = columns
        self._found: dict[Send, FoundRows] = {}

    def rows(self, ids_by_send: Mapping[Send, bytearray]) -> RecipientRows:
        missing: dict[str, set[Send]] = defaultdict(set)
        for send in (*ids_by_send, *self._watched):
            missing[send[0]].add(send)
        read: set[Send] = set()
        columns: dict[str, None] = {}
        noted = (path for name in list(missing) if (path := self._noted_path(name)) is not None)
        for path in dict.fromkeys([*self._given, *noted]):
            if not missing:
                break
            job = self._job(path, set(missing))
            if job is None:
                continue
            names = (job.spec.name, *other_names(job.spec, self._ledger))
            sends = {send for name in names for send in missing.pop(name, ())}
            for send in sends:
                self._found[send] = self._none_found(job, ids_by_send.get(send, b""))
            if sends and self._look_up(job, sends):
                read |= sends
            columns.update(dict.fromkeys(job.table.columns))
            job.table.close()
        return RecipientRows(
            by_send=self._found,
            read=frozenset(read),
            columns=tuple(columns),
            notes=tuple(dict.fromkeys(self._notes)),
        )

    def _none_found(self, job: Job, ids: bytes | bytearray) -> FoundRows:
        is_ci = self._context.system.is_ci
        return FoundRows(
            ids,
            path=job.table.path,
            key_column=job.program.key_column,
            shows_keys=not is_ci,
            columns=self._columns,
        )

    def _noted_path(self, name: str) -> str | None:
        noted = self._ledger.spec_path(name)
        return None if noted is None else os.path.relpath(self._context.root / noted)

    def _job(self, path: str, names: set[str]) -> Job | None:
        """The job of the spec at `path`; None if its table is not at hand, with a note of why."""
        shown = printable(path)
        if not Path(path).is_file():
            self._note(f"{shown} is gone")
            return None
        problems = Problems()
        spec = read_spec(path, problems, self._context.key_files)
        if spec is not None and not {spec.name, *other_names(spec, self._ledger)} & names:
            if path not in self._given:
                self._note(f"{shown} is the spec '{spec.name}' now")
            return None
        if spec is not None and isinstance(spec.recipients, StandardInput) and self._recipients is None:
            self._note(f"{shown} reads its recipients from standard input: name their file with --recipients")
            return None
        jobs = [] if spec is None else read_jobs([path], self._context, self._recipients, problems)
        first = problems.first_error
        if not jobs or first is not None:
            place = path if first is None else f"{first.path}:{first.span.start.line}"
            self._note(f"{printable(place)}: {'it is no spec' if first is None else first.problem}")
            return None
        return jobs[0]

    def _note(self, why: str) -> None:
        self._notes.append(f"note: some messages are listed without their rows: {why}")

    def _look_up(self, job: Job, sends: set[Send]) -> bool:
        """Notes the rows of these sends' messages. True if the whole table could be read, so that the others are gone from it."""
        problems, composer, salt = Problems(), job.composer(Problems()), self._context.salt
        is_whole = True
        is_watched = not sends.isdisjoint(self._watched)
        found_by_send = {send: self._found[send] for send in sends}
        left = sum(found.left for found in found_by_send.values())
        for number, row in enumerate(job.table.rows(problems), 1):
            recipient = composer.recipient_of(row)
            if recipient is None:
                is_whole = False
                continue
            address, key = recipient
            for send, found in found_by_send.items():
                identity = message_id(salt, *send, key)
                if send in self._watched:
                    self._watched[send].add(identity, address)
                if found.lacks(identity):
                    found.add(identity, number, row, shown_key(job, key, address), country_of_number(address))
                    left -= 1
            if not left and not is_watched:
                return True
        return is_whole and not problems.has_errors


def shown_key(job: Job, key: str, address: str) -> str:
    """The key as it may be shown: masked if it is an address, and where it holds one."""
    if key == address or isinstance(job.program.normalise(key), str):
        return mask(key)
    may_hold_one = job.program.key_column is None or key.startswith("+") or "@" in key
    return mask_in_place(key) if may_hold_one or (address and address.lstrip("+") in key) else key
