"""`status`: whom its lists name, what it says of specs that were never sent, and which command comes next."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from markdown_pages import assert_inert, rendered
from project_dir import ProjectDir
from sendspec.cli.main import run
from sendspec.reading.schema.validator import load_schema
from sendspec.sandbox.api import Sandbox
from sendspec.sandbox.fault import parse_fault
from sendspec.sandbox.server import serving
from sendspec.sandbox.store import Store

SPEC = """spec: 1
name: {name}
channel: sms
recipients: {{file: {name}.csv, key: "{{{{ order_id }}}}"}}
message: {{body: {{type: text, text: {{text: "Hi {{{{ first_name }}}}"}}}}}}
"""
PEOPLE = "phone,first_name,order_id,id\n+447700900001,=Ada,A1001,7\n+447700900002,Grace,A1002,8\n"
KEYS = {"plain": "{{ phone }}", "mixed": "{{ phone }}-{{ order_id }}"}
"""Keys that hold the address, by spec; the other specs have the order for one."""
SENT = {"done": 0, "plain": 0, "mixed": 0, "refused": 3, "doubtful": 4, "stopped": 5}
"""The specs that were sent, each with the exit code of its send."""


@dataclass(frozen=True)
class Shop:
    folder: Path
    capture: pytest.CaptureFixture[bytes]

    def said(self, *arguments: str) -> tuple[str, str]:
        """What a `status` that succeeds prints."""
        assert run(["status", *arguments]) == 0
        out, err = self.capture.readouterr()
        return out.decode(), err.decode()

    def listed(self, *arguments: str) -> Any:
        document = json.loads(self.said(*arguments, "--format", "json")[0])
        assert load_schema("status").problems(document) == []
        return document

    def table(self, *arguments: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.said(*arguments, "--format", "csv")[0])))


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project after its sends: all accepted, all refused, all in doubt, and one that the API stopped."""
    folder = tmp_path_factory.mktemp("shop")
    store = Store(None)
    faults = [parse_fault("422:from=7,to=8"), parse_fault("drop-after:from=9,to=10"), parse_fault("401:from=11,to=12")]
    with pytest.MonkeyPatch.context() as patch, serving(Sandbox(store, time.time, faults=faults)) as url:
        patch.chdir(folder)
        patch.delenv("CI", raising=False)
        patch.setenv("SENDSPEC_SANDBOX_URL", url)
        for name, code in SENT.items():
            text = SPEC.format(name=name).replace("{{ order_id }}", KEYS.get(name, "{{ order_id }}"))
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
            (folder / f"{name}.csv").write_text(PEOPLE, encoding="utf-8")
            assert run(["send", f"{name}.yaml", "--yes", "-q"]) == code
    store.close()
    return folder


@pytest.fixture
def shop(sent: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Iterator[Shop]:
    """The same project at every test, whatever the last one made of its tables."""
    monkeypatch.chdir(sent)
    monkeypatch.delenv("CI", raising=False)
    capfdbinary.readouterr()
    before = {path: path.read_text(encoding="utf-8") for path in sent.glob("*.[cy]*")}
    yield Shop(sent, capfdbinary)
    for path in sent.glob("*.[cy]*"):
        path.unlink()
    for path, text in before.items():
        path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("flag", "name", "why"),
    [("--failed", "refused", "422"), ("--in-doubt", "doubtful", ""), ("--not-sent", "stopped", "")],
)
def test_a_list_names_people_as_the_table_does(shop: Shop, flag: str, name: str, why: str) -> None:
    out, _ = shop.said(f"{name}.yaml", flag)
    assert f"{name}.csv:2 (order_id A1001)" in out
    assert f"{name}.csv:3 (order_id A1002)" in out
    assert "7700900001" not in out
    [first, second] = shop.listed(name, flag)["messages"]
    assert first["row"] == {
        "table": f"{name}.csv", "row": 1, "line": 2, "key": {"column": "order_id", "value": "A1001"},
    }  # fmt: skip
    assert (first["in_table"], second["row"]["row"]) == (True, 2)
    assert why in (first["evidence"] or "")
    assert [row["key"] for row in shop.table(f"{name}.yaml", flag)] == ["A1001", "A1002"]


def test_without_a_spec_the_tables_of_all_are_found(shop: Shop) -> None:
    listed = shop.listed("--messages")["messages"]
    assert sorted(message["row"]["table"] for message in listed) == sorted(2 * [f"{name}.csv" for name in SENT])


