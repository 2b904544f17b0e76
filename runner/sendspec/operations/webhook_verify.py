"""Verifies one request: whether it is signed, and what it is about."""

from __future__ import annotations

from collections.abc import Sequence

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.delivery.masked_text import masked_text
from sendspec.operations.webhook_settings import SigningKeys
from sendspec.provider.webhook_envelope import envelope_name
from sendspec.provider.webhook_signature import SignatureFault, Signed, Unsigned, verify

MAX_BODY = 1024 * 1024
"""Bytes of a request. A message's limit is 200 KB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """`key` is the variable whose key fits. `event` is empty for a body that isn't the documented JSON."""

    timestamp: int
    key: str
    event: str


@dataclass(frozen=True, slots=True)
class NotVerified:
    """`hint` says what the signature fits instead, where that is known."""

    fault: SignatureFault
    hint: str = ""


def verify_request(
    keys: SigningKeys, url: str, headers: Sequence[tuple[str, str]], body: bytes
) -> Verified | NotVerified:
    match verify(keys.keys, url, headers, body):
        case Signed(timestamp, key):
            return Verified(timestamp=timestamp, key=keys.names[key], event=masked_text(envelope_name(body)))
        case Unsigned(SignatureFault.SIGNATURE_WRONG as fault):
            return NotVerified(fault, _hint(keys, url, headers, body))
        case Unsigned(fault):
            return NotVerified(fault)


def _hint(keys: SigningKeys, url: str, headers: Sequence[tuple[str, str]], body: bytes) -> str:
    """What went wrong on the way, where a known change makes the signature fit."""
    without_end = body.removesuffix(b"\n").removesuffix(b"\r")
    other_end = url[:-1] if url.endswith("/") else f"{url}/"
    for changed_url, changed_body, hint in (
        (url, without_end, "it fits the body without the line end at its end"),
        (url, b"", "it fits an empty body: the body was read before it got here"),
        (url.partition("?")[0], body, "it fits the URL without its query"),
        (other_end, body, "it fits the URL with another end: a / more or less"),
    ):
        if isinstance(verify(keys.keys, changed_url, headers, changed_body), Signed):
            return hint
    return ""
