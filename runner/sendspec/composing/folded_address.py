"""The fingerprint that finds messages to e-mail addresses that differ only in capitals: one mailbox, on the mail servers that people use."""

from __future__ import annotations

from hashlib import sha256

import orjson

from sendspec.composing.compiled_spec import CompiledSpec
from sendspec.composing.identity import message_id, payload_digest
from sendspec.composing.message import Message


def folded_fingerprint(message: Message, compiled_spec: CompiledSpec, salt: bytes) -> bytes:
    """The fingerprint that the message would have if its address were in lower case; empty if it has that one.

    It only finds repeated recipients. Ids are made from the address as the table writes it: a message sent before capitals were
    compared keeps its id, so it isn't sent again.
    """
    lowered = message.receiver.lower()
    if not compiled_spec.folds_case or "@" not in lowered:
        return b""
    spec = compiled_spec.spec
    identity = message_id(salt, spec.name, spec.generation, lowered)
    if identity == message.id:
        return b""
    payload = orjson.loads(message.body)
    del payload["reference"]
    payload["receiver"]["contacts"][0]["identifierValue"] = lowered
    canonical = orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)
    return identity + payload_digest(salt, sha256(canonical).digest())
