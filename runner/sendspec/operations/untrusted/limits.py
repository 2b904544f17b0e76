"""The limits of a check of files that aren't trusted. They are generous: a plan of 100,000 rows needs a tenth of each."""

from __future__ import annotations

from sendspec.diagnostics.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class UntrustedLimits:
    """`files` and `total_bytes` are those of the copy, `file_bytes` those of one file in it. `output_bytes` are those of the report.

    `seconds` are on the clock, `cpu_seconds` those that the child computes. `memory_bytes` is its address space.
    """

    files: int = 10_000
    file_bytes: int = 64_000_000
    total_bytes: int = 256_000_000
    seconds: float = 300
    cpu_seconds: int = 240
    memory_bytes: int = 2_000_000_000
    output_bytes: int = 16_000_000
    open_files: int = 64


LIMITS = UntrustedLimits()
