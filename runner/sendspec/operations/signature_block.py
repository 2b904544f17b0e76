"""The signature file beside a plan: OpenSSH signature blocks, one after another."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from sendspec.diagnostics.exceptions import SignaturesUnusable
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.reading.public_key import PublicKey, fields_of, key_in_signature

MAX_BLOCKS = 100
MAX_BYTES = 1_000_000
MAX_BLOCK_BYTES = 20_000
"""Of base64. A signature with an RSA key of 16,384 bits has 5,700."""
_MAGIC = b"SSHSIG\x00\x00\x00\x01"
"""With the version (OpenSSH, PROTOCOL.sshsig)."""
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_COLUMNS = 70
_BLOCK = lazy_pattern(rf"{_BEGIN}([A-Za-z0-9+/=\s]*+){_END}".encode())


@dataclass(frozen=True, slots=True)
class SignatureBlock:
    """A block with its key and namespace. Whether the signature is right, only ssh-keygen knows."""

    key: PublicKey
    namespace: str
    content: bytes

    @property
    def armoured(self) -> str:
        """The block as text. Another program reads exactly the bytes that `key` and `namespace` were read from."""
        text = base64.b64encode(self.content).decode()
        lines = [text[at : at + _COLUMNS] for at in range(0, len(text), _COLUMNS)]
        return "\n".join([_BEGIN, *lines, _END]) + "\n"


@dataclass(frozen=True, slots=True)
class NoSignature:
    """Content of the file that is no signature."""

    problem: str


def signature_blocks(raw: bytes) -> list[SignatureBlock | NoSignature]:
    """All blocks in order, and what is between them. Raises `SignaturesUnusable` if there are too many."""
    if len(raw) > MAX_BYTES:
        raise too_large()
    found: list[SignatureBlock | NoSignature] = []
    for one in _parts(raw):
        found.append(one)
        if len(found) > MAX_BLOCKS:
            problem = f"the signatures are more than {MAX_BLOCKS}"
            raise SignaturesUnusable(problem, "remove those that don't belong to this plan")
    return found


def too_large() -> SignaturesUnusable:
    problem = f"the file with the signatures is larger than {MAX_BYTES / 1_000_000:g} MB"
    return SignaturesUnusable(problem, "remove what is not a signature of this plan")


def _parts(raw: bytes) -> Iterator[SignatureBlock | NoSignature]:
    end = 0
    for match in _BLOCK.finditer(raw):
        if raw[end : match.start()].strip():
            yield NoSignature("there is text that is not a signature")
        end = match.end()
        yield _block(b"".join(match[1].split()))
    if raw[end:].strip():
        yield NoSignature("there is text that is not a signature")


def _block(encoded: bytes) -> SignatureBlock | NoSignature:
    if len(encoded) > MAX_BLOCK_BYTES:
        return NoSignature("a block is too long for a signature")
    try:
        content = base64.b64decode(encoded, validate=True)
        if not content.startswith(_MAGIC):
            return NoSignature("a block is not a signature of a version that can be read")
        blob, namespace, _reserved, _hash, _signature = fields_of(content.removeprefix(_MAGIC))
        return SignatureBlock(key_in_signature(blob), namespace.decode("ascii"), content)
    except (ValueError, binascii.Error):
        return NoSignature("a block is cut or was altered")
