"""What the API's list says about messages in doubt, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sendspec.composing.identity import id_text
from sendspec.diagnostics.wording import counted
from sendspec.showing.diagnostics import clean

if TYPE_CHECKING:
    from sendspec.sending.reconciliation import Reconciled

IDS_SHOWN = 5


def reconciled_lines(outcome: Reconciled) -> Iterator[str]:
    """One line for each kind of finding; none if there was nothing to ask. `left_text` says how many are left."""
    if outcome.found:
        them = "it" if len(outcome.found) == 1 else "them"
        yield f"{counted(len(outcome.found), 'message')} in doubt had been accepted: the API lists {them}"
    if outcome.freed:
        they = "it" if len(outcome.freed) == 1 else "they"
        yield f"{counted(len(outcome.freed), 'message')} in doubt had not been accepted: {they} may be sent again"
    yield from alarm_lines(outcome)
    if outcome.shared:
        yield (
            f"{_ids(outcome.shared)}: messages in doubt share a reference, and the API lists fewer under it;"
            " settle them with `sendspec resolve`"
        )
    if outcome.unproved:
        yield (
            f"{_ids(outcome.unproved)}: the API lists a message under its reference that may be another's, by its time;"
            " settle it with `sendspec resolve`"
        )
    for why in dict.fromkeys(outcome.held.values()):
        ids = [identity for identity, reason in outcome.held.items() if reason == why]
        yield f"{_ids(ids)}: not listed, which proves nothing: {why}; wait, or settle it with `sendspec resolve`"
    for reason in dict.fromkeys(outcome.unread):
        yield f"warning: {clean(reason)}"
    if outcome.too_old:
        yield f"{_ids(outcome.too_old)}: older than the 7 days that the API lists; settle it with `sendspec resolve`"
    ageing = [identity for identity in outcome.ageing if identity not in outcome.too_old]
    if ageing:
        yield f"warning: {_ids(ageing)}: in doubt for 6 days; the API lists messages for 7"


def left_text(left: int) -> str:
    """How many messages are still in doubt; empty if none is."""
    return f"{counted(left, 'message is', 'messages are')} still in doubt" if left else ""


def settling_commands(specs: str, options: str, *, again: bool) -> list[str]:
    """The commands that settle what is left in doubt. `specs` are paths, `options` the environment; `again`: the list may tell more."""
    resolve = f'sendspec resolve {specs} --as %s --reason "how you know"{options}'
    return [
        *([f"sendspec reconcile {specs}{options}"] if again else []),
        f"{resolve % 'accepted'}   # if they have it",
        f"{resolve % 'not-sent'}   # if they don't: the next send sends it",
    ]


def alarm_lines(outcome: Reconciled) -> Iterator[str]:
    """Findings that must not go unnoticed, wherever a list was read."""
    if outcome.twice:
        yield (
            f"alarm: {_ids(outcome.twice)}: the API lists more than one message under one reference;"
            " each was sent once, so something on the way sent it again"
        )
    if outcome.elsewhere:
        yield f"alarm: {_ids(outcome.elsewhere)}: the API lists the reference for another receiver; still in doubt"
    if outcome.rejected:
        yield f"{_ids(outcome.rejected)}: the API lists it as rejected; still in doubt, settle it with `sendspec resolve`"


def reconciled_json(outcome: Reconciled) -> dict[str, Any]:
    """Message ids by finding; `left` is how many are still in doubt."""

    def ids(found: Sequence[bytes]) -> list[str]:
        return [id_text(identity) for identity in found]

    return {
        "found": ids(outcome.found),
        "freed": ids(outcome.freed),
        "twice": ids(outcome.twice),
        "rejected": ids(outcome.rejected),
        "elsewhere": ids(outcome.elsewhere),
        "too_old": ids(outcome.too_old),
        "left": outcome.left,
        "unread": [clean(reason) for reason in dict.fromkeys(outcome.unread)],
    }


def _ids(found: Sequence[bytes]) -> str:
    shown = ", ".join(id_text(identity) for identity in found[:IDS_SHOWN])
    return f"{shown} and {len(found) - IDS_SHOWN} more" if len(found) > IDS_SHOWN else shown