def test_who_is_no_longer_in_the_table_is_said_to_be_gone(shop: Shop) -> None:
    (shop.folder / "refused.csv").write_text("\n".join(PEOPLE.splitlines()[:2]) + "\n", encoding="utf-8")
    out, err = shop.said("refused", "--failed")
    assert "refused.csv:2 (order_id A1001)" in out
    assert out.count("gone from the table") == 1
    assert "note" not in err
    assert [message["in_table"] for message in shop.listed("refused", "--failed")["messages"]] == [True, False]
    assert [row["in_table"] for row in shop.table("refused", "--failed")] == ["true", "false"]


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("refused.csv", None, "refused.yaml:4: there is no file 'refused.csv'"),
        ("refused.csv", "phone\n+447700900001,x\n", "refused.yaml:4: no recipient column"),
        ("refused.yaml", None, "refused.yaml is gone"),
        ("refused.yaml", SPEC.format(name="renamed"), "refused.yaml is the spec 'renamed' now"),
        ("refused.yaml", "spec: 1\n", "refused.yaml:1: "),
        ("refused.yaml", SPEC.format(name="refused").replace("refused.csv", "'-'"), "name their file with --recipients"),
    ],
)  # fmt: skip
def test_a_table_that_can_not_be_read_is_said_and_fails_nothing(
    shop: Shop, file: str, text: str | None, words: str
) -> None:
    (shop.folder / file).unlink()
    if text is not None:
        (shop.folder / file).write_text(text, encoding="utf-8")
    out, err = shop.said("--failed")
    assert words in err
    assert "in the table" not in out
    assert [message["in_table"] for message in shop.listed("--failed")["messages"]] == [None, None]


def test_a_row_that_can_not_be_read_could_be_anybody(shop: Shop) -> None:
    (shop.folder / "refused.csv").write_text(PEOPLE.replace("+447700900002", "nobody"), encoding="utf-8")
    assert [message["in_table"] for message in shop.listed("refused", "--failed")["messages"]] == [True, None]


def test_another_table_can_be_named(shop: Shop) -> None:
    (shop.folder / "other.csv").write_text(PEOPLE.replace("A1002", "A1003"), encoding="utf-8")
    listed = shop.listed("refused", "--failed", "--recipients", "other.csv")["messages"]
    assert [message["in_table"] for message in listed] == [True, False]
    assert listed[0]["row"]["table"] == "other.csv"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("plain", {"column": "phone", "value": "+44••••••01"}),
        ("mixed", {"column": None, "value": "+44••••••••01-A1001"}),
    ],
)
def test_a_key_that_holds_the_address_is_masked(shop: Shop, name: str, key: dict[str, str | None]) -> None:
    first, second = shop.listed(name, "--messages")["messages"]
    assert first["row"]["key"] == key
    assert second["in_table"] is True
    out, _ = shop.said(name, "--messages")
    assert "7700900001" not in out
    assert f"{name}.csv:2" in out


def test_ci_is_told_the_row_and_not_the_key(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    assert "refused.csv:2  " in shop.said("refused", "--failed")[0]
    listed = shop.listed("refused", "--failed")["messages"]
    assert [(message["row"]["line"], message["row"]["key"]) for message in listed] == [(2, None), (3, None)]
    assert [row["key"] for row in shop.table("refused", "--failed")] == ["", ""]
    assert run(["status", "--failed", "--format", "csv", "--columns", "all"]) == 2


def test_columns_of_the_table_are_added_on_request(shop: Shop) -> None:
    first, _ = shop.table("refused", "--failed", "--columns", "all")
    assert (first["first_name"], first["phone"], first["input id"]) == ("'=Ada", "'+447700900001", "7")
    assert first["receiver"].startswith("'+44••")
    chosen, _ = shop.table("refused", "--failed", "--columns", "first_name")
    assert list(chosen)[-1] == "first_name"
    assert "phone" not in chosen
    [message, _] = shop.listed("refused", "--failed", "--columns", "first_name,order_id")["messages"]
    assert message["row"]["columns"] == {"first_name": "=Ada", "order_id": "A1001"}


@pytest.mark.parametrize(
    "arguments", [["--columns", "all"], ["--failed", "--format", "csv", "--columns", "surname"]]
)  # fmt: skip
def test_columns_that_can_not_be_shown_are_wrong_usage(shop: Shop, arguments: list[str]) -> None:
    assert run(["status", "refused", *arguments]) == 2


def test_a_list_of_nobody_has_a_header_all_the_same(shop: Shop) -> None:
    out, _ = shop.said("done", "--failed", "--format", "csv")
    assert out.startswith("id,spec,")
    assert out.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words", "following"),
    [
        (["new.yaml"], "new: never sent (sandbox)", "sendspec send new.yaml"),
        (["refusd"], "refusd: never sent (sandbox); did you mean 'refused'?", "sendspec status"),
        (["xyz"], "xyz: never sent (sandbox)\n", "sendspec status"),
        (["xyz", "--env", "sandbox"], "xyz: never sent (sandbox)\n", "sendspec status"),
    ],
)
def test_a_spec_that_was_never_sent_says_so(shop: Shop, arguments: list[str], words: str, following: str) -> None:
    (shop.folder / "new.yaml").write_text(SPEC.format(name="new"), encoding="utf-8")
    out, err = shop.said(*arguments)
    assert words in out
    assert err.splitlines()[-1].endswith(following)
    assert shop.listed(*arguments)["never_sent"] == [words.partition(":")[0]]


