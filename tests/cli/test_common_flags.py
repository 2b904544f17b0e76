"""Common flags before and after the command, and what is said about options and commands that aren't there."""

from __future__ import annotations

from typing import Any

import pytest

SMALLEST = """spec: 1
name: hello
channel: sms
recipients:
  - {phone: "+31612345678", first_name: Robert}
message:
  body: {type: text, text: {text: "Hi {{ first_name }}"}}
"""
SPEC = "hello.yaml"


@pytest.fixture
def hello(project_dir: Any) -> Any:
    project_dir.write(SPEC, SMALLEST)
    project_dir.write(
        "sendspec.yaml",
        """environments:
  staging:
    access_key: {env: KEY}
    api_url: http://127.0.0.1:9
    ledger: {file: .sendspec/staging.db}
    channels: {sms: {workspace: 0b0e5c1a-7c1f-4b0e-9d3c-2f7f1c6f8a01, channel: 5d9a1c0e-3f55-4c39-8b1e-6a0c2f9e7b01}}
""",
    )
    project_dir.write("others.csv", "phone,first_name\n+31612345678,Ann\n+31612345679,Bo\n")
    return project_dir


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("--env staging plan hello.yaml", "plan hello.yaml --env staging"),
        ("-e staging plan hello.yaml", "plan hello.yaml -e staging"),
        ("--env=staging --format json plan hello.yaml", "plan hello.yaml --env staging --format json"),
        ("--recipients others.csv plan hello.yaml", "plan --recipients others.csv hello.yaml"),
        ("-q -v --color always --no-input plan hello.yaml", "plan hello.yaml -q -v --color always --no-input"),
        ("--env staging --format json ledger check", "ledger check --env staging --format json"),
        ("ledger --env staging --format json check", "ledger check --env staging --format json"),
        ("--env staging ledger --env staging check", "ledger check --env staging"),
        ("--env staging plan hello.yaml --env staging", "plan hello.yaml --env staging"),
        ("--env nowhere plan hello.yaml", "plan hello.yaml --env nowhere"),
        ("--format yaml plan hello.yaml", "plan hello.yaml --format yaml"),
        ("--recipients others.csv doctor", "doctor --recipients others.csv"),
        ("send -n hello.yaml", "send hello.yaml --dry-run"),
    ],
)
def test_a_common_flag_means_the_same_on_both_sides_of_the_command(hello: Any, before: str, after: str) -> None:
    assert hello.run(*before.split()) == hello.run(*after.split())


def test_the_flag_before_the_command_is_not_ignored(hello: Any) -> None:
    done = hello.run("--env", "staging", "--recipients", "others.csv", "--format", "json", "plan", SPEC)
    assert done.code == 0, done.err
    assert (done.json["environment"], done.json["totals"]["recipients"]) == ("staging", 2)


@pytest.mark.parametrize(
    "line",
    [
        "--env staging plan hello.yaml --env sandbox",
        "plan hello.yaml --env staging -e sandbox",
        "-e staging --env sandbox plan hello.yaml",
        "--env staging ledger --env sandbox check",
    ],
)
def test_two_different_values_are_wrong_usage_that_names_both(hello: Any, line: str) -> None:
    done = hello.run(*line.split())
    assert (done.code, done.out) == (2, "")
    assert "--env is given twice, as 'staging' and as 'sandbox': give it once" in done.err


@pytest.mark.parametrize("option", ["--plan", "--digest"])
def test_so_are_two_plans(hello: Any, option: str) -> None:
    done = hello.run("send", option, "a", option, "b")
    assert (done.code, done.out) == (2, "")
    assert f"{option} is given twice, as 'a' and as 'b'" in done.err


def test_a_variable_with_spaces_is_one_value(hello: Any) -> None:
    hello.write("all of them.csv", "phone,first_name\n+31612345678,Ann\n+31612345679,Bo\n")
    hello.environ["SENDSPEC_RECIPIENTS"] = "all of them.csv"
    assert hello.run("plan", SPEC, "--format", "json").json["totals"]["recipients"] == 2
    hello.environ["SENDSPEC_ENV"] = "sandbox"
    assert hello.run("--env", "staging", "plan", SPEC, "--format", "json").json["environment"] == "staging"


