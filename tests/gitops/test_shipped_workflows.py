"""Rules for the workflows and the action that ship: what may run with which secret, and nothing by a name that can change."""

from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from actions_document import Step, read_action, read_workflow
from actions_expression import IN_TEXT, Unsupported, evaluate, filled
from actions_job import CHECKOUT, OURS, written_outputs
from fake_gh import GitHubState
from ruamel.yaml import YAML

GITHUB = CHECKOUT / "docs" / "github"
FILES = {path.stem: path for path in sorted(GITHUB.glob("*.yml"))}
WORKFLOWS = {name: read_workflow(path.read_text(encoding="utf-8")) for name, path in FILES.items()}
JOBS = {f"{name}/{job.id}": job for name, workflow in WORKFLOWS.items() for job in workflow.jobs.values()}
ACTION = CHECKOUT / "action.yml"
PIN = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}", re.ASCII)
GITLAB = CHECKOUT / "docs" / "gitlab" / "messages.gitlab-ci.yml"


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def everything(document: Any) -> str:
    """All values of a part of a workflow, one a line."""
    if isinstance(document, dict):
        return "\n".join(everything(value) for value in document.values())
    return "\n".join(map(everything, document)) if isinstance(document, list) else str(document)


def raw_job(name: str) -> Any:
    workflow, job = name.split("/")
    return YAML(typ="safe").load(text_of(FILES[workflow]))["jobs"][job]


def test_there_are_the_jobs_that_the_docs_speak_of() -> None:
    assert set(JOBS) == {
        "comment/comment", "messages/pr-plan", "messages/plan", "messages/send", "messages/reconcile",
    }  # fmt: skip


@pytest.mark.parametrize("path", [*FILES.values(), ACTION], ids=lambda path: path.name)
def test_actions_are_named_by_commit_with_their_version_beside_it(path: Path) -> None:
    used = re.findall(r"uses: (\S+)(?: # (\S+))?$", text_of(path), re.MULTILINE)
    assert used or path.name == "comment.yml"
    for action, version in used:
        assert PIN.fullmatch(action), action
        assert action == OURS or re.fullmatch(r"v\d+\.\d+\.\d+", version), action


def test_one_action_is_pinned_to_one_commit_everywhere() -> None:
    scaffold = CHECKOUT / "runner/sendspec/operations/scaffold_workflow.py"
    pins = {pin for path in (*FILES.values(), ACTION, scaffold) for pin in PIN.findall(text_of(path))}
    assert len(pins) == len({pin.partition("@")[0] for pin in pins}), pins


@pytest.mark.parametrize("name", JOBS)
def test_a_job_says_what_it_may_do_and_ends_by_itself(name: str) -> None:
    job = JOBS[name]
    allowed = {
        "messages/reconcile": {"contents": "read", "issues": "write"},
        "comment/comment": {"actions": "read", "pull-requests": "write"},
    }
    assert job.permissions == allowed.get(name, {"contents": "read"})
    assert 1 <= job.timeout_minutes <= 360


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_workflow_gives_nothing_to_jobs_that_say_nothing(workflow: str) -> None:
    assert WORKFLOWS[workflow].permissions == {}
    assert "pull_request_target" not in WORKFLOWS[workflow].on
    assert "pull_request_target" not in text_of(FILES[workflow])


def test_only_jobs_with_an_environment_have_secrets_and_each_only_its_own() -> None:
    secrets = {name: set(re.findall(r"secrets\.(\w+)", everything(raw_job(name)))) for name in JOBS}
    both = {"SENDSPEC_LEDGER_URL", "BIRD_ACCESS_KEY"}
    assert secrets == {
        "comment/comment": set(), "messages/pr-plan": set(), "messages/plan": {"SENDSPEC_LEDGER_URL"},
        "messages/send": both, "messages/reconcile": both,
    }  # fmt: skip
    environments = {name: job.environment for name, job in JOBS.items() if job.environment}
    assert environments == {
        "messages/plan": "production-plan", "messages/send": "production", "messages/reconcile": "production-reconcile",
    }  # fmt: skip
    assert all("secrets" not in step.condition for job in JOBS.values() for step in job.steps)


def test_nothing_of_a_pull_request_is_checked_out_beside_a_secret() -> None:
    for name, job in JOBS.items():
        checkouts = [step for step in job.steps if str(step.uses).startswith("actions/checkout@")]
        assert all(step.inputs["persist-credentials"] == "false" for step in checkouts)
        assert all("ref" not in step.inputs for step in checkouts)
        assert name != "comment/comment" or not checkouts


def test_a_pull_request_is_planned_without_trust() -> None:
    [step] = [step for step in JOBS["messages/pr-plan"].steps if step.inputs.get("command") == "plan"]
    assert step.inputs["untrusted"] == "true"
    assert step.inputs["base"] == "HEAD^1"  # the first parent of the merge that GitHub checks out


def test_a_send_is_never_cancelled_and_sends_what_was_approved() -> None:
    job = JOBS["messages/send"]
    assert (job.concurrency["cancel-in-progress"], job.concurrency["queue"]) == (False, "max")
    assert "${{" not in job.concurrency["group"]
    [step] = [step for step in job.steps if step.inputs.get("command") == "send"]
    assert step.inputs["digest"] == "${{ needs.plan.outputs.digest }}"
    assert {"title", "digest"} == set(re.findall(r"needs\.plan\.outputs\.(\w+)", job.name))