@pytest.mark.parametrize(
    ("arguments", "following"),
    [
        (["done"], ["status done.yaml --messages"]),
        (["done", "--messages"], []),
        (["refused.yaml"], ["status refused.yaml --failed", "send refused.yaml --retry refused"]),
        (["refused.yaml", "--failed"], ["send refused.yaml --retry refused"]),
        (["doubtful"], ["reconcile doubtful.yaml"]),
        (["stopped"], ["send stopped.yaml"]),
        (["refused", "-q"], []),
    ],
)
def test_every_ending_names_the_next_command(shop: Shop, arguments: list[str], following: list[str]) -> None:
    _, err = shop.said(*arguments)
    assert [line.split("sendspec ")[1] for line in err.splitlines() if "sendspec " in line] == following


def test_before_the_first_send_a_spec_says_so_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hello.yaml").write_text(SPEC.format(name="hello"), encoding="utf-8")
    new = Shop(tmp_path, capfdbinary)
    out, err = new.said("hello.yaml")
    assert out == "hello: never sent (sandbox)\n"
    assert err.endswith("next: sendspec send hello.yaml\n")
    assert new.listed("hello.yaml", "--messages")["never_sent"] == ["hello"]
    assert new.said("--failed", "--format", "csv")[0].startswith("id,spec,")


def test_a_page_says_what_needs_somebody_and_names_no_recipient(shop: Shop) -> None:
    (shop.folder / "done.yaml").write_text(
        (shop.folder / "done.yaml").read_text(encoding="utf-8").replace("Hi", "Hello"), encoding="utf-8"
    )
    out, err = shop.said("--format", "markdown")
    assert err == ""
    page = rendered(out)
    assert_inert(page)
    assert out.startswith(
        "**4 specs need you** in the environment `sandbox`: 2 in doubt, 2 refused, 2 not sent, 2 drift\n\n### Next\n\n"
        "1. `sendspec reconcile doubtful.yaml`\n"
    )
    assert "- `refused`: 2 because of `422 " in out
    assert (
        "- `doubtful`: 2 messages may have been accepted<br>2: `the connection ended without an answer`, first in rows 2, 3\n"
        in out
    )
    assert (
        out.index("`doubtful`: 2 messages")
        < out.index("What it leaves in doubt, a person settles")
        < out.index("### Refused")
    )
    assert {"sendspec status SPEC --in-doubt", "sendspec resolve SPEC --as accepted"} <= set(page.codes)
    assert "- `stopped`: 2 messages: `run 6 stopped: the API refuses the run: 401 " in out
    assert "- `done`: **drift**: 2 messages changed after being sent" in out
    assert "| `doubtful` | 2 | 0 | 0 | 2 | 0 | 0 | 0 |" in out
    assert [word for word in ("A1001", "7700900001", "Ada", "+44") if word in out] == []


def test_a_page_says_first_if_nothing_needs_anybody(shop: Shop) -> None:
    out, _ = shop.said("done.yaml", "plain.yaml", "--format", "markdown")
    assert out.startswith("**Nothing needs you** in the environment `sandbox`: 2 specs\n\n### All specs\n")
    (shop.folder / "done.csv").write_text("phone,first_name\n1,2,3\n", encoding="utf-8")
    out, _ = shop.said("done", "plain", "--format", "markdown")
    assert out.startswith("**Nothing needs you**")
    assert "- `done`: not compared with its file: its file has errors" in out


def test_a_page_without_a_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: Any) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "new.yaml").write_text(SPEC.format(name="new"), encoding="utf-8")
    out, _ = Shop(tmp_path, capfdbinary).said("new.yaml", "--format", "markdown")
    assert out.startswith("**Nothing needs you** in the environment `sandbox`: its ledger holds no messages\n")


