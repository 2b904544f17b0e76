"""A ledger that holds every kind of row, and all that a ledger tells."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ledger_samples import OWNER, claims
from sendspec.ledger.protocol import Facts, Ledger
from sendspec.ledger.record import Change, PlannedRecord, Route, SendIdentity, Settlement
from sendspec.ledger.run_note import RunNote
from sendspec.planning.message_state import MOVE_BY_NAME, State

HELLO = SendIdentity("hello", 1, "hello.yaml", "key", "to", "text", "commit", "hi")
OLD, GONE = SendIdentity("old", 2, "old.yaml"), SendIdentity("gone", 1, "gone.yaml")
ROUTE = Route("workspace", "channel")
NUMBERS = range(1, 12)


def id_of(number: int) -> bytes:
    return bytes([number]) * 16


def record(number: int, reference: str | None = None) -> PlannedRecord:
    return PlannedRecord(
        id_of(number),
        bytes([number]) * 24,
        reference,
        bytes([100 + number]) * 16,
        "+31••78",
        number,
        3,
        2_000_000_000,
        5,
    )


def fill(ledger: Ledger) -> None:
    """One message in each state, a forced resend, an absence, a doubt of a dead run, former templates, a baseline, a send given up."""
    ledger.begin(OWNER, now=1.0)
    ledger.put_baselined(OLD, [record(9)], now=1.0)
    ledger.give_up(GONE, "nobody wants it")
    ledger.note_approval(RunNote(plan_digest=b"p" * 32, commit="abc", claimed="ann", verified=("bob", "cy")))
    ledger.note_clock(0.25)
    ledger.put_planned(
        HELLO, [record(n, "own-1" if n == 1 else None) for n in range(1, 9)], b"p" * 32, now=2.5, route=ROUTE
    )
    for number in (1, 2, 3, 4, 5):
        reference = "own-1" if number == 1 else None
        ledger.exchange(settle=[], claim=claims([id_of(number)], bytes([number]) * 24, reference), now=3.125)
    ended = {1: State.ACCEPTED, 2: State.REFUSED, 3: State.IN_DOUBT, 4: State.IN_DOUBT, 5: State.PLANNED}
    ledger.exchange(
        settle=[
            Settlement(id_of(n), 1, to, f"api-{n}" if n == 1 else None, f"why {n} é", 202) for n, to in ended.items()
        ],
        claim=[],
        now=4.0,
    )
    ledger.note_absent([(id_of(3), 1)], now=5.0)
    resent = Change(
        id=id_of(4), attempt=1, to=State.PLANNED, reason="ask again", planned=record(4, "own-4"), resend=True
    )
    ledger.move(MOVE_BY_NAME["resolve"], [resent], now=6.0)
    ledger.move(MOVE_BY_NAME["drop"], [Change(id=id_of(6), attempt=0, to=State.SKIPPED, reason="left")], now=6.0)
    ledger.put_planned(replace(HELLO, key_tree="other"), [record(10)], b"q" * 32, now=7.0, route=ROUTE)
    ledger.exchange(settle=[], claim=claims([id_of(7)], bytes([7]) * 24), now=8.0)  # and the run dies


def told(ledger: Facts) -> dict[str, Any]:
    """Everything that a ledger tells of what was sent."""
    ids = [id_of(number) for number in NUMBERS]
    sends = [(send.name, send.generation) for send in ledger.sends()]
    return {
        "messages": list(ledger.messages()),
        "facts": ledger.facts(ids),
        "known": ledger.known_messages(ids),
        "prior": ledger.prior_states(ids),
        "sends": ledger.sends(),
        "runs": [ledger.runs_of(*send, 99) for send in sends],
        "former": [ledger.former_expressions(*send) for send in sends],
        "receivers": [list(ledger.receivers_claimed(*send, 3)) for send in sends],
        "sizes": [ledger.sizes(*send) for send in sends],
        "evidence": [ledger.evidence_of(*send, tuple(State), 99) for send in sends],
        "recorded": [
            [move[1:] for move in moves(*send)]
            for send in sends
            for moves in (ledger.recorded_moves, ledger.moves_by_message)
        ],
        "of_send": [[message for _, message in ledger.messages_of_send(*send)] for send in sends],
        "measured": ledger.measured(ids),
        "skips": [ledger.skips(*send) for send in sends],
        "references": list(ledger.other_references("old", 2)),
        "masked": sorted(ledger.masked_receivers()),
        "doubts": ledger.doubts(),
        "planned": sorted(ledger.planned_under(ids, {"own-4", "own-4-2"}, sends), key=lambda message: message.id),
        "credited": ledger.credited(["api-1"]),
        "digests": sorted(ledger.digests_sent(["hello", "old"], 0.0)),
        "accepted": list(ledger.accepted_since(ROUTE, 0.0)),
        "shapes": ledger.shapes_accepted(["hello"]),
        "moves": ledger.moves,
        "freed": ledger.freed_since(0, None),
        "refused": ledger.refused_since(0),
        "odd": ledger.odd_moves(),
        "damage": ledger.find_damage(),
        "through": ledger.specs_sent_through(ROUTE),
    }
