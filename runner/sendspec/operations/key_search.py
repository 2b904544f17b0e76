"""The messages for one key, or why there is none: no recipient has it, or the one that has it gets none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from sendspec.composing.message import Filtered
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.near_miss import near_miss
from sendspec.diagnostics.redaction import printable, quoted
from sendspec.operations.recipient_row import shown_key
from sendspec.operations.render import ids_of, rendered_bodies
from sendspec.operations.send_job import Job
from sendspec.reading.files.confined_path import without_detour
from sendspec.reading.tables.row import Row

MAX_COMPARED = 20_000
"""Keys of similar length that are searched for a near miss."""
SIMILAR_LENGTH = 2


def messages_for_key(
    jobs: Sequence[Job], key: str, problems: Problems, *, is_public: bool
) -> tuple[list[bytes], list[Diagnostic]]:
    """The JSON bodies for one key, and for each spec without one the reason. `is_public`: the log must hold no recipient's key."""
    found: list[bytes] = []
    missed: list[Diagnostic] = []
    for job in jobs:
        bodies = list(rendered_bodies([job], key, problems))
        found += bodies
        if not bodies:
            missed.append(why_no_message(job, key, is_public=is_public))
    return found, missed


def why_no_message(job: Job, key: str, *, is_public: bool) -> Diagnostic:
    """Why the key has no message, at the place of the key in the spec."""
    composer, wanted = job.composer(Problems()), ids_of(job, key)
    for row in job.table.rows(Problems()):
        if composer.identity_of(row) in wanted:
            return _excluded(job, key, row)
    return _unknown(job, key, is_public=is_public)


def _excluded(job: Job, key: str, row: Row) -> Diagnostic:
    filtered = isinstance(job.composer(Problems()).compose(row), Filtered)
    why = "`where` leaves its row out" if filtered else "its address is on a suppression list"
    fix = "change the row, or `where`" if filtered else "render another key, or take the address off the list"
    return _about(
        job,
        "recipient-excluded",
        f"the recipient '{quoted(key[:60])}' ({_table(job)}:{row.line}) gets no message: {why}",
        fix,
    )


def _unknown(job: Job, key: str, *, is_public: bool) -> Diagnostic:
    column = job.program.key_column
    where = f"the column '{printable(column)}' of {_table(job)}" if column else "`recipients.key`"
    fix = f"take it from {where}"
    near = near_miss(key, islice(_similar_keys(job, key), MAX_COMPARED))
    if near is not None:
        line, address = next(_places_of(job, near))
        shown = shown_key(job, near, address)
        place = f"line {line} of {_table(job)}"
        fix = f"write '{printable(shown)}', as in {place}" if shown == near and not is_public else f"look at {place}"
    return _about(job, "recipient-unknown", f"no recipient has the key '{quoted(key[:60])}'", fix)


def _table(job: Job) -> str:
    return printable(without_detour(job.table.path))


def _similar_keys(job: Job, key: str) -> Iterator[str]:
    return (other for _, _, other in _keys(job) if abs(len(other) - len(key)) <= SIMILAR_LENGTH)


def _places_of(job: Job, key: str) -> Iterator[tuple[int, str]]:
    return ((line, address) for line, address, other in _keys(job) if other == key)


def _keys(job: Job) -> Iterator[tuple[int, str, str]]:
    """Line, address and key of every row that has them."""
    composer = job.composer(Problems())
    for row in job.table.rows(Problems()):
        found = composer.recipient_of(row)
        if found is not None:
            yield row.line, *found


def _about(job: Job, code: str, problem: str, fix: str) -> Diagnostic:
    document = job.spec.document
    at = next(at for at in (("recipients", "key"), ("recipients",), ("message",)) if _is_in(document.data, at))
    return document.diagnostic(at, code=code, problem=problem, fix=fix, key=True)


def _is_in(data: object, at: tuple[str, ...]) -> bool:
    for name in at:
        if not isinstance(data, dict) or name not in data:
            return False
        data = data[name]
    return True
