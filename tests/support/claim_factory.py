"""Makes claims for the ledger's tests. All share one digest unless a test gives another."""

from __future__ import annotations

from collections.abc import Iterable

from sendspec.ledger.record import Claim

DIGEST = b"d" * 24


def claims(ids: Iterable[bytes], digest: bytes = DIGEST, reference: str | None = None) -> list[Claim]:
    """A claim for each id, as if its bytes at hand had this digest and this reference of the user's own."""
    return [Claim(identity, digest, reference) for identity in ids]
