"""The bound on a template's work is never less than the work that rendering counts."""

from __future__ import annotations

from contextlib import suppress

import pytest
from sendspec.composing.message_context import message_context
from sendspec.composing.parsed_template import parsed
from sendspec.composing.render_failure import RenderError
from sendspec.composing.template import Template
from sendspec.composing.template_bounds import TemplateBounds
from sendspec.composing.template_compiler import compile_template
from sendspec.reading.tables.csv_record import MAX_CELL

CONSTANTS = {"shop": "Acme", "regions": ["NL", "BE"]}
CELLS = ["a", "b" * MAX_CELL, "ΐ" * MAX_CELL]
"""The last one is of a character that becomes three when its case changes."""


@pytest.mark.parametrize("cell", CELLS, ids=["short", "long", "growing"])
@pytest.mark.parametrize(
    "source",
    [
        "{{ name | upper }}",
        "{{ name | upper | lower }}!",
        "{{ name | default(shop) | title }}",
        "{{ name == shop }}",
        "{{ name in ['a', 'b'] }}",
        "{{ shop in name }}",
        "{{ name in regions }}",
        "{{ (name if name == 'a' else shop) | trim }}",
        "{{ (name or shop) | truncate(5) }}",
        "{% if name != 'a' %}{{ name | capitalize | truncate(10) }}{% endif %}",
        "{{ name | replace('a', shop) | trim }}",
    ],
)
def test_the_bound_is_at_least_what_rendering_counts(source: str, cell: str) -> None:
    template = compile_template(source)
    assert isinstance(template, Template)
    context = message_context({**CONSTANTS, "name": cell}, {"name": cell})
    with suppress(RenderError):  # the work is counted before a text is refused as too long
        template.render(context)
    assert 0 < context.budget.work <= TemplateBounds(CONSTANTS).max_work(parsed(source))
