"""Message identity: the message id, the payload digest, and the keyed hash of the receiver."""

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

    Path and text are no part of it: after a rename or a corrected typo it is still the same message.
    """
    hashed = id_hash(salt, name, generation)
    hashed.update(orjson.dumps(key) + b"]")
    return hashed.digest()


def id_hash(salt: bytes, name: str, generation: int) -> blake2b:
    """The hash that all ids of a send start from: the array's JSON up to the key."""
    return blake2b(b"[%b,%d," % (orjson.dumps(name), generation), digest_size=ID_BYTES, key=salt)


def payload_hash(salt: bytes) -> blake2b:
    """The hash that every payload digest starts from, as a copy.

    Keyed: with a plain digest, anybody who knows the text could recover a masked number by trying numbers.
    """
    return blake2b(digest_size=DIGEST_BYTES, key=salt, person=b"payload")


def payload_digest(salt: bytes, canonical_sha256: bytes) -> bytes:
    """The 24 bytes that identify a payload: BLAKE2b-192, keyed with the environment's salt, over the SHA-256 of canonical JSON.

    Canonical JSON has sorted keys, is UTF-8 without spaces, and leaves out `reference`.
    """
    keyed = payload_hash(salt)
    keyed.update(canonical_sha256)
    return keyed.digest()


def id_text(identity: bytes) -> str:
    """The id as people and the API see it, also the default `reference`: `m` and 32 hex digits."""
    return "m" + identity.hex()


def resent(reference: str, times: int) -> str:
    """The reference of a message resent on a person's order, although an earlier attempt may have been accepted.

    Each resend has a reference of its own, so that the API's list distinguishes the attempts.
    """
    return reference if times == 0 else f"{reference}-{times + 1}"


def id_in(reference: str) -> bytes | None:
    """The id in a default reference, resent or not; None for a reference of the user's own."""
    found = _DEFAULT_REFERENCE.fullmatch(reference)
    return None if found is None else bytes.fromhex(found[1])


def ids_within(reference: str) -> list[bytes]:
    """The message ids anywhere in a reference, in lower or upper case."""
    return [bytes.fromhex(found) for found in _ID_WITHIN.findall(reference.lower())]


def receiver_hash(salt: bytes, receiver: str) -> bytes:
    """16 bytes that distinguish receivers without revealing them."""
    return blake2b(receiver.encode(), digest_size=ID_BYTES, key=salt, person=b"receiver").digest()


def reference_mark(reference: str) -> bytes:
    """24 bytes that distinguish references."""
    return blake2b(reference.encode(), digest_size=24).digest()
