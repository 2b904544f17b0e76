"""What `sendspec explain` says about one code."""

from __future__ import annotations

from sendspec.diagnostics.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """`summary` is a clause without a full stop, such as "a key is missing"; `text` is whole sentences: why, and what to do.

    `wrong` and `right` are examples. All but `summary` may be empty.
    """

    summary: str
    text: str = ""
    wrong: str = ""
    right: str = ""
