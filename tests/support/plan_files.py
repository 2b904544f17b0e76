"""A spec to plan, and plan files as somebody would forge them: changed, with digest and seal made again."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from sendspec.planning.plan_digest import VERSION, canonical_json

SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv}
message:
  body: {type: text, text: {text: "Hi {{ first_name }}"}}
"""
"""A spec that greets the people of `people.csv` beside it."""


def resealed(plan: dict[str, Any]) -> dict[str, Any]:
    """The plan with the seal of its content, written anew from the format's description."""
    header = {name: value for name, value in plan.items() if name not in ("seal", "pairs")}
    return {**header, "seal": sha256(canonical_json(header)).hexdigest(), "pairs": plan.get("pairs")}


def digested(plan: dict[str, Any]) -> dict[str, Any]:
    """The plan with the digest of its settings and of the messages to be sent."""
    specs = [{name: spec[name] for name in ("name", "generation", "target", "policy")} for spec in plan["specs"]]
    settings = {
        "environment": plan["environment"],
        "ledger": plan["ledger"],
        "specs": sorted(specs, key=lambda spec: str(spec["name"])),
    }
    digest = (
        VERSION
        + sha256(b"sendspec plan v1\n" + canonical_json(settings) + b"\n" + _hashed(plan["pairs"], "+")).hexdigest()
    )
    content = VERSION + sha256(b"sendspec content v1\n" + _hashed(plan["pairs"], "+-")).hexdigest()
    specs = [{**spec, "digest": digest, "content_digest": content} for spec in plan["specs"]]
    return {**plan, "digest": digest, "content_digest": content, "specs": specs}


def _hashed(lines: Iterable[str], marks: str) -> bytes:
    """The digest of the pairs with these marks."""
    found = sorted(
        urlsafe_b64decode(line[:22] + "==") + urlsafe_b64decode(line[22:54])
        for line in lines
        if line[54:] in tuple(marks)
    )
    return sha256(b"".join(found)).digest()
