"""The limits on a run in a plan without a ledger: they count what is new against the base, so a table may grow for years."""

from __future__ import annotations

from pathlib import Path

import pytest
from base_repository import HELLO, PEOPLE, SPEC, BaseRepository, people
from json_documents import only
from long_rows import all_but
from project_dir import CHANNEL, WORKSPACE, Done

pytestmark = pytest.mark.process
COUNT = 10
PROJECT = f"""default_environment: test
{{prices}}environments:
  test:
    access_key: {{{{env: KEY}}}}
    ledger: {{{{file: test.db}}}}
    limits: {{{{{{limits}}}}}}
    channels:
      sms: {{{{workspace: {WORKSPACE}, channel: {CHANNEL}}}}}
"""


@pytest.fixture
def repository(tmp_path: Path) -> BaseRepository:
    """Ten people got the message once, and the limit is of two a send. Copies are made in a folder of the test's own."""
    (tmp_path / "temporary").mkdir()
    repository = BaseRepository(tmp_path / "top")
    repository.project.environ["TMPDIR"] = str(tmp_path / "temporary")
    repository.begin(COUNT)
    limited(repository, "messages: 2")
    repository.commit()
    return repository


def limited(repository: BaseRepository, limits: str, *, prices: bool = False) -> None:
    text = PROJECT.format(limits=limits, prices="prices: prices.csv\n" if prices else "")
    repository.write("sendspec.yaml", text)
    repository.write("prices.csv", "country,segment,currency\n*,0.5,EUR\n")


def plan(repository: BaseRepository, *arguments: str, base: str | None = "HEAD^1") -> Done:
    repository.commit()
    against = () if base is None else ("--base", base)
    return repository.project.run("plan", *(arguments or (HELLO,)), "--untrusted", "--detailed-exitcode", *against)


def test_what_was_there_before_counts_no_more(repository: BaseRepository) -> None:
    repository.write(PEOPLE, people(COUNT + 2))
    done = plan(repository, HELLO, "--format", "json")
    assert done.code == 10, done.err
    assert "exceeded" not in done.json
    assert done.json["specs"][0]["change"]["new"] == {"messages": 2, "segments": 2}
    shown = plan(repository, base="HEAD~2").err
    assert "limits on the whole send count what is new against HEAD~2: 2 messages, 2 segments" in shown


ADDED = [
    ("messages: 2", "limit-messages", "hello: the plan has 3 messages to send (new against 'HEAD^1'); the limit is 2"),
    ("total_segments: 2", "limit-total-segments", "hello: the plan has 3 segments (new against 'HEAD^1'); the limit is 2"),
    ("cost: EUR 1.00", "limit-cost", "hello: the plan costs EUR 1.50; the limit is EUR 1.00 (new against 'HEAD^1')"),
]  # fmt: skip


@pytest.mark.parametrize(("limits", "code", "problem"), all_but([ADDED[0]], ADDED))
def test_recipients_who_are_added_count(repository: BaseRepository, limits: str, code: str, problem: str) -> None:
    limited(repository, limits, prices=True)
    repository.commit()
    repository.write(PEOPLE, people(COUNT + 3))
    done = plan(repository, HELLO, "--format", "json")
    assert done.code == 7
    (exceeded,) = only(done.out, "plan")["exceeded"]
    assert (exceeded["code"], exceeded["problem"], exceeded["path"]) == (code, problem, "sendspec.yaml")
    (warned,) = [each for each in done.json["warnings"] if each["code"] == code]
    assert warned["severity"] == "error"


def raised(repository: BaseRepository) -> None:
    repository.replace(HELLO, ("name: hello\n", "name: hello\ngeneration: 2\n"))


def renamed(repository: BaseRepository) -> None:
    repository.replace(HELLO, ("name: hello\n", "name: goodbye\n"))


def keyed_otherwise(repository: BaseRepository) -> None:
    repository.replace(HELLO, ("people.csv}", 'people.csv, key: "{{ order }}"}'))


@pytest.mark.parametrize("change", all_but([keyed_otherwise], [raised, renamed, keyed_otherwise]))
def test_all_count_where_all_would_get_it_again(repository: BaseRepository, change) -> None:  # type: ignore[no-untyped-def]
    change(repository)
    done = plan(repository)
    assert done.code == 7, done.err
    assert "has 10 messages to send (new against 'HEAD^1'); the limit is 2" in done.err


def moved(repository: BaseRepository) -> None:
    repository.replace(HELLO, ("name: hello\n", "name: goodbye\nmoved_from: hello\n"))


def corrected(repository: BaseRepository) -> None:
    repository.replace(HELLO, ("has shipped", "was sent"))


def fewer(repository: BaseRepository) -> None:
    repository.write(PEOPLE, people(COUNT - 3))


@pytest.mark.parametrize("change", all_but([moved], [moved, corrected, fewer]))
def test_nobody_counts_who_would_get_nothing_more(repository: BaseRepository, change) -> None:  # type: ignore[no-untyped-def]
    change(repository)
    done = plan(repository)
    assert done.code == 10, done.err
    assert "limit-messages" not in done.err


@pytest.mark.parametrize("base", all_but(["HEAD^1"], [None, "HEAD^1"]))
def test_what_nobody_can_compare_is_a_warning(repository: BaseRepository, base: str | None) -> None:
    if base is not None:
        repository.write(HELLO, SPEC.replace("{{ first_name }}", "{{ first_name "))
        repository.commit()
        repository.write(HELLO, SPEC)
    done = plan(repository, HELLO, "--format", "json", base=base)
    assert done.code == 10, done.err
    assert "exceeded" not in done.json
    (warned,) = [each for each in done.json["warnings"] if each["code"] == "limit-messages"]
    assert warned["severity"] == "warning"
    assert warned["problem"].endswith("has 10 messages to send (if nothing of it was sent before); the limit is 2")
    checked = repository.project.run("validate", HELLO, "--untrusted")
    assert checked.code == 0, checked.err
    assert "warning: hello: the plan has 10 messages to send (if nothing of it was sent before)" in checked.err


def test_new_messages_of_several_specs_count_together(repository: BaseRepository) -> None:
    for name in ("one", "two"):
        repository.write(f"specs/{name}.yaml", SPEC.replace("hello", name).replace("people", name))
        repository.write(f"data/{name}.csv", people(2))
    done = plan(repository, HELLO, "specs/one.yaml", "specs/two.yaml")
    assert done.code == 7
    assert "error: the plan has 4 messages to send (new against 'HEAD^1'); the limit is 2" in done.err


def test_a_limit_of_each_message_stays_an_error(repository: BaseRepository) -> None:
    limited(repository, "segments: 1")
    repository.replace(HELLO, ("has shipped", "has shipped" * 30))
    assert plan(repository).code == 1


def test_an_environments_limit_is_placed_where_it_is_written(repository: BaseRepository) -> None:
    repository.write(HELLO, SPEC + "limits: {messages: 5}\n")
    done = repository.project.run("plan", HELLO, "--detailed-exitcode")
    assert done.code == 7
    assert (
        "sendspec.yaml:6:24: error: hello: the plan has 10 messages to send; the limit is 2 [limit-messages]"
        in done.err
    )
    assert "raise `limits: {messages: …}` of 'test' in sendspec.yaml" in done.err
    limited(repository, "messages: 9")
    done = repository.project.run("plan", HELLO)
    assert done.code == 0
    assert (
        "specs/hello.yaml:7:20: warning: the plan has 10 messages to send; the limit is 5 [limit-messages]" in done.err
    )
