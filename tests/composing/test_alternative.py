"""The alternatives of templates: what they are called, and which of them a rendering takes."""

from __future__ import annotations

from typing import Any

import pytest
from sendspec.composing.alternative import language_in, with_language
from sendspec.composing.message_context import message_context
from sendspec.composing.render_failure import RenderError
from sendspec.composing.template import Template
from sendspec.composing.template_compiler import compile_template


def taken(source: str, values: dict[str, Any]) -> list[str]:
    """The alternatives that were reached, each with `+` for yes and `-` for no."""
    template = compile_template(source)
    assert isinstance(template, Template)
    context = message_context(values, values)
    context.first_bit = 5
    template.render(context)
    bits = context.alternatives >> 5
    assert context.alternatives == bits << 5
    assert bits < 1 << template.alternatives.width
    return [
        f"{each.text}{'+' if bits & each.yes else ''}{'-' if bits & each.no else ''}"
        for each in template.alternatives.listed
        if bits & (each.yes | each.no)
    ]


@pytest.mark.parametrize(
    ("source", "values", "expected"),
    [
        ("Hi {{ name }}", {"name": "Ann"}, []),
        ("{% if vip %}a{% endif %}", {"vip": True}, ["vip+"]),
        ("{% if vip %}a{% endif %}", {"vip": ""}, ["vip-"]),
        ("{% if n=='1' %}a{% elif n == \"2\" %}b{% else %}c{% endif %}", {"n": "1"}, ["n == '1'+"]),
        ("{% if n=='1' %}a{% elif n == \"2\" %}b{% else %}c{% endif %}", {"n": "2"}, ["n == '1'-", "n == '2'+"]),
        ("{% if n=='1' %}a{% elif n == \"2\" %}b{% else %}c{% endif %}", {"n": "3"}, ["n == '1'-", "n == '2'-"]),
        ("{% if a %}{% if b %}x{% endif %}{% endif %}", {"a": False, "b": True}, ["a-"]),
        ("{% if a %}{% if b %}x{% endif %}{% endif %}", {"a": True, "b": True}, ["a+", "b+"]),
        ("{{ 'a' if n else 'b' }}", {"n": "1"}, ["n+"]),
        ("{{ omit if n else 'b' }}", {"n": "1"}, ["n+"]),
        ("{{ 'a' if n }}.", {"n": "1"}, ["n+"]),
        ("{{ name | default('you') }}", {}, ["name+"]),
        ("{{ name | default('you') }}", {"name": ""}, ["name+"]),
        ("{{ name | default('you') }}", {"name": "Ann"}, []),
        ("{{ row['first name'] | default(b | default('c')) }}", {}, ["row['first name']+", "b+"]),
        ("{% for x in l %}{{ x | default('-') }}{% endfor %}", {"l": []}, ["for x in l-"]),
        ("{% for x in l %}{{ 'A' if x == 'a' else x }}{% endfor %}", {"l": ["a"]}, ["for x in l+", "x == 'a'+"]),
        ("{% for x in l %}{{ 'A' if x == 'a' else x }}{% endfor %}", {"l": ["a", "b"]}, ["for x in l+", "x == 'a'+-"]),
        ("{% for x in l %}{% else %}{{ y | default('') }}{% endfor %}", {"l": []}, ["for x in l-", "y+"]),
    ],
)
def test_what_a_rendering_takes(source: str, values: dict[str, Any], expected: list[str]) -> None:
    assert taken(source, values) == expected


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("a  ==  'x'", "a == 'x'"),
        ("(a)", "a"),
        ("a and b or not c", "(a and b) or (not c)"),
        ("a is not defined", "a is not defined"),
        ("a is defined", "a is defined"),
        ("n is divisibleby 3", "n is divisibleby(3)"),
        ("a in ['x','y']", "a in ['x', 'y']"),
        ("a not in ('x', 1, true, none)", "a not in ['x', 1, true, none]"),
        ("1 < n|int <= 9.5", "1 < n | int <= 9.5"),
        ("row['a b'] | trim('x') ~ row.c != row['c']", "(row['a b'] | trim('x') ~ row.c) != row.c"),
        ("(a | replace('x', new=b)) == (c if d else e)", "a | replace('x', new=b) == (c if d else e)"),
        ("(a == b) == c", "(a == b) == c"),
        ("not (a or b)", "not (a or b)"),
    ],
)
def test_a_condition_is_told_in_one_spelling(written: str, text: str) -> None:
    template = compile_template("{% if " + written + " %}x{% endif %}")
    assert isinstance(template, Template)
    assert template.alternatives.listed[0].text == text
    again = compile_template("{% if " + text + " %}x{% endif %}")
    assert isinstance(again, Template)
    assert again.alternatives.listed[0].text == text


def test_a_condition_on_a_missing_value_still_has_none() -> None:
    template = compile_template("{% if vip %}a{% endif %}")
    assert isinstance(template, Template)
    with pytest.raises(RenderError, match="'vip' has no value"):
        template.render(message_context({}, {}))


@pytest.mark.parametrize(
    ("source", "compared"),
    [
        ("{% if i | lower in ['a', 'b'] or row.i == 'c' %}{% endif %}", ["i"]),
        ("{% for i in l %}{% if i == 'b' %}{% elif i | trim == 'c' %}{% else %}{% endif %}{% endfor %}", ["", "", ""]),
        ("{% for i in l %}{% if v %}{{ 1 if i == 'b' or i == 'c' else 2 }}{% endif %}{% endfor %}", ["", "", ""]),
        ("{% for i in l %}{{ 1 if row.i == 'b' else 2 }}{{ 1 if n == 'b' else 2 }}{% endfor %}", ["", "i", "n"]),
        ("{% for i in l %}{% else %}{{ 1 if i == 'c' else 2 }}{% endfor %}{{ 1 if i == 'd' }}", ["", "i", "i"]),
        ("{% for i in (l if i == 'b' else m) %}{% endfor %}", ["", "i"]),
    ],
)
def test_only_columns_are_what_constants_are_compared_with(source: str, compared: list[str]) -> None:
    """Not the variable of a loop, in the loop."""
    template = compile_template(source)
    assert isinstance(template, Template), template
    assert [each.compared for each in template.alternatives.listed] == compared


@pytest.mark.parametrize("language", ["en", "pt-BR", None, ""])
def test_a_language_stands_above_the_bits(language: str | None) -> None:
    bits = with_language(0b101, 3, language)
    assert (bits & 0b111, language_in(bits, 3)) == (0b101, language or "")
