"""Characters that were lost on the way are warned of, where somebody would read what is left."""

from __future__ import annotations

import pytest
from project_dir import ProjectDir
from sendspec import check, plan
from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.operations.lost_character import CODE, MOST_ROWS

SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv}
message:
  body: {type: text, text: {text: "Hi {{ name }}, {{ row['Last Name'] }}"}}
"""


def warnings_of(project: ProjectDir, rows: list[str], spec: str = SPEC) -> list[Diagnostic]:
    project.write("hello.yaml", spec)
    numbered = [f"+4477009{n:05d},{row}\n" for n, row in enumerate(rows)]
    project.write("people.csv", "phone,name,Last Name,unused\n" + "".join(numbered))
    checked = check([project.folder / "hello.yaml"]).diagnostics
    planned = plan([project.folder / "hello.yaml"]).warnings
    found = [[each for each in some if each.code == CODE] for some in (checked, planned)]
    assert found[0] == found[1]
    assert all(each.severity is Severity.WARNING for each in found[0])
    return found[0]


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("Y?ld?z", "`?` within a word"), ("A Jo??o B", "`?` within a word"), ("Zo\ufffd", "U+FFFD"),
        ("really?", None), ("what? no", None), ("?", None), ("3?4", None), ("a_?_b", None),
        ("https://x.example/a?b", None), ("x.example/a?b", None), ("a?b=c", None), ("www.x.example?a", None),
    ],
)  # fmt: skip
def test_a_lost_character_in_a_value_is_warned_of(project_dir: ProjectDir, value: str, what: str | None) -> None:
    found = warnings_of(project_dir, ["Ann,x,Y?ld?z", f"Ann,{value},x", f"{value},x,x", f"Ann,{value},x"])
    problems = [(each.problem, each.span.start.line, each.rows) for each in found]
    assert problems == (
        []
        if what is None
        else [
            (f"{what} in column 'Last Name' looks like a lost character", 3, (3, 5)),
            (f"{what} in column 'name' looks like a lost character", 4, (4,)),
        ]
    )


def test_one_in_the_spec_s_own_text_is_shown_there(project_dir: ProjectDir) -> None:
    [found] = warnings_of(project_dir, ["Ann,x,x"], SPEC.replace("Hi", "H\ufffd"))
    assert (found.path.endswith("hello.yaml"), found.span.start.line) == (True, 6)
    assert warnings_of(project_dir, ["Ann,x,x"], SPEC.replace("Hi", "H?i")) == []


def test_the_first_rows_are_looked_at(project_dir: ProjectDir) -> None:
    rows = ["Ann,x,x"] * MOST_ROWS
    assert warnings_of(project_dir, [*rows, "Y?ld?z,x,x"]) == []
    [found] = warnings_of(project_dir, [*rows[1:], "Y?ld?z,x,x", "Y?ld?z,x,x"])
    assert found.rows == (MOST_ROWS + 1,)
