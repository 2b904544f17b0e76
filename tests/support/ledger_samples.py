"""Sample records for the ledger's tests. All share one digest unless a test gives another."""

from __future__ import annotations

from collections.abc import Iterable

from sendspec.ledger.record import Claim, PlannedRecord, RunOwner, SendIdentity

OWNER = RunOwner(pid=1, host="here", command="sendspec send")
SEND = SendIdentity("hello", 1, "hello.yaml")
IDS = [bytes([n]) * 16 for n in range(8)]
DIGEST = b"d" * 24


def record(identity: bytes, digest: bytes = DIGEST) -> PlannedRecord:
    return PlannedRecord(identity, digest, None, b"r" * 16, "+31••••••78")


def claims(ids: Iterable[bytes], digest: bytes = DIGEST, reference: str | None = None) -> list[Claim]:
    """A claim for each id, as if its bytes at hand had this digest and this reference of the user's own."""
    return [Claim(identity, digest, reference) for identity in ids]
