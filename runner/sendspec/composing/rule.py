"""A rule checks what the request model can't state: only the vendor's prose says it, or breaking it would never be safe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.reading.documents.document import KeyPath
from sendspec.reading.schema.schema_problem import SchemaProblem


@dataclass(frozen=True, slots=True)
class Rule:
    """`problems` yields everything wrong with a payload that the request model accepts.

    `depends_on` tells whether the text or number at a path can change what `problems` yields. Only the compiled path asks it, and
    only about templates: a rule that depends on none of them runs once for all rows, any other rule runs for each row. A needless
    True costs time. A wrong False lets rows that break the rule go out.

    Keys and the lengths of lists don't count: they are the same in all rows of a compiled spec. Nor does the address that sendspec
    puts into the receiver: compiled specs take any normalised address as valid, so no rule may refuse one.
    """

    problems: Callable[[Mapping[str, Any]], Iterator[SchemaProblem]]
    depends_on: Callable[[KeyPath], bool]
