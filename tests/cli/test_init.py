"""`init`: what it writes, what it leaves alone, and examples that work as they are."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from sendspec.cli.main import run
from sendspec.diagnostics.diagnostic import Problems
from sendspec.operations.scaffold import LINES
from sendspec.operations.scaffold_example import EXAMPLES, PLAIN
from sendspec.reading.project_reader import read_project
from sendspec.reading.schema.validator import load_schema

MODELINE = re.compile(r"# yaml-language-server: \$schema=(\S+)\n")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and ".sendspec" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def printed(capture: pytest.CaptureFixture[bytes], *arguments: str, code: int = 0) -> tuple[str, str]:
    capture.readouterr()
    assert run(["init", *arguments]) == code
    out, err = capture.readouterr()
    return out.decode(), err.decode()


def test_the_ways_to_a_ledger_for_ci_are_named(here: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    printed(capfdbinary)
    for path in ("sendspec.yaml", ".github/workflows/messages.yml"):
        assert "{url: {env: SENDSPEC_LEDGER_URL}}" in (here / path).read_text(encoding="utf-8")
    shown = (here / "sendspec.yaml").read_text(encoding="utf-8").replace("environments: {}\n", "").replace("\n# ", "\n")
    with_ids = re.sub(
        "<the .*?UUID>", "0b0e5c1a-7c1f-4b0e-9d3c-2f7f1c6f8a01", shown.partition("\n")[2].partition("\n")[2]
    )
    for ledger in ("{file: .sendspec/production.db}", "{url: {env: SENDSPEC_LEDGER_URL}}"):
        text = with_ids.replace("{file: .sendspec/production.db}", ledger)
        (here / "sendspec.yaml").write_text(text, encoding="utf-8")
        problems = Problems()
        assert read_project("sendspec.yaml", here, problems) is not None, list(problems)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_works_as_it_is(here: Path, name: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    chosen = [] if name == PLAIN else ["--example", name]
    _, err = printed(capfdbinary, "a shop", *chosen)
    spec = f"a shop/specs/{name}.yaml"
    assert f"sendspec plan '{spec}'\n      sendspec send '{spec}'\n" in err
    for words in (["validate"], ["test"], ["plan"], ["send", "--yes"]):
        assert run([*words, spec]) == 0
        assert "warning" not in capfdbinary.readouterr().err.decode()
    for path in (spec, "a shop/sendspec.yaml"):
        named = MODELINE.match((here / path).read_text(encoding="utf-8"))
        assert named is not None
        assert (here / path).parent.joinpath(named[1]).resolve().is_file()


def test_the_reminder_is_scheduled_ahead(here: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    printed(capfdbinary, "--example", "reminder")
    assert run(["render", "specs/reminder.yaml"]) == 0
    first, second = map(json.loads, capfdbinary.readouterr().out.splitlines())
    assert "scheduledFor" in first
    assert "scheduledFor" not in second


def test_an_example_is_added_to_a_project_and_changes_nothing_in_it(
    here: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (here / "sendspec.yaml").write_text("environments: {}\n", encoding="utf-8")
    (here / "data").mkdir()
    (here / "data" / "orders.csv").write_text("mine\n", encoding="utf-8")
    before = files(here)
    out, _ = printed(capfdbinary, "--example", "orders", "--format", "json")
    document = json.loads(out)
    assert load_schema("init").problems(document) == []
    assert document["files"] == [
        "specs/orders.yaml",
        "schemas/spec.schema.json",
        "schemas/project.schema.json",
        ".gitignore",
    ]
    assert document["left_alone"] == ["data/orders.csv"]
    assert document["next"] == [f"sendspec {word} specs/orders.yaml" for word in ("preview", "plan", "send")]
    assert before.items() <= files(here).items()
    assert "left alone schemas/spec.schema.json" in printed(capfdbinary, "--example", "mms")[0]


@pytest.mark.parametrize("arguments", [[], ["--example", "orders"]])
def test_where_everything_is_there_nothing_is_done(
    here: Path, arguments: list[str], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    printed(capfdbinary, *arguments)
    before = files(here)
    out, _ = printed(capfdbinary, *arguments)
    assert out.startswith("nothing to do: everything is there\nleft alone ")
    assert files(here) == before
    document = json.loads(printed(capfdbinary, *arguments, "--format", "json")[0])
    assert load_schema("init").problems(document) == []
    assert document["files"] == []


def test_a_project_of_the_users_own_gets_no_first_spec(here: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    (here / "sendspec.yaml").write_text("environments: {}\n", encoding="utf-8")
    _, err = printed(capfdbinary, code=2)
    assert "sendspec.yaml is there already" in err
    assert "--example" in err
    assert set(files(here)) == {"sendspec.yaml"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", LINES), ("*.pyc\n", f"*.pyc\n{LINES}"), ("*.pyc", f"*.pyc\n{LINES}"),
        (".sendspec/\n*.pyc\n", ".sendspec/\n*.pyc\n"), ("/.sendspec\n", "/.sendspec\n"),
    ],
)  # fmt: skip
def test_a_gitignore_is_added_to_once(
    here: Path, before: str, after: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (here / ".gitignore").write_text(before, encoding="utf-8")
    out, _ = printed(capfdbinary)
    assert ("wrote .gitignore" in out) is (before != after)
    printed(capfdbinary, "--example", "mms")
    assert (here / ".gitignore").read_text(encoding="utf-8") == after


def test_in_a_folder_of_a_repository_the_workflow_is_at_its_top(
    here: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (here.parent / ".git").mkdir()
    out, _ = printed(capfdbinary)
    assert "wrote ../.github/workflows/messages.yml" in out
    workflow = YAML(typ="safe").load((here.parent / ".github/workflows/messages.yml").read_text(encoding="utf-8"))
    checks = [step for step in workflow["jobs"]["pr-plan"]["steps"] if step.get("run", "").startswith("sendspec")]
    assert [step["working-directory"] for step in checks] == ["here", "here"]
    out, _ = printed(capfdbinary, "${{ x }}")
    assert "messages.yml" not in out


def test_a_project_inside_another_is_said_to_be_its_own(here: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    printed(capfdbinary)
    _, err = printed(capfdbinary, "inner", "--example", "mms")
    assert "note: this project is inside another one (sendspec.yaml)" in err
    assert "sendspec init . --example mms" in err
    assert run(["validate", "inner/specs/mms.yaml"]) == 0


def test_files_with_people_s_data_that_the_docs_name_are_ignored_by_git() -> None:
    """`git add .` of a new project must take no page that shows people's texts."""
    docs = Path(__file__).parents[2]
    text = "\n".join(
        page.read_text("utf-8") for page in (docs / "README.md", *(docs / "docs").rglob("*.md"), *(docs / "docs").rglob("*.py"))
    )  # fmt: skip
    named = set(re.findall(r"--(?:html|rejects|rows) ([\w./-]+\.\w+)", text)) | {"opted-out.csv", "captured.jsonl"}
    patterns = [line.removeprefix("/") for line in LINES.splitlines() if not line.startswith("#")]
    assert len(named) >= 7
    assert [name for name in sorted(named) if not any(fnmatchcase(name, pattern) for pattern in patterns)] == []
    assert not [name for name in ("people.csv", "hello.yaml", "welcome.jsonl", "body.html") if any(fnmatchcase(name, pattern) for pattern in patterns)]  # fmt: skip
