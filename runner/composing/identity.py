"""Who a message is: its id, and the keyed hash under which the ledger knows its receiver."""

from __future__ import annotations

import json
from hashlib import blake2b

ID_BYTES = 16


def message_id(salt: bytes, name: str, generation: int, key: str) -> bytes:
    """The 16 bytes that identify a message: BLAKE2b-128, keyed with the environment's salt, over `[name,generation,key]` in JSON.

    Neither the path nor the text is part of it: a rename or a corrected typo is still the same message.
    """
    array = json.dumps([name, generation, key], ensure_ascii=False, separators=(",", ":"))
    return blake2b(array.encode(), digest_size=ID_BYTES, key=salt).digest()


def id_text(identity: bytes) -> str:
    """The id as people and the API see it, and the default `reference`: `m` and 32 hex digits."""
    return "m" + identity.hex()


def receiver_hash(salt: bytes, receiver: str) -> bytes:
    """16 bytes that tell two receivers apart without saying who they are."""
    return blake2b(receiver.encode(), digest_size=ID_BYTES, key=salt, person=b"receiver").digest()
