"""Sample records for the ledger's tests. All share one digest unless a test gives another."""

from __future__ import annotations

from collections.abc import Iterable

from sendspec.ledger.protocol import Claims
from sendspec.ledger.record import Claim, PlannedRecord, RunOwner, SendIdentity, Settlement
from sendspec.planning.message_state import State

OWNER = RunOwner(pid=1, host="here", command="sendspec send")
SEND = SendIdentity("hello", 1, "hello.yaml")
IDS = [bytes([n]) * 16 for n in range(8)]
DIGEST = b"d" * 24


def record(identity: bytes, digest: bytes = DIGEST) -> PlannedRecord:
    return PlannedRecord(identity, digest, None, b"r" * 16, "+31••••••78")


def claims(ids: Iterable[bytes], digest: bytes = DIGEST, reference: str | None = None) -> list[Claim]:
    """A claim for each id, as if its bytes at hand had this digest and this reference of the user's own."""
    return [Claim(identity, digest, reference) for identity in ids]


def claim(ledger: Claims, *ids: bytes) -> dict[bytes, int]:
    """Claims messages; the attempt of each claim that was won."""
    return dict(ledger.exchange(settle=[], claim=claims(ids), now=3.0).won)


def settle(ledger: Claims, identity: bytes, attempt: int, to: State) -> None:
    ledger.exchange(settle=[Settlement(identity, attempt, to, "id-1", "why", 202)], claim=[], now=4.0)
