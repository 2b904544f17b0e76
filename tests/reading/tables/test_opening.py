"""Where the rows of a spec come from: a file, the command line, standard input, the spec itself."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from sendspec.diagnostics.diagnostic import Problems
from sendspec.reading.spec import read_spec
from sendspec.reading.tables.opening import open_table
from sendspec.reading.tables.row import Row
from table_files import opened, spec_with


def by_name(rows: Iterable[Row]) -> list[Row]:
    """Each row with its values by name, whatever kind of table it is from."""
    return [Row(row.line, row.values) for row in rows]


def test_a_list_in_the_spec_is_a_table_whose_places_are_the_specs(tmp_path: Path) -> None:
    spec = spec_with(
        tmp_path,
        'recipients:\n  - {phone: "+31612345678", first_name: Robert}\n  - phone: "+31612345679"\n    age: 3\n',
    )
    problems = Problems()
    table = open_table(spec, root=tmp_path, override=None, stdin=None, problems=problems)
    assert table is not None
    assert table.path == spec.path
    assert table.columns == ("phone", "first_name", "age")
    assert by_name(table.rows(problems)) == [
        Row(5, {"phone": "+31612345678", "first_name": "Robert"}),
        Row(6, {"phone": "+31612345679", "age": 3}),
    ]
    assert (table.locate(7 - 1, "age")[0].start.line, table.locate(6, "age")[0].start.column) == (7, 10)
    assert "+31612345678" not in table.locate(5, "phone")[1]


def test_rows_on_one_line_of_a_spec_are_shown_together(tmp_path: Path) -> None:
    spec = spec_with(tmp_path, 'recipients: {list: [{phone: "1"}, {phone: "2"}]}')
    table = open_table(spec, root=tmp_path, override=None, stdin=None, problems=Problems())
    assert table is not None
    span, _ = table.locate(4, "phone")
    assert (span.start.column, span.end.column) == (29, 46)


def test_an_empty_list_is_refused_at_its_key(tmp_path: Path) -> None:
    problems = Problems()
    spec = spec_with(tmp_path, "recipients: []")
    assert open_table(spec, root=tmp_path, override=None, stdin=None, problems=problems) is None
    assert [(d.code, d.span.start.line) for d in problems] == [("no-rows", 4)]


def test_a_message_that_names_its_receiver_is_a_table_of_one_row_without_columns(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_text(
        "spec: 1\nname: one\nchannel: sms\nmessage:\n"
        "  receiver: {contacts: [{identifierValue: '+31612345678'}]}\n  body: {type: text, text: {text: Hi}}\n"
    )
    problems = Problems()
    spec = read_spec(str(path), problems)
    assert spec is not None, list(problems)
    table = open_table(spec, root=tmp_path, override=None, stdin=None, problems=problems)
    assert table is not None
    assert by_name(table.rows(problems)) == [Row(5, {})]


@pytest.mark.parametrize(
    ("sent", "name"), [("phone,name\n1,a\n2,b\n", "name"), ('{"phone": "1", "name": "a"}\n{"phone": "2"}\n', "name")]
)
def test_standard_input_can_be_read_twice(tmp_path: Path, sent: str, name: str) -> None:
    problems = Problems()
    spec = spec_with(tmp_path, 'recipients: {file: "-"}')
    table = open_table(spec, root=tmp_path, override=None, stdin=io.BytesIO(sent.encode()), problems=problems)
    assert table is not None
    assert table.path == "-"
    assert [row.values["phone"] for row in table.rows(problems)] == ["1", "2"]
    assert [row.values["phone"] for row in table.rows(problems)] == ["1", "2"]
    table.close()


def descriptors() -> set[int]:
    """The open descriptors of this process."""
    found = set()
    for entry in Path("/dev/fd").iterdir():
        with contextlib.suppress(OSError):  # the one that listed them
            os.fstat(int(entry.name))
            found.add(int(entry.name))
    return found


def test_standard_input_is_kept_where_nobody_else_can_read_it(tmp_path: Path) -> None:
    spec = spec_with(tmp_path, 'recipients: {file: "-"}')
    before = descriptors()
    table = open_table(spec, root=tmp_path, override=None, stdin=io.BytesIO(b"phone\n1\n"), problems=Problems())
    assert table is not None
    (descriptor,) = descriptors() - before
    status = os.fstat(descriptor)
    assert (status.st_nlink, status.st_mode & 0o777) == (0, 0o600)
    table.close()
    assert descriptors() == before


def test_a_file_on_the_command_line_replaces_the_specs_and_may_lie_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "others.csv").write_text("phone\n9\n")
    spec = spec_with(project, "recipients: {file: missing.csv}")
    monkeypatch.chdir(project)
    problems = Problems()
    for name in ("../others.csv", str(tmp_path / "others.csv")):
        table = open_table(spec, root=project, override=name, stdin=None, problems=problems)
        assert table is not None
        assert table.path == name
        assert [row.values["phone"] for row in table.rows(problems)] == ["9"]
    (project / "p.tsv").write_text("phone\tname\n9\ta\n")
    semicolons = spec_with(project, "recipients: {file: missing.csv, delimiter: ';'}")
    table = open_table(semicolons, root=project, override="p.tsv", stdin=None, problems=problems)
    assert table is not None
    assert table.columns == ("phone", "name")
    assert open_table(spec, root=project, override="none.csv", stdin=None, problems=problems) is None
    assert [(d.code, d.path) for d in problems] == [("file-missing", "none.csv")]


def test_standard_input_on_the_command_line_replaces_a_list(tmp_path: Path) -> None:
    spec = spec_with(tmp_path, 'recipients: [{phone: "1"}]')
    table = open_table(spec, root=tmp_path, override="-", stdin=io.BytesIO(b"phone\n7\n"), problems=Problems())
    assert table is not None
    assert [row.values["phone"] for row in table.rows(Problems())] == ["7"]


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("people.xlsx", "export the sheet as CSV"),
        ("people.json", "write one object on each line"),
        ("people", "name a .csv, .tsv, .jsonl or .ndjson file"),
    ],
)
def test_another_ending_is_refused_in_the_spec(tmp_path: Path, name: str, fix: str) -> None:
    table, problems = opened(tmp_path, "phone\n1\n", name)
    assert table is None
    (problem,) = problems
    assert (problem.code, problem.path) == ("unknown-table-format", str(tmp_path / "hello.yaml"))
    assert (problem.span.start.line, problem.span.start.column) == (5, 9)
    assert problem.fix.startswith(fix)
