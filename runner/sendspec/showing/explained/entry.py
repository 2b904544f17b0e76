"""One explanation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """`wrong` and `right` are examples; empty where none helps."""

    summary: str
    text: str
    wrong: str = ""
    right: str = ""
