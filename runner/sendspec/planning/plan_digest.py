"""The digests that people approve a plan by, each with the version of its rule.

They are the same whatever the order of rows, paths, comments, unused columns and the tool's version. Later versions of sendspec leave
out a setting that has its default, so that a plan made before stays what it was; tests keep digests of every release.

- `content` covers every message that the files declare, after `where`, `only_to`, `suppress` and opt-outs.
- `plan` covers the messages to send, and every setting that decides what goes out, where to, and under which promise.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from hashlib import sha256
from typing import Any

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.planning.pair_set import BUCKETS, PairSet, joined_bucket

VERSION = "v1:"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecSettings:
    """What a spec's messages go out under. `target` says where to, `policy` under which promise; both as a plan's JSON has them."""

    name: str
    generation: int
    target: Mapping[str, Any] = field(default_factory=dict)
    policy: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "generation": self.generation,
            "target": dict(self.target),
            "policy": dict(self.policy),
        }


def digests(
    environment: str,
    ledger: str | None,
    specs: Iterable[SpecSettings],
    to_send: Sequence[PairSet],
    others: Sequence[PairSet],
) -> tuple[str, str]:
    """The plan digest and the content digest. `ledger` is the ledger's id, `others` what the files declare and is not sent."""
    settings = {
        "environment": environment,
        "ledger": ledger,
        "specs": [spec.as_json() for spec in sorted(specs, key=lambda spec: spec.name)],
    }
    sent = _pairs_digest(to_send)
    declared = _pairs_digest([*to_send, *others]) if any(map(len, others)) else sent
    plan = sha256(b"sendspec plan v1\n" + canonical_json(settings) + b"\n" + sent)
    return VERSION + plan.hexdigest(), VERSION + sha256(b"sendspec content v1\n" + declared).hexdigest()


def _pairs_digest(sets: Sequence[PairSet]) -> bytes:
    hashed = sha256()
    for number in range(BUCKETS):
        hashed.update(joined_bucket(sets, number))
    return hashed.digest()


def digest_bytes(digest: str) -> bytes:
    """A digest as a ledger holds it, without its version."""
    return bytes.fromhex(digest.removeprefix(VERSION))


def digest_text(digest: bytes) -> str:
    """A digest that a ledger holds; of versions there is one."""
    return VERSION + digest.hex()


def canonical_json(content: Any) -> bytes:
    """JSON in which equal contents are equal bytes."""
    return json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()
