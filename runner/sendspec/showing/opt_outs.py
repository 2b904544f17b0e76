"""People who opted out, as text, as JSON and as CSV: masked where a table tells, never a number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sendspec.diagnostics.wording import counted
from sendspec.ledger.delivery.opt_out import OptOutSignal
from sendspec.operations.known_opt_outs import KnownOptOuts
from sendspec.operations.maybe_opt_outs import maybe_words
from sendspec.operations.opt_out_signal import NOBODY
from sendspec.operations.opt_outs import Changed
from sendspec.operations.recipient_row import Absence
from sendspec.showing.diagnostics import clean
from sendspec.showing.message_list import moment, place_text

COLUMNS = ("receiver", "ground", "at", "channel", "evidence", "noted_at")
HASH_SHOWN = 12
"""Hex digits of a hash that a text shows."""
NAMED = 5
"""People whom a text names; more are counted."""


def opt_outs_text(shown: KnownOptOuts, *, lists_maybes: bool) -> str:
    """One line for each person, or for what may be an opt-out, under a heading."""
    listed = shown.maybes if lists_maybes else shown.standing
    lines = _table(shown, listed, lists_maybes=lists_maybes) if listed else []
    people = counted(len(shown.standing), "person has", "people have")
    lines.append(f"{people} opted out ({shown.environment})")
    if shown.maybes and not lists_maybes:
        lines.append(f"{maybe_words(shown.maybes)}: sendspec opt-outs list --maybe")
    if shown.maybes and lists_maybes:
        lines.append(
            "say what each was: sendspec opt-outs add --message ID, or sendspec opt-outs remove --message ID --reason …"
        )
    return "\n".join(lines)


def _table(shown: KnownOptOuts, listed: Sequence[OptOutSignal], *, lists_maybes: bool) -> list[str]:
    """Columns as wide as they have to be; what may be long is last."""
    with_rows = shown.rows is not None
    evidence = "id" if lists_maybes else "evidence"
    heading = ("who", *(("row",) if with_rows else ()), "ground", "when", "channel", evidence)
    rows = [heading, *(_cells(shown, one) for one in listed)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _cells(shown: KnownOptOuts, one: OptOutSignal) -> tuple[str, ...]:
    who = "unknown" if one.receiver == NOBODY else shown.masked.get(one.receiver, one.receiver.hex()[:HASH_SHOWN])
    place: tuple[str, ...] = ()
    if shown.rows is not None:
        place = (place_text(shown.rows.get(one.receiver, Absence.UNKNOWN), who).strip() or "-",)
    where = _channel(shown, one) or "all"
    return (clean(who), *place, one.ground.value, moment(one.at), clean(where), clean(one.evidence))


def opt_outs_document(shown: KnownOptOuts, *, lists_maybes: bool) -> dict[str, Any]:
    """The `sendspec.opt-outs/1` document."""
    listed = {"maybes": [_maybe_json(shown, one) for one in shown.maybes]} if lists_maybes else {}
    return {
        "schema": "sendspec.opt-outs/1",
        "environment": shown.environment,
        "opt_outs": [_person_json(shown, one) for one in shown.standing],
        "maybe": len(shown.maybes),
        **listed,
        "signals": shown.signals,
        "last_look": None if shown.last_look is None else moment(shown.last_look),
    }


def opt_outs_rows(shown: KnownOptOuts) -> Iterator[dict[str, Any]]:
    """The people as rows of a CSV."""
    for one in shown.standing:
        found = _person_json(shown, one)
        yield {name: found[name] for name in COLUMNS}


def change_text(action: str, changed: Changed) -> str:
    """What was changed, and whom it is about as far as addresses were named."""
    people, settled = changed.added - changed.settled, changed.settled
    removes = action == "remove"
    noun = (
        ("address", "addresses") if action == "import" else ("person", "people")
    )  # a list may have several of one person
    done = []
    if people or not (settled or changed.known):
        named = ", ".join(changed.masked[:NAMED]) + (", …" if len(changed.masked) > NAMED else "")
        did = "may get messages again" if removes else "opted out"
        done.append(f"{counted(people, *noun)} {did}{': ' if named else ''}{named}")
    if settled:
        found = "it is no opt-out" if settled == 1 else "they are no opt-outs"
        done.append(f"{settled} settled: {found}")
    if changed.known:
        was = "had not opted out" if removes else "had opted out already"
        done.append(f"{counted(changed.known, *noun)} {was}")
    return ("" if people or settled else "nothing to change: " if changed.known else "") + "; ".join(done)


def change_document(environment: str, action: str, changed: Changed) -> dict[str, Any]:
    """The `sendspec.opt-outs-change/1` document."""
    return {
        "schema": "sendspec.opt-outs-change/1",
        "environment": environment,
        "action": action,
        "changed": changed.added,
        "known": changed.known,
        "against_their_word": len(changed.against),
    }


def warning_of(said: Iterable[OptOutSignal]) -> str:
    """What to say where a person lifts what people had said themselves; empty where nobody had."""
    moments = sorted(one.at for one in said)
    if not moments:
        return ""
    return (
        f"warning: {counted(len(moments), 'person', 'people')} had opted out in a reply or by a link, the last on {moment(moments[-1])};"
        " in most countries you may text them only once they have asked for it again, and the API may go on refusing"
    )


def _person_json(shown: KnownOptOuts, one: OptOutSignal) -> dict[str, Any]:
    return {
        "receiver": one.receiver.hex(),
        **_masked(shown, one),
        **_row(shown, one),
        "ground": one.ground.value,
        "at": moment(one.at),
        "noted_at": moment(one.noted_at),
        "channel": _channel(shown, one),
        "evidence": one.evidence,
    }


def _maybe_json(shown: KnownOptOuts, one: OptOutSignal) -> dict[str, Any]:
    return {
        "id": one.evidence,
        "receiver": None if one.receiver == NOBODY else one.receiver.hex(),
        **_masked(shown, one),
        **_row(shown, one),
        "ground": one.ground.value,
        "at": moment(one.at),
        "channel": _channel(shown, one),
    }


def _masked(shown: KnownOptOuts, one: OptOutSignal) -> dict[str, str]:
    return {"masked": shown.masked[one.receiver]} if one.receiver in shown.masked else {}


def _row(shown: KnownOptOuts, one: OptOutSignal) -> dict[str, Any]:
    """Only where the table of a spec was asked for."""
    if shown.rows is None:
        return {}
    row = shown.rows.get(one.receiver)
    if row is None:
        return {"row": None}
    key = None if row.key is None else {"column": row.key_column, "value": row.key}
    return {"row": {"table": row.path, "row": row.number, "line": row.line, "key": key}}


def _channel(shown: KnownOptOuts, one: OptOutSignal) -> str | None:
    return None if one.channel is None else shown.alias_by_channel.get(one.channel, one.channel)
