"""Laws of plain templates: Jinja is left out only where it makes no difference."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.composing.alternative import NO_ALTERNATIVES
from sendspec.composing.canonical_template import _Reader
from sendspec.composing.filters import FILTERS as ALL_FILTERS
from sendspec.composing.jinja_template import compile_with_jinja
from sendspec.composing.literal_text import literal_texts
from sendspec.composing.message_context import message_context
from sendspec.composing.plain_template import FILTERS, PlainContext, PlainUse, plain_parts
from sendspec.composing.render_budget import MAX_OUTPUT, MAX_WORK, RenderBudget
from sendspec.composing.render_failure import RenderError
from sendspec.composing.shape_text import output_names, own_text, shape_text, shows_columns_alone
from sendspec.composing.template import Template
from sendspec.composing.template_compiler import compile_template
from sendspec.composing.template_tree import Placeholder
from sendspec.composing.text_place import text_places
from sendspec.reading.documents.number_spelling import MinusZero, SpelledFloat

WORDS = [
    "name", "a", "B2", "x_1", "class", "def", "import", "none", "None", "true", "True", "false", "not", "in", "is", "if", "else", "and",
    "or", "loop", "self", "super", "caller", "varargs", "kwargs", "row", "omit", "_x", "__class__", "é", "ﬁ", "range", "dict", "lipsum",
    "cycler", "joiner", "namespace", "block", "macro", "set", "call", "print", "recursive", "context", "environment", "l_0_a", "missing",
    "message_id", "generation", "1a", "12", "'a'", '"a"', "a.b", "a['b']", "a()", "-a", "a ~ a",
]  # fmt: skip
FILTER_WORDS = [
    *FILTERS,
    "string",
    "title",
    "safe",
    "escape",
    "default",
    "length",
    "first",
    "nothing",
    "trim()",
    "upper | trim",
]
PIECES = [
    "{{", "}}", "{%", "%}", "{#", "#}", "{{-", "-}}", "{{+", "{", "}", "{% raw %}", "{% endraw %}", "{% if a %}", "{% endif %}", "# ",
    "## ", "-- ", "\n", "\r\n", "\r", "\t", " ", "\x00", "\x0b", "\u2028", "\u00a0", "<b>", "&", "'", '"', "\\", "\\n", "Hi ", "é", "🙂", "\ud83d",
]  # fmt: skip
SPACES = st.sampled_from(["", " ", "  ", "\n", "\t", "\u00a0", " -", "+ "])
WRITTEN = st.one_of(
    st.sampled_from(PIECES),
    st.builds("{{{{{}{}{}}}}}".format, SPACES, st.sampled_from(WORDS), SPACES),
    st.builds("{{{{ {}{}|{}{} }}}}".format, st.sampled_from(WORDS), SPACES, SPACES, st.sampled_from(FILTER_WORDS)),
    st.builds("{{{{ {} }}}}".format, st.sampled_from(["name", "a", "class", "dict"])),
)
SOURCES = st.lists(WRITTEN, min_size=1, max_size=6).map("".join)


class _Text(str):
    __slots__ = ()


VALUES: list[Any] = [
    "", " ", " Ann ", "ann", "ǅ", "ß", "0", "12", "007", "-3", " 4", "1.0", "1e3", "１２", "²", "9" * 19, "9" * 32, "{{ a }}", "\ud83d",
    "x" * 50_001, None, True, False, 0, 3, 2.5, SpelledFloat("2.50"), MinusZero(), [], ["a"], {"b": "c"}, _Text("text"),
]  # fmt: skip
ROWS = st.dictionaries(st.sampled_from(WORDS), st.sampled_from(VALUES), max_size=12)
USED = [(0, 0), (MAX_OUTPUT - 3, 0), (0, MAX_WORK - 3)]


def _outcome(template: Template, context: Any) -> object:
    try:
        value = template.render(context)
    except RenderError as error:
        found: object = (error.code, error.problem, error.fix, error.start, error.end, error.name, error.item)
    else:
        found = (type(value), value)
    return found, context.budget.output, context.budget.work


@given(SOURCES, ROWS, st.sampled_from(USED))
def test_a_plain_template_is_filled_as_by_jinja(source: str, row: dict[str, Any], used: tuple[int, int]) -> None:
    """Both give the same value of the same type, or the same error, and use as much of the budget; whatever the values."""
    if plain_parts(source) is not None:
        _compare(source, row, used)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:20])
def test_any_value_is_filled_as_by_jinja(value: object) -> None:
    """As above, with every filter, alone and in a text."""
    for name in ["", *FILTERS]:
        for source in (_written([("a", name)], "", ""), _written(["Hi ", ("a", name), ("a", "")], "", "")):
            for used in USED:
                _compare(source, {"a": value}, used)


def _compare(source: str, row: dict[str, Any], used: tuple[int, int]) -> None:
    plain, by_jinja = compile_template(source), compile_with_jinja(source, html=False)
    assert isinstance(plain, Template)
    assert isinstance(by_jinja, Template)
    assert plain.is_plain
    expected = _outcome(by_jinja, message_context(row, row, RenderBudget(*used)))
    assert _outcome(plain, PlainContext(row, row, RenderBudget(*used))) == expected
    assert _outcome(plain, message_context(row, row, RenderBudget(*used))) == expected
    faults = [vars(each) for each in by_jinja.faults(message_context(row, row))]
    assert [vars(each) for each in plain.faults(PlainContext(row, row))] == faults


@given(SOURCES)
def test_a_plain_template_is_compiled_as_by_jinja(source: str) -> None:
    """Jinja finds the same names at the same places, and nothing that a plain template may not have."""
    if plain_parts(source) is None:
        return
    plain, by_jinja = compile_template(source), compile_with_jinja(source, html=False)
    assert isinstance(plain, Template)
    assert isinstance(by_jinja, Template)
    assert (plain.names, plain.columns, plain.is_expression) == (
        by_jinja.names,
        by_jinja.columns,
        by_jinja.is_expression,
    )
    assert (by_jinja.is_static, by_jinja.trust, by_jinja.alternatives) == (False, None, NO_ALTERNATIVES)


NAMES = st.sampled_from(["name", "a", "B2", "class", "dict"])
PARTS = st.lists(
    st.one_of(
        st.sampled_from(["Hi ", "é", "\n", "⟨", "}", "%}", "🙂"]), st.tuples(NAMES, st.sampled_from(["", *FILTERS]))
    ),
    min_size=1,
    max_size=6,
).filter(lambda parts: any(isinstance(part, tuple) for part in parts))


def _written(parts: list[Any], opening: str, closing: str) -> str:
    return "".join(
        part if isinstance(part, str) else f"{{{{ {opening}{part[0]}{closing}{' | ' * bool(part[1])}{part[1]} }}}}"
        for part in parts
    )


def _placeholder(source: str) -> Placeholder:
    template = compile_template(source)
    assert isinstance(template, Template)
    return Placeholder(template, ("message",))


@given(PARTS, st.dictionaries(NAMES, st.sampled_from(["Acme", 3, None]), max_size=2))
def test_what_is_read_from_a_plain_template_is_what_its_tree_says(parts: list[Any], constants: dict[str, Any]) -> None:
    """Parentheses around each name change nothing, but need Jinja."""
    plain, other = _written(parts, "", ""), _written(parts, "(", ")")
    assert plain_parts(plain) is not None
    assert plain_parts(other) is None
    assert shape_text(plain, 0, constants) == shape_text(other, 0, constants)
    assert shape_text(plain, 0, constants, html=True) == shape_text(other, 0, constants, html=True)
    assert own_text(plain, 0, constants) == own_text(other, 0, constants)
    assert shows_columns_alone(plain, 0, constants) == shows_columns_alone(other, 0, constants)
    assert output_names(plain) == output_names(other)
    assert text_places(plain) == text_places(other)
    assert _Reader(constants).tree(plain) == _Reader(constants).tree(other)

    assert list(literal_texts(_placeholder(plain))) == list(literal_texts(_placeholder(other)))


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_of_plain_templates_counts_its_input_once(name: str) -> None:
    assert ALL_FILTERS[name].cost == 1


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ name }}", True),
        ("Hi {{name|trim}}, {{ order_id }}!", True),
        ("{{ n | int }}", True),
        ("no name", False),
        ("{{ name | default('you') }}", False),
        ("{{ order.id }}", False),
        ("{{ row }}", False),
        ("{{ none }}", False),
        ("{{ name -}} ", False),
        ("{{ name }}{# gone #}", False),
        ("{{ name }}\r\n", False),
        ("{{ name }}{{", False),
        ("{{ name | safe }}", False),
        ("{{ name }}" * 41, False),
    ],
)
def test_what_is_plain(source: str, expected: bool) -> None:
    parts = plain_parts(source)
    assert (parts is not None) is expected
    assert parts is None or any(isinstance(part, PlainUse) for part in parts)


def test_html_is_not_plain() -> None:
    """Its values are escaped."""
    template = compile_template("<p>{{ name }}</p>", html=True)
    assert isinstance(template, Template)
    assert not template.is_plain
    assert template.render(message_context({"name": "<"}, {})) == "<p>&lt;</p>"
