"""Identity over time, from outside: what each step of a spec's life in git sends, and to whom a second time it does not.

Every history is a real one, made with git; every send goes to a server that counts.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections import Counter
from typing import Any

import pytest
from git_project import Repository, codes
from project_dir import SPEC, Answer, CountingServer, ProjectDir, numbers

WITHOUT_THE_FIRST_TEN = """recipients:
  file: people.csv
  where: "{{ order_id not in ['A0', 'A1', 'A2', 'A3', 'A4', 'A5', 'A6', 'A7', 'A8', 'A9'] }}"
"""
PEOPLE = 20


@pytest.fixture
def repository(project: ProjectDir, server: CountingServer) -> Repository:
    return Repository(project, server)


@pytest.fixture
def sent(repository: Repository) -> Repository:
    """A spec that was sent to everybody."""
    repository.write("hello.yaml", SPEC)
    repository.write("people.csv", numbers(PEOPLE))
    repository.commit("Add hello")
    assert repository.send() == (0, PEOPLE)
    return repository


def plan_only(repository: Repository) -> None:
    """Has everything planned and nothing accepted: the API refuses the run as a whole."""
    repository.server.decide = lambda number, request: Answer(401, b'{"code": "Unauthorized", "message": "no"}')
    assert repository.sent()[0].code == 5
    repository.server.decide = lambda number, request: Answer()
    repository.server.requests.clear()


def test_each_step_of_a_specs_life_sends_what_it_should(repository: Repository) -> None:
    repository.write("hello.yaml", SPEC)
    repository.write("people.csv", numbers(PEOPLE))
    repository.commit("Add hello")
    assert repository.send() == (0, PEOPLE), "add"
    assert repository.send() == (0, 0), "run again"

    repository.replace("hello.yaml", ("spec: 1\n", "spec: 1  # the format\n"))
    repository.commit("Comment only")
    assert repository.send() == (0, 0), "comment only"

    repository.git("mv", "hello.yaml", "greeting.yaml")
    repository.commit("Rename the file")
    assert repository.send("greeting.yaml") == (0, 0), "file renamed"

    repository.replace("greeting.yaml", ("is on its way", "has left"))
    typo = repository.commit("Fix a typo")
    done, count = repository.sent("greeting.yaml")
    assert (done.code, count, done.json["skipped"]) == (0, 0, {"drift": PEOPLE}), "typo fixed"

    repository.git("revert", "--no-edit", typo)
    done, count = repository.sent("greeting.yaml")
    assert (done.code, count, done.json["skipped"]) == (0, 0, {"already-accepted": PEOPLE}), "revert of the typo"

    repository.git("rm", "--quiet", "greeting.yaml")
    deleted = repository.commit("Delete it")
    repository.git("revert", "--no-edit", deleted)
    assert repository.send("greeting.yaml") == (0, 0), "delete, then revert the delete"

    repository.replace("greeting.yaml", ("name: hello\n", "name: hello\ngeneration: 2\n"))
    raised = repository.commit("Send it again")
    assert repository.send("greeting.yaml") == (0, PEOPLE), "generation 2"

    repository.git("revert", "--no-edit", raised)
    done, count = repository.sent("greeting.yaml")
    assert (codes(done), count) == (["generation-old"], 0), "revert of generation 2"

    repository.git("reset", "--quiet", "--hard", raised)
    repository.write("other.yaml", SPEC.replace("name: hello\n", "name: hello\ngeneration: 2\n"))
    repository.commit("Same name in two files")
    done, count = repository.sent("greeting.yaml", "other.yaml")
    assert (codes(done), count) == (["name-repeated"], 0), "same name in two files"
    done, count = repository.sent("other.yaml")
    assert (codes(done), count) == (["name-taken"], 0), "same name in two files, the second alone"
    assert set(repository.texted().values()) == {2}


def test_a_squashed_branch_is_sent_once(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "feature")
    repository.write("hello.yaml", SPEC.replace("is on its way", "iss on its way"))
    repository.write("people.csv", numbers(PEOPLE))
    repository.commit("Add hello")
    repository.replace("hello.yaml", ("iss on", "is on"))
    repository.commit("Fix a typo before it is sent")
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--squash", "feature")
    repository.commit("Add hello (#1)")
    assert repository.send() == (0, PEOPLE)
    repository.git("checkout", "--quiet", "feature")
    assert repository.send() == (0, 0)


def test_a_merge_commit_sends_what_each_side_added_and_its_parents_nothing_more(repository: Repository) -> None:
    repository.write("people.csv", numbers(PEOPLE))
    base = repository.commit("People")
    repository.write("hello.yaml", SPEC)
    ours = repository.commit("Add hello")
    repository.git("checkout", "--quiet", "-b", "feature", base)
    repository.write("bye.yaml", SPEC.replace("name: hello", "name: bye").replace("Hi", "Bye"))
    theirs = repository.commit("Add bye")
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "--no-edit", "feature")
    assert repository.send("hello.yaml", "bye.yaml") == (0, 2 * PEOPLE)
    for parent, spec in ((ours, "hello.yaml"), (theirs, "bye.yaml")):
        repository.git("checkout", "--quiet", parent)
        assert repository.send(spec) == (0, 0)


def test_a_rewritten_history_sends_nothing_again(sent: Repository) -> None:
    sent.git("reset", "--quiet", "--soft", "HEAD~1")
    sent.replace("hello.yaml", ("spec: 1\n", "spec: 1  # rewritten\n"))
    sent.commit("Add hello, rewritten")
    assert sent.send() == (0, 0)


def test_a_run_that_was_dropped_is_made_up_for_by_the_next(sent: Repository) -> None:
    sent.write("bye.yaml", SPEC.replace("name: hello", "name: bye").replace("Hi", "Bye"))
    sent.commit("Add bye; its run is dropped")
    sent.replace("hello.yaml", ("spec: 1\n", "spec: 1  # the format\n"))
    sent.commit("Comment only")
    assert sent.send("hello.yaml", "bye.yaml") == (0, PEOPLE)


def test_a_late_run_of_an_older_generation_is_refused(sent: Repository) -> None:
    first = sent.git("rev-parse", "HEAD")
    sent.replace("hello.yaml", ("name: hello\n", "name: hello\ngeneration: 2\n"))
    second = sent.commit("Send it again")
    sent.write("people.csv", numbers(PEOPLE + 10))
    late = sent.commit("More people")
    assert sent.send() == (0, PEOPLE + 10)
    sent.git("checkout", "--quiet", first)
    sent.write("people.csv", numbers(2 * PEOPLE))
    planned = sent.run("plan", "hello.yaml")
    assert codes(planned) == ["generation-old"]
    done, count = sent.sent()
    assert (codes(done), count) == (["generation-old"], 0)
    sent.git("checkout", "--quiet", "--force", second)
    assert sent.send() == (0, 0)
    sent.git("checkout", "--quiet", late)
    assert sent.send() == (0, 0)


def test_runs_that_come_in_the_other_order_send_the_newer_generation_only(repository: Repository) -> None:
    repository.write("people.csv", numbers(PEOPLE))
    repository.write("hello.yaml", SPEC)
    first = repository.commit("Add hello")
    repository.replace("hello.yaml", ("name: hello\n", "name: hello\ngeneration: 2\n"))
    repository.commit("And once more")
    assert repository.send() == (0, PEOPLE)  # nothing is known of the name: any generation is allowed
    repository.git("checkout", "--quiet", first)
    done, count = repository.sent()
    assert (codes(done), count) == (["generation-old"], 0)


def at_generation(repository: Repository, generation: int) -> None:
    text = SPEC.replace("name: hello\n", f"name: hello\ngeneration: {generation}\n")
    repository.write("hello.yaml", text)
    repository.commit(f"Generation {generation}")


def test_a_generation_that_skips_others_is_refused_and_so_is_a_lower_one(sent: Repository) -> None:
    at_generation(sent, 5)
    done, count = sent.sent()
    assert (codes(done), count) == (["generation-skipped"], 0)
    assert codes(sent.run("plan", "hello.yaml")) == ["generation-skipped"]
    for generation in (2, 3):
        at_generation(sent, generation)
        assert sent.send() == (0, PEOPLE)
    at_generation(sent, 1)
    done, count = sent.sent()
    assert (codes(done), count) == (["generation-old"], 0)


def test_the_sandbox_only_warns_of_generations(repository: Repository) -> None:
    repository.write("people.csv", numbers(3))
    for generation, code in ((1, ""), (5, "generation-skipped"), (3, "generation-old")):
        at_generation(repository, generation)
        done = repository.project_dir.run("send", "hello.yaml", "--env", "sandbox", "--yes", "--format", "json")
        assert done.code == 0, done.err
        assert done.json["totals"]["accepted"] == 3
        assert code in done.err


def test_a_generation_that_was_never_used_is_given_up_on_a_persons_word(sent: Repository) -> None:
    done = sent.run("resolve", "hello.yaml", "--generation", "2", "--as", "skipped", "--reason", "a false start")
    assert done.code == 0, done.err
    at_generation(sent, 2)
    refused, count = sent.sent()
    assert (codes(refused), count) == (["generation-old"], 0)
    at_generation(sent, 3)
    assert sent.send() == (0, PEOPLE)


def test_a_generation_that_was_planned_is_given_up_with_its_messages(sent: Repository) -> None:
    at_generation(sent, 2)
    plan_only(sent)
    done = sent.run("resolve", "hello.yaml", "--generation", "2", "--as", "skipped", "--reason", "called off")
    assert (done.code, done.json["resolved"]) == (0, PEOPLE), done.err
    with sqlite3.connect(sent.project_dir.folder / ".sendspec" / "test.db") as ledger:
        events = ledger.execute(
            "SELECT origin, target, evidence, count(*) FROM event WHERE target = 'skipped' GROUP BY 1, 2, 3"
        ).fetchall()
    assert events == [("planned", "skipped", "called off", PEOPLE)]
    assert sent.run("ledger", "check").code == 0
    done, count = sent.sent()
    assert (codes(done), count) == (["generation-old"], 0)
    at_generation(sent, 3)
    done, count = sent.sent()
    assert (done.code, count, done.json["left"]) == (0, PEOPLE, 0)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--generation", "4", "--as", "skipped"),  # 2 and 3 come first
        ("--generation", "2", "--as", "accepted"),
        ("--left", "--as", "not-sent"),
        ("--left", "--generation", "2", "--as", "skipped"),
    ],
)
def test_giving_up_what_can_not_be_given_up_is_wrong_usage(sent: Repository, arguments: tuple[str, ...]) -> None:
    done = sent.project_dir.run("resolve", "hello.yaml", *arguments, "--reason", "why not", "--env", "test")
    assert done.code == 2, done.err


def renamed(repository: Repository, more: str = "") -> None:
    """The spec under another name, with ten people more."""
    repository.replace("hello.yaml", ("name: hello\n", f"name: greeting\n{more}"))
    repository.write("people.csv", numbers(PEOPLE + 10))
    repository.commit("Rename the spec")


@pytest.mark.parametrize("moves_the_file", [False, True])
def test_a_renamed_spec_is_refused_until_it_says_what_it_was_called(sent: Repository, moves_the_file: bool) -> None:
    renamed(sent)
    path = "hello.yaml"
    if moves_the_file:
        path = "greeting.yaml"
        sent.git("mv", "hello.yaml", path)
        sent.commit("Rename the file too")
    assert codes(sent.run("plan", path)) == ["name-moved"]
    done, count = sent.sent(path)
    assert (codes(done), count) == (["name-moved"], 0)
    sent.replace(path, ("name: greeting\n", "name: greeting\nmoved_from: hello\n"))
    sent.commit("Say what it was called")
    planned = sent.run("plan", path)
    assert planned.json["totals"] == {"recipients": PEOPLE + 10, "send": 10, "skip": PEOPLE}
    assert planned.json["skipped"] == {"already-accepted": PEOPLE}
    assert sent.send(path) == (0, 10)
    assert sent.send(path) == (0, 0)
    assert set(sent.texted().values()) == {1}


def test_a_renamed_spec_stays_what_it_was_when_it_no_longer_says_so(sent: Repository) -> None:
    renamed(sent, "moved_from: hello\n")
    assert sent.send() == (0, 10)
    sent.replace("hello.yaml", ("moved_from: hello\n", ""))
    sent.commit("Tidy up")
    assert sent.send() == (0, 0)
    sent.write("people.csv", numbers(PEOPLE + 15))
    assert sent.send() == (0, 5)
    assert set(sent.texted().values()) == {1}


def test_the_revert_of_a_rename_sends_nobody_a_second_message(sent: Repository) -> None:
    renamed(sent, "moved_from: hello\n")
    assert sent.send() == (0, 10)
    sent.replace("hello.yaml", ("name: greeting\nmoved_from: hello\n", "name: hello\n"))
    sent.commit("Back to the first name, the people stay")
    assert sent.send() == (0, 0)
    assert set(sent.texted().values()) == {1}


def test_a_name_that_moved_twice_is_followed_all_the_way(sent: Repository) -> None:
    renamed(sent, "moved_from: hello\n")
    assert sent.send() == (0, 10)
    sent.replace("hello.yaml", ("name: greeting\nmoved_from: hello\n", "name: welcome\nmoved_from: greeting\n"))
    sent.commit("Rename it once more")
    assert sent.send() == (0, 0)


def test_a_renamed_spec_that_says_it_is_a_new_one_is_sent(sent: Repository) -> None:
    renamed(sent, "moved_from: false\n")
    assert sent.send() == (0, PEOPLE + 10)


def test_what_happened_under_the_earlier_name_holds_under_the_new_one(repository: Repository) -> None:
    answers = {1: Answer(drop=True, taken=True), 2: Answer(422, b'{"code": "InvalidNumber", "message": "no"}')}
    repository.server.decide = lambda number, request: answers.get(number, Answer())
    repository.server.listing = lambda request: CountingServer.page([])
    repository.write("hello.yaml", SPEC)
    repository.write("people.csv", numbers(20))
    repository.commit("Add hello")
    done, _ = repository.sent()
    assert done.code == 4, done.err
    renamed(repository, "moved_from: hello\n")
    repository.write("people.csv", numbers(25))
    done, count = repository.sent()
    assert (done.code, count) == (4, 5), done.err
    assert done.json["skipped"] == {"already-accepted": 18, "in-doubt-before": 1, "refused-before": 1}


def states_of(repository: Repository, name: str) -> dict[str, int]:
    """How many messages of a name the ledger has in each state."""
    exported = repository.project_dir.run("ledger", "export", "--env", "test").out.splitlines()
    return dict(Counter(row["state"] for row in map(json.loads, exported) if row["spec"] == name))


def reasons_of_drops(repository: Repository) -> set[str]:
    """Why messages were given up."""
    with sqlite3.connect(repository.project_dir.folder / ".sendspec" / "test.db") as ledger:
        return {why for (why,) in ledger.execute("SELECT evidence FROM event WHERE target = 'skipped'")}


def test_a_send_that_broke_off_goes_on_under_its_new_name(repository: Repository) -> None:
    repository.write("hello.yaml", SPEC)
    repository.write("people.csv", numbers(20))
    repository.commit("Add hello")
    plan_only(repository)
    renamed(repository, "moved_from: hello\n")
    repository.write("people.csv", numbers(15))
    done, count = repository.sent()
    assert (done.code, count, done.json["left"]) == (3, 15, 5), done.err
    assert set(repository.texted().values()) == {1}
    assert states_of(repository, "greeting") == {"accepted": 15}
    assert states_of(repository, "hello") == {
        "planned": 5,
        "skipped": 15,
    }  # whom the new name reached, and who has left
    assert reasons_of_drops(repository) == {"accepted under the name greeting"}
    by_name = {spec["name"]: spec["skipped"] for spec in repository.run("status").json["specs"]}
    assert by_name == {"greeting": {}, "hello": {"moved": 15}}
    assert repository.send() == (3, 0)


def test_who_went_on_under_the_new_name_and_was_not_sent_to_either_is_tried_again(repository: Repository) -> None:
    repository.write("hello.yaml", SPEC)
    repository.write("people.csv", numbers(20))
    repository.commit("Add hello")
    plan_only(repository)
    renamed(repository, "moved_from: hello\n")
    repository.write("people.csv", numbers(20))
    plan_only(repository)
    assert states_of(repository, "greeting") == {"planned": 20}
    assert states_of(repository, "hello") == {"planned": 20}
    assert repository.send() == (0, 20)
    assert states_of(repository, "hello") == {"skipped": 20}


def test_who_was_reached_under_either_name_is_reached_under_both(repository: Repository) -> None:
    repository.write("hello.yaml", SPEC)
    repository.write("people.csv", numbers(PEOPLE + 10))
    repository.commit("Add hello")
    plan_only(repository)
    renamed(repository, "moved_from: hello\n")
    plan_only(repository)
    repository.write("hello.yaml", SPEC)
    assert repository.send() == (0, PEOPLE + 10)
    renamed(repository, "moved_from: hello\n")
    done, count = repository.sent()
    assert (done.code, count, done.json["skipped"]) == (0, 0, {"already-accepted": PEOPLE + 10})


def test_a_rename_while_texts_change_warns_only_where_the_path_is_the_same(sent: Repository) -> None:
    sent.replace("hello.yaml", ("name: hello", "name: greeting"), ("is on its way", "was delivered"))
    sent.commit("Another spec in the same file")
    done, count = sent.sent()
    assert (done.code, count) == (0, PEOPLE)
    assert "name-moved" in done.err
    assert f"'hello' before, which sent {PEOPLE} messages" in done.err
    assert f"all {PEOPLE} recipients get it" in done.err


def test_a_new_spec_beside_one_that_is_still_there_is_no_rename(sent: Repository) -> None:
    sent.write("copy.yaml", SPEC.replace("name: hello", "name: copy"))
    sent.commit("The same once more, beside the first")
    planned = sent.run("plan", "copy.yaml")
    [warning] = planned.json["warnings"]
    assert warning["code"] == "same-as-sent"
    assert warning["problem"].startswith(f"{PEOPLE} of {PEOPLE} messages would go to the same people")
    assert "'hello' (hello.yaml)" in warning["problem"]
    assert sent.send("copy.yaml") == (0, PEOPLE)
    sent.write("people.csv", numbers(PEOPLE + 1))
    assert sent.run("plan", "copy.yaml").json["warnings"] == []


@pytest.mark.parametrize(
    "change", [("name: hello", "name: copy\nmoved_from: false"), ("is on its way", "was delivered")]
)
def test_a_new_spec_that_is_meant_or_has_another_text_is_no_copy(sent: Repository, change: tuple[str, str]) -> None:
    sent.write("copy.yaml", SPEC.replace(*change).replace("name: hello", "name: copy"))
    assert sent.run("plan", "copy.yaml").json["warnings"] == []


def test_a_name_that_still_belongs_to_a_file_can_not_be_moved_from(sent: Repository) -> None:
    sent.write("copy.yaml", SPEC.replace("name: hello\n", "name: copy\nmoved_from: hello\n"))
    sent.commit("A copy that says it is the first")
    done, count = sent.sent("copy.yaml")
    assert (codes(done), count) == (["name-taken"], 0)


def test_a_wrong_earlier_name_is_no_way_round_the_check(sent: Repository) -> None:
    renamed(sent, "moved_from: helo\n")
    done, count = sent.sent()
    assert (codes(done), count) == (["name-moved"], 0)
    assert "moved-from-unknown" in {diagnostic["code"] for diagnostic in done.json["diagnostics"]}


def test_a_name_is_free_again_when_its_file_holds_another(sent: Repository) -> None:
    sent.write("moved.yaml", SPEC)
    sent.replace("hello.yaml", ("name: hello", "name: greeting"), ("is on its way", "was delivered"))
    sent.commit("hello moves to another file, and its own takes another spec in")
    assert sent.send("moved.yaml") == (0, 0)


def keyed(repository: Repository, key: str, rows: str) -> None:
    recipients = f"{{file: people.csv, key: '{key}'}}"
    repository.write("hello.yaml", SPEC.replace("{file: people.csv}", recipients))
    repository.write("people.csv", rows)
    repository.commit(f"Key {key}")


def test_another_key_is_refused_where_it_would_text_people_again(repository: Repository) -> None:
    keyed(repository, "{{ order_id }}", numbers(20))
    assert repository.send() == (0, 20)
    keyed(repository, "{{ phone }}", numbers(20))
    assert codes(repository.run("plan", "hello.yaml")) == ["key-changed"]
    done, count = repository.sent()
    assert (codes(done), count) == (["key-changed"], 0)
    at = [d for d in done.json["diagnostics"] if d["code"] == "key-changed"]
    assert at[0]["fix"]
    keyed(repository, "{{ order_id }}", numbers(20))
    assert repository.send() == (0, 0)


def test_a_key_that_is_only_written_otherwise_is_the_same_key(repository: Repository) -> None:
    keyed(repository, "{{ order_id }}", numbers(20))
    assert repository.send() == (0, 20)
    for key in ("{{order_id}}", "{{ (order_id) }}", '{{ row["order_id"] }}', "{{ row.order_id }}"):
        keyed(repository, key, numbers(21))
        repository.write("people.csv", numbers(20) + "+447700900000,Again,B1\n")  # one person's second order
        done = repository.run("plan", "hello.yaml")
        assert (done.code, done.json["totals"]["send"]) == (0, 1), done.err


def test_two_orders_of_one_person_are_two_messages_while_the_key_stays(repository: Repository) -> None:
    keyed(repository, "{{ order_id }}", numbers(20))
    assert repository.send() == (0, 20)
    keyed(repository, "{{ order_id }}", "phone,first_name,order_id\n+447700900000,Person 0,B1\n")
    assert repository.send() == (0, 1)


def test_an_address_that_is_read_from_another_column_is_another_key(repository: Repository) -> None:
    rows = "phone,other,first_name,order_id\n" + "".join(f"+4477009{n:05d},+4477008{n:05d},P,A{n}\n" for n in range(20))
    swapped = "phone,other,first_name,order_id\n" + "".join(
        f"+4477008{n:05d},+4477009{n:05d},P,A{n}\n" for n in range(20)
    )
    repository.write("hello.yaml", SPEC)
    repository.write("people.csv", rows)
    assert repository.send() == (0, 20)
    keyed(repository, "{{ other }}-{{ order_id }}", swapped)
    repository.replace("hello.yaml", ("file: people.csv,", 'file: people.csv, to: "{{ other }}",'))
    done, count = repository.sent()
    assert (codes(done), count) == (["key-changed"], 0)


def test_another_key_with_nobody_of_before_warns(repository: Repository) -> None:
    keyed(repository, "{{ order_id }}", numbers(20))
    assert repository.send() == (0, 20)
    keyed(repository, "{{ phone }}", numbers(20, start=500))
    done, count = repository.sent()
    assert (done.code, count) == (0, 20)
    assert "key-changed" in done.err


def test_a_ledger_that_did_not_note_the_key_refuses_what_could_be_another_one(repository: Repository) -> None:
    keyed(repository, "{{ order_id }}", numbers(20))
    assert repository.send() == (0, 20)
    with sqlite3.connect(repository.project_dir.folder / ".sendspec" / "test.db") as ledger:
        ledger.execute("UPDATE spec SET key_tree = NULL, to_tree = NULL")
    keyed(repository, "{{ phone }}", numbers(20))
    done, count = repository.sent()
    assert (codes(done), count) == (["key-changed"], 0)
    keyed(repository, "{{ order_id }}", numbers(20) + "+447700900000,Again,B1\n")
    assert repository.send() == (0, 1)


def referring(name: str, reference: str) -> str:
    return SPEC.replace("name: hello", f"name: {name}").replace("message:\n", f"message:\n  reference: '{reference}'\n")


def test_a_reference_that_another_specs_message_to_the_receiver_has_is_refused(repository: Repository) -> None:
    repository.write("people.csv", numbers(20))
    repository.write("one.yaml", referring("one", "{{ order_id }}"))
    repository.write("two.yaml", referring("two", "{{ order_id }}").replace("Hi", "Bye"))
    repository.commit("Two specs with one kind of reference")
    done, count = repository.sent("one.yaml", "two.yaml")
    assert (codes(done), count) == (["reference-taken"], 0)
    assert repository.send("one.yaml") == (0, 20)
    done, count = repository.sent("two.yaml")
    assert (codes(done), count) == (["reference-taken"], 0)
    assert codes(repository.run("plan", "two.yaml")) == ["reference-taken"]
    assert repository.send("one.yaml") == (0, 0)
    repository.write("two.yaml", referring("two", "{{ order_id }}-two").replace("Hi", "Bye"))
    assert repository.send("two.yaml") == (0, 20)


def test_the_same_reference_to_another_receiver_is_free(repository: Repository) -> None:
    repository.write("people.csv", numbers(20))
    repository.write("one.yaml", referring("one", "{{ order_id }}"))
    assert repository.send("one.yaml") == (0, 20)
    repository.write("people.csv", numbers(20).replace("+44770090", "+44770080"))
    repository.write("two.yaml", referring("two", "{{ order_id }}").replace("Hi", "Bye"))
    assert repository.send("two.yaml") == (0, 20)


def test_people_who_were_planned_and_left_the_table_are_counted_until_they_are_closed(repository: Repository) -> None:
    repository.write("hello.yaml", SPEC)
    repository.write("people.csv", numbers(PEOPLE))
    plan_only(repository)
    repository.write("people.csv", numbers(5, start=PEOPLE - 2))  # two of them stay
    planned = repository.run("plan", "hello.yaml")
    assert planned.json["left"] == planned.json["specs"][0]["left"] == PEOPLE - 2
    done, count = repository.sent()
    assert (done.code, count, done.json["left"]) == (3, 5, PEOPLE - 2)
    assert repository.send() == (3, 0)
    status = repository.run("status", "hello.yaml").json
    assert (status["left"], status["specs"][0]["left"]) == (PEOPLE - 2, PEOPLE - 2)
    assert f"left: {PEOPLE - 2}" in repository.project_dir.run("status", "hello.yaml", "--env", "test").out
    closed = repository.run("resolve", "hello.yaml", "--left", "--as", "skipped", "--reason", "they have moved away")
    assert (closed.code, closed.json["resolved"], closed.json["left"]) == (0, PEOPLE - 2, 0), closed.err
    done, count = repository.sent()
    assert (done.code, count, done.json["left"]) == (0, 0, 0)


def test_closing_who_is_left_leaves_those_in_the_table_planned(repository: Repository) -> None:
    repository.write("hello.yaml", SPEC)
    repository.write("people.csv", numbers(20))
    plan_only(repository)
    repository.write("people.csv", numbers(8))
    closed = repository.run("resolve", "hello.yaml", "--left", "--as", "skip", "--reason", "they have moved away")
    assert (closed.code, closed.json["resolved"]) == (0, 12)
    assert repository.send() == (0, 8)


def test_who_was_planned_in_an_older_generation_is_left_without_a_table(repository: Repository) -> None:
    repository.write("people.csv", numbers(20))
    at_generation(repository, 1)
    plan_only(repository)
    at_generation(repository, 2)
    done, count = repository.sent()
    assert (done.code, count, done.json["left"]) == (3, 20, 20)
    assert repository.run("status").json["left"] == 20
    closed = repository.run("resolve", "hello.yaml", "--left", "--as", "skipped", "--reason", "superseded")
    assert closed.json["resolved"] == 20
    assert repository.send() == (0, 0)


def test_whom_the_filter_leaves_out_is_still_in_the_table_and_not_left(repository: Repository) -> None:
    repository.write("hello.yaml", SPEC)
    repository.write("people.csv", numbers(20))
    plan_only(repository)
    repository.replace("hello.yaml", ("recipients: {file: people.csv}", WITHOUT_THE_FIRST_TEN))
    repository.write("people.csv", numbers(15))  # five are gone, ten are filtered, five stay
    planned = repository.run("plan", "hello.yaml").json
    assert (planned["left"], planned["skipped"]) == (5, {"filtered": 10})
    assert repository.run("status", "hello.yaml").json["left"] == 5
    done, count = repository.sent()
    assert (done.code, count, done.json["left"]) == (3, 5, 5)
    closed = repository.run("resolve", "hello.yaml", "--left", "--as", "skipped", "--reason", "gone")
    assert (closed.code, closed.json["resolved"]) == (0, 5)
    assert repository.send() == (0, 0)
    repository.replace("hello.yaml", (WITHOUT_THE_FIRST_TEN, "recipients: {file: people.csv}"))
    assert repository.send() == (0, 10)


def noted(repository: Repository) -> dict[str, Any]:
    with sqlite3.connect(repository.project_dir.folder / ".sendspec" / "test.db") as ledger:
        ledger.row_factory = sqlite3.Row
        return dict(ledger.execute("SELECT * FROM spec").fetchone())


def test_a_send_notes_its_commit_and_the_digest_of_its_text(sent: Repository) -> None:
    row = noted(sent)
    assert row["commit_id"] == sent.git("rev-parse", "HEAD")
    planned = sent.run("plan", "hello.yaml").json["specs"][0]
    assert row["text_digest"] == planned["text_digest"]
    assert len(planned["text_digest"]) == 16
    sent.replace("hello.yaml", ("spec: 1\n", "spec: 1  # the format\n"))
    assert sent.run("plan", "hello.yaml").json["specs"][0]["text_digest"] == planned["text_digest"]
    sent.replace("hello.yaml", ("is on its way", "has left"))
    assert sent.run("plan", "hello.yaml").json["specs"][0]["text_digest"] != planned["text_digest"]


def test_a_project_without_git_is_sent_as_well(project: ProjectDir) -> None:
    project.write("hello.yaml", SPEC)
    project.write("people.csv", numbers(3))
    project.environ["PATH"] = os.fspath(project.folder)  # no git
    done = project.run("send", "hello.yaml", "--env", "test", "--yes", "--format", "json")
    assert (done.code, json.loads(done.out)["totals"]["accepted"]) == (0, 3)


def test_the_digest_of_the_text_stands_beside_what_is_on_hold(repository: Repository) -> None:
    at_fault = {n: Answer(401, b'{"code": "Unauthorized", "message": "no"}') for n in range(2, 40)}
    repository.server.decide = lambda number, request: at_fault.get(number, Answer())
    repository.write("hello.yaml", SPEC)
    repository.write("people.csv", numbers(20))
    assert repository.sent()[0].code == 5
    repository.replace("hello.yaml", ("is on its way", "has left"))
    done = repository.run("plan", "hello.yaml")
    digest = done.json["specs"][0]["text_digest"]
    assert done.json["skipped"]["on-hold"] > 0
    shown = repository.project_dir.run("plan", "hello.yaml", "--env", "test")
    assert digest in shown.out
    assert f"continue_with: '{digest}'" in shown.err


def called(helpers: Any, name: str, more: str = "", text: str = "Hi") -> str:
    return str(helpers.SPEC).replace("name: hello", f"name: {name}\n{more}").replace("Hi ", f"{text} ")


def send_it(project_dir: Any, *more: str) -> Any:
    return project_dir.run("send", "hello.yaml", "--env", "test", "--yes", "--format", "json", *more)


def test_a_former_name_is_remembered_though_nothing_was_to_be_sent_under_the_new_one(
    project: Any, server: Any, helpers: Any
) -> None:
    project.write("people.csv", helpers.numbers(3))
    project.write("hello.yaml", called(helpers, "aa"))
    assert send_it(project).code == 0
    project.write("hello.yaml", called(helpers, "bb", "moved_from: aa", "Dear"))
    assert send_it(project).json["skipped"] == {"drift": 3}
    project.write("hello.yaml", called(helpers, "bb", "", "Dear"))
    assert send_it(project).json["skipped"] == {"drift": 3}
    project.write("hello.yaml", called(helpers, "cc", "moved_from: bb", "Dearest"))
    assert send_it(project).json["skipped"] == {"drift": 3}
    assert len(server.posts) == 3


def test_doubts_under_a_former_name_are_looked_up_and_settled_under_the_new_one(
    project: Any, server: Any, helpers: Any
) -> None:
    project.write("people.csv", helpers.numbers(3))
    project.write("hello.yaml", called(helpers, "aa"))
    server.decide = lambda number, request: helpers.Answer(drop=True, taken=number == 1)
    assert send_it(project).code == 4
    server.decide = lambda number, request: helpers.Answer()
    project.write("hello.yaml", called(helpers, "bb", "moved_from: aa"))
    again = send_it(project)
    assert (again.code, again.json["skipped"]) == (4, {"already-accepted": 1, "in-doubt-before": 2})
    assert project.run("reconcile", "hello.yaml", "--env", "test").code == 4
    settled = project.run(
        "resolve", "hello.yaml", "--as", "accepted", "--reason", "seen", "--env", "test", "--format", "json"
    )
    assert settled.json["resolved"] == 2
    assert send_it(project).code == 0
    assert len(server.posts) == 3


def keyed_by(repository: Repository, key: str) -> None:
    """The spec with this `key`."""
    repository.write("hello.yaml", SPEC.replace("{file: people.csv}", f"{{file: people.csv, key: '{key}'}}"))


def test_a_changed_key_is_remembered_when_those_it_concerns_come_back(repository: Repository) -> None:
    repository.write("hello.yaml", SPEC)
    repository.write("people.csv", numbers(4))
    assert repository.send() == (0, 4)
    keyed_by(repository, "{{ order_id }}")
    repository.write("people.csv", numbers(4, start=4))
    assert repository.send() == (0, 4)
    repository.write("people.csv", numbers(8))
    done, count = repository.sent()
    assert (codes(done), count) == (["key-changed"], 0)
    repository.write("people.csv", numbers(4, start=4) + "+447700900004,Person 4,A900\n")
    assert repository.send() == (0, 1)  # a second order of somebody who is known by the key as it is now


def test_a_key_that_comes_back_reaches_nobody_twice(repository: Repository) -> None:
    repository.write("hello.yaml", SPEC)
    repository.write("people.csv", numbers(4))
    repository.server.listing = lambda request: Answer(500)
    assert repository.sent()[0].code == 3  # planned, and never claimed
    repository.server.listing = lambda request: CountingServer.page([])
    keyed_by(repository, "{{ order_id }}")
    assert repository.send() == (3, 4)
    repository.write("hello.yaml", SPEC)
    done, count = repository.sent()
    assert (codes(done), count) == (["key-changed"], 0)


def named(repository: Repository, path: str, name: str, text: str = "is on its way") -> None:
    repository.write(path, SPEC.replace("name: hello", f"name: {name}").replace("is on its way", text))


def test_two_specs_that_swap_names_are_refused(repository: Repository) -> None:
    repository.write("people.csv", numbers(5))
    repository.write("others.csv", numbers(5, start=10))
    for path, name, table in (("a.yaml", "hello", "people.csv"), ("b.yaml", "bello", "others.csv")):
        repository.write(path, SPEC.replace("name: hello", f"name: {name}").replace("people.csv", table))
    assert repository.send("a.yaml", "b.yaml") == (0, 10)
    for path, name, table in (("a.yaml", "bello", "people.csv"), ("b.yaml", "hello", "others.csv")):
        repository.write(path, SPEC.replace("name: hello", f"name: {name}").replace("people.csv", table))
    for specs in (("a.yaml", "b.yaml"), ("a.yaml",), ("b.yaml",)):
        done, count = repository.sent(*specs)
        assert count == 0
        assert set(codes(done)) <= {"name-moved", "name-taken"}


def test_a_name_that_another_gone_spec_had_is_no_way_round(repository: Repository) -> None:
    repository.write("people.csv", numbers(5))
    named(repository, "a.yaml", "hello")
    named(repository, "b.yaml", "bello", "was delivered")
    assert repository.send("a.yaml", "b.yaml") == (0, 10)
    (repository.project_dir.folder / "b.yaml").unlink()
    named(repository, "a.yaml", "bello")
    done, count = repository.sent("a.yaml")
    assert count == 0 or done.json["totals"]["accepted"] == 0


@pytest.mark.parametrize("path", ["hello.yaml", "greet.yaml"])
def test_a_renamed_spec_is_refused_when_those_whom_it_reached_come_back(repository: Repository, path: str) -> None:
    repository.write("hello.yaml", SPEC)
    repository.write("people.csv", numbers(5))
    assert repository.send() == (0, 5)
    (repository.project_dir.folder / "hello.yaml").unlink()
    named(repository, path, "greet")
    repository.write("people.csv", numbers(5, start=5))
    assert repository.send(path) == (0, 5)
    repository.write("people.csv", numbers(10))
    done, count = repository.sent(path)
    assert (codes(done), count) == (["name-moved"], 0)


def test_doubts_of_an_older_generation_are_shown_and_listed(repository: Repository) -> None:
    repository.server.decide = lambda number, request: Answer(drop=True) if number == 1 else Answer()
    repository.server.listing = lambda request: CountingServer.page([])
    repository.write("people.csv", numbers(3))
    at_generation(repository, 1)
    assert repository.send() == (4, 3)
    at_generation(repository, 2)
    assert repository.send() == (4, 3)
    status = repository.run("status", "hello.yaml", "--in-doubt").json
    assert (status["totals"]["in_doubt"], status["specs"][0]["earlier_doubts"]) == (0, 1)
    [doubt] = status["messages"]
    assert (doubt["generation"], doubt["state"]) == (1, "in_doubt")
    assert "1 of earlier generations" in repository.project_dir.run("status", "hello.yaml", "--env", "test").out
    settled = repository.run("resolve", doubt["id"], "--as", "skipped", "--reason", "asked them")
    assert settled.code == 0, settled.err
    assert repository.send() == (0, 0)


@pytest.mark.parametrize("path", ["people.csv", "hello.yaml"])
def test_a_baseline_is_what_was_committed(repository: Repository, path: str) -> None:
    repository.write("hello.yaml", SPEC)
    repository.write("people.csv", numbers(5))
    repository.commit("Add hello")
    shutil.rmtree(repository.project_dir.folder / ".sendspec")
    (repository.project_dir.folder / "sendspec.lock").unlink()
    repository.write("people.csv", numbers(2) if path == "people.csv" else numbers(5))
    repository.write("hello.yaml", SPEC + ("# another\n" if path == "hello.yaml" else ""))
    done = repository.run("ledger", "init", "--baseline")
    assert codes(done) == ["baseline-uncommitted"]
    assert done.json["diagnostics"][0]["path"] == path
    assert not (repository.project_dir.folder / "sendspec.lock").exists()
    repository.git("checkout", "--", ".")
    assert repository.run("ledger", "init", "--baseline").json["baselined"] == 5
    assert repository.run("status").json["skipped"] == {"baseline": 5}