def test_flags_without_a_command_are_wrong_usage(hello: Any) -> None:
    done = hello.run("--format", "json")
    assert (done.code, done.out) == (2, "")
    assert "name a command" in done.err


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("plan x --json", "write `--format json`"),
        ("plan x --output json", "write `--format json`"),
        ("plan x --output=json", "write `--format json`"),
        ("plan x --output p.json", "write `--out FILE`"),
        ("status --csv", "write `--format csv`"),
        ("ledger export --csv", "write `--as csv`"),
        ("plan x --csv", "write `--recipients FILE`"),
        ("plan -f json x", "write `--format FORMAT`"),
        ("-f json plan x", "write `--format FORMAT`"),
        ("plan x -format json", "write `--format`"),
        ("send x --dryrun", "write `--dry-run`"),
        ("send x --dry_run", "write `--dry-run`"),
        ("send x --simulate", "write `--dry-run`"),
        ("send x --to +31600000001", "to send to one person, write `--recipients FILE`"),
        ("send x --limit 1", "`only_to` in an environment for tests"),
        ("send x --only on-hold", "without it, everybody in the list gets the message"),
        ("send x --test", "to send to one person"),
        ("plan x --to a", "write `--recipients FILE`"),
        ("plan x --dry-run", "leave it out, as `plan` sends nothing"),
        ("render x -n 3", "write `--limit N`"),
        ("plan x --environment e", "write `--env E`"),
        ("plan x -E e", "write `-e`"),
        ("plan x --evn e", "did you mean '--env'?"),
        ("plan x --verbos", "did you mean '--verbose'?"),
        ("plan x --silent", "write `--quiet`"),
        ("send x --auto-approve", "write `--yes`"),
        ("status --no-color", "write `--color never`"),
        ("show p --env e", "leave it out, as the plan names its environment"),
        ("--env e show p", "leave it out, as the plan names its environment"),
        ("doctor --recipients x", "it is an option of `validate`, "),
        ("--yes send x", "write it behind the command: `sendspec send --yes`"),
        ("send x --zzz", "`sendspec send --help` lists its options"),
        ("plan -out=plan.json hello.yaml", "`-out` needs two dashes: write `--out plan.json`"),
        ("plan -out plan.json hello.yaml", "`-out` needs two dashes: write `--out`"),
        ("plan -json hello.yaml", "write `--format json`"),
        ("-q plan -json hello.yaml", "write `--format json`"),
        ("ledger check -env staging", "`-env` needs two dashes"),
        ("plan hello.yaml -o json", "'json' is a format, and --out names a file: for JSON write `--format json`"),
        ("plan hello.yaml --out yaml", "for a file of this name `./yaml`"),
        ("plan -f hello.yaml", "name the spec without an option: `sendspec plan hello.yaml`"),
        ("validate --file=hello.yaml", "name the spec without an option: `sendspec validate hello.yaml`"),
        (
            "plan hello.yaml --format junit",
            "'text', 'json', 'github', 'markdown'. It is a format of `sendspec validate`, `sendspec test`",
        ),
        ("plan hello.yaml --format=csv", "It is a format of `sendspec status`: `sendspec status SPEC --format csv`"),
        ("send --plan plan.json --dry-run", "see it with `sendspec show plan.json --against-now`"),
        ("plan", "Name one or more: sendspec plan specs/*.yaml"),
        ("validate --format json", "Name one or more: sendspec validate specs/*.yaml"),
        ("plan -", "a spec can't come from standard input"),
    ],
)
def test_an_option_that_is_not_there_is_answered_with_the_one_that_is_meant(hello: Any, line: str, hint: str) -> None:
    done = hello.run(*line.split())
    assert (done.code, done.out) == (2, "")
    assert hint in done.err


def test_short_options_may_have_their_values_behind_them(hello: Any) -> None:
    for words in (("-estaging", "-qv"), ("-j2", "-q"), ("-oout.json",), ("--",)):
        assert hello.run("plan", *words, SPEC).code == 0, words
    assert hello.run("resolve", SPEC, "--as", "skipped", "--left", "--reason", "-json").code != 2


def test_the_value_of_an_unknown_option_is_not_repeated(hello: Any) -> None:
    for value in (["--access-key", "canary"], ["--access-key=canary"]):
        assert "canary" not in hello.run("send", SPEC, *value).err


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("lint", "'validate'"), ("dry-run", "'plan'"), ("apply", "'send'"), ("ls", "'status'"),
        ("export", "'ledger export'"), ("version", "'--version'"), ("paln", "'plan'"), ("xyzzy", "--help"),
        ("specs/a.yaml", "`sendspec plan specs/a.yaml`"), ("retry", "'send SPEC --retry refused'"),
        ("resend", "'send SPEC --retry refused'"),
    ],
)  # fmt: skip
def test_a_command_that_is_not_there_is_answered_with_the_one_that_is_meant(hello: Any, word: str, hint: str) -> None:
    done = hello.run(word)
    assert (done.code, done.out) == (2, "")
    assert hint in done.err
