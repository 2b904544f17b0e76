"""Better fixes for what a project file says in another place or form than it is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sendspec.reading.limit_advice import limit_advice
from sendspec.reading.schema.schema_problem import SchemaProblem


def advised(
    faults: Iterable[SchemaProblem], data: Mapping[str, Any], top_keys: Iterable[str]
) -> Iterator[SchemaProblem]:
    """`faults` with better fixes; `top_keys` are those that the file may have outside of its environments."""
    top = frozenset(top_keys)
    for fault in faults:
        fix = None
        if fault.code == "unknown-key" and len(fault.at) == 3 and fault.at[2] in top:
            fix = f"move it to the top of the file, beside `environments`: `{fault.at[2]}: …`"
        elif fault.code == "unknown-key" and len(fault.at) == 3 and fault.at[2] == "opt_outs":
            fix = "move it under `suppress`: `suppress: {opt_outs: …}`"
        elif len(fault.at) == 4 and fault.at[2] == "limits":
            fault = limit_advice(fault, data["environments"][fault.at[1]]["limits"]) or fault
        yield fault if fix is None else replace(fault, fix=fix)
