"""Faults of rows that are known from an earlier row: reported as if each row were composed alone."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import closing
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from project_dir import CHANNEL, WORKSPACE, ProjectDir
from sendspec.composing.block_result import FILTERED
from sendspec.composing.eligibility import Eligibility
from sendspec.composing.row_faults import MAX_ROWS
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.operations.composed_blocks import Thresholds, composed_blocks
from sendspec.operations.offline_plan import open_jobs
from sendspec.operations.send_job import Job
from sendspec.operations.system import real_system

HEAD = "spec: 1\nname: hello\n"
TEXT = "message:\n  body: {type: text, text: {text: "
HI = TEXT + '"Hi {{ name }}"}}\n'
FILE = "recipients: {file: people.csv, to: '{{ phone }}'"
SPECS = {
    "tuned": FILE + "}\n" + HI + '  tags: ["{{ tag }}"]\n  validity: "{{ ttl | int }}"\n',
    "a key": FILE + ", key: '{{ code }}'}\n" + HI + "limits: {segments: 1}\n",
    "a key that is also shown": FILE + ", key: '{{ code }}'}\n" + TEXT + '"{{ name }}: {{ code }}"}}\n',
    "a column twice": FILE
    + "}\n"
    + TEXT
    + '"{{ name }} {{ tag }} {{ name }}"}}\n  tags: ["{{ name }}", "{{ tag }}"]\n',
    "the address in the text": FILE + "}\n" + TEXT + '"{{ phone }} of {{ name }}"}}\nlimits: {segments: 1}\n',
    "where": FILE + ", where: \"{{ tag == 'a' }}\"}\n" + HI,
    "where on a shown column": FILE + ", where: \"{{ name != 'b' }}\"}\n" + HI,
    "a condition": FILE
    + "}\n"
    + TEXT
    + "\"{% if tag == 'a' %}{{ name }}{% else %}{{ code }}{% endif %} {{ code }}\"}}\n",
    "one or the other": FILE + "}\n" + TEXT + "\"{{ name if tag == 'a' else code }} if {{ tag }}\"}}\n",
    "defaults": FILE + "}\n" + TEXT + "\"{{ name | default('you') }} {{ code }} {{ name }}\"}}\n",
    "filters": FILE + "}\n" + TEXT + '"{{ name | upper }} {{ ttl | int }} {{ code | truncate(5) }}"}}\n',
    "brackets": FILE + "}\n" + TEXT + "\"{{ row['name'] }} {{ row.code }} {{ name }}\"}}\n",
    "a variable": "vars: {shop: Shop}\n" + FILE + "}\n" + TEXT + "\"{{ shop }} {{ row['name'] }} {{ tag }}\"}}\n",
    "e-mail": "channel: mail\n"
    + FILE
    + "}\nmessage:\n  body: {type: html, html: {html: '{{ name }}', text: '{{ name }}', metadata: {subject: Hello}}}\n",
    "an id": FILE + "}\n" + TEXT + '"{{ name }} {{ message_id }}"}}\n',
    "its own reference": FILE + "}\n" + HI + '  reference: "{{ code }}"\n',
    "Dutch numbers": FILE + ", country: NL}\n" + HI,
    "an address of two": "recipients: {file: people.csv, to: '+31{{ code }}'}\n" + HI,
    "a filtered address": "recipients: {file: people.csv, to: \"{{ phone | replace('/', '') }}\"}\n" + HI,
}
COLUMNS = ("name", "phone", "code", "tag", "ttl")
GOOD = ("Ann", "+31612345678", "A1", "a", "3600")
HOSTILE = {
    "name": ["", " ", "Bob", "b", "#N/A", "Total", "😀", "x" * 200, "nobody", "{{ x }}", "=1+1"],
    "phone": ["", "0612", "0613", "-", "n/a", "#N/A", "###", "#n/a", "Ann@Example.com", "0612345678", "+31201234567", "+316123", "nobody", "nobody" * 40, "a;b", "+31O612345678", "+31612345678999", "1,5E+9", "+31612345679"],
    "code": ["", "#REF!", "A2", "612345678", "+31612345678", "y" * 300],
    "tag": ["", "b", "#N/A", "z" * 300, "a"],
    "ttl": ["", "1,50", "x", "-1", "99999999999", "3.5"],
}  # fmt: skip
Cells = tuple[str, ...]


def with_cell(column: str, cell: str, row: Cells = GOOD) -> Cells:
    return tuple(cell if name == column else usual for name, usual in zip(COLUMNS, row, strict=True))


ONE_FAULT = [with_cell(column, cell) for column, cells in HOSTILE.items() for cell in cells]
TWO_FAULTS = [with_cell("phone", cell, row) for cell, row in product(("", "0612", "#N/A"), ONE_FAULT)]
CROSSED = [
    (name, phone, code, tag, GOOD[-1])
    for phone, name, code, tag in product((GOOD[1], "", "0612"), ("Ann", ""), ("A1", ""), ("a", "b", ""))
]
EVERY_FAULT = [*ONE_FAULT, *TWO_FAULTS, *CROSSED]
ROWS = st.sampled_from([GOOD, *EVERY_FAULT]) | st.tuples(
    *(st.sampled_from([GOOD[number], GOOD[number], *HOSTILE[name]]) for number, name in enumerate(COLUMNS))
)


PROJECT = f"""environments:
  test:
    api_url: http://127.0.0.1:9
    access_key: {{env: TEST_KEY}}
    ledger: {{file: .sendspec/test.db}}
    channels:
      sms: {{workspace: {WORKSPACE}, channel: {CHANNEL}, platform: sms}}
      mail: {{workspace: {WORKSPACE}, channel: {CHANNEL}, platform: email}}
