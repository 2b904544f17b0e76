"""Values that are used as they are and hardly meant so: one warning for each kind and column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sendspec.composing.compiled_spec import compile_spec
from sendspec.composing.odd_values import MAX_SAMPLED, warn_of_odd_values
from sendspec.composing.platforms.registry import PLATFORMS
from sendspec.diagnostics.diagnostic import Problems, Severity
from sendspec.reading.spec import read_spec
from sendspec.reading.tables.opening import open_table

HEAD = "phone,name,lang\n"


def found(folder: Path, text: str, rows: str, options: str = "", more: str = "") -> list[tuple[Any, ...]]:
    """Each warning as its code, its column and its rows."""
    (folder / "people.csv").write_text(HEAD + rows)
    (folder / "spec.yaml").write_text(
        f"spec: 1\nname: hello\nchannel: sms\nrecipients: {{file: people.csv{options}}}\n{more}"
        f"message:\n  body:\n    type: text\n    text:\n      text: |\n        {text}\n"
    )
    problems = Problems()
    spec = read_spec(str(folder / "spec.yaml"), problems)
    assert spec is not None, list(problems)
    table = open_table(spec, root=folder, override=None, stdin=None, problems=problems, frozen=False)
    assert table is not None
    compiled = compile_spec(spec, table.columns, PLATFORMS["sms"], problems)
    assert compiled is not None, list(problems)
    warn_of_odd_values(compiled, table, problems)
    table.close()
    assert {each.severity for each in problems} <= {Severity.WARNING}
    return [(each.code, each.column, each.rows, each.problem) for each in problems]


@pytest.mark.parametrize(
    ("text", "rows", "expected"),
    [
        ("{{ name }}", "+31612345678, Bo,nl\n+31612345679,Al ,nl\n+31612345670,Cy,nl \n", [("value-spaces", "name", (2, 3))]),
        ("{{ name | trim }}", "+31612345678, Bo ,nl\n", []),
        ("{{ name | default('you') | trim }}", "+31612345678, Bo ,nl\n", []),
        ("{{ name | trim }} {{ name }}", "+31612345678, Bo ,nl\n", [("value-spaces", "name", (2,))]),
        ("{{ row['name'] }}", "+31612345678, Bo ,nl\n", [("value-spaces", "name", (2,))]),
        ("{% if lang == 'nl' %}a{% endif %}", "+31612345678,Bo, nl\n", [("value-spaces", "lang", (2,))]),
        ("{{ name | default('you') }}", "+31612345678,   ,nl\n", []),
        ("{{ name }}", " +31612345678 ,Bo,nl\n", []),
        ("{{ name }}", "+31612345678,NULL,n/a\n+31612345679,Al,-\n+31612345670, NaN ,x\n",
         [("value-filler", "name", (2, 4)), ("value-spaces", "name", (4,))]),
        ("{% if name != 'NULL' %}{{ name }}{% endif %}", "+31612345678,NULL,n/a\n", []),
    ],
)  # fmt: skip
def test_a_value_is_odd_where_the_message_uses_it(
    tmp_path: Path, text: str, rows: str, expected: list[tuple[str, str, tuple[int, ...]]]
) -> None:
    assert [each[:3] for each in found(tmp_path, text, rows)] == expected


def test_rows_that_get_nothing_have_no_odd_values(tmp_path: Path) -> None:
    where = ", where: \"{{ lang == 'nl' }}\""
    rows = "+31612345678, Bo,de\n+31612345679, Al,nl\n+31612345670, Cy,\n"
    assert [each[:3] for each in found(tmp_path, "{{ name }}", rows, where)] == [("value-spaces", "name", (3,))]


def test_a_condition_of_the_list_compares_values_too(tmp_path: Path) -> None:
    where = ", where: \"{{ lang != 'nl' }}\""
    assert [each[:3] for each in found(tmp_path, "Hi", "+31612345678,Bo,nl \n", where)] == [
        ("value-spaces", "lang", (2,))
    ]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (", country: DE", [("phone-invalid", "phone", (2, 3))]),
        ("", []),
        (", country: DE, check: none", []),
    ],
)
def test_national_numbers_that_nobody_has_are_warned_of(
    tmp_path: Path, options: str, expected: list[tuple[str, str, tuple[int, ...]]]
) -> None:
    assert found(tmp_path, "{{ name }}", "07700 900123,Bo,en\n", ", country: GB") == []
    rows = "0171/123,Bo,de\n0900 1234567,Al,de\n0171 1234567,Cy,de\n+49171123,Di,de\nnobody,Ed,de\n"
    assert [each[:3] for each in found(tmp_path, "{{ name }}", rows, options)] == expected


def test_only_the_first_rows_are_looked_at_and_the_warning_says_so(tmp_path: Path) -> None:
    rows = "".join(f"+316{number:08}, Bo,nl\n" for number in range(MAX_SAMPLED + 1))
    [(_, _, lines, problem)] = found(tmp_path, "{{ name }}", rows)
    assert len(lines) == MAX_SAMPLED
    assert problem.endswith("; only the first 1,000 rows were looked at")
    [(_, _, lines, problem)] = found(tmp_path, "{{ name }}", rows.rsplit("\n", 2)[0] + "\n")
    assert problem.endswith("is used with them")
