"""What is reported of a spec before any row is composed."""

from __future__ import annotations

import pytest
from spec_composer import ANN, BODY, SpecComposer


def test_every_unknown_name_is_told_without_a_row(composer: SpecComposer) -> None:
    """With no rows nothing is ever filled."""
    columns = [{"phone": ANN, "first_name": "Ann"}]
    found = composer(
        'body: {type: text, text: {text: "{{ a }} {{ first_name }} {% if b %}{{ c }}{% endif %}"}}\n  tags: ["{{ d }}"]',
        to='to: "{{ e }}", key: "{{ f }}", where: "{{ g == 1 }}"',
        rows=columns,
    )
    assert found == []
    named = [problem.problem.split("'")[1] for problem in composer.problems]
    assert sorted(named) == ["a", "b", "c", "d", "e", "f", "g"]
    assert {problem.row_count for problem in composer.problems} == {0}


def test_a_fault_in_a_template_is_told_with_those_of_the_others(composer: SpecComposer) -> None:
    assert composer.codes('body: {type: text, text: {text: "{{ a.b() }} x"}}\n  tags: ["{{ c | nope }}", "{{ d }}"]') == [
        "template-forbidden", "unknown-filter", "unknown-name",
    ]  # fmt: skip


@pytest.mark.parametrize("place", ["to", "key", "where"])
def test_the_id_is_not_known_while_it_is_made(composer: SpecComposer, place: str) -> None:
    assert composer.codes(to=f"{place}: \"{{{{ message_id ~ 'x' }}}}\"") == ["unknown-name"]


def test_a_constant_may_be_used_and_may_hide_nothing(composer: SpecComposer) -> None:
    assert (
        composer.payload(BODY.replace("first_name", "shop"), more="vars: {shop: Acme}")["body"]["text"]["text"]
        == "Hi Acme"
    )
    for name in ("first_name", "row", "omit", "message_id", "generation"):
        assert composer.codes(more=f"vars: {{{name}: x}}") == ["name-clash"]


def test_a_column_may_be_called_like_what_is_built_in_and_is_reached_through_row(composer: SpecComposer) -> None:
    rows = [{"phone": ANN, "generation": "7", "first_name": "Ann"}]
    assert composer.codes(BODY.replace("first_name", "generation"), rows=rows) == ["name-clash"]
    assert composer.one(BODY.replace("first_name", "row['generation']"), rows=rows).text == "Hi 7"
