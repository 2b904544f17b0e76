"""A message's text in pieces: exactly the text, and nothing that a recipient's value is part of is taken for the spec's own."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import strategies as st
from long_rows import holds_for
from sendspec.composing.compiled_spec import CompiledSpec, compile_spec
from sendspec.composing.compose_settings import ComposeSettings
from sendspec.composing.composer import Composer
from sendspec.composing.filled_text import NOT_ONE_TEMPLATE, FilledPiece, filled_text, shape_pieces
from sendspec.composing.message import Message
from sendspec.composing.payload_text import text_of
from sendspec.composing.platforms.registry import PLATFORMS
from sendspec.composing.shape_payload import shape_payload
from sendspec.diagnostics.diagnostic import Problems
from sendspec.reading.limits import Limits
from sendspec.reading.schema.validator import load_schema
from sendspec.reading.spec import InlineRecipients, read_spec
from sendspec.reading.tables.inline_table import InlineTable

MARK_BY_COLUMN = {"name": "Ξ", "other": "Ψ", "First Name": "Ж", "items": "Ю", "place": "Я"}
"""A sign that is in every value of the column, and in no template."""
PARTS = [
    "Hi {{ name }}", "{{ name }}{{ other }}", " {{ name | upper }}, {{ shop }}", "{{ row['First Name'] | trim }}", "{{ row.other }}!",
    "{% if flag == 'y' %}yes {{ name }}{% elif other == 'Ψ' %}{{ other }}{% else %}no{% endif %}", "{{ name | default('friend') }}",
    "{{ name | default(other) | default('nobody') }}", "{{ 'a' if flag == 'y' else 'b' ~ name }}", "{{ ('Dear ' ~ name ~ '!') if flag == 'y' else shop ~ '.' }}",
    "{{ 'x' ~ (name ~ ' ' ~ other) ~ shop ~ 'y' }}", "{{ ('Dear ' ~ name) | upper }}", "{% for each in items %}, {{ each }}{{ shop }}{{ other ~ each }}{% endfor %}",
    "{% for each in ['a', 'b'] %}{{ each }}{{ name if each == 'a' else shop }}{% else %}none{% endfor %}", "{{ place.city }}{{ items[0] }}",
    "{{ name | replace('Ξ', 'Ψ') }}", "{{ items | join(', ') }}", "{{ items | length }}", "{{ name == 'Ξ' }}", "{{ 12.50 }}{{ true }}", "{{ generation }} {{ message_id }}",
    "{{ name | default('a\u0301\u200d') }}\r\n", "100 % \\ {{ '{{' }}", "{# nothing #}{{ name }}{# #}", "{{- name -}} . ", "🙂{{ flag }}",
]  # fmt: skip


def values(mark: str) -> st.SearchStrategy[str]:
    """Texts with the mark in them: quotes, line ends, half of an emoji's sequence, what reads like a template."""
    return st.sampled_from(["", "{{ shop }}", "\n", " ", "'\"", "\u200d", "é", "<b>&amp;", "x" * 40]).map(
        lambda text: text + mark
    )


ROWS = st.fixed_dictionaries(
    {"flag": st.sampled_from(["y", "n"]), "First Name": values("Ж"), "place": st.just({"city": "Я"})}
    | {"items": st.lists(values("Ю"), min_size=1, max_size=3)},
    optional={"name": values("Ξ"), "other": values("Ψ")},
)


def composed(
    body: dict[str, Any], row: dict[str, Any], platform: str = "sms"
) -> tuple[CompiledSpec, dict[str, object], Message] | None:
    """The spec, the row's values and its message; None if one of them is faulty."""
    spec = {
        "spec": 1, "name": "hello", "channel": "sms", "vars": {"shop": "The \"Shop\"", "kind": "text"},
        "recipients": [{"phone": "+447700900001", **row}], "message": {"body": body},
    }  # fmt: skip
    problems = Problems()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "spec.yaml"
        path.write_text(json.dumps(spec, ensure_ascii=False), encoding="utf-8")
        read = read_spec(str(path), problems)
    assert read is not None, [each.problem for each in problems]
    assert isinstance(read.recipients, InlineRecipients)
    table = InlineTable(read.document, [((*read.recipients.at, 0), read.recipients.rows[0])])
    columns = (*MARK_BY_COLUMN, "flag", "phone")
    program = compile_spec(read, columns, PLATFORMS[platform], problems)
    if program is None:
        return None
    setting = ComposeSettings(platform=PLATFORMS[platform], salt=b"s" * 16, limits=Limits())
    rules = PLATFORMS[platform].rules
    composer = Composer(program, table, setting, load_schema("message"), rules, problems)
    [only] = table.rows(problems)
    message = composer.compose(only)
    return (program, dict(only.values), message) if isinstance(message, Message) else None


