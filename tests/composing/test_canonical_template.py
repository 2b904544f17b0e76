"""Canonical texts of templates: the same for the same meaning, another for another."""

from __future__ import annotations

from pathlib import Path

import pytest
from sendspec.composing.canonical_template import key_tree, text_digest, to_tree
from sendspec.composing.filters import FILTERS
from sendspec.composing.platforms.registry import PLATFORMS
from sendspec.composing.template import Template
from sendspec.composing.template_compiler import compile_template
from sendspec.diagnostics.diagnostic import Problems
from sendspec.reading.spec import Spec, read_spec

SPEC = """spec: 1
name: hello
channel: sms
recipients: {{file: people.csv, {recipients}}}
vars: {vars}
message: {message}
"""
MESSAGE = '{body: {type: text, text: {text: "Hi {{ name }}"}}}'


def spec(tmp_path: Path, recipients: str = "", *, variables: str = "{shop: Acme}", message: str = MESSAGE) -> Spec:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC.format(recipients=recipients, vars=variables, message=message), encoding="utf-8")
    problems = Problems()
    read = read_spec(str(path), problems)
    assert read is not None, list(problems)
    return read


def key(tmp_path: Path, template: str, variables: str = "{shop: Acme}") -> str:
    assert isinstance(compile_template(template), Template)
    quoted = template.replace("'", "''")
    return key_tree(spec(tmp_path, f"key: '{quoted}'", variables=variables))


SAME = [
    (
        "{{ a }}",
        "{{a}}",
        "{{-  a -}}",
        "{{ (a) }}",
        "{{ row.a }}",
        '{{ row["a"] }}',
        "{{ row['a'] }}",
        "{# a #}{{ a }}",
    ),
    ("{{ a.b }}", '{{ a["b"] }}', "{{ (a).b }}", "{{ row.a.b }}"),
    ("{{ a | default('x') }}", '{{a|default("x")}}', "{{ (a) | default( 'x' ) }}"),
    ("{{ a == 'x' and (b or c) }}", "{{ (a == 'x') and (b or (c)) }}"),
    ("{{ a and b and c }}", "{{ a and (b and c) }}"),
    ("{{ a ~ '-' ~ b }}", '{{ a ~ ("-" ~ b) }}', "{{ (a ~ '-') ~ b }}"),
    ("{% if a %}x{% else %}y{% endif %}", "{%if (a)%}x{%else%}y{%endif%}"),
    ("{{ shop }}-{{ a }}", "{{ 'Acme' }}-{{ a }}", "{{ shop }}{{ '-' }}{{ a }}".replace("{{ '-' }}", "-")),
    ("{% for x in a %}{{ x }}{% endfor %}", "{%for x in (a)%}{{x}}{%endfor%}"),
    ("{{ a if b else c }}", "{{ (a) if (b) else (c) }}"),
]


@pytest.mark.parametrize("templates", SAME)
def test_what_is_only_spelled_otherwise_has_the_same_tree(tmp_path: Path, templates: tuple[str, ...]) -> None:
    assert len({key(tmp_path, template) for template in templates}) == 1


def test_what_differs_in_meaning_has_another_tree(tmp_path: Path) -> None:
    templates = [same[0] for same in SAME] + [
        "{{ b }}", "{{ a }} ", "{{ a | lower }}", "{{ a | default('y') }}", "{{ a or b or c }}", "{{ a and (b or c) }}",
        "{{ a == 'x' }}", "{{ a != 'x' }}", "{{ a == 1 }}", "{{ a == true }}", "{{ a == '1' }}", "{{ a is defined }}",
        "{{ a is undefined }}", "{{ not a }}", "{{ a in ['x', 'y'] }}", "{{ a in ['y', 'x'] }}", "{{ row['a b'] }}",
        "{% if a %}x{% endif %}", "{% if a %}x{% elif b %}z{% else %}y{% endif %}", "{{ a if c else b }}", "{{ a if b }}",
        "{% for x in a %}{{ row.x }}{% endfor %}", "{% for x in b %}{{ x }}{% endfor %}", "x", "{{ message_id }}",
        "{{ row.message_id }}", "{{ a | replace('x', 'y') }}", "{{ a | replace('y', 'x') }}", "{{ a[0] }}",
    ]  # fmt: skip
    trees = [key(tmp_path, template) for template in templates]
    assert len(set(trees)) == len(templates)


def test_every_filter_has_a_tree(tmp_path: Path) -> None:
    names = sorted(name for name in FILTERS if isinstance(compile_template("{{ a | " + name + " }}"), Template))
    assert len({key(tmp_path, "{{ a | " + name + " }}") for name in names}) == len(names) > 5


def test_a_constant_counts_by_its_value(tmp_path: Path) -> None:
    template = "{{ shop }}-{{ a }}"
    assert key(tmp_path, template) != key(tmp_path, template, "{shop: Other}")
    assert key(tmp_path, template) == key(tmp_path, template, "{shop: Acme, more: 1}")
    looped = "{% for shop in a %}{{ shop }}{% endfor %}"
    assert key(tmp_path, looped, "{other: 1}") == key(tmp_path, looped, "{shop: Acme}")


def test_the_default_address_is_what_it_would_be_written_as(tmp_path: Path) -> None:
    assert to_tree(spec(tmp_path), PLATFORMS["sms"]) == to_tree(spec(tmp_path, "to: '{{ phone }}'"), PLATFORMS["sms"])
    assert to_tree(spec(tmp_path), PLATFORMS["email"]) == to_tree(
        spec(tmp_path, "to: '{{ email }}'"), PLATFORMS["email"]
    )
    assert to_tree(spec(tmp_path), PLATFORMS["sms"]) != to_tree(spec(tmp_path, "country: NL"), PLATFORMS["sms"])
    assert key_tree(spec(tmp_path)) != key_tree(spec(tmp_path, "key: '{{ phone }}'"))
    own = '{receiver: {contacts: [{identifierValue: "{{ mobile }}"}]}, body: {type: text, text: {text: Hi}}}'
    assert to_tree(spec(tmp_path, message=own), PLATFORMS["sms"]) != to_tree(spec(tmp_path), PLATFORMS["sms"])


def test_the_text_digest_is_over_message_constants_and_address(tmp_path: Path) -> None:
    first = text_digest(spec(tmp_path))
    assert len(first) == 16
    assert int(first, 16) >= 0
    for same in (
        spec(tmp_path, "key: '{{ name }}'"),
        spec(tmp_path, message=MESSAGE.replace("{{ name }}", "{{name}}")),
    ):
        assert text_digest(same) == first
    for other in (
        spec(tmp_path, "to: '{{ mobile }}'"),
        spec(tmp_path, variables="{shop: Other}"),
        spec(tmp_path, message=MESSAGE.replace("Hi", "Hello")),
        spec(tmp_path, message=MESSAGE.replace("}}}", "}}, tags: [a]}")),
    ):
        assert text_digest(other) != first


def test_the_text_digest_reads_templates_in_lists_too(tmp_path: Path) -> None:
    def tagged(tag: str) -> str:
        return text_digest(spec(tmp_path, message=MESSAGE.replace("}}}", f"}}}}, tags: [a, '{tag}']}}")))

    assert tagged("{{ name }}") == tagged("{{name}}")
    assert tagged("{{ name }}") != tagged("{{ shop }}")
