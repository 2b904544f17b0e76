"""Message identity: the message id, the payload digest, and the keyed hash of the receiver."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b

import orjson

from sendspec.diagnostics.lazy_pattern import lazy_pattern

ID_BYTES = 16
DIGEST_BYTES = 24
FINGERPRINT_BYTES = ID_BYTES + DIGEST_BYTES
"""The length of a message's fingerprint: its id followed by its payload digest."""
REFERENCE_HASH_BYTES = 24

_ID_WITHIN = lazy_pattern(r"(?<![0-9a-z])m([0-9a-f]{32})(?![0-9a-f])")
_DEFAULT_REFERENCE = lazy_pattern(r"m([0-9a-f]{32})(?:-[0-9]{1,4})?")


def message_id(salt: bytes, name: str, generation: int, key: str) -> bytes:
    """The 16 bytes that identify a message: BLAKE2b-128, keyed with the environment's salt, over `[name,generation,key]` in JSON.

    The spec's path and text are no part of it: after a rename or a corrected typo it is still the same message.
    """
    hashed = id_hash(salt, name, generation)
    hashed.update(orjson.dumps(key) + b"]")
    return hashed.digest()


def ids_of_keys(salt: bytes, name: str, generation: int, keys: Iterable[str]) -> list[bytes]:
    """`message_id` of each key."""
    shared, found = id_hash(salt, name, generation), []
    for key in keys:
        hashed = shared.copy()
        hashed.update(orjson.dumps(key) + b"]")
        found.append(hashed.digest())
    return found


def id_hash(salt: bytes, name: str, generation: int) -> blake2b:
    """A fresh hash that covers the array's JSON up to the key, which all ids of a spec's generation share."""
    return blake2b(b"[%b,%d," % (orjson.dumps(name), generation), digest_size=ID_BYTES, key=salt)


def payload_hash(salt: bytes) -> blake2b:
    """A fresh hash for a payload digest.

    It is keyed: with a plain digest, anybody who knows the text could recover a masked number by trying numbers.
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
    """The reference after `times` forced resends. A person orders these although an earlier attempt may have been accepted.

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
    hashed = receiver_hasher(salt)
    hashed.update(receiver.encode())
    return hashed.digest()


def receiver_hasher(salt: bytes) -> blake2b:
    """A fresh hash for a receiver."""
    return blake2b(digest_size=ID_BYTES, key=salt, person=b"receiver")


def suppression_hash(salt: bytes, address: str) -> bytes:
    """The receiver's hash as opt-outs are kept under it. The case of an address makes no difference, as in suppression lists."""
    return suppression_hasher(salt)(address)


def suppression_hasher(salt: bytes) -> Callable[[str], bytes]:
    """`suppression_hash` with this salt, for many addresses."""
    keyed = receiver_hasher(salt)

    def hashed(address: str) -> bytes:
        of_address = keyed.copy()
        of_address.update(address.lower().encode())
        return of_address.digest()

    return hashed


def reference_hash(reference: str) -> bytes:
    """24 bytes that distinguish references."""
    return blake2b(reference.encode(), digest_size=REFERENCE_HASH_BYTES).digest()
