"""Compares a file of the work tree with an object of git by its own bytes, so that no filter of `.gitattributes` runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha1, sha256
from pathlib import Path
from typing import IO

from sendspec.operations.lfs_pointer import LfsPointer
from sendspec.reading.files.nofollow_open import open_beneath

_BLOCK_BYTES = 1 << 20
_SHA256_DIGITS = 64


def is_object(file: Path, identity: bytes) -> bool:
    """Whether a regular file is the object with this id, line ends aside: git may write CRLF into a work tree for LF."""
    with os.fdopen(open_beneath(file.parent, file.name), "rb") as opened:
        if _identity(_blocks(opened), os.fstat(opened.fileno()).st_size, identity) == identity:
            return True
        opened.seek(0)
        size = sum(map(len, _unified(_blocks(opened))))
        opened.seek(0)
        return _identity(_unified(_blocks(opened)), size, identity) == identity


def is_link(file: Path, identity: bytes) -> bool:
    """Whether a link is the object with this id."""
    target = os.fsencode(file.readlink())
    return _identity(iter([target]), len(target), identity) == identity


def is_kept_elsewhere(file: Path, pointer: LfsPointer) -> bool:
    """Whether a file is what a pointer of Git LFS stands for."""
    with os.fdopen(open_beneath(file.parent, file.name), "rb") as opened:
        if os.fstat(opened.fileno()).st_size != pointer.size:
            return False
        hashed = sha256()
        for block in _blocks(opened):
            hashed.update(block)
    return hashed.hexdigest() == pointer.digest


def _identity(content: Iterator[bytes], size: int, like: bytes) -> bytes:
    hashed = (sha256 if len(like) == _SHA256_DIGITS else sha1)(b"blob %d\0" % size, usedforsecurity=False)
    for block in content:
        hashed.update(block)
    return hashed.hexdigest().encode()


def _blocks(opened: IO[bytes]) -> Iterator[bytes]:
    while block := opened.read(_BLOCK_BYTES):
        yield block


def _unified(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The content with LF for CRLF."""
    rest = b""
    for block in blocks:
        text = rest + block
        rest = b"\r" if text.endswith(b"\r") else b""  # LF may be the next block's first
        yield text.removesuffix(rest).replace(b"\r\n", b"\n")
    yield rest
