"""Why a template can't be filled: what its rendering raises, and the words for what a filter raises."""

from __future__ import annotations

from jinja2 import UndefinedError

from sendspec.composing.render_budget import FilterError
from sendspec.composing.template_advice import item_of_text_fix
from sendspec.diagnostics.redaction import quoted


class ValueMissing(UndefinedError):
    """A template uses a value that the row doesn't have."""

    def __init__(self, name: str, message: str | None = None) -> None:
        super().__init__(message)
        self.name = name


class RenderError(Exception):
    """A template could not be rendered. `start` and `end` are offsets into its source; `name` is the missing value's."""

    def __init__(self, code: str, problem: str, fix: str, start: int, end: int, name: str | None = None) -> None:
        super().__init__(problem)
        self.code = code
        self.problem = problem
        self.fix = fix
        self.start = start
        self.end = end
        self.name = name

    def with_fix(self, fix: str) -> RenderError:
        return RenderError(self.code, self.problem, fix, self.start, self.end, self.name)


def item_of_text(item: object, message: str | None = None) -> FilterError:
    """Why `name[0]` and `name.length` have no value, for Jinja to raise where the name's value is a text."""
    what = f"item {item}" if isinstance(item, int) else f"`{quoted(str(item))}`"
    return FilterError("unknown-name", f"a text has no {what} here", item_of_text_fix(item))


def why_not_filled(error: Exception) -> str:
    what = "this template can't be filled with the row's values"
    match error:
        case ZeroDivisionError():
            return f"{what}: a filter or test divides by zero"
        case TypeError():
            return f"{what}: a filter or test is given a kind of value that it can't work with"
        case _:
            return f"{what}: a filter or test is given a value that it can't work with"
