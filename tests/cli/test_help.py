"""`sendspec help`: topics out of the documentation's own parts, and commands' help."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sendspec.cli.main import COMMANDS
from sendspec.reading.schema.validator import load_schema
from sendspec.showing.explanations import explanation_text
from sendspec.showing.page_text import page_text
from sendspec.showing.terminal_style import PLAIN, WIDE, TerminalStyle
from sendspec.showing.topics import FILES, TOPICS


def words(text: str) -> list[str]:
    """The words of a page, without what marks them up."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return sorted(re.findall(r"\w+", re.sub(r"^```\w*$", "", text, flags=re.MULTILINE)))


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_is_the_text_of_the_documentation(project_dir: Any, checkout: Any, topic: str) -> None:
    done = project_dir.run("help", topic)
    assert done.code == 0
    source = (checkout / "docs" / "parts" / f"{FILES.get(topic, topic)}.md").read_text()
    title = "Exit codes " if topic == "exit-codes" else ""
    shown = done.out.partition("\nUsage: ")[0]
    assert words(shown) == words(title + source)
    assert not re.search(r"\*\*|\]\(|^#|^```|^\|", shown, re.MULTILINE)
    assert all(
        len(line) <= WIDE for line in shown.splitlines() if not line.startswith("    ") and "  " not in line.strip()
    )


def test_it_lists_all_topics_and_all_commands(project_dir: Any) -> None:
    done = project_dir.run("help")
    assert done.code == 0
    assert all(len(line) <= WIDE for line in done.out.splitlines())
    assert [*TOPICS, *COMMANDS] == re.findall(r"^  ([a-z-]+)  ", done.out, re.MULTILINE)


@pytest.mark.parametrize("command", ["plan", "help", "ledger init"])
def test_the_help_of_a_command_is_its_own(project_dir: Any, command: str) -> None:
    assert project_dir.run("help", *command.split()) == project_dir.run(*command.split(), "--help")


def test_ledger_is_a_topic_and_a_command(project_dir: Any) -> None:
    done = project_dir.run("help", "ledger")
    assert done.out.startswith("The ledger\n")
    assert done.out.endswith(project_dir.run("ledger", "--help").out)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("filters", ["Filters", "\n`truncate` ", "Tests", "\n`defined` ", "Templates"]),
        ("csv", ["Formats", "delimiter"]),
        ("recipients", ["`recipients`"]),
    ],
)
def test_a_topic_is_found_by_other_words(project_dir: Any, asked: str, found: list[str]) -> None:
    done = project_dir.run("help", asked)
    assert done.code == 0
    assert [each for each in found if each not in done.out] == []


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("templats", "did you mean 'templates'?"), ("paln", "did you mean 'plan'?"), ("xyzzy", "`sendspec help` lists"),
        ("ledger chek", "sendspec help ledger"), ("spec more", "there is no topic or command 'spec more'"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_wrong_usage(project_dir: Any, asked: str, hint: str) -> None:
    done = project_dir.run("help", *asked.split())
    assert (done.code, done.out) == (2, "")
    assert hint in done.err


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("drift", "everybody gets the message again"), ("UCS-2", "70 characters"), ("segments", "you pay for each"),
        ("shape", "differ only"), ("ledger", "who got which message"), ("in-doubt", "`reconcile` asks the API"),
        ("on-hold", "`continue_with`"), ("accepted", "the API accepted it"),
    ],
)  # fmt: skip
def test_explain_knows_the_words_of_plans_and_states(project_dir: Any, word: str, meaning: str) -> None:
    done = project_dir.run("explain", word)
    assert done.code == 0, done.err
    assert meaning in done.out
    assert re.search(r"^next: sendspec help (words|states)$", done.out, re.MULTILINE)
    assert meaning in project_dir.run("explain", word, "--format", "json").json["codes"][0]["summary"]


def test_an_explanation_has_no_hanging_indent_and_no_broken_code_on_a_narrow_terminal() -> None:
    for code in ("moved-from-unknown", "generation-skipped"):
        text = explanation_text(code, TerminalStyle(False, 40)).partition("wrong:")[0]
        assert all(len(line) <= 40 and not line.startswith(" ") for line in text.splitlines())
    assert "`sendspec resolve --generation`." in text.splitlines()


PAGE = """# A title

Words that are **bold**, or
a [link](x.md#y), in two lines.

- one
  more
- two
1. first

| a | b |
| --- | --- |
| `x` | y \\| z |

Then:
```sh
# kept  as

- it is
```
"""


def test_a_page_becomes_plain_text() -> None:
    assert page_text(PAGE, PLAIN) == (
        "A title\n\nWords that are bold, or a link, in two lines.\n\n- one more\n- two\n1. first\n\n"
        "a    b\n`x`  y | z\n\nThen:\n\n    # kept  as\n\n    - it is\n"
    )


def test_titles_are_bold_and_wide_tables_fold() -> None:
    assert page_text("## T", TerminalStyle(colour=True)) == "\x1b[1mT\x1b[0m\n"
    folded = page_text(f"| k | text |\n| --- | --- |\n| x | {'word ' * 40}|\n", TerminalStyle(colour=False, columns=40))
    assert all(len(line) <= 40 for line in folded.splitlines())
    assert folded.count("word") == 40


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["explain", "4"], "4: exit code: some messages are in doubt"),
        (["explain", "143"], "130, 143: exit code: interrupted"),
        (["explain", "exit-codes"], "Exit codes\n"),
        (["explain", "Templates"], "Templates\n"),
        (["help", "4"], "4: exit code: some messages are in doubt"),
        (["help", "exit"], "Exit codes\n"),
        (["help", "drift"], "drift: "),
        (["help", "unknown-name"], "unknown-name: "),
    ],
)
def test_help_and_explain_know_each_others_words(project_dir: Any, arguments: list[str], words: str) -> None:
    done = project_dir.run(*arguments)
    assert (done.code, done.out[: len(words)]) == (0, words), done.err


def test_a_topic_is_explained_in_json(project_dir: Any) -> None:
    document = project_dir.run("explain", "exit-codes", "--format", "json").json
    assert load_schema("explain").problems(document) == []
    assert [each["code"] for each in document["codes"]] == ["exit-codes"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["explain", "status"], "`sendspec help status` shows what the command does"),
        (["plan", "x.yaml", "--retry", "in_doubt"], "`sendspec reconcile SPEC` looks them up"),
        (["send", "x.yaml", "--retry", "failed"], "`--retry refused`"),
        (
            ["send", "x.yaml", "--retry", "undelivered"],
            "put `only: {undelivered: {}}` under `recipients`, and raise `generation`",
        ),
        (["send", "x.yaml", "--retry", "refuse"], "did you mean 'refused'? there are 'refused' and 'not-sent'"),
        (["send", "x.yaml", "--retry", "x"], "nothing is retried as 'x'; there are 'refused' and 'not-sent'"),
    ],
)
def test_a_word_in_the_wrong_place_is_told_where_to_go(project_dir: Any, arguments: list[str], words: str) -> None:
    done = project_dir.run(*arguments)
    assert done.code == 2
    assert words in done.err


def test_a_kind_of_retry_may_have_an_underscore(project_dir: Any) -> None:
    assert "Error: " not in project_dir.run("plan", "x.yaml", "--retry", "not_sent").err
