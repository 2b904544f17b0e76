"""A compact set of normalised addresses: 8 bytes each, against 100 in a `set` of strings."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from hashlib import blake2b

_BUCKETS = 256
_MAX_DIGITS = 18
_HASHED = 1 << 63


class AddressSet:
    """Stores phone numbers exactly, other addresses as 63 bits of a case-insensitive hash.

    With a million e-mail addresses, one look-up in 9 million million is a false positive.
    """

    def __init__(self, addresses: Iterable[str], base: AddressSet | None = None) -> None:
        """Holds `addresses` and everything in `base`."""
        buckets = [array("Q") for _ in range(_BUCKETS)] if base is None else [bucket[:] for bucket in base._buckets]
        for address in addresses:
            key = _key(address)
            buckets[key % _BUCKETS].append(key)
        # One bucket at a time, so that only a few thousand keys are Python integers at once.
        self._buckets: list[array[int]] = [array("Q", sorted(set(bucket))) for bucket in buckets]

    def __contains__(self, address: str) -> bool:
        key = _key(address)
        bucket = self._buckets[key % _BUCKETS]
        at = bisect_left(bucket, key)
        return at < len(bucket) and bucket[at] == key

    def __len__(self) -> int:
        return sum(map(len, self._buckets))


def _key(address: str) -> int:
    digits = address[1:]
    if (
        address[:1] == "+"
        and digits.isascii()
        and digits.isdecimal()
        and digits[0] != "0"
        and len(digits) <= _MAX_DIGITS
    ):
        return int(digits)
    return _HASHED | int.from_bytes(blake2b(address.lower().encode("utf-8", "replace"), digest_size=8).digest())
