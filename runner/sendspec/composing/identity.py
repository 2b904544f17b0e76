"""Who a message is: its id, and the keyed hash under which the ledger knows its receiver."""

from __future__ import annotations

import re
from hashlib import blake2b

import orjson

ID_BYTES = 16
DIGEST_BYTES = 24
SEALED_BYTES = ID_BYTES + DIGEST_BYTES
"""A message's id followed by its payload digest."""

_ID_WITHIN = re.compile(r"(?<![0-9a-z])m([0-9a-f]{32})(?![0-9a-f])")
_DEFAULT_REFERENCE = re.compile(r"m([0-9a-f]{32})(?:-[0-9]{1,4})?")


def message_id(salt: bytes, name: str, generation: int, key: str) -> bytes:
    """The 16 bytes that identify a message: BLAKE2b-128, keyed with the environment's salt, over `[name,generation,key]` in JSON.

    Neither the path nor the text is part of it: a rename or a corrected typo is still the same message.
    """
    begun = id_hash(salt, name, generation)
    begun.update(orjson.dumps(key) + b"]")
    return begun.digest()


def id_hash(salt: bytes, name: str, generation: int) -> blake2b:
    """What the ids of a send have in common: the hash of the array's JSON up to the key."""
    return blake2b(b"[%b,%d," % (orjson.dumps(name), generation), digest_size=ID_BYTES, key=salt)


def payload_hash(salt: bytes) -> blake2b:
    """The hash that payload digests are made with; copied for each.

    Keyed, because a plain digest beside a masked number gives the number away to anybody who knows the text.
    """
    return blake2b(digest_size=DIGEST_BYTES, key=salt, person=b"payload")


def payload_digest(salt: bytes, canonical_sha256: bytes) -> bytes:
    """The 24 bytes that tell payloads apart: BLAKE2b-192, keyed with the environment's salt, over the SHA-256 of canonical JSON.

    The JSON is the payload's with sorted keys, in UTF-8, without spaces, and without `reference`.
    """
    keyed = payload_hash(salt)
    keyed.update(canonical_sha256)
    return keyed.digest()


def id_text(identity: bytes) -> str:
    """The id as people and the API see it, and the default `reference`: `m` and 32 hex digits."""
    return "m" + identity.hex()


def resent(reference: str, times: int) -> str:
    """The reference of a message that a person had sent again, though an earlier attempt may have been accepted.

    It differs from those of the attempts before, so that a list of the API's tells them apart.
    """
    return reference if times == 0 else f"{reference}-{times + 1}"


def id_in(reference: str) -> bytes | None:
    """The id in a default reference, sent again or not; None where the reference is the user's own."""
    found = _DEFAULT_REFERENCE.fullmatch(reference)
    return None if found is None else bytes.fromhex(found[1])


def ids_within(reference: str) -> list[bytes]:
    """The ids that stand anywhere in a reference, in small letters or capitals: one that holds a message's id names that message."""
    return [bytes.fromhex(found) for found in _ID_WITHIN.findall(reference.lower())]


def receiver_hash(salt: bytes, receiver: str) -> bytes:
    """16 bytes that tell two receivers apart without saying who they are."""
    return blake2b(receiver.encode(), digest_size=ID_BYTES, key=salt, person=b"receiver").digest()


def reference_mark(reference: str) -> bytes:
    """24 bytes that tell two references apart."""
    return blake2b(reference.encode(), digest_size=24).digest()
