"""A name in a template: a use of one, and how a template writes one."""

from __future__ import annotations

from sendspec.diagnostics.lazy_dataclass import dataclass

KEYWORDS = frozenset(
    {
        "and", "or", "not", "in", "is", "if", "else", "elif", "endif", "for", "endfor", "true", "false", "none", "True",
        "False", "None",
    }
)  # fmt: skip


def written_name(name: str) -> str:
    """A known name as a template writes it: a column that is no identifier needs `row["…"]`."""
    if name.isidentifier() and name not in KEYWORDS:
        return name
    return f"row['{name}']" if '"' in name else f'row["{name}"]'


@dataclass(frozen=True, slots=True)
class NameUse:
    """A use of a name in a template. `defaulted`: `default(…)` follows directly."""

    name: str
    start: int
    end: int
    defaulted: bool
