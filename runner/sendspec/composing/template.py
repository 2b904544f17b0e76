"""A compiled template, which is filled for one recipient at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from sendspec.composing.alternative import NO_ALTERNATIVES, Alternatives
from sendspec.composing.render_failure import RenderError
from sendspec.composing.template_name import NameUse
from sendspec.diagnostics.lazy_dataclass import dataclass


class Filling(Protocol):
    """Fills one template, by Jinja or without it. `context` is a `MessageContext`; if all templates are plain, a `PlainContext`."""

    def fill(self, context: Any) -> Any: ...
    def faults(self, context: Any) -> Iterator[RenderError]: ...


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template. `static` is its value where it uses no names. With `is_expression` it keeps its expression's type.

    With `is_html`, values are escaped unless `| safe` is applied; `trust` is the place of the first `safe`. With `is_plain`, it can be
    filled with a `PlainContext` too.
    """

    source: str
    names: tuple[NameUse, ...]
    columns: tuple[NameUse, ...]
    is_expression: bool
    is_static: bool
    static: object
    _filling: Filling | None
    is_html: bool = False
    trust: tuple[int, int] | None = None
    alternatives: Alternatives = NO_ALTERNATIVES
    is_plain: bool = False

    def render(self, context: Any) -> Any:
        """The value for one recipient: text, or the value of the only expression. Raises `RenderError`."""
        assert self._filling is not None
        return self._filling.fill(context)

    def faults(self, context: Any) -> Iterator[RenderError]:
        """The problems of each `{{ … }}` and each condition, checked separately. Places are in this template."""
        assert self._filling is not None
        return self._filling.faults(context)
