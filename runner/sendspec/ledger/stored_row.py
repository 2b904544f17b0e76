"""Turns rows that a ledger stores into the records that its callers get, whichever database holds them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sendspec.diagnostics.exceptions import LedgerDamaged
from sendspec.ledger.record import Doubt, Route, SentMessage
from sendspec.ledger.run_note import PlannedRun, RunNote
from sendspec.planning.message_state import ALLOWED

_ALLOWED_WORDS = frozenset((origin.value, target.value) for origin, target in ALLOWED)


def doubts_of(rows: Iterable[Sequence[Any]]) -> list[Doubt]:
    """The doubts in rows of these columns, the oldest claim first. The route is in two columns, either of which may be None."""
    found = [
        Doubt(
            id=row[0],
            name=row[1],
            generation=row[2],
            attempt=row[3],
            reference=row[4],
            receiver=row[5],
            route=Route(row[6], row[7]) if row[6] is not None and row[7] is not None else None,
            local_claimed_at=row[8],
            missed_at=row[9],
            own_reference=bool(row[10]),
            first_claimed_at=row[11],
            clock_offset=row[12],
            scheduled_for=row[13],
            doubted_at=row[14],
        )
        for row in rows
    ]
    return sorted(found, key=lambda doubt: doubt.local_claimed_at)


def planned_run_of(row: Sequence[Any]) -> PlannedRun:
    """The run in a row.

    The columns are number, process, start, end, ending, messages, plan digest, commit, who is said to have approved it and who has, requests, sends.
    """
    run, pid, started, ended, ending, messages, digest, commit, claimed, verified, requests, specs = row
    note = None
    if digest is not None:
        names = tuple(verified.split("\n")) if verified else ()
        note = RunNote(plan_digest=digest, commit=commit, claimed=claimed, verified=names)
    return PlannedRun(
        run=run,
        pid=pid,
        started_at=started,
        ended_at=ended,
        ending=ending,
        messages=messages,
        note=note,
        requests=requests,
        specs=specs,
    )


def sent_message_of(row: Sequence[Any]) -> SentMessage:
    """The message in a row: id, API id, when it was accepted, workspace, channel, clock offset, when the API is to send it."""
    identity, remote_id, accepted_at, workspace, channel, clock_offset, scheduled_for = row
    route = None if workspace is None or channel is None else Route(workspace, channel)
    when = None if scheduled_for is None else int(scheduled_for)
    return SentMessage(identity, remote_id, accepted_at, route, clock_offset, when)


def former_trees_of(written: str, ledger: str) -> list[tuple[str, str, int]]:
    """The earlier trees of `key` and `to`, each pair with its last message's number. `ledger` is named in errors."""
    try:
        found = [(key, to, until) for key, to, until in json.loads(written)]
        if all(isinstance(key, str) and isinstance(to, str) and isinstance(until, int) for key, to, until in found):
            return found
    except (ValueError, TypeError, RecursionError):
        pass
    raise LedgerDamaged(
        f"{ledger} is damaged: the earlier templates of a spec can't be read", "restore it from a backup"
    )


def odd_among(moves: Iterable[tuple[str | None, str, int]]) -> list[tuple[str | None, str, int]]:
    """Those of the recorded moves (origin, target, count) that the table of moves doesn't permit."""
    return [move for move in moves if move[:2] not in _ALLOWED_WORDS]
