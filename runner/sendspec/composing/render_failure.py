"""Why a template can't be filled: what its rendering raises, and the words for what a filter raises."""

from __future__ import annotations

from sendspec.composing.render_budget import FilterError


class RenderError(Exception):
    """A template could not be rendered. `start` and `end` are offsets into its source.

    `name` is that of the value at fault; `item` is what a mapping of this name lacks, if that is the fault.
    """

    def __init__(
        self, code: str, problem: str, fix: str, start: int, end: int, name: str | None = None, item: str | None = None
    ) -> None:
        super().__init__(problem)
        self.code = code
        self.problem = problem
        self.fix = fix
        self.start = start
        self.end = end
        self.name = name
        self.item = item

    def with_fix(self, fix: str) -> RenderError:
        return RenderError(self.code, self.problem, fix, self.start, self.end, self.name, self.item)

    def shifted(self, offset: int) -> RenderError:
        """The same in a longer source, where this one begins at `offset`."""
        return self.at(self.start + offset, self.end + offset)

    def at(self, start: int, end: int) -> RenderError:
        """The same at another place."""
        return RenderError(self.code, self.problem, self.fix, start, end, self.name, self.item)


OMITTED_IN_TEXT = FilterError(
    "omit-in-text",
    "`omit` is inside a text; only a whole value can be left out",
    'write "{{ omit }}" alone, or in an inline if',
)


def not_filled(error: Exception) -> FilterError:
    """Another exception of a filter or test, as what it refuses."""
    match error:
        case ZeroDivisionError():
            why = "a filter or test divides by zero"
        case TypeError():
            why = "a filter or test is given a kind of value that it can't work with"
        case _:
            why = "a filter or test is given a value that it can't work with"
    problem = f"this template can't be filled with the row's values: {why}"
    return FilterError("render-failed", problem, "look at its filters' arguments")
