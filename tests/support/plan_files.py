"""Plan files as somebody would forge them: changed, with digest and seal made again."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from sendspec.planning.plan_digest import VERSION, canonical_json


def resealed(plan: dict[str, Any]) -> dict[str, Any]:
    """The plan with the seal of its content, written anew from the format's description; as it is where its pairs are none."""
    header = {name: value for name, value in plan.items() if name not in ("seal", "pairs")}
    try:
        entries = _raw(plan["pairs"], "+-")
    except (TypeError, ValueError, AttributeError):
        return plan
    return {
        **header,
        "seal": sha256(canonical_json(header) + b"\n" + b"".join(entries)).hexdigest(),
        "pairs": plan["pairs"],
    }


def digested(plan: dict[str, Any]) -> dict[str, Any]:
    """The plan with the digest of its settings and of the messages to be sent."""
    specs = [{name: spec[name] for name in ("name", "generation", "target", "policy")} for spec in plan["specs"]]
    settings = {
        "environment": plan["environment"],
        "ledger": plan["ledger"],
        "specs": sorted(specs, key=lambda spec: str(spec["name"])),
    }
    pairs = b"".join(entry[:-1] for entry in _raw(plan["pairs"], "+"))
    digest = VERSION + sha256(b"sendspec plan v1\n" + canonical_json(settings) + b"\n" + pairs).hexdigest()
    return {**plan, "digest": digest, "specs": [{**spec, "digest": digest} for spec in plan["specs"]]}


def _raw(lines: Iterable[str], marks: str) -> list[bytes]:
    """The pairs in bytes, sorted, each followed by its mark."""
    return sorted(
        urlsafe_b64decode(line[:22] + "==") + urlsafe_b64decode(line[22:54]) + line[54:].encode()
        for line in lines
        if line[54:] in tuple(marks)
    )
