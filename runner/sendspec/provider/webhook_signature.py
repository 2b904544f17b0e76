"""The signature of a webhook: made, and verified with every key that is in use.

`reference/delivery.md`, section 1.2: base64 of HMAC-SHA256, by the signing key, of the timestamp, the URL and the digest of the body.
The legacy product signs something else under the same header names.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from enum import StrEnum

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern

SIGNATURE_HEADER = "MessageBird-Signature"
TIMESTAMP_HEADER = "MessageBird-Request-Timestamp"

_TIMESTAMP = lazy_pattern(r"[0-9]{1,15}", re.ASCII)


class SignatureFault(StrEnum):
    """The rule that a request breaks, in the order in which they are looked at."""

    SIGNATURE_MISSING = "signature_missing"
    SIGNATURE_REPEATED = "signature_repeated"
    SIGNATURE_EMPTY = "signature_empty"
    TIMESTAMP_MISSING = "timestamp_missing"
    TIMESTAMP_REPEATED = "timestamp_repeated"
    TIMESTAMP_EMPTY = "timestamp_empty"
    TIMESTAMP_FORMAT = "timestamp_format"
    SIGNATURE_WRONG = "signature_wrong"


@dataclass(frozen=True, slots=True)
class Signed:
    """The signature is right. `timestamp` is in Unix seconds: when it was sent first, as a retry keeps it. `key` counts from 0."""

    timestamp: int
    key: int


@dataclass(frozen=True, slots=True)
class Unsigned:
    fault: SignatureFault


def sign(key: str, timestamp: str, url: str, body: bytes) -> str:
    """The signature of a request. `timestamp` and `url` are signed as they are written."""
    signed = f"{timestamp}\n{url}\n".encode() + hashlib.sha256(body).digest()
    return base64.b64encode(hmac.digest(key.encode(), signed, "sha256")).decode("ascii")


def verify(keys: Sequence[str], url: str, headers: Iterable[tuple[str, str]], body: bytes) -> Signed | Unsigned:
    """Whether one of `keys`, none of them empty, signed the request.

    `url` is the one that the webhook was registered with, query included; it is never taken from the request. Nothing is said of the
    timestamp's age: a forged one must not be told from an old one.
    """
    if not all(keys):
        raise ValueError("an empty key signs anybody's requests")
    named = [(name.strip().lower(), value.strip(" \t")) for name, value in headers]
    signature = _only(named, SIGNATURE_HEADER, _SIGNATURE_FAULTS)
    timestamp = _only(named, TIMESTAMP_HEADER, _TIMESTAMP_FAULTS)
    for header in (signature, timestamp):
        if isinstance(header, SignatureFault):
            return Unsigned(header)
    if not _TIMESTAMP.fullmatch(timestamp):
        return Unsigned(SignatureFault.TIMESTAMP_FORMAT)
    given = signature.encode("utf-8", "replace")
    fits = [hmac.compare_digest(sign(key, timestamp, url, body).encode(), given) for key in keys]
    return Signed(int(timestamp), fits.index(True)) if any(fits) else Unsigned(SignatureFault.SIGNATURE_WRONG)


_SIGNATURE_FAULTS = (
    SignatureFault.SIGNATURE_MISSING, SignatureFault.SIGNATURE_REPEATED, SignatureFault.SIGNATURE_EMPTY,
)  # fmt: skip
_TIMESTAMP_FAULTS = (
    SignatureFault.TIMESTAMP_MISSING, SignatureFault.TIMESTAMP_REPEATED, SignatureFault.TIMESTAMP_EMPTY,
)  # fmt: skip


def _only(
    named: Sequence[tuple[str, str]], header: str, faults: tuple[SignatureFault, SignatureFault, SignatureFault]
) -> str | SignatureFault:
    """The value of a header that has to stand there once. A proxy joins two of a name with a comma, which neither value can have."""
    missing, repeated, empty = faults
    values = [value for name, value in named if name == header.lower()]
    if not values:
        return missing
    if len(values) > 1 or "," in values[0]:
        return repeated
    return values[0] or empty
