"""What is wrong with a template itself, whatever the row."""

from __future__ import annotations

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.problem import Problem


@dataclass(frozen=True, slots=True)
class TemplateProblem(Problem):
    """A problem of a template, at offsets into its source."""

    start: int
    end: int