def test_in_a_job_no_next_step_sends_without_the_approval(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    page, _ = shop.said("--format", "markdown")
    _, text = shop.said("stopped.yaml", "refused.yaml")
    for out in (page, text):
        assert "To try refused messages again, make a plan with --retry refused, and have it approved." in out
        assert "Run the job again: it sends what was approved and not sent yet." in out
        assert "sendspec send" not in out
    assert "`sendspec reconcile doubtful.yaml`" in page


@pytest.mark.parametrize("flag", ["--messages", "--failed", "--in-doubt", "--not-sent"])
def test_a_page_has_no_list(shop: Shop, flag: str) -> None:
    assert run(["status", flag, "--format", "markdown"]) == 2
    assert b"lists no messages" in shop.capture.readouterr()[1]


def test_a_project_that_can_not_be_read_is_a_page_too(shop: Shop) -> None:
    broken = shop.folder / "sendspec.yaml"
    broken.write_text("environments: [\n", encoding="utf-8")
    try:
        assert run(["status", "--format", "markdown"]) == 1
    finally:
        broken.unlink()
    assert shop.capture.readouterr()[0].startswith(b"**Rejected: 1 error in 1 file**")


def test_a_page_names_no_command_that_fails_without_the_specs_file(shop: Shop) -> None:
    for name in ("refused", "stopped"):
        (shop.folder / f"{name}.yaml").unlink()
    out, _ = shop.said("--format", "markdown")
    steps = [line for line in out.splitlines() if line[:3] in ("1. ", "2. ", "3. ", "4. ")]
    assert steps == ["1. `sendspec reconcile doubtful.yaml`", "2. `sendspec status refused --failed`"]
    assert "They need the ledger `.sendspec/sandbox.db`, a file of the machine that made this page." in out
    assert "- `refused`: `its file 'refused.yaml' is gone`; nothing of it can be sent until it is back" in out
    _, err = shop.said()
    assert "send " not in err.replace("sendspec ", "")
    assert shop.said("refused", "--failed")[0]


def test_a_page_goes_by_what_a_plan_finds(shop: Shop) -> None:
    spec, table = shop.folder / "stopped.yaml", shop.folder / "stopped.csv"
    spec.write_text(spec.read_text(encoding="utf-8").replace("Hi", "Hello"), encoding="utf-8")
    table.write_text("\n".join(PEOPLE.splitlines()[:2]) + "\n", encoding="utf-8")
    assert run(["plan", "stopped.yaml", "--format", "json"]) == 0
    plan = json.loads(shop.capture.readouterr()[0])
    assert (plan["left"], plan["skipped"]) == (1, {"on-hold": 1})
    out, _ = shop.said("stopped", "--format", "markdown")
    assert out.startswith("**1 spec needs you** in the environment `sandbox`: 2 not sent, 1 left, 1 on hold\n")
    assert "1. `sendspec plan stopped.yaml`\n" in out
    assert "sendspec send" not in out
    assert "### Left\n\n- `stopped`: " in out


def test_without_a_project_a_folder_with_a_ledger_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    above = Shop(tmp_path, capfdbinary)
    assert "each folder" not in above.said()[1]
    (tmp_path / "a").mkdir()
    (tmp_path / "specs/.sendspec").mkdir(parents=True)
    (tmp_path / "specs/.sendspec/sandbox.db").touch()
    words = "without a sendspec.yaml, each folder of specs has its own, and 'specs' has one: name a spec in it"
    assert words in above.said()[1]
    assert words in above.said("--format", "markdown")[0]
    assert words not in above.said("named")[1]
    (tmp_path / "sendspec.yaml").write_text("environments: {}\n", encoding="utf-8")
    assert "each folder" not in above.said()[1]


def test_a_list_names_the_table_without_the_detour_of_its_spec_and_json_as_the_spec_writes_it(
    project_dir: ProjectDir,
) -> None:
    project_dir.write(
        "specs/hello.yaml", SPEC.format(name="hello").replace("{file: hello.csv", "{file: ../data/hello.csv")
    )
    project_dir.write("data/hello.csv", PEOPLE)
    project_dir.write("sendspec.yaml", "environments: {}\n")
    assert project_dir.run("send", "specs/hello.yaml", "--yes").code == 0
    command = ("status", "specs/hello.yaml", "--messages")
    assert "  data/hello.csv:2 (" in project_dir.run(*command).out
    message, _ = project_dir.run(*command, "--format", "json").json["messages"]
    assert message["row"]["table"] == "specs/../data/hello.csv"