@holds_for(40, 600, st.lists(st.sampled_from(PARTS), min_size=1, max_size=4).map("".join), ROWS)
def test_the_pieces_are_the_text_and_each_value_is_in_a_filled_one(template: str, row: dict[str, Any]) -> None:
    """Law: joined, the pieces are the text; a value's mark is only in filled pieces, which name its column.

    Without values, the same shape has no mark at all, and its pieces are its text, too.
    """
    made = composed({"type": "text", "text": {"text": template}}, row)
    if made is None:
        return
    pieces = filled_text(made[0], made[1], made[2])
    assert "".join(piece.text for piece in pieces) == made[2].text
    assert not any(piece.why for piece in pieces)
    assert all(piece.text for piece in pieces)
    for piece in pieces:
        assert not piece.columns or piece.is_filled
        for column, mark in MARK_BY_COLUMN.items():
            if mark in piece.text and mark not in template:
                assert column in piece.columns
    program, taken = made[0], made[2].alternatives
    shape = "".join(piece.text for piece in shape_pieces(program, taken))
    assert shape == (text_of(shape_payload(program, taken)) or "")
    assert not any(mark in shape for mark in MARK_BY_COLUMN.values() if mark not in template)


def test_a_joined_expression_is_split_and_a_filter_over_it_is_not() -> None:
    made = composed(
        {"type": "text", "text": {"text": "{{ 'Dear ' ~ name ~ ', ' ~ shop }}|{{ ('Dear ' ~ name) | upper }}"}},
        {"name": "Zoë"},
    )
    assert made is not None
    assert filled_text(*made) == (
        FilledPiece("Dear "),
        FilledPiece("Zoë", is_filled=True, columns=("name",)),
        FilledPiece(', The "Shop"|'),
        FilledPiece("DEAR ZOË", is_filled=True, columns=("name",)),
    )


@pytest.mark.parametrize(
    ("template", "row", "pieces"),
    [
        ("Hi {{ name | default('friend') }}.", {}, [("Hi friend.", None)]),
        ("{{ name | default(other) }}", {"other": "B"}, [("B", ("other",))]),
        ("{% for each in items %}{{ each }};{% endfor %}", {"items": ["a"]}, [("a", ("items",)), (";", None)]),
        ("{% for each in ['a'] %}{{ each }};{% endfor %}", {}, [("a;", None)]),
        ("{{ place.city }} {{ row['First Name'] }}", {"First Name": "Al", "place": {"city": "Ur"}},
         [("Ur", ("place",)), (" ", None), ("Al", ("First Name",))]),
        ("{{ 'A' if name == 'x' else 'B' }}", {"name": "x"}, [("A", None)]),
    ],
)  # fmt: skip
def test_pieces_name_the_columns_that_were_written(
    template: str, row: dict[str, Any], pieces: list[tuple[str, tuple[str, ...] | None]]
) -> None:
    made = composed({"type": "text", "text": {"text": template}}, row)
    assert made is not None
    found = filled_text(*made)
    assert [(piece.text, piece.columns if piece.is_filled else None) for piece in found] == pieces


def test_an_id_is_filled_in_without_a_column() -> None:
    made = composed({"type": "text", "text": {"text": "Ref {{ message_id }}"}}, {})
    assert made is not None
    assert [(piece.is_filled, piece.columns) for piece in filled_text(*made)] == [(False, ()), (True, ())]


def test_a_text_that_is_not_one_template_is_one_piece_and_says_why() -> None:
    made = composed({"type": "{{ kind }}", "text": {"text": "Hi {{ name }}"}}, {"name": "Al"})
    assert made is not None
    assert filled_text(*made) == (FilledPiece("Hi Al", is_filled=True, why=NOT_ONE_TEMPLATE),)
    own = composed({"type": "text", "text": {"text": "The same for all"}}, {})
    assert own is not None
    assert filled_text(*own) == (FilledPiece("The same for all"),)
