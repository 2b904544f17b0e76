"""The pointer that git has in place of a file in Git LFS."""

from __future__ import annotations

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern

MAX_POINTER_BYTES = 1_024
_POINTER = lazy_pattern(
    rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:(?P<digest>[0-9a-f]{64})\nsize (?P<size>[0-9]{1,18})\n"
)


@dataclass(frozen=True, slots=True)
class LfsPointer:
    """`digest` is the SHA-256 of the file's bytes, as hex digits."""

    digest: str
    size: int


def lfs_pointer(content: bytes) -> LfsPointer | None:
    """What a pointer says; None for anything that is not exactly one, such as a table that begins as a pointer does."""
    found = _POINTER.fullmatch(content) if len(content) <= MAX_POINTER_BYTES else None
    return None if found is None else LfsPointer(found["digest"].decode(), int(found["size"]))
