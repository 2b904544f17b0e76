"""OpenSSH public keys, as lists of keys and signatures contain them."""

from __future__ import annotations

import base64
import binascii
import hashlib

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import printable

FIELDS_BY_KIND = {
    "ssh-ed25519": 2,
    "sk-ssh-ed25519@openssh.com": 3,
    "ecdsa-sha2-nistp256": 3,
    "ecdsa-sha2-nistp384": 3,
    "ecdsa-sha2-nistp521": 3,
    "sk-ecdsa-sha2-nistp256@openssh.com": 4,
    "ssh-rsa": 3,
}
"""How many fields the binary form of a key has (RFC 4253, 6.6; RFC 5656, 3.1; OpenSSH, PROTOCOL.u2f)."""
_CERTIFICATE = lazy_pattern(r"[a-z0-9-]+-cert-v\d\d@openssh\.com")
_FIX = "copy the line from the person's .pub file"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """`blob` is the binary form, equal for equal keys."""

    kind: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` prints it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    @property
    def line(self) -> str:
        """As a .pub file has it, without the comment."""
        return f"{self.kind} {base64.b64encode(self.blob).decode()}"


def is_certificate(kind: str) -> bool:
    return _CERTIFICATE.fullmatch(kind) is not None


def fields_of(raw: bytes) -> list[bytes]:
    """The fields of a binary form, each after its length in 4 bytes (RFC 4251, 5). Raises ValueError if it is cut."""
    found, at = [], 0
    while at < len(raw):
        end = at + 4 + int.from_bytes(raw[at : at + 4])
        if at + 4 > len(raw) or end > len(raw):
            raise ValueError("a field is cut")
        found.append(raw[at + 4 : end])
        at = end
    return found


def key_in_signature(blob: bytes) -> PublicKey:
    """The key in a signature, of any kind. Of a certificate, not all that follows the kind are fields. Raises ValueError."""
    length = int.from_bytes(blob[:4])
    (kind,) = fields_of(blob[: 4 + length])
    return PublicKey(kind.decode("ascii"), blob)


def read_public_key(kind: str, encoded: str) -> PublicKey | Problem:
    """The key of a line such as `ssh-ed25519 AAAA…`; a `Problem` with the code `key-list` if it is none."""
    if is_certificate(kind):
        return Problem("key-list", "this is a certificate, and only keys can be listed", _FIX)
    if kind not in FIELDS_BY_KIND:
        problem = f"'{printable(kind[:40])}' is not a kind of key that can be listed"
        return Problem("key-list", problem, f"list a key of one of the kinds {', '.join(FIELDS_BY_KIND)}")
    try:
        blob = base64.b64decode(encoded, validate=True)
        fields = fields_of(blob)
    except (ValueError, binascii.Error):
        return Problem("key-list", "the key is cut or was altered", _FIX)
    if len(fields) != FIELDS_BY_KIND[kind] or fields[0] != kind.encode() or not _is_canonical(kind, fields):
        return Problem("key-list", "the key is cut or was altered", _FIX)
    return PublicKey(kind, blob)


def _is_canonical(kind: str, fields: list[bytes]) -> bool:
    """Whether the key has no second binary form: OpenSSH ignores zeros before the numbers of an RSA key."""
    if kind != "ssh-rsa":
        return True
    return all(number and not (number[0] == 0 and number[1:2] < b"\x80") and number[0] < 0x80 for number in fields[1:])
