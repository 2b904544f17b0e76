"""People who opted out, as text, as JSON and as CSV: masked where a table tells, never a number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sendspec.diagnostics.wording import counted
from sendspec.ledger.delivery.opt_out import Ground, OptOutSignal
from sendspec.operations.maybe_opt_outs import maybe_words
from sendspec.operations.opt_out_signal import NOBODY
from sendspec.operations.opt_outs import Changed, KnownOptOuts
from sendspec.showing.diagnostics import clean
from sendspec.showing.message_list import moment

COLUMNS = ("receiver", "ground", "at", "channel", "evidence", "noted_at")
HASH_SHOWN = 12
"""Hex digits of a hash that a text shows."""


def opt_outs_text(shown: KnownOptOuts, *, lists_maybes: bool) -> str:
    """One line for each person, or for each reply that waits for a person."""
    listed = shown.maybes if lists_maybes else shown.standing
    lines = [_line(shown, one, lists_maybes=lists_maybes) for one in listed]
    people = counted(len(shown.standing), "person has", "people have")
    lines.append(f"{people} opted out ({shown.environment})")
    if shown.maybes and not lists_maybes:
        lines.append(f"{maybe_words(shown.maybes)}: sendspec opt-outs list --maybe")
    if shown.maybes and lists_maybes:
        lines.append(
            "settle each: sendspec opt-outs add --message ID, or sendspec opt-outs remove --message ID --reason …"
        )
    return "\n".join(lines)


def _line(shown: KnownOptOuts, one: OptOutSignal, *, lists_maybes: bool) -> str:
    who = "unknown" if one.receiver == NOBODY else shown.masked.get(one.receiver, one.receiver.hex()[:HASH_SHOWN])
    where = _channel(shown, one) or "all channels"
    if lists_maybes:
        what = "failed message" if one.ground is Ground.FAILURE else "reply"
        return f"{clean(one.evidence)}  {clean(who):<12}  {what:<14}  {moment(one.at)}  {clean(where)}"
    return f"{clean(who):<12}  {one.ground.value:<7}  {moment(one.at)}  {clean(where)}  {clean(one.evidence)}".rstrip()


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
    did, was = _DONE[action]
    known = f"; {counted(changed.known, 'was', 'were')} {was} already" if changed.known else ""
    return f"{counted(changed.added, 'person', 'people')} {did}{known}"


_DONE = {
    "add": ("opted out", "so"),
    "import": ("opted out", "so"),
    "remove": ("settled or opted in again", "not opted out"),
}


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
        "ground": one.ground.value,
        "at": moment(one.at),
        "channel": _channel(shown, one),
    }


def _masked(shown: KnownOptOuts, one: OptOutSignal) -> dict[str, str]:
    return {"masked": shown.masked[one.receiver]} if one.receiver in shown.masked else {}


def _channel(shown: KnownOptOuts, one: OptOutSignal) -> str | None:
    return None if one.channel is None else shown.alias_by_channel.get(one.channel, one.channel)
