"""What a plan against a base says of changes that no text shows: references, channels, settings and prices."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from base_repository import HELLO, SPEC, BaseRepository
from long_rows import all_but
from project_dir import CHANNEL, WORKSPACE
from sendspec.reading.schema.validator import load_schema

pytestmark = pytest.mark.process
OTHER = "11111111-2222-4333-8444-555555555555"
PROJECT = f"""prices: prices.csv
default_environment: test
environments:
  test:
    api_url: http://127.0.0.1:9
    access_key: {{env: KEY}}
    ledger: {{file: .sendspec/test.db}}
    channels:
      sms: {{platform: sms, workspace: {WORKSPACE}, channel: {CHANNEL}}}
      spare: {{platform: sms, workspace: {WORKSPACE}, channel: {OTHER}}}
"""
FILES = {
    "sendspec.yaml": PROJECT,
    "prices.csv": "country,segment,currency\n*,0.05,EUR\n",
    HELLO: SPEC,
}


@pytest.fixture
def repository(tmp_path: Path) -> BaseRepository:
    repository = BaseRepository(tmp_path)
    repository.begin(2)
    for name, text in FILES.items():
        repository.write(name, text)
    repository.commit()
    return repository


def spec(old: str, new: str) -> tuple[str, str, str]:
    return HELLO, old, new


def project(old: str, new: str) -> tuple[str, str, str]:
    return "sendspec.yaml", old, new


def message(line: str) -> tuple[str, str, str]:
    return spec("message:\n", f"{line}\nmessage:\n")


SETTINGS: dict[str, tuple[tuple[str, str, str], dict[str, tuple[str | None, str | None]]]] = {
    "in doubt": (message("in_doubt: resend_if_absent"), {"in_doubt": ("hold", "resend_if_absent")}),
    "moment": (message("not_after: 2038-01-01T00:00:00Z"), {"not_after": (None, "2038-01-01T00:00:00Z")}),
    "audience": (message("audience: frozen"), {"audience": (None, "frozen")}),
    "limit": (message("limits: {messages: 5, cost: EUR 3}"), {"limits.messages": (None, "5"), "limits.cost": (None, "EUR 3")}),
    "moved from": (message("moved_from: false"), {"moved_from": (None, "false")}),
    "continued": (message("continue_with: '0123456789abcdef'"), {"continue_with": (None, "0123456789abcdef")}),
    "channel": (spec("channel: sms", "channel: spare"), {"channel": ("sms", "spare"), "channel_id": (CHANNEL, OTHER)}),
    "channel id": (project(f"{CHANNEL}}}", f"{OTHER}}}"), {"channel_id": (CHANNEL, OTHER)}),
    "workspace": (project(WORKSPACE, OTHER), {"workspace": (WORKSPACE, OTHER)}),
    "platform": (project("sms: {platform: sms", "sms: {platform: whatsapp"), {"platform": ("sms", "whatsapp")}),
    "batch": (project("sms: {platform", "sms: {batch: 5, platform"), {"batch": (None, "5")}),
    "trust": (project("sms: {platform", "sms: {trust_503: true, platform"), {"trust_503": (None, "true")}),
    "host": (project("127.0.0.1:9", "127.0.0.2:9"), {"api": ("http://127.0.0.1:9", "http://127.0.0.2:9")}),
    "project's limit": (project("    channels", "    limits: {segments: 4}\n    channels"), {"limits.segments": (None, "4")}),
}  # fmt: skip
OTHERS = {
    "nothing": None,
    "comment": spec("spec: 1\n", "# a comment\nspec: 1\n"),
    "reference": spec("message:\n", 'message:\n  reference: "EVIL-{{ message_id }}"\n'),
    "reference of a row": spec("message:\n", 'message:\n  reference: "{{ order }}"\n'),
    "text": spec("shipped", "gone"),
    "generation": spec("name: hello\n", "name: hello\ngeneration: 2\n"),
    "price": ("prices.csv", "0.05", "0.06"),
    "price elsewhere": ("prices.csv", "*,", "US,0.07,EUR\n*,"),
}
FEW = ("limit", "continued", "comment", "text")


def has_names(change: Any) -> bool:
    """Whether anything that differs is named or counted."""
    counted = any(change["recipients"][which] for which in ("added", "dropped", "changed"))
    costs = change.get("cost", {"before": None, "after": None})
    return bool(counted or change.keys() & {"was", "fields", "settings"} or costs["before"] != costs["after"])


@pytest.mark.parametrize("name", all_but(FEW, [*SETTINGS, *OTHERS]))
def test_a_plan_of_another_digest_has_a_change_that_is_named(repository: BaseRepository, name: str) -> None:
    """The law: where the plan digest of the files differs from that of the base's files, the output `changed` is true, and something is named."""
    before = repository.document()
    assert before["specs"][0]["change"]["kind"] == "same"
    edit = SETTINGS[name][0] if name in SETTINGS else OTHERS[name]
    if edit is not None:
        repository.replace(edit[0], edit[1:])
    outputs = repository.write("outputs", "")
    repository.project.environ["GITHUB_OUTPUT"] = str(outputs)
    assert repository.plan(HELLO, "--format", "github").code == 0
    after = repository.document()
    assert load_schema("plan").problems(after) == []
    change = after["specs"][0]["change"]
    differs = after["digest"] != before["digest"]
    assert differs is (name not in ("nothing", "comment", "continued", "price", "price elsewhere"))
    is_changed = differs or name in ("continued", "price")
    assert (change["kind"] != "same", has_names(change)) == (is_changed, is_changed)
    assert ("\ntrue\n" in outputs.read_text().partition("changed<<")[2][:60]) is is_changed
    if name in SETTINGS:
        found = {each["name"]: (each["before"], each["after"]) for each in change["settings"]}
        assert found == SETTINGS[name][1]


