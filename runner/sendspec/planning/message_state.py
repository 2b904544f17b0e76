"""The states of a message and every move between them.

A message goes back from `sending` or `in_doubt` to `planned` only on proof that it was not accepted (`release`, `absent`) or on
a person's word (`resolve`). A timeout alone never moves it back.

A new message has no move: a plan writes it as `planned`, a baseline as `skipped`. A planned message stays `planned` when a plan gives it
another payload: freely until a message of its send was claimed, afterwards only in a run whose spec continues with the present text
(`continue_with`). A claim names the payload, so a run with the former one loses it. The ledger makes the moves; planning owns
their table because it reads states before there is a ledger.
"""

from __future__ import annotations

from enum import StrEnum

from sendspec.diagnostics.lazy_dataclass import dataclass


class State(StrEnum):
    """The words used in the ledger and in JSON."""

    PLANNED = "planned"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Move:
    """`condition` must hold for the move; `durable_before` is what may happen only once the move is on disk ("-": nothing waits)."""

    name: str
    origin: State
    targets: tuple[State, ...]
    condition: str
    durable_before: str


MOVES = (
    Move(
        "claim",
        State.PLANNED,
        (State.SENDING,),
        "digest and reference are the planned ones; the spec's `not_after` has not passed; the run holds the lock, and no later"
        " run has begun",
        "the first byte",
    ),
    Move(
        "accept",
        State.SENDING,
        (State.ACCEPTED,),
        "a 2xx with an id and our reference, or our receiver where it has no reference",
        "the next report or exit",
    ),
    Move(
        "release",
        State.SENDING,
        (State.PLANNED,),
        "proof that no byte was sent, or that the API did not process it",
        "its next claim",
    ),
    Move("refuse", State.SENDING, (State.REFUSED,), "a documented refusal", "the next exit"),
    Move(
        "doubt", State.SENDING, (State.IN_DOUBT,), "no certain answer, or the owner is dead", "anything else in the run"
    ),
    Move("find", State.IN_DOUBT, (State.ACCEPTED,), "the API shows a message that can only be this one", "-"),
    Move("late accept", State.IN_DOUBT, (State.ACCEPTED,), "a certain answer after the deadline", "-"),
    Move("resolve", State.IN_DOUBT, (State.PLANNED, State.SKIPPED, State.ACCEPTED), "a person, with a reason", "-"),
    Move("absent", State.IN_DOUBT, (State.PLANNED,), "the API shows that it has no such message", "its next claim"),
    Move(
        "witness",
        State.PLANNED,
        (State.ACCEPTED,),
        "the API shows a message that can only be this one: the ledger was behind",
        "-",
    ),
    Move("retry", State.REFUSED, (State.PLANNED,), "a person asks for it", "its next claim"),
    Move("drop", State.PLANNED, (State.SKIPPED,), "a person gives it up, with a reason", "-"),
)

MOVE_BY_NAME = {move.name: move for move in MOVES}

ALLOWED = frozenset((move.origin, target) for move in MOVES for target in move.targets)
"""Every permitted pair of origin and target."""

SETTLED_FROM_SENDING = frozenset(target for origin, target in ALLOWED if origin is State.SENDING)
"""Where an attempt may end."""