def test_only_jobs_of_main_or_a_schedule_use_environments() -> None:
    assert "github.ref == 'refs/heads/main'" in JOBS["messages/plan"].condition
    assert JOBS["messages/send"].needs == ("plan",)
    assert JOBS["messages/reconcile"].condition == "github.event_name == 'schedule'"


def shell_steps() -> list[Step]:
    steps = [step for job in JOBS.values() for step in job.steps]
    return [step for step in (*steps, *read_action(text_of(ACTION)).steps) if step.script is not None]


def test_a_script_runs_no_python_that_a_checkout_could_give_it() -> None:
    words = [line for step in shell_steps() for line in (step.script or "").splitlines() if " -m " in line]
    assert words
    assert [line for line in words if " -I -m " not in line] == []


def test_nothing_is_pasted_into_a_script() -> None:
    """`read_workflow` and `read_action` refuse it; this holds that they look at every script."""
    assert len(shell_steps()) >= 6
    with pytest.raises(Unsupported, match="pasted"):
        read_workflow(text_of(FILES["comment"]).replace("none() {", 'echo "${{ github.ref }}"; none() {'))
    with pytest.raises(Unsupported, match="pasted"):
        read_action(text_of(ACTION).replace('case "$UNTRUSTED"', 'case "${{ inputs.untrusted }}"'))


def test_the_schemas_of_editors_accept_every_file() -> None:
    for schema, paths in (
        ("github-workflows", list(FILES.values())),
        ("github-actions", [ACTION]),
        ("gitlab-ci", [GITLAB]),
    ):
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *map(str, paths)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout


def test_a_scanner_of_workflows_finds_no_hole(tmp_path: Path) -> None:
    """zizmor, offline. It is seen to find one: a value in a script."""
    scanner = [str(Path(sys.executable).with_name("zizmor")), "--offline", "--no-progress", "--quiet"]
    broken = tmp_path / "broken.yml"
    broken.write_text(
        text_of(FILES["messages"]).replace("gh label create", 'echo "${{ github.head_ref }}"; gh label create')
    )
    for paths, is_clean in (([*FILES.values(), ACTION], True), ([broken], False)):
        done = subprocess.run([*scanner, *map(str, paths)], capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode == 0) is is_clean, done.stdout


def test_the_action_installs_the_versions_that_the_tests_run_with() -> None:
    def pins(name: str) -> dict[str, str]:
        return dict(re.findall(r"^([\w.-]+)==(\S+)", text_of(CHECKOUT / name), re.MULTILINE))

    tested, shipped = pins("requirements-dev.txt"), pins("requirements-action.txt")
    assert {"click", "hatchling", "psycopg-binary", "ruamel-yaml", "urllib3"} <= set(shipped)
    assert {name: tested.get(name) for name in shipped} == shipped


def test_the_emulated_service_loses_no_change(tmp_path: Path) -> None:
    state = GitHubState(tmp_path)
    with ThreadPoolExecutor(4) as pool:
        tokens = list(pool.map(state.new_token, [{"contents": "read"}] * 40))
    assert set(state.load()["tokens"]) == set(tokens)
    assert len(set(tokens)) == 40


CONTEXTS = {"github": {"ref": "main", "event": {"number": 3, "private": True, "none": None}}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("github.ref == 'MAIN' && github.event.number != 4", True),
        ("!(github.event.private)", False),
        ("github.event.none || 'else'", "else"),
        ("github.event.none == ''", True),
        ("github.event.private == 'true'", False),  # as on GitHub: a text that is no number equals no boolean
        ("'it''s'", "it's"),
        ("ok() || false", True),
    ],
)
def test_the_emulator_computes_as_the_service_does(text: str, value: object) -> None:
    assert evaluate(text, CONTEXTS, {"ok": lambda: True}) == value


@pytest.mark.parametrize(
    "text",
    [
        "github.ref > 1", "github['ref']", "github.event.*", "contains(github.ref, 'm')", "vars.x", "github.reff", "github.event",
        "github.ref ==", "(github.ref", "github.ref 'x'", "ok(1)", "1.5", "0x10", "\"a\"", "",
    ],
)  # fmt: skip
def test_what_the_emulator_does_not_know_is_an_error(text: str) -> None:
    with pytest.raises(Unsupported):
        evaluate(text, CONTEXTS, {"ok": lambda: True})


def test_texts_are_filled_in_whole() -> None:
    assert filled("a ${{ github.ref }}-${{ github.event.private }}${{ github.event.none }}", CONTEXTS) == "a main-true"
    with pytest.raises(Unsupported):
        filled("a ${{ github.ref", CONTEXTS)
    assert dict(written_outputs("a=1\nb<<X\ntwo\nlines\nX\nc=d=e\n")) == {"a": "1", "b": "two\nlines", "c": "d=e"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("timeout-minutes: 15", "timeout-minutes: 15\n    services: {}"),
        ("- id: plan", "- id: plan\n        continue-on-error: true"),
        ("permissions: {}", "permissions: {}\nenv: {A: b}"),
        ("  pull_request:\n", "  pull_request_target:\n"),
    ],
)
def test_a_key_that_the_emulator_does_not_act_upon_is_an_error(old: str, new: str) -> None:
    text = text_of(FILES["messages"])
    assert old in text
    with pytest.raises(Unsupported):
        read_workflow(text.replace(old, new, 1))


def test_every_expression_is_in_a_value_of_its_own() -> None:
    """None is in a key, a `uses` or a comment, where nothing would fill it in."""
    for job in JOBS.values():
        assert not any(IN_TEXT.search(str(step.uses)) for step in job.steps)