def test_a_reference_that_is_written_the_same_is_the_same(repository: BaseRepository) -> None:
    """Message ids are in it, and those of another name or of another ledger are others."""
    repository.replace(HELLO, ("message:\n", 'message:\n  reference: "x-{{ message_id }}-{{ order }}"\n'))
    repository.commit()
    assert repository.change()["kind"] == "same"
    repository.replace(HELLO, ("name: hello", "name: other\nmoved_from: hello"))
    assert "fields" not in repository.change()
    repository.replace(HELLO, ("x-", "y-"), ("shipped", "gone"))
    change = repository.change()
    assert (change["fields"], change["recipients"]["changed"]) == (["reference"], 2)


def test_references_that_the_base_repeats_count_as_others(repository: BaseRepository) -> None:
    repository.replace(HELLO, ("message:\n", 'message:\n  reference: "twice"\n'))
    repository.commit()
    repository.replace(HELLO, ("twice", "{{ order }}"))
    assert repository.change()["fields"] == ["reference"]


def test_another_ledger_is_named_and_so_is_another_salt(repository: BaseRepository) -> None:
    assert repository.project.run("ledger", "init", "--env", "test", "--empty").code == 0
    (change,) = repository.change()["settings"]
    assert (change["name"], change["before"]) == ("ledger", None)
    repository.commit()
    assert repository.change()["kind"] == "same"
    lock = (repository.project.folder / "sendspec.lock").read_text()
    before, key, salt = lock.partition('"salt": "')
    repository.write("sendspec.lock", f"{before}{key}{'1' if salt[0] == '0' else '0'}{salt[1:]}")
    repository.git("add", "--all")
    assert [each["name"] for each in repository.change(HELLO, "--untrusted")["settings"]] == ["salt"]
    repository.write("sendspec.lock", "broken")
    repository.commit()
    repository.write("sendspec.lock", lock)
    assert repository.change() == {"kind": "not-compared", "problem": "sendspec.lock can't be read"}


def test_both_texts_and_the_page_say_what_changed(repository: BaseRepository) -> None:
    repository.replace(HELLO, ("message:\n", "in_doubt: resend_if_absent\nnot_after: 2038-01-01T00:00:00Z\nmessage:\n"))
    repository.replace(HELLO, ("message:\n", 'message:\n  reference: "EVIL-{{ message_id }}"\n'))
    shown = repository.plan().out
    assert "the same messages for 2 recipients, 2 settings changed" in shown
    assert "    changed besides the text: reference\n    in_doubt: hold → resend_if_absent\n" in shown
    assert "    not_after: none → 2038-01-01T00:00:00Z\n" in shown
    page = repository.plan(HELLO, "--format", "markdown").out
    assert "| **changed**: reference, 2 settings |" in page
    assert "- `in_doubt`: `hold` → `resend_if_absent`\n" in page


@pytest.mark.parametrize("untrusted", all_but([True], [False, True]))
def test_a_stranger_is_told_the_same(repository: BaseRepository, untrusted: bool) -> None:
    repository.replace(HELLO, ("message:\n", "in_doubt: resend_if_absent\nmessage:\n"))
    repository.git("add", "--all")
    done = repository.plan(HELLO, *(["--untrusted"] if untrusted else []), "--format", "json")
    change = done.json["specs"][0]["change"]
    assert change["settings"] == [{"name": "in_doubt", "before": "hold", "after": "resend_if_absent"}]
    assert "hello: resend_if_absent: a message in doubt" in done.err


def warned(repository: BaseRepository) -> set[str]:
    found = repository.document()["warnings"]
    return {each["path"] for each in found if each["code"] == "guard-changed"}


def test_files_that_decide_are_warned_of_where_they_differ(repository: BaseRepository) -> None:
    project = PROJECT.replace("    channels", "    suppress: [data/stop.txt]\n    channels")
    repository.write("sendspec.yaml", project)
    repository.write("data/stop.txt", "+447700900099\n")
    repository.commit()
    repository.write(HELLO, SPEC.replace("Hi", "Hello"))
    repository.write("sendspec.yaml", project.replace("\n", "\r\n"))
    assert warned(repository) == set()
    repository.write("sendspec.yaml", project + "# looser\n")
    repository.write("data/stop.txt", "+447700900098\n")
    repository.write("prices.csv", "country,segment,currency\n*,0.01,EUR\n")
    assert warned(repository) == {"sendspec.yaml", "data/stop.txt", "prices.csv"}
    assert "### Warnings\n\n- `sendspec.yaml`" in repository.plan(HELLO, "--format", "markdown").out
    assert repository.project.run("ledger", "init", "--env", "test", "--empty").code == 0
    assert "sendspec.lock" in warned(repository)
    repository.commit()
    (repository.project.folder / "sendspec.lock").unlink()
    shutil.rmtree(repository.project.folder / ".sendspec")
    assert warned(repository) == {"sendspec.lock"}
