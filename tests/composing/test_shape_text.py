"""What an approver is shown in the place of recipients' texts: all that the spec says, and what it does with their values."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from sendspec.composing.message_context import message_context
from sendspec.composing.render_failure import RenderError
from sendspec.composing.shape_text import own_text, shape_text, shows_columns_alone
from sendspec.composing.template import Template
from sendspec.composing.template_compiler import compile_template

CONSTANTS = {
    "message_id": "m",
    "row": {"note": "fine"},
    "shop": "shop.example",
    "times": 3,
    "cities": ["Bonn", "Kiel"],
    "about": {"site": "site.example"},
}


def shown(source: str, alternatives: int = 0) -> str:
    return shape_text(source, alternatives, CONSTANTS)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ 'fine.' | replace(note, 'pay at evil.example') }}", "⟨'fine.' | replace(note, 'pay at evil.example')⟩"),
        ("{{ 'Pay nothing' | truncate(note | int, true, '') }}!", "⟨'Pay nothing' | truncate(note | int, true, '')⟩!"),
        ("{{ 'a' | replace(note | replace('z', 'ok'), shop) }}", "⟨'a' | replace(note | replace('z', 'ok'), 'shop.example')⟩"),
        ("{{ 5 | decimals(num | int) }}", "⟨5 | decimals(num | int)⟩"),
        ("{{ shop | replace(note, '') }}", "⟨'shop.example' | replace(note, '')⟩"),
        ("{{ note | replace('fine', about.site) }}", "⟨note | replace('fine', {'site': 'site.example'}.site)⟩"),
        ("{{ note | length }}", "⟨note | length⟩"),
        ("{{ note | upper | replace('A', 'evil') }}", "⟨note | upper | replace('A', 'evil')⟩"),
        ("{{ note | default('ok') | replace('z', 'evil.example') }}", "⟨note | default('ok') | replace('z', 'evil.example')⟩"),
        ("{{ note in 'ab' }}{{ note == shop }}", "⟨note in 'ab'⟩⟨note == 'shop.example'⟩"),
        ("{{ note is defined }}{{ items[0] }}{{ items | join('evil') }}", "⟨note is defined⟩⟨items[0]⟩⟨items | join('evil')⟩"),
        ("{{ note | upper }}{{ row.note | trim }}{{ row['a b'] }}", "⟨note⟩⟨note⟩⟨a b⟩"),
        ("{{ note | trim('x') }}{{ note | safe }}", "⟨note | trim('x')⟩⟨note | safe⟩"),
        ("{{ 'a' ~ note ~ times }}", "a⟨note⟩3"),
        ("{{ 'fine' | replace('fine', shop) | upper }}{{ 2 | decimals(1) }}", "SHOP.EXAMPLE2.0"),
        ("{{ row }}{{ message_id }}", "⟨row⟩⟨message_id⟩"),
        ("{{ about }}{{ none }}", "⟨about⟩⟨none⟩"),
    ],
)  # fmt: skip
def test_what_a_column_has_a_part_in_is_its_expression(source: str, text: str) -> None:
    assert shown(source) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            "{% for i in items %}{{ i.a | upper }}{{ shop }},{% if i.b %}yes{% elif note == shop %}{{ note }}{% else %}no{% endif %};{% endfor %}.",
            "⟨for i in items: ⟨i.a | upper⟩shop.example,⟨if i.b: yes⟩⟨elif note == 'shop.example': ⟨note⟩⟩⟨else: no⟩;⟩.",
        ),
        ("{% for city in cities %}{{ city }} {% endfor %}.", "Bonn Kiel ."),
        ("{% for city in cities %}{{ note }}{% endfor %}.", "⟨for city in ['Bonn', 'Kiel']: ⟨note⟩⟩."),
        ("{% for shop in items %}{{ shop }}{% endfor %}", "⟨for shop in items: ⟨shop⟩⟩"),
        ("{% for i in items %}{{ i | default('x') }}{% endfor %}", "⟨for i in items: ⟨i | default('x')⟩⟩"),
    ],
)  # fmt: skip
def test_a_loop_is_shown_with_all_that_it_may_say(source: str, text: str) -> None:
    assert shown(source, 1) == text


def test_a_branch_that_was_taken_is_evaluated_where_it_is_constant() -> None:
    assert shown("{{ ('a' if note else 'fine') | upper }}", 2) == "FINE"
    assert shown("{{ note | default('you') | title }}", 1) == "You"
    assert shown("{{ note | default('you') | title }}") == "⟨note⟩"


def test_a_long_constant_in_an_expression_is_cut_and_counted() -> None:
    text = shape_text("{{ note | replace('a', long) }}{{ long | length }}", 0, {"long": "x" * 30_000})
    assert text.endswith("x… and 10,002 more characters)⟩30000")


def test_in_html_a_constant_is_written_as_it_is_sent() -> None:
    source = "<b>{{ 'a<b' }}{{ '<i>' | safe }}{{ note }}{{ '<i>' ~ note }}"
    assert shape_text(source, 0, {}, html=True) == "<b>a&lt;b<i>⟨note⟩⟨'<i>' ~ note⟩"


def test_nothing_of_a_text_reads_like_a_place_or_an_escape() -> None:
    assert shown("⟨note⟩ {{ note }}") == "\\u27e8note\\u27e9 ⟨note⟩"
    assert (
        shown("\\u27e8 {{ '\\\\' }}u200b {{ row['⟩ evil ⟨'] }}") == "\\u005cu27e8 \\u005cu200b ⟨\\u27e9 evil \\u27e8⟩"
    )
    assert shown("{{ note | replace('⟩', '\\\\u27e9') }}") == "⟨note | replace('\\u27e9', '\\\\u27e9')⟩"


def test_only_plain_columns_are_told_from_expressions() -> None:
    assert shows_columns_alone("Hi {{ name | title }}{{ shop | upper }}", 0, CONSTANTS)
    assert not shows_columns_alone("Hi {{ name | replace('a', 'b') }}", 0, CONSTANTS)
    assert not shows_columns_alone("{% for i in l %}a{% endfor %}", 1, CONSTANTS)


def test_the_specs_own_text_has_nothing_of_expressions_with_columns() -> None:
    assert own_text("é{{ note | replace('a', 'è') }}{% for i in l %}ê{{ i }}{% endfor %}", 1, {}) == "éê"


WORDS = ("fine", "evil", "Pay 7", "lost: ", "zz", "⟨note⟩", "", "\\u200b")
_word = st.sampled_from(WORDS).map(lambda word: "'" + word.replace("\\", "\\\\") + "'")
_column = st.sampled_from(("note", "row.note", "num", "shop"))
_operand = st.one_of(_word, _column)
_filter = st.one_of(
    st.builds("replace({}, {})".format, _operand, _operand),
    st.sampled_from(("upper", "trim", "length", "capitalize", "string", "title", "lower", "trim('f')", "first", "last")),
    st.builds("default({})".format, _operand),
    st.builds("truncate({}, true, '')".format, st.sampled_from(("2", "num | int"))),
)  # fmt: skip
_chain = st.builds(
    lambda operand, filters: " | ".join((operand, *filters)), _operand, st.lists(_filter, max_size=3).map(tuple)
)
_expression = st.one_of(
    _chain,
    st.builds("({} if {} == {} else {})".format, _chain, _operand, _operand, _chain),
    st.builds("{} ~ {}".format, _operand, _operand),
    st.builds("({} in {})".format, _operand, _operand),
)
_piece = st.one_of(
    st.sampled_from(WORDS),
    st.builds("{{{{ {} }}}}".format, _expression),
    st.builds("{{% if {} == {} %}}{}{{% else %}}{}{{% endif %}}".format, _operand, _operand, _operand, _operand),
    st.builds("{{% for i in items %}}{}{{{{ i | replace({}, {}) }}}}{{% endfor %}}".format, st.sampled_from(WORDS), _operand, _operand),
)  # fmt: skip
_sources = st.lists(_piece, min_size=1, max_size=4).map("".join)
_rows = st.fixed_dictionaries(
    {
        "note": st.sampled_from(("fine", "zz", "evil fine", "7", "⟨note⟩")),
        "num": st.sampled_from(("1", "4", "9")),
        "items": st.lists(st.sampled_from(("fine", "zz")), max_size=2),
    }
)


def _rendered(template: Template, row: dict[str, object]) -> tuple[str, int] | None:
    context = message_context({**row, **CONSTANTS}, row)
    try:
        value = template.render(context)
    except RenderError:
        return None
    # An expression alone gives a value of the payload, whose words for truth are those of JSON.
    return json.dumps(value) if isinstance(value, bool) else str(value), context.alternatives


def _fixed_parts(text: str) -> list[str]:
    """What is outside of all places, in order."""
    parts, depth = [""], 0
    for character in text:
        depth += character == "⟨"
        if not depth:
            parts[-1] += character
        elif character == "⟩":
            depth -= 1
            if not depth:
                parts.append("")
    assert not depth
    return [re.sub(r"\\u(27e8|27e9|005c)", lambda found: chr(int(found[1], 16)), part) for part in parts]


_ROW = {"note": "fine", "num": "1", "items": []}


@given(source=_sources, rows=st.tuples(_rows, _rows))
@example(source="{{ ('fine' in shop) }}", rows=(_ROW, _ROW))
def test_recipients_texts_of_a_shape_differ_only_where_places_are_shown(
    source: str, rows: tuple[dict[str, object], dict[str, object]]
) -> None:
    """Each recipient's text is what is shown, with something in its places: nothing else is sent, and nothing shown is missing."""
    template = compile_template(source)
    assume(isinstance(template, Template) and not template.is_static)
    assert isinstance(template, Template)
    for row in rows:
        if (rendered := _rendered(template, row)) is not None:
            text, alternatives = rendered
            pattern = ".*".join(map(re.escape, _fixed_parts(shown(source, alternatives))))
            if not template.is_expression or pattern.replace(".*", ""):
                assert re.fullmatch(pattern, text, re.DOTALL) is not None, (pattern, text)


@given(source=_sources, row=_rows)
def test_every_constant_that_a_text_may_have_is_shown(source: str, row: dict[str, object]) -> None:
    """No word reaches a recipient that isn't in the row, or shown to those who approve."""
    template = compile_template(source)
    assume(isinstance(template, Template) and not template.is_static)
    assert isinstance(template, Template)
    rendered = _rendered(template, row)
    if rendered is not None:
        shows = shown(source, rendered[1]).casefold()
        for word in ("evil", "pay 7", "lost:"):
            if word in rendered[0].casefold() and not any(word in str(value) for value in row.values()):
                assert word in shows or _is_made_of_pieces(word, source), word


def _is_made_of_pieces(word: str, source: str) -> bool:
    """Whether the template doesn't have the word itself, but makes it of parts."""
    return word not in source.casefold()
