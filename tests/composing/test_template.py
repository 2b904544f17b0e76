"""Templates: what is allowed, what it gives, and that nothing else gets in or out."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.parser import Parser
from sendspec.composing.message_context import message_context
from sendspec.composing.omit_sentinel import OMIT
from sendspec.composing.render_failure import RenderError
from sendspec.composing.template import Template
from sendspec.composing.template_compiler import compile_template

VALUES: dict[str, Any] = {
    "name": "Bob",
    "n": "5",
    "yes": True,
    "rows": [1, 2],
    "map": {"items": 3, "none": None},
    "half": 2.5,
}
ROW = {"First Name": "Robert", "name": "Bob"}


def compiled(source: str) -> Template:
    template = compile_template(source)
    assert isinstance(template, Template), template
    return template


def rendered(source: str, **more: Any) -> Any:
    template = compiled(source)
    return template.static if template.is_static else template.render(message_context({**VALUES, **more}, ROW))


def fault(source: str) -> RenderError:
    with pytest.raises(RenderError) as caught:
        rendered(source)
    return caught.value


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("Hi {{ name }}!", "Hi Bob!"),
        ("{{ n }}", "5"),
        ("{{ n | int }}", 5),
        ("{{ n | int }} ", "5 "),
        ("{{ n | int }}\n", "5\n"),
        ("{{- n | int -}}", 5),
        ("{{ yes }}", True),
        ("is it {{ yes }}", "is it true"),
        ("{{ rows }}", [1, 2]),
        ("{{ map.items }}", 3),
        ('{{ map["items"] }}', 3),
        ("{{ map.none }}", None),
        ("{{ name }}{{ n }}", "Bob5"),
        ("{{ '}}' }}", "}}"),
        ("{{ '{{link}}' }}", "{{link}}"),
        ("{{ name ~ '-' ~ n }}", "Bob-5"),
        ("{{ 'a' if name == 'Bob' else 'b' }}", "a"),
        ("{{ name in ['Bob', 'Ann'] and n != '6' }}", True),
        ("{% if name == 'Bob' %}yes{% elif n %}maybe{% else %}no{% endif %}", "yes"),
        ("{% for r in rows %}{{ r }};{% endfor %}", "1;2;"),
        ("{{ missing | default('x') }}", "x"),
        ("{{ empty | default('x') }}", "x"),
        ("{{ missing is defined }}", False),
        ('{{ row["First Name"] }}', "Robert"),
        ("{{ row.name }}", "Bob"),
        ("{{ name | upper | truncate(2, true, '') }}", "BO"),
        ("{{ half | decimals(2) }}", "2.50"),
        ("{{ half | round }}", 3),
        ("{{ rows | join(', ') }}", "1, 2"),
        ("{# a remark #}plain", "plain"),
        ("a { b } c", "a { b } c"),
    ],
)
def test_a_template_gives_its_value_with_its_type(source: str, value: Any) -> None:
    found = rendered(source, empty="")
    assert found == value
    assert type(found) is type(value)


def test_omit_is_a_whole_value_and_never_part_of_a_text() -> None:
    assert rendered("{{ omit }}") is OMIT
    assert rendered("{{ name if n == '6' else omit }}") is OMIT
    assert fault("a {{ omit }}").code == "omit-in-text"


FORBIDDEN: list[tuple[str, str]] = [
    # attributes and calls
    ("{{ ''.__class__ }}", "template-forbidden"),
    ("{{ ''.__class__.__mro__ }}", "template-forbidden"),
    ("{{ name.upper() }}", "template-forbidden"),
    ("{{ '{0.__class__}'.format(name) }}", "template-forbidden"),
    ("{{ name|attr('format') }}", "unknown-filter"),
    ("{{ rows|map(attribute='__class__') }}", "unknown-filter"),
    ("{{ lipsum.__globals__ }}", "template-forbidden"),
    ("{{ cycler.__init__ }}", "template-forbidden"),
    ("{{ self }}", "template-forbidden"),
    ("{{ self._TemplateReference__context }}", "template-forbidden"),
    ("{{ name['__class__'] if false }}{{ rows[n] }}", "template-forbidden"),
    # bombs
    ("{{ 'a' * 10**9 }}", "template-forbidden"),
    ("{{ 10**(10**8) }}", "template-forbidden"),
    ("{{ range(10**9) }}", "template-forbidden"),
    ("{% for a in rows %}{% for b in rows %}x{% endfor %}{% endfor %}", "template-forbidden"),
    ("{{ 'a'|center(1000000000) }}", "unknown-filter"),
    ("{{ '%0100000000d'|format(1) }}", "unknown-filter"),
    ("{{ '%0100000000d' % 1 }}", "template-forbidden"),
    ("{{ lipsum(n=100000) }}", "template-forbidden"),
    ("{{ name" + "|replace('b', 'bbbbbbbbbb')" * 7 + " }}", "template-too-complex"),
    ("{{ " + "(" * 3_000 + "name" + ")" * 3_000 + " }}", "template-too-complex"),
    ("{{ " + "not " * 2_000 + "name }}", "template-too-complex"),
    ("{{ " + "-" * 5_000 + "1 }}", "template-too-complex"),
    ("{{ " + " ~ ".join(["name"] * 300) + " }}", "template-too-complex"),
    ("{{ name }}" + "x" * 10_000, "template-too-complex"),
    # other files and definitions
    ("{% include 'a' %}", "template-forbidden"),
    ("{% include name %}", "template-forbidden"),
    ("{% import 'a' as a %}", "template-forbidden"),
    ("{% from 'a' import b %}", "template-forbidden"),
    ("{% extends 'a' %}", "template-forbidden"),
    ("{% macro a() %}{% endmacro %}", "template-forbidden"),
    ("{% set a = 1 %}", "template-forbidden"),
    ("{% call a() %}{% endcall %}", "template-forbidden"),
    ("{% filter upper %}a{% endfilter %}", "template-forbidden"),
    ("{% with a = 1 %}{% endwith %}", "template-forbidden"),
    ("{% block a %}{% endblock %}", "template-forbidden"),
    # arithmetic, slices, chance and time
    ("{{ n + 1 }}", "template-forbidden"),
    ("{{ name[0:2] }}", "template-forbidden"),
    ("{{ rows|random }}", "unknown-filter"),
    ("{{ now() }}", "template-forbidden"),
    # syntax
    ("{{ name", "template-syntax"),
    ("{% if name %}", "template-syntax"),
    ("{{ }}", "template-syntax"),
    ("{{ name | uper }}", "unknown-filter"),
    ("{{ name is emtpy }}", "unknown-test"),
]


@pytest.mark.parametrize(("source", "code"), FORBIDDEN, ids=[source[:40] for source, _ in FORBIDDEN])
def test_what_a_message_does_not_need_is_refused_before_anything_is_compiled(source: str, code: str) -> None:
    begun = time.process_time()
    faults = compile_template(source)
    assert isinstance(faults, list)
    assert code in {fault.code for fault in faults}
    assert time.process_time() - begun < 1
    for found in faults:
        assert 0 <= found.start < found.end <= len(source)


@pytest.mark.parametrize(
    ("source", "code", "shown"),
    [
        ("Hi {{ name | uper }}", "unknown-filter", "uper"),
        ("{{ name is emtpy }}", "unknown-test", "emtpy"),
        ("Hi {{ ''.__class__ }}", "template-forbidden", "__class__"),
        ("a\n{% include x %}", "template-forbidden", "include"),
    ],
)
def test_a_fault_stands_on_the_word_that_is_at_fault(source: str, code: str, shown: str) -> None:
    faults = compile_template(source)
    assert isinstance(faults, list)
    assert (faults[0].code, source[faults[0].start : faults[0].end]) == (code, shown)


@pytest.mark.parametrize(
    ("source", "code", "shown", "name"),
    [
        ("Hi {{ missing }}", "empty-value", "missing", "missing"),
        ("Hi {{ name }} {{ missing | upper }}", "empty-value", "missing", "missing"),
        ("{% if missing %}a{% endif %}", "empty-value", "missing", "missing"),
        ('{{ row["No"] }}', "empty-value", "No", "No"),
        ("{{ name | int }}", "not-a-number", "{{ name | int }}", "name"),
        ("a {% if name > 1 %}b{% endif %}", "text-compared", "name > 1", None),
        ("a {{ 1 <= name }}", "text-compared", "1 <= name", None),
        ("{{ '1e400' | float if yes else name }}", "not-a-number", "{{ '1e400' | float if yes else name }}", None),
        ("a {{ map.none }}", "none-in-text", "{{ map.none }}", None),
        ("a {{ rows }}", "not-text", "{{ rows }}", None),
        ("{{ name | truncate(1, true, '.....') }}", "render-failed", "{{ name | truncate(1, true, '.....') }}", None),
        ("{{ name | replace('', 'x') }}", "not-text", "{{ name | replace('', 'x') }}", None),
        ("{{ name.upper }}", "no-items", "name.upper", "name"),
        ("{{ map.keys }}", "empty-value", "map.keys", "map"),
        ("a {% if name | float > 1 %}b{% endif %} {{ name }}", "not-a-number", "{% if name | float > 1 %}", "name"),
    ],
)
def test_a_value_that_does_not_fit_is_a_fault_on_its_place(
    source: str, code: str, shown: str, name: str | None
) -> None:
    found = fault(source)
    assert (found.code, source[found.start : found.end], found.name) == (code, shown, name)


def test_names_are_told_with_their_places_and_whether_they_have_a_default() -> None:
    template = compiled(
        "{{ a | default('x') }} {{ b.c }} {% for d in e %}{{ d }}{% endfor %} {{ row['F'] }} {{ x is defined }}"
    )
    assert [(use.name, use.defaulted) for use in template.names] == [
        ("a", True),
        ("b", False),
        ("e", False),
        ("x", False),
    ]
    assert [use.name for use in template.columns] == ["F"]
    for use in (*template.names, *template.columns):
        assert template.source[use.start : use.end].strip("'") == use.name


DATA = st.lists(
    st.sampled_from(["{{ 7*7 }}", "{% for x in y %}", "{{ name }}", "a", "\n", "é", "{#", "}}", "'", '"', "\\"]),
    max_size=6,
).map("".join)


@given(DATA)
def test_the_data_of_a_recipient_is_never_a_template(value: str) -> None:
    """The law: what a row holds stands in the message as it is."""
    assert rendered("{{ value }}", value=value) == value
    assert rendered("<{{ value }}>", value=value) == f"<{value}>"


SOURCES = st.lists(
    st.sampled_from(
        [
            "{{ name }}",
            "{{ n | int }}",
            "{{ yes }}",
            "{{ missing | default('d') }}",
            "{% if yes %}a{% endif %}",
            "{{ missing }}",
            "{{ map.items }}",
            "x {{ half }}",
        ]
    ),
    min_size=1,
    max_size=6,
)


@given(SOURCES)
def test_templates_that_share_a_context_give_what_each_gives_alone(sources: list[str]) -> None:
    """The law: nothing that one template does can be seen by the next."""

    def outcome(source: str, context: Any) -> Any:
        try:
            return compiled(source).render(context)
        except RenderError as error:
            return error.code, error.problem

    shared = message_context(VALUES, ROW)
    assert [outcome(s, shared) for s in sources] == [outcome(s, message_context(VALUES, ROW)) for s in sources]


def test_a_result_is_capped() -> None:
    with pytest.raises(RenderError) as caught:
        rendered("{{ name | replace('b', long) }}", long="x" * 150_000)
    assert caught.value.code == "text-too-long"
    with pytest.raises(RenderError) as caught:
        rendered("{{ long }}", long="x" * 150_000)
    assert caught.value.code == "text-too-long"


@pytest.mark.parametrize(
    ("source", "start", "end"),
    [
        ("a\n{{ b", 2, 6),
        ("a\r{{ b", 2, 6),
        ("a\r\n{{ b", 3, 7),
        ("{{ b", 0, 4),
        ("\r{{ ", 1, 4),
        ("\n\n{{ }}", 2, 7),
    ],
)
def test_a_syntax_fault_stands_on_its_line_however_lines_end(source: str, start: int, end: int) -> None:
    (fault,) = compile_template(source)  # type: ignore[misc]
    assert fault.code == "template-syntax"
    assert fault.start == start
    assert fault.end <= end
    assert fault.start < fault.end


@pytest.mark.parametrize(
    ("source", "values", "code"),
    [
        ("Hi {{ name }}", {}, "empty-value"),
        ("{% if name == '' %}a{% endif %}", {}, "empty-compared"),
        ("{% if name > 1 %}a{% endif %}", {"name": "x"}, "text-compared"),
    ],
)
def test_a_template_is_not_read_again_for_each_row_that_it_fails_on(
    source: str, values: dict[str, Any], code: str
) -> None:
    """Thousands of rows may lack one value, and to parse the template takes longer than to compose a message."""
    template = compile_template(source)
    assert isinstance(template, Template)
    parsed: list[str] = []
    errors: list[RenderError] = []
    sys.setprofile(lambda frame, event, _: parsed.append(event) if frame.f_code is Parser.parse.__code__ else None)
    try:
        for _ in range(20):
            try:
                template.render(message_context(values, values))
            except RenderError as error:
                errors.append(error)
    finally:
        sys.setprofile(None)
    assert parsed.count("call") <= 2  # of the whole, if it is plain, and of the expression alone
    assert {(each.code, each.fix, each.start, each.end) for each in errors} == {
        (code, errors[0].fix, errors[0].start, errors[0].end)
    }
    assert len({id(each) for each in errors}) == len(errors) == 20
