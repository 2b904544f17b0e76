"""What a plan says of the changes against a base, on real git histories."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from base_repository import HELLO, PEOPLE, SPEC, BaseRepository, people
from sendspec.reading.schema.validator import load_schema

pytestmark = pytest.mark.process
COUNT = 10


@pytest.fixture
def repository(tmp_path: Path) -> BaseRepository:
    repository = BaseRepository(tmp_path)
    repository.begin(COUNT)
    return repository


def recipients(change: Any) -> tuple[int, int, int, int]:
    found = change["recipients"]
    return found["added"], found["dropped"], found["changed"], found["same"]


def nothing(repository: BaseRepository) -> None:
    """The same files."""


def comment(repository: BaseRepository) -> None:
    repository.replace(HELLO, ("spec: 1\n", "# a comment\nspec: 1\n"))


def crlf(repository: BaseRepository) -> None:
    repository.write(HELLO, SPEC.replace("\n", "\r\n"))
    repository.write(PEOPLE, people(COUNT).replace("\n", "\r\n"))


def text(repository: BaseRepository) -> None:
    repository.replace(HELLO, ("has shipped", "was sent"))


def reorder(repository: BaseRepository) -> None:
    header, *rows = people(COUNT).splitlines()
    repository.write(PEOPLE, "\n".join([header, *reversed(rows)]) + "\n")


def add_rows(repository: BaseRepository) -> None:
    repository.write(PEOPLE, people(COUNT + 3))


def drop_and_correct(repository: BaseRepository) -> None:
    repository.write(PEOPLE, people(COUNT - 2).replace("Person3,", "Petra,"))


def filter_some(repository: BaseRepository) -> None:
    repository.replace(HELLO, ("people.csv}", "people.csv, where: \"{{ order != 'A4' }}\"}"))


def suppress_some(repository: BaseRepository) -> None:
    repository.write("specs/stop.txt", "+447700900005\n")
    repository.replace(HELLO, ("message:", "suppress: [stop.txt]\nmessage:"))


def suppress_no_longer(repository: BaseRepository) -> None:
    suppress_some(repository)
    repository.commit()
    repository.write("specs/stop.txt", "+447700900099\n")


def repeat_row(repository: BaseRepository) -> None:
    repository.write(PEOPLE, people(COUNT) + people(COUNT).splitlines()[1] + "\n")


def raise_generation(repository: BaseRepository) -> None:
    repository.replace(HELLO, ("name: hello\n", "name: hello\ngeneration: 2\n"), ("has shipped", "was sent"))


def generation_in_text(repository: BaseRepository) -> None:
    repository.replace(HELLO, ("shipped.", "shipped {{ generation }}."))
    repository.commit()
    repository.replace(HELLO, ("name: hello\n", "name: hello\ngeneration: 2\n"))


def move_file(repository: BaseRepository) -> None:
    repository.git("mv", HELLO, "specs/was.yaml")
    repository.commit()
    repository.git("mv", "specs/was.yaml", HELLO)


def rename_in_place(repository: BaseRepository) -> None:
    repository.replace(HELLO, ("name: hello", "name: greeting"))


def rename_with_moved_from(repository: BaseRepository) -> None:
    move_file(repository)
    repository.replace(HELLO, ("name: hello", "name: greeting\nmoved_from: hello"))


def swap(repository: BaseRepository) -> None:
    """Another spec takes the path, and this one moves: the name decides."""
    repository.git("mv", HELLO, "specs/was.yaml")
    repository.write(HELLO, SPEC.replace("name: hello", "name: fresh"))


def new_send(repository: BaseRepository) -> None:
    repository.replace(HELLO, ("name: hello", "name: greeting\nmoved_from: false"))


def other_key(repository: BaseRepository) -> None:
    repository.replace(HELLO, ("people.csv}", 'people.csv, key: "{{ order }}"}'))


def own_reference(repository: BaseRepository) -> None:
    repository.replace(HELLO, ("message:\n", 'message:\n  reference: "{{ order }}-x"\n'))
    repository.commit()
    repository.replace(HELLO, ("-x", "-y"))


def repeated_and_changed(repository: BaseRepository) -> None:
    repository.write(PEOPLE, people(COUNT) + "\n".join(people(COUNT).splitlines()[1:4]) + "\n")
    repository.commit()
    text(repository)


def one_line(repository: BaseRepository) -> None:
    """Three recipients on one line of the spec: the one that changes is shown."""
    rows = ", ".join(
        f"{{phone: '+44770090000{n}', first_name: {name}, order: A}}" for n, name in enumerate(("Ada", "Bob", "Cy"))
    )
    repository.replace(HELLO, ("{file: ../data/people.csv}", f"[{rows}]"))
    repository.commit()
    repository.replace(HELLO, ("Bob", "Rob"))


def json_lines(repository: BaseRepository) -> None:
    repository.write("data/people.jsonl", '{"phone": "+447700900001", "first_name": "Ada", "order": 12.50}\n')
    repository.replace(HELLO, ("people.csv", "people.jsonl"))
    repository.commit()
    repository.replace("data/people.jsonl", ("12.50", "12.5"))


def tags(repository: BaseRepository) -> None:
    repository.replace(HELLO, ("message:\n", "message:\n  tags: [shipping]\n"))


def number(repository: BaseRepository) -> None:
    repository.replace(HELLO, ("people.csv}", 'people.csv, key: "{{ order }}"}'))
    repository.commit()
    repository.write(PEOPLE, people(COUNT).replace("+447700900003", "+447700900103"))


def tighten(repository: BaseRepository) -> None:
    """The base breaks the limit that it has by now: limits are no part of a difference."""
    repository.replace(HELLO, ("message:", "limits: {segments: 1}\nmessage:"), ("shipped.", f"shipped.{' again' * 40}"))
    repository.commit()
    repository.replace(HELLO, (" again" * 40, ""))


def no_longer_scheduled(repository: BaseRepository) -> None:
    """The base was right on its day."""
    repository.replace(HELLO, ("message:", "message:\n  scheduledFor: '2020-01-02T09:00:00Z'"))
    repository.commit(date="2020-01-01T09:00:00Z")
    repository.replace(HELLO, ("\n  scheduledFor: '2020-01-02T09:00:00Z'", ""))


def flow_style(repository: BaseRepository) -> None:
    """A spec in JSON, at another path."""
    text = '{"channel": "sms", "name": "hello", "recipients": {"file": "../data/people.csv"}, "message": {"body": {"type": "text", "text": {"text": "Hi"}}}, "spec":\n 1}'
    repository.git("rm", "--quiet", HELLO)
    repository.write("specs/was.yaml", text)
    repository.commit()
    (repository.project.folder / "specs/was.yaml").rename(repository.write(HELLO, ""))
    repository.replace(HELLO, ('"Hi"', '"Hello"'))


HISTORIES: list[tuple[Callable[[BaseRepository], None], str, tuple[int, int, int, int], list[str]]] = [
    (nothing, "same", (0, 0, 0, 10), []),
    (comment, "same", (0, 0, 0, 10), []),
    (crlf, "same", (0, 0, 0, 10), []),
    (reorder, "same", (0, 0, 0, 10), []),
    (text, "changed", (0, 0, 10, 0), ["10 × -has shipped +was sent"]),
    (add_rows, "changed", (3, 0, 0, 10), []),
    (drop_and_correct, "changed", (0, 2, 1, 7), ["1 × -Person3 +Petra"]),
    (filter_some, "changed", (0, 1, 0, 9), []),
    (suppress_some, "changed", (0, 1, 0, 9), []),
    (suppress_no_longer, "changed", (1, 0, 0, 9), []),
    (repeat_row, "same", (0, 0, 0, 10), []),
    (raise_generation, "raised", (0, 0, 10, 0), ["10 × -has shipped +was sent"]),
    (generation_in_text, "raised", (0, 0, 10, 0), ["10 × -1 +2"]),
    (move_file, "same", (0, 0, 0, 10), []),
    (rename_in_place, "renamed", (0, 0, 0, 10), []),
    (rename_with_moved_from, "renamed", (0, 0, 0, 10), []),
    (swap, "added", (10, 0, 0, 0), []),
    (new_send, "added", (10, 0, 0, 0), []),
    (other_key, "changed", (10, 10, 0, 0), []),
    (own_reference, "changed", (0, 0, 0, 10), ["reference"]),
    (tighten, "changed", (0, 0, 10, 0), ["10 × -" + " again" * 40]),
    (no_longer_scheduled, "changed", (0, 0, 10, 0), ["scheduledFor"]),
    (flow_style, "changed", (0, 0, 10, 0), ["10 × -Hi +Hello"]),
    (repeated_and_changed, "changed", (0, 0, 10, 0), ["10 × -has shipped +was sent"]),
    (one_line, "changed", (0, 0, 1, 2), ["1 × -Bob +Rob"]),
    (json_lines, "changed", (0, 0, 1, 0), ["1 × -12.50 +12.5"]),
    (tags, "changed", (0, 0, 10, 0), ["tags"]),
    (number, "changed", (0, 0, 1, 9), ["receiver.contacts"]),
]


@pytest.mark.parametrize(
    ("edit", "kind", "counts", "changes"), HISTORIES, ids=lambda each: getattr(each, "__name__", "")
)
def test_each_history_changes_what_it_says(
    repository: BaseRepository,
    edit: Callable[[BaseRepository], None],
    kind: str,
    counts: tuple[int, int, int, int],
    changes: list[str],
) -> None:
    edit(repository)
    document = repository.document()
    assert load_schema("plan").problems(document) == []
    assert document["base"]["removed"] == []
    change = document["specs"][0]["change"]
    assert change["kind"] == kind
    assert recipients(change) == counts
    assert _words(change) == changes


def _words(change: Any) -> list[str]:
    marks = {"removed": "-", "added": "+"}
    texts = [
        f"{each['messages']} × "
        + " ".join(marks[piece["kind"]] + piece["text"] for piece in each["words"] if piece["kind"] in marks)
        for each in change["texts"]
    ]
    return [*texts, *change.get("fields", [])]


def test_the_text_of_a_plan_says_what_changes(repository: BaseRepository) -> None:
    commit = repository.git("rev-parse", "--short=7", "HEAD")
    text(repository)
    add_rows(repository)
    done = repository.plan(base="main")
    lines = done.out.splitlines()
    assert lines[3:8] == [
        f"  against main ({commit}): 1 text changed in 10 messages, 3 recipients more, +3 segments (10 → 13)",
        "    10 messages, row 2",
        "        - Hi Person0, your order A0 [-has shipped-].",
        "        + Hi Person0, your order A0 {+was sent+}.",
        "  1 of 1 shape, 13 of 13 messages",
    ]


def test_a_pull_request_is_compared_with_the_commit_that_both_come_from(repository: BaseRepository) -> None:
    began = repository.git("rev-parse", "HEAD")
    repository.git("checkout", "--quiet", "-b", "topic")
    text(repository)
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.write(PEOPLE, people(COUNT + 5))
    repository.commit()
    repository.git("checkout", "--quiet", "--detach", "topic")
    document = repository.document(base="main")
    assert document["base"]["commit"] == began
    assert recipients(document["specs"][0]["change"]) == (0, 0, 10, 0)
    repository.git("checkout", "--quiet", "--orphan", "apart")
    repository.commit()
    assert repository.document(base="main")["base"]["commit"] == repository.git("rev-parse", "main")


def test_a_spec_of_the_base_that_is_gone_is_named(repository: BaseRepository) -> None:
    repository.write("specs/bye.yaml", SPEC.replace("name: hello", "name: bye"))
    repository.write("specs/away.yaml", SPEC.replace("name: hello", "name: away"))
    repository.write("inner/sendspec.yaml", "environments: {}\n")
    repository.write("inner/theirs.yaml", SPEC.replace("name: hello", "name: theirs"))
    repository.commit()
    repository.git("rm", "--quiet", "-r", "inner", "specs/bye.yaml")
    (repository.project.folder / "specs/away.yaml").rename(repository.project.folder / "specs/here.yaml")
    done = repository.plan("specs/hello.yaml", "--format", "json")
    assert done.json["base"]["removed"] == [{"name": "bye", "path": "specs/bye.yaml"}]
    commit = repository.git("rev-parse", "--short=7", "HEAD")
    assert repository.plan().out.endswith(f"\n\ngone since HEAD ({commit}): bye (specs/bye.yaml)\n")


def test_two_projects_of_a_repository_are_apart(tmp_path: Path) -> None:
    one, other = BaseRepository(tmp_path, "one"), BaseRepository(tmp_path, "other")
    one.begin()
    other.begin(4)
    other.replace(HELLO, ("Hi", "Hello"))
    one.commit()
    other.replace(HELLO, ("Hello", "Dear"))
    change = other.change()
    assert recipients(change) == (0, 0, 4, 0)
    assert _words(change) == ["4 × -Hello +Dear"]
    assert one.change()["kind"] == "same"


@pytest.mark.parametrize("options", [(), ("--untrusted",)])
def test_a_spec_may_have_another_ending(repository: BaseRepository, options: tuple[str, ...]) -> None:
    repository.write("specs/s.spec", SPEC.replace("hello", "odd"))
    repository.commit()
    repository.replace("specs/s.spec", ("shipped", "gone"))
    repository.git("add", "--all")
    assert recipients(repository.change("specs/s.spec", *options)) == (0, 0, COUNT, 0)


def test_without_a_project_file_each_spec_has_its_own_folder(tmp_path: Path) -> None:
    repository = BaseRepository(tmp_path)
    listed = SPEC.replace("{file: ../data/people.csv}", "[{phone: '+447700900001', first_name: Ada, order: A1}]")
    repository.write("a/one.yaml", listed)
    repository.write("b/two.yaml", listed.replace("hello", "two"))
    repository.commit()
    repository.replace("b/two.yaml", ("Hi", "Hello"))
    document = repository.document("a/one.yaml", "b/two.yaml")
    assert [spec["change"]["kind"] for spec in document["specs"]] == ["same", "changed"]


def test_the_other_list_counts_on_both_sides(repository: BaseRepository) -> None:
    text(repository)
    repository.write("few.csv", people(2))
    assert recipients(repository.change(HELLO, "--recipients", "few.csv")) == (0, 0, 2, 0)
    done = repository.project.run("plan", HELLO, "--base", "HEAD", "--recipients", "-", stdin=people(3))
    assert "the base can't be compared: the recipients come from standard input" in done.out


def test_the_ledger_has_no_part_in_it(repository: BaseRepository) -> None:
    text(repository)
    before = repository.document()
    assert repository.project.run("send", HELLO, "--yes").code == 0
    after = repository.document()
    assert after["totals"]["send"] == 0
    assert after["specs"][0]["change"] == before["specs"][0]["change"]


def test_neither_the_digest_nor_the_plan_file_nor_the_exit_code_differ(repository: BaseRepository) -> None:
    text(repository)
    alone = repository.project.run("plan", HELLO, "--format", "json", "--out", "a.json", "--detailed-exitcode")
    based = repository.project.run(
        "plan", HELLO, "--format", "json", "--out", "b.json", "--detailed-exitcode", "--base", "HEAD"
    )
    assert alone.code == based.code == 10
    document = based.json
    assert {**document, "specs": []} == {**alone.json, "base": document["base"], "specs": []}
    assert [{k: v for k, v in spec.items() if k != "change"} for spec in document["specs"]] == alone.json["specs"]
    files = [(repository.project.folder / name).read_text() for name in ("a.json", "b.json")]
    assert '"base"' not in files[1]
    assert '"change"' not in files[1]


def test_with_ci_no_recipient_is_in_the_texts(repository: BaseRepository) -> None:
    repository.replace(HELLO, ("has shipped", "was sent"))
    repository.write(PEOPLE, people(COUNT).replace("Person3,", "Petra,"))
    repository.project.environ["CI"] = "true"
    done = repository.plan("--format", "json", HELLO)
    assert "Person" not in done.out
    assert "Petra" not in done.out
    (found,) = done.json["specs"][0]["change"]["texts"]
    assert (found["messages"], found["before"]) == (10, "Hi ⟨first_name⟩, your order ⟨order⟩ has shipped.")
    repository.replace(
        HELLO,
        (
            "message:",
            "examples:\n  - with: {phone: '+447700900001', first_name: Zoë, order: Z9}\n    expect: {}\nmessage:",
        ),
    )
    (found,) = repository.change()["texts"]
    # An example's values could hide what changes.
    assert found["after"] == "Hi ⟨first_name⟩, your order ⟨order⟩ was sent."
    repository.replace(HELLO, ("was sent", "has shipped"))
    done = repository.plan()
    assert ": 1 text changed in 1 message, only recipients' values change\n" in done.out
    assert "Petra" not in done.out
    page = repository.plan("--format", "markdown", HELLO).out
    assert "- **only recipients' values change**\n" in page
    assert "before:" not in page


def test_with_ci_values_that_change_with_the_template_are_counted(repository: BaseRepository) -> None:
    repository.project.environ["CI"] = "true"
    repository.replace(HELLO, ("has shipped", "was sent"))
    assert repository.change()["changed_values"] == 0
    repository.write(PEOPLE, people(COUNT).replace("Person3,", "Petra,"))
    assert repository.change()["changed_values"] == 1
    assert "recipients' values change too in 1 message" in repository.plan().out
    assert "- **recipients' values change too in 1 message**\n" in repository.plan("--format", "markdown", HELLO).out
    repository.write(PEOPLE, people(COUNT).replace("Person", "Petra"))
    assert repository.change()["changed_values"] == COUNT
    del repository.project.environ["CI"]
    assert "changed_values" not in repository.change()


def test_the_counts_are_those_of_an_independent_count(repository: BaseRepository) -> None:
    """Many edits at once, over more rows than are composed one by one, against dictionaries of the rows."""
    old = list(csv.DictReader(io.StringIO(people(2_000))))
    repository.write(PEOPLE, _table(old))
    repository.replace(HELLO, ("shipped.", "shipped.{% if order == 'A7' %} Lucky!{% endif %}"))
    repository.commit()
    new = [dict(row) for row in old[300:]] + list(csv.DictReader(io.StringIO(people(50, 5_000))))
    for index, row in enumerate(new):
        if index % 7 == 0:
            row["first_name"] = f"New{index}"
        if index % 11 == 0:
            row["order"] = "A7"
    new = new[1_000:] + new[:1_000]
    repository.write(PEOPLE, _table(new))
    texts = [{row["phone"]: _text(row) for row in rows} for rows in (old, new)]
    both = texts[0].keys() & texts[1].keys()
    changed = sum(texts[0][phone] != texts[1][phone] for phone in both)
    expected = (len(texts[1]) - len(both), len(texts[0]) - len(both), changed, len(both) - changed)
    change = repository.change()
    assert recipients(change) == expected
    assert sum(each["messages"] for each in change["texts"]) == changed
    lucky = Counter(texts[1][phone].endswith("Lucky!") for phone in both if texts[0][phone] != texts[1][phone])
    by_shape = Counter[bool]()
    for each in change["texts"]:
        by_shape[each["after"].endswith("Lucky!")] += each["messages"]
    assert by_shape == lucky
    assert len(change["texts"]) < 12


def _table(rows: list[dict[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, ["phone", "first_name", "order"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _text(row: dict[str, str]) -> str:
    lucky = " Lucky!" if row["order"] == "A7" else ""
    return f"Hi {row['first_name']}, your order {row['order']} has shipped.{lucky}"


def test_costs_are_those_of_each_sides_prices(repository: BaseRepository) -> None:
    repository.write("prices.csv", "country,segment,currency\n*,0.05,EUR\n")
    repository.write("sendspec.yaml", "prices: prices.csv\nenvironments: {}\n")
    repository.commit()
    repository.write("prices.csv", "country,segment,currency\n*,0.10,EUR\n")
    add_rows(repository)
    change = repository.change()
    amounts = {side: change["cost"][side]["amounts"][0]["low"] for side in ("before", "after")}
    assert amounts == {"before": "0.50", "after": "1.30"}
    assert ", +0.80 EUR (0.50 → 1.30)" in repository.plan().out
