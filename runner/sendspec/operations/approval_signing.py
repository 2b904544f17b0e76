"""Signs a plan: adds an approver's signature to the others beside the plan."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.approved_text import ApprovedText, read_signatures, signature_file
from sendspec.operations.output_file import check_writable, write_file
from sendspec.operations.signature_block import SignatureBlock, signature_blocks
from sendspec.operations.ssh_keygen import SshKeygen, ssh_keygen


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """`fingerprint` is the signer's key's. `others` are the kept signatures of other keys; `dropped` ones don't fit this text."""

    file: Path
    content: bytes
    fingerprint: str
    others: int
    dropped: int


def sign(text: ApprovedText, plan: Path, key: Path, environ: Mapping[str, str], *, asks: bool) -> Signed:
    """Signs with `key` and writes the signature file, whole or not at all. The key's earlier signature is replaced.

    `asks`: a person at the terminal may type a passphrase. Raises `SigningFailed`, `SignaturesUnusable`,
    `SshKeygenUnusable` and `FileUnwritable`.
    """
    file = signature_file(plan)
    read_signatures(plan)
    check_writable(file)
    with ssh_keygen(environ) as program:
        own = program.sign(text.content, key, asks=asks)  # a person may take long
        with _locked(file.parent):
            return _add(own, file, plan, text, program)


def _add(own: SignatureBlock, file: Path, plan: Path, text: ApprovedText, program: SshKeygen) -> Signed:
    present = signature_blocks(read_signatures(plan))
    kept = {
        block.key: block for block in present if isinstance(block, SignatureBlock) and program.fits(text.content, block)
    }
    dropped = sum(not isinstance(block, SignatureBlock) or block.key not in kept for block in present)
    kept[own.key] = own
    armoured = "".join(block.armoured for block in kept.values())
    write_file(file, armoured)
    return Signed(
        file=file,
        content=armoured.encode(),
        fingerprint=own.key.fingerprint,
        others=len(kept) - 1,
        dropped=dropped,
    )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Waits for others who sign a plan in this folder: each keeps the signatures of those before."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