"""


@pytest.fixture
def set_up(project: ProjectDir, monkeypatch: pytest.MonkeyPatch) -> ProjectDir:
    for name, value in project.environ.items():
        monkeypatch.setenv(name, value)
    project.write("sendspec.yaml", PROJECT)
    return project


def opened(project: ProjectDir, spec: str, rows: Sequence[Cells]) -> Job:
    with (project.folder / "people.csv").open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([COLUMNS, *rows])
    project.write("hello.yaml", HEAD + spec if spec.startswith("channel:") else f"{HEAD}channel: sms\n{spec}")
    problems = Problems()
    _, jobs = open_jobs((str(project.folder / "hello.yaml"),), "test", None, problems, real_system("test"))
    assert jobs, list(problems)
    return jobs[0]


def composed(job: Job, *, generate: int) -> tuple[list[int], list[Diagnostic]]:
    """The lines of the rejected rows, and the faults."""
    problems = Problems()
    with closing(composed_blocks(job, Eligibility(), problems, 1, Thresholds(generate=generate))) as blocks:
        found = [
            line
            for block in blocks
            for index, line in enumerate(block.lines)
            if block.others.get(index, FILTERED) is None
        ]
    return found, list(problems)


def assert_same(project: ProjectDir, spec: str, rows: Sequence[Cells]) -> list[Diagnostic]:
    """All diagnostics, with their texts, order, rows and counts. What is shown, in any form, is made of them."""
    job = opened(project, spec, rows)
    alone = composed(job, generate=10**9)
    assert composed(job, generate=1) == alone
    return alone[1]


@given(spec=st.sampled_from(sorted(SPECS)), rows=st.lists(ROWS, min_size=1, max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
def test_faults_known_from_an_earlier_row_are_those_of_the_row_alone(
    set_up: ProjectDir, spec: str, rows: list[Cells]
) -> None:
    """Law: whatever the cells, all diagnostics are those of composing every row alone."""
    assert_same(set_up, SPECS[spec], rows)


@pytest.mark.parametrize("spec", SPECS)
def test_each_fault_alone_and_beside_a_bad_address_is_reported_the_same_again(set_up: ProjectDir, spec: str) -> None:
    assert_same(set_up, SPECS[spec], [*EVERY_FAULT, GOOD, *EVERY_FAULT, *reversed(EVERY_FAULT)])


@pytest.mark.parametrize("spec", ["tuned", "where on a shown column"])
def test_behind_the_rows_that_are_looked_at_to_their_end_only_the_first_fault_counts(
    set_up: ProjectDir, spec: str
) -> None:
    many = [with_cell("phone", "0612"), with_cell("name", "")] * MAX_ROWS
    found = assert_same(set_up, SPECS[spec], [*EVERY_FAULT[::2], *many, *EVERY_FAULT, *reversed(EVERY_FAULT)])
    assert any(each.at_least for each in found)
    assert max(each.row_count for each in found) > MAX_ROWS


@pytest.mark.parametrize("spec", ["a condition", "one or the other"])
def test_a_column_that_only_some_rows_show_is_looked_at_in_each(set_up: ProjectDir, spec: str) -> None:
    shown, not_shown = ("", "0612", "A1", "a", "1"), ("", "0612", "A1", "b", "1")
    assert_same(set_up, SPECS[spec], [shown, shown, not_shown, not_shown, GOOD])
