"""The states of many messages at once, compared with what is known of each by itself."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from hashlib import sha256

import pytest
from ledger_samples import OWNER, claims
from ledgers import Store
from sendspec.composing.identity import ID_BYTES
from sendspec.ledger.protocol import Facts, Ledger
from sendspec.ledger.record import PlannedRecord, SendIdentity, Settlement
from sendspec.planning.fact import PlanningState, PriorState
from sendspec.planning.message_state import State

COUNT = 1_500
"""Of each of three sends. More than the fewest that are looked for in plan order."""
ENDS = (State.ACCEPTED, State.REFUSED, State.IN_DOUBT)


def id_of(send: str, number: int) -> bytes:
    return sha256(f"{send} {number}".encode()).digest()[:ID_BYTES]


def fill(ledger: Ledger) -> None:
    """Messages in every state, and baselined ones between two sends."""
    ledger.begin(OWNER, now=1.0)
    for send in ("first", "baselined", "last"):
        records = [
            PlannedRecord(id_of(send, n), sha256(bytes([n % 250])).digest()[:24], None, b"r" * 16, "+31••78")
            for n in range(COUNT)
        ]
        identity = SendIdentity(send, 1, f"{send}.yaml")
        if send == "baselined":
            ledger.put_baselined(identity, records, now=2.0)
            continue
        ledger.put_planned(identity, records, b"p" * 32, now=2.0)
        wanted = [claim for record in records[::2] for claim in claims([record.id], record.digest)]
        won = ledger.exchange(settle=[], claim=wanted, now=3.0).won
        settle = [
            Settlement(identity, attempt, ENDS[n % 4], "api" if n % 4 == 0 else None, "why")
            for n, (identity, attempt) in enumerate(won.items())
            if n % 4 < len(ENDS)
        ]
        ledger.exchange(settle=settle, claim=[], now=4.0)


def one_by_one(facts: Facts, ids: Sequence[bytes]) -> dict[bytes, PriorState]:
    return {identity + fact.digest: fact.prior_state for identity, fact in facts.facts(ids).items()}


def of(send: str) -> list[bytes]:
    return [id_of(send, n) for n in range(COUNT)]


def with_strangers(ids: Sequence[bytes]) -> list[bytes]:
    return [each for n, identity in enumerate(ids) for each in (identity, id_of("stranger", n))]


ASKED: dict[str, Callable[[random.Random], list[bytes]]] = {
    "in plan order": lambda rng: of("first"),
    "backwards": lambda rng: of("last")[::-1],
    "in any order": lambda rng: rng.sample(of("first"), COUNT),
    "a part in plan order": lambda rng: of("first")[40:400],
    "every other one": lambda rng: of("last")[::2],
    "every seventh": lambda rng: [*of("first"), *of("baselined"), *of("last")][::7],
    "two sends": lambda rng: [*of("first"), *of("last")],
    "across three": lambda rng: [*of("first"), *of("baselined"), *of("last")],
    "among strangers": lambda rng: with_strangers(of("first")),
    "behind strangers": lambda rng: [*(id_of("stranger", n) for n in range(900)), *of("first")[:300]],
    "between strangers": lambda rng: [
        id_of("stranger", 0), *of("first"), id_of("stranger", 1)
    ],
    "strangers": lambda rng: [id_of("stranger", n) for n in range(COUNT)],
    "twice": lambda rng: [*of("first"), *of("first")],
    "few": lambda rng: of("first")[:200],
    "one": lambda rng: of("first")[:1],
    "none": lambda rng: [],
}  # fmt: skip


@pytest.fixture
def filled(store: Store) -> Store:
    with store.hold() as ledger:
        fill(ledger)
    return store


@pytest.mark.parametrize("seed", [1])
def test_the_states_of_many_are_those_of_each(filled: Store, seed: int) -> None:
    with filled.read() as facts:
        for name, ids_in in ASKED.items():
            ids = ids_in(random.Random(seed))
            assert facts.prior_states(ids) == one_by_one(facts, ids), name
        every = [*of("first"), *of("baselined"), *of("last")]
        found = set(facts.prior_states(every).values())
    assert found >= {State.ACCEPTED, State.REFUSED, State.IN_DOUBT, State.PLANNED, PlanningState.BASELINED}


def test_a_run_is_told_the_same(filled: Store) -> None:
    with filled.hold() as ledger:
        ids = with_strangers(of("last"))
        assert ledger.prior_states(ids) == one_by_one(ledger, ids)
