"""A rule: what the vendor's schema doesn't check, because only its prose says it or no safe send would do it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sendspec.reading.documents.document import KeyPath
from sendspec.reading.schema.schema_problem import SchemaProblem


@dataclass(frozen=True, slots=True)
class Rule:
    """`judge` yields a payload's faults, as a schema does.

    `concerns` says of a path whether a text or number there can change the verdict. Which keys exist, and how many items a list
    has, may change it in any case.
    """

    judge: Callable[[Mapping[str, Any]], Iterator[SchemaProblem]]
    concerns: Callable[[KeyPath], bool]
