"""`suppress` in a spec and in an environment: a list of files, or a mapping that asks for opt-outs; and what is written wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from sendspec.diagnostics.diagnostic import Problems
from sendspec.reading.project_reader import read_project
from sendspec.reading.spec import read_spec
from sendspec.reading.suppress_setting import OptOutScope, OptOutSetting, wanted_scope

SPEC = """spec: 1
name: hello
channel: sms
recipients: [{phone: "+31612345678"}]
message: {body: {type: text, text: {text: Hi}}}
"""
PROJECT = """environments:
  test:
    api_url: http://127.0.0.1:1
    access_key: {env: TEST_KEY}
    ledger: {file: test.db}
    channels: {}
"""
CHANNEL, ENVIRONMENT = OptOutScope.CHANNEL, OptOutScope.ENVIRONMENT


def spec(folder: Path, line: str) -> tuple[tuple[str, ...], OptOutSetting] | list[str]:
    path = folder / "hello.yaml"
    path.write_text(SPEC + line + "\n")
    problems = Problems()
    read = read_spec(str(path), problems)
    if read is None:
        return [f"{each.code}: {each.fix}" for each in problems]
    return tuple(file.written for file in read.suppress), read.opt_outs


@pytest.mark.parametrize(
    ("line", "files", "setting"),
    [
        ("", (), OptOutSetting()),
        ("suppress: [a.csv, b.txt]", ("a.csv", "b.txt"), OptOutSetting()),
        ("suppress: {}", (), OptOutSetting()),
        ("suppress: {files: [a.csv]}", ("a.csv",), OptOutSetting()),
        ("suppress: {opt_outs: true}", (), OptOutSetting(asked=True)),
        ("suppress: {opt_outs: false}", (), OptOutSetting(asked=False)),
        (
            "suppress: {files: [a.csv], opt_outs: true, scope: channel}",
            ("a.csv",),
            OptOutSetting(asked=True, scope=CHANNEL),
        ),
    ],
)
def test_a_spec_says_which_files_and_whether_opt_outs_count(
    tmp_path: Path, line: str, files: tuple[str, ...], setting: OptOutSetting
) -> None:
    assert spec(tmp_path, line) == (files, setting)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("suppress: out.txt", "wrong-type: write a list: [out.txt]"),
        (
            "suppress: true",
            "wrong-type: name files: [opt-outs.csv]; or write {opt_outs: true} to leave out people who opted out",
        ),
        ("suppress: {files: out.txt}", "wrong-type: write a list: [out.txt]"),
        ("suppress: {csv: [out.txt]}", "unknown-key: write 'files'"),
        ("suppress: {optout: true}", "unknown-key: write 'opt_outs'"),
        ("suppress: {opt_outs: yes}", "wrong-type: write true"),
        ("suppress: {scope: channel}", "missing-key: add `opt_outs: …`"),
        ("suppress: {opt_outs: true, scope: all}", "wrong-value: write one of: environment, channel"),
        (
            "suppress: {opt_outs: {append: a.csv}}",
            "wrong-type: write true here, and `append` in the environment's `suppress`, in sendspec.yaml",
        ),
        ("opt_outs: true", "unknown-key: remove it, and write `suppress: {opt_outs: true}`"),
    ],
)
def test_a_mistake_has_a_fix_of_its_own(tmp_path: Path, line: str, told: str) -> None:
    assert spec(tmp_path, line) == [told]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("[a.csv]", (None, None, None)),
        ("{opt_outs: true, scope: channel}", (True, CHANNEL, None)),
        ("{opt_outs: {append: data/out.csv}}", (True, None, "data/out.csv")),
    ],
)
def test_an_environment_may_name_a_file_for_the_numbers(
    tmp_path: Path, written: str, expected: tuple[object, ...]
) -> None:
    project = read_project(_project(tmp_path, written), tmp_path, Problems())
    assert project is not None
    setting = project.environments["test"].opt_outs
    append = None if setting.append is None else setting.append.written
    assert (setting.asked, setting.scope, append) == expected


@pytest.mark.parametrize(
    "written", ["{opt_outs: {append: ../out.csv}}", "{opt_outs: {append: out.db}}", "{opt_outs: {}}"]
)
def test_that_file_is_a_table_inside_the_project(tmp_path: Path, written: str) -> None:
    problems = Problems()
    read_project(_project(tmp_path, written), tmp_path, problems)
    assert problems.has_errors


def test_opt_outs_beside_suppress_are_told_where_they_belong(tmp_path: Path) -> None:
    path = tmp_path / "sendspec.yaml"
    path.write_text(PROJECT + "    opt_outs: {append: out.csv}\n")
    problems = Problems()
    assert read_project(str(path), tmp_path, problems) is None
    assert [each.fix for each in problems] == ["move it under `suppress`: `suppress: {opt_outs: …}`"]


def _project(folder: Path, suppress: str) -> str:
    path = folder / "sendspec.yaml"
    path.write_text(PROJECT + f"    suppress: {suppress}\n")
    return str(path)


@pytest.mark.parametrize(
    ("settings", "scope"),
    [
        ([], None),
        ([OptOutSetting(), OptOutSetting(asked=False)], None),
        ([OptOutSetting(asked=True)], ENVIRONMENT),
        ([OptOutSetting(asked=True, scope=CHANNEL)], CHANNEL),
        ([OptOutSetting(asked=True, scope=CHANNEL), OptOutSetting(asked=False)], CHANNEL),
        ([OptOutSetting(asked=True, scope=CHANNEL), OptOutSetting(asked=True)], ENVIRONMENT),
    ],
)
def test_of_several_settings_the_one_that_leaves_out_most_people_counts(
    settings: list[OptOutSetting], scope: OptOutScope | None
) -> None:
    assert wanted_scope(*settings) is scope
