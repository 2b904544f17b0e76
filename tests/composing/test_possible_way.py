"""The ways that a template can go: every row's is among them, and there are no more than were asked for."""

from __future__ import annotations

from itertools import product

import pytest
from sendspec.composing.message_context import message_context
from sendspec.composing.possible_way import possible_ways
from sendspec.composing.render_failure import RenderError
from sendspec.composing.shape_text import shape_text
from sendspec.composing.template import Template
from sendspec.composing.template_compiler import compile_template

NAMES = ("a", "b", "c")
SOURCES = (
    "Hi {{ a }}",
    "{% if a == 'x' %}1{% elif b == 'x' %}2{% else %}3{% endif %}{{ c | default('d') }}",
    "{% if a == 'x' %}{% if b == 'x' %}1{% endif %}{% else %}{{ 'y' if c == 'x' else 'z' }}{% endif %}",
    "{{ a | default(b) | upper }}, {{ 'p' ~ ('q' if b == 'x' else c) }}",
    "{% for each in items %}{{ a }}{% else %}none{% endfor %}",
    "{{ a | default(b | default('c')) }}",
)  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_the_way_of_every_row_is_among_them(source: str) -> None:
    template = compile_template(source)
    assert isinstance(template, Template)
    listed = {shape_text(source, way, {}) for way in possible_ways(source, 100)}
    seen = set()
    for chosen in product(("x", "y", None), repeat=3):
        values = {name: value for name, value in zip(NAMES, chosen, strict=True) if value is not None}
        for items in ([], ["x"], ["y", "x"]):
            context = message_context({**values, "items": items}, {})
            try:
                template.render(context)
            except RenderError:
                continue
            seen.add(shape_text(source, context.alternatives, {}))
    assert seen
    assert seen <= listed


def test_they_are_bounded_and_the_first_choices_come_first() -> None:
    source = "".join(f"{{% if a{n} %}}{n}{{% endif %}}" for n in range(30))
    ways = possible_ways(source, 7)
    assert len(ways) == 7
    assert shape_text(source, ways[0], {}) == "".join(map(str, range(30)))


def test_a_template_without_alternatives_has_one() -> None:
    assert possible_ways("Hi {{ a }}", 40) == (0,)
