"""A ledger that lacks what the API took is refused before anything is sent: restored, copied or recreated."""

from __future__ import annotations

import json
import shutil
import signal
import threading
import time
from collections import Counter
from typing import Any

import pytest
from message_list import DatedList, age, age_ledger, restore, saved
from project_dir import Answer, CountingServer, Done, ProjectDir

PEOPLE = 20
FOREIGN = {"id": "f1", "status": "sent", "reference": "another's", "receiver": {"contacts": []}}


@pytest.fixture
def listing(server: CountingServer) -> DatedList:
    return DatedList(server)


@pytest.fixture
def ready(project: ProjectDir, helpers: Any, listing: DatedList) -> ProjectDir:
    """A spec for 20 people, and another one for a person who is not among them."""
    project.write("hello.yaml", helpers.SPEC)
    project.write("people.csv", helpers.numbers(PEOPLE))
    other = helpers.SPEC.replace("name: hello", "name: other").replace("people.csv", "others.csv")
    project.write("other.yaml", other)
    project.write("others.csv", helpers.numbers(1, start=500))
    return project


def send(project_dir: ProjectDir, *more: str, spec: str = "hello.yaml", timeout: float = 60) -> Done:
    return project_dir.run("send", spec, "--env", "test", "--yes", "--format", "json", *more, timeout=timeout)


def once_each(server: CountingServer) -> bool:
    """Whether nobody was sent a text a second time."""
    sent = Counter(
        (post.json["receiver"]["contacts"][0]["identifierValue"], str(post.json["body"])) for post in server.posts
    )
    return set(sent.values()) <= {1}


def assert_refused(done: Done, count: int) -> None:
    assert done.code == 6, done.err
    assert "ledger-rolled-back" in done.err
    assert f"the API accepted {count} messages" in done.err or count == 1


def test_a_backup_restored_with_its_mirror_is_refused_though_another_spec_was_sent_first(
    ready: ProjectDir, server: CountingServer
) -> None:
    backup = saved(ready)
    assert send(ready).code == 0
    age(ready, server, 30)
    restore(ready, backup)
    assert send(ready, spec="other.yaml").code == 0
    assert_refused(send(ready), PEOPLE)
    assert once_each(server)
    assert send(ready).json["skipped"] == {"already-accepted": PEOPLE}


def test_a_backup_taken_in_the_middle_of_a_run_is_refused_whatever_recovery_writes(
    ready: ProjectDir, server: CountingServer
) -> None:
    backups: list[dict[str, bytes]] = []
    settings = (ready.folder / "sendspec.yaml").read_text()
    ready.write("sendspec.yaml", settings.replace("timeout: 2", "timeout: 2, concurrency: 2"))

    def decide(number: int, request: Any) -> Answer:
        if number == 12:
            backups.append(saved(ready))
        return Answer()

    server.decide = decide
    assert send(ready).code == 0
    age(ready, server, 3)
    restore(ready, backups[0])
    age_ledger(ready.folder / ".sendspec" / "test.db", 3 * 3_600)
    done = send(ready)
    assert done.code == 6, done.err
    assert once_each(server)
    assert send(ready).code == 0
    assert len(server.posts) == PEOPLE


def test_what_the_first_page_proves_counts_when_the_second_one_breaks_off(
    ready: ProjectDir, server: CountingServer, listing: DatedList
) -> None:
    backup = saved(ready)
    assert send(ready).code == 0
    restore(ready, backup)
    listing.page = 8
    listing.broken = lambda request, query: Answer(500) if query.get("pageToken") == ["8"] else None
    assert_refused(send(ready), 8)
    broken = send(ready)
    assert broken.code == 3, broken.err
    assert "list-unread" in broken.err
    assert broken.json["totals"]["not_sent"] == 12
    assert len(server.posts) == PEOPLE
    listing.broken = lambda request, query: None
    assert_refused(send(ready), 12)
    assert send(ready).code == 0
    assert once_each(server)


@pytest.mark.parametrize(
    "entry",
    [
        {**FOREIGN, "reference": "\ud83d"},
        {**FOREIGN, "receiver": {"contacts": [{"identifierValue": "\udc00"}]}},
        {**FOREIGN, "receiver": {"contacts": [None]}},
        {**FOREIGN, "id": None},
        {**FOREIGN, "id": 5},
        None,
        "text",
    ],
)
def test_one_entry_that_can_not_be_read_does_not_hide_the_others(
    ready: ProjectDir, server: CountingServer, listing: DatedList, entry: Any
) -> None:
    backup = saved(ready)
    assert send(ready).code == 0
    restore(ready, backup)
    listing.lie = lambda messages: [*messages[:3], entry, *messages[3:]]
    assert_refused(send(ready), PEOPLE)
    assert once_each(server)


def test_a_ledger_recreated_30_hours_after_the_send_is_refused(ready: ProjectDir, server: CountingServer) -> None:
    fresh = saved(ready)
    assert send(ready).code == 0
    age(ready, server, 30)
    restore(ready, fresh)
    assert_refused(send(ready), PEOPLE)
    assert once_each(server)


def test_a_clone_of_the_ledger_that_sent_something_else_first_is_refused(
    ready: ProjectDir, server: CountingServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    clone = ProjectDir(tmp_path_factory.mktemp("clone") / "project")
    shutil.copytree(ready.folder, clone.folder)
    clone.environ = ready.environ
    assert send(ready).code == 0
    age(ready, server, 5)
    assert send(clone, spec="other.yaml").code == 0
    assert_refused(send(clone), PEOPLE)
    assert once_each(server)


def test_a_channel_with_more_traffic_than_is_read_is_asked_for_receivers(
    ready: ProjectDir, server: CountingServer, listing: DatedList
) -> None:
    backup = saved(ready)
    assert send(ready).code == 0
    restore(ready, backup)

    def busy(request: Any, query: dict[str, list[str]]) -> Answer | None:
        if "to" in query:
            return None
        page = {"results": [FOREIGN], "nextPageToken": f"{len(listing.queries)}"}
        return Answer(200, json.dumps(page).encode())

    listing.broken = busy
    assert_refused(send(ready), PEOPLE)
    assert once_each(server)
    unnarrowed = [query for query in listing.queries if "to" not in query]
    assert len(unnarrowed) <= 2 * 51


def test_a_list_without_an_end_is_left_and_the_send_goes_on(
    ready: ProjectDir, server: CountingServer, listing: DatedList
) -> None:
    def endless(request: Any, query: dict[str, list[str]]) -> Answer:
        page = {"results": [], "nextPageToken": f"{len(listing.queries)}"}
        return Answer(200, json.dumps(page).encode())

    listing.broken = endless
    done = send(ready)
    assert done.code == 0, done.err
    assert done.json["totals"]["accepted"] == PEOPLE
    assert len(listing.queries) < 400


@pytest.mark.parametrize(("name", "number", "code"), [("SIGTERM", signal.SIGTERM, 143), ("SIGINT", signal.SIGINT, 130)])
@pytest.mark.parametrize("command", [("send", "hello.yaml", "--yes"), ("reconcile",)])
def test_a_signal_is_heard_while_the_list_is_read(
    ready: ProjectDir,
    server: CountingServer,
    listing: DatedList,
    command: tuple[str, ...],
    name: str,
    number: int,
    code: int,
) -> None:
    if command == ("reconcile",):
        server.decide = lambda post, request: Answer(drop=True) if post == 1 else Answer()
        assert send(ready).code == 4
    begun = len(listing.queries)

    def endless(request: Any, query: dict[str, list[str]]) -> Answer:
        time.sleep(0.05)
        return Answer(200, json.dumps({"results": [], "nextPageToken": f"{len(listing.queries)}"}).encode())

    listing.broken = endless
    posts = len(server.posts)
    process = ready.started(*command, "--env", "test")
    try:
        end = time.monotonic() + 30
        while len(listing.queries) < begun + 3 and time.monotonic() < end:
            time.sleep(0.01)
        process.send_signal(number)
        _, err = process.communicate(timeout=15)
    finally:
        process.kill()
    assert process.returncode == code, err
    assert len(server.posts) == posts
    assert "Traceback" not in err


def test_a_list_that_breaks_off_stops_the_send_unless_the_witness_is_left_out(
    ready: ProjectDir, server: CountingServer, listing: DatedList
) -> None:
    listing.broken = lambda request, query: Answer(500)
    done = send(ready)
    assert done.code == 3, done.err
    assert "--no-witness" in done.err
    assert server.posts == []
    assert done.json["totals"]["not_sent"] == PEOPLE
    assert send(ready, "--no-witness").code == 0
    assert len(server.posts) == PEOPLE


def test_a_list_that_answers_at_the_second_try_is_no_failure(
    ready: ProjectDir, server: CountingServer, listing: DatedList
) -> None:
    listing.broken = lambda request, query: Answer(500) if len(listing.queries) == 1 else None
    assert send(ready).code == 0


def test_a_list_that_may_not_be_read_warns_and_goes_on(
    ready: ProjectDir, server: CountingServer, listing: DatedList
) -> None:
    listing.broken = lambda request, query: Answer(403, b'{"code": "Forbidden", "message": "no right to list"}')
    done = send(ready)
    assert done.code == 0, done.err
    assert "the send continues without comparing" in done.err


def own_reference(project_dir: ProjectDir, helpers: Any) -> None:
    """Two specs for the same people, both with the order as their reference."""
    text = helpers.SPEC.replace("  body:", '  reference: "{{ order_id }}"\n  body:')
    project_dir.write("hello.yaml", text)
    project_dir.write("other.yaml", text.replace("name: hello", "name: other").replace("Hi ", "Dear "))


def test_a_second_spec_with_the_same_references_is_refused_and_nobody_of_it_is_noted(
    ready: ProjectDir, server: CountingServer, helpers: Any
) -> None:
    own_reference(ready, helpers)
    assert send(ready).code == 0
    done = send(ready, spec="other.yaml")
    assert done.code == 1, done.err
    assert {one["code"] for one in done.json["diagnostics"]} == {"reference-taken"}
    assert len(server.posts) == PEOPLE
    assert [spec["name"] for spec in ready.run("status", "--env", "test", "--format", "json").json["specs"]] == [
        "hello"
    ]


def test_two_specs_of_one_command_may_not_share_references_either(
    ready: ProjectDir, server: CountingServer, helpers: Any
) -> None:
    own_reference(ready, helpers)
    done = ready.run("send", "hello.yaml", "other.yaml", "--env", "test", "--yes", "--format", "json")
    assert done.code == 1, done.out + done.err
    assert {one["code"] for one in done.json["diagnostics"]} == {"reference-taken"}
    assert server.posts == []


def test_an_own_reference_of_a_message_never_claimed_stops_the_run_and_moves_nothing(
    ready: ProjectDir, server: CountingServer, helpers: Any
) -> None:
    own_reference(ready, helpers)
    fresh = saved(ready)
    assert send(ready).code == 0
    restore(ready, fresh)
    for _ in range(2):
        done = send(ready)
        assert done.code == 6, done.err
        assert "message_id" in done.err
        assert "--no-witness" in done.err
        assert done.json["totals"]["not_sent"] == PEOPLE
    assert len(server.posts) == PEOPLE


def test_an_own_reference_proves_a_claimed_message_accepted_by_time(
    ready: ProjectDir, server: CountingServer, helpers: Any
) -> None:
    own_reference(ready, helpers)
    server.decide = lambda number, request: (
        Answer(drop=True, taken=True) if "Person 3," in request.body.decode() else Answer()
    )
    assert send(ready).code == 4
    done = ready.run("reconcile", "--env", "test", "--format", "json")
    assert done.code == 0, done.err
    assert len(done.json["reconciled"]["found"]) == 1


def test_without_the_apis_clock_an_own_reference_proves_nothing(
    ready: ProjectDir, server: CountingServer, helpers: Any
) -> None:
    own_reference(ready, helpers)
    server.decide = lambda number, request: (
        Answer(drop=True, taken=True) if "Person 3," in request.body.decode() else Answer()
    )
    assert send(ready, "--no-witness").code == 4
    done = ready.run("reconcile", "--env", "test", "--format", "json")
    assert (done.code, done.json["reconciled"]["found"]) == (4, [])


def test_a_message_listed_from_before_its_first_claim_is_not_this_one(
    ready: ProjectDir, server: CountingServer, helpers: Any
) -> None:
    own_reference(ready, helpers)
    server.decide = lambda number, request: (
        Answer(drop=True, taken=True) if "Person 3," in request.body.decode() else Answer()
    )
    assert send(ready).code == 4
    age(ready, server, 1)
    age_ledger(ready.folder / ".sendspec" / "test.db", -3_600)
    done = ready.run("reconcile", "--env", "test", "--format", "json")
    assert (done.code, done.json["reconciled"]["found"]) == (4, [])


def test_a_message_listed_twice_is_an_alarm_within_a_run_too(
    ready: ProjectDir, server: CountingServer, listing: DatedList
) -> None:
    looks = len(listing.queries)

    def lost_until_looked_up(number: int, request: Any) -> Answer:
        return Answer() if len(listing.queries) > looks + 1 else Answer(drop=True, taken=True)

    server.decide = lost_until_looked_up
    listing.lie = lambda messages: [*messages, *({**message, "id": message["id"] + "-2"} for message in messages)]
    done = send(ready)
    assert done.code == 0, done.err
    assert "alarm" in done.err
    assert done.json["totals"]["accepted"] == PEOPLE
    assert len(server.posts) == PEOPLE


def test_doubts_are_found_in_pages_of_more_than_16_megabytes(
    ready: ProjectDir, server: CountingServer, listing: DatedList
) -> None:
    server.decide = lambda number, request: Answer(drop=True, taken=True) if number == 3 else Answer()
    assert send(ready).code == 4

    def large(request: Any, query: dict[str, list[str]]) -> Answer | None:
        if int(query["limit"][0]) <= 100:
            return None
        return Answer(200, json.dumps({"results": server.taken, "padding": "x" * 17_000_000}).encode())

    listing.broken = large
    done = ready.run("reconcile", "--env", "test", "--format", "json")
    assert done.code == 0, done.err
    assert len(done.json["reconciled"]["found"]) == 1


def test_doubts_in_a_list_without_an_end_stay_in_doubt_and_that_is_told(
    ready: ProjectDir, server: CountingServer, listing: DatedList
) -> None:
    server.decide = lambda number, request: Answer(drop=True, taken=False) if number == 3 else Answer()
    assert send(ready).code == 4
    listing.broken = lambda request, query: Answer(
        200, json.dumps({"results": [], "nextPageToken": f"{len(listing.queries)}"}).encode()
    )
    done = ready.run("reconcile", "--env", "test", "--format", "json", timeout=120)
    assert done.code == 4, done.err
    assert "goes on" in done.json["reconciled"]["unread"][0]


@pytest.mark.parametrize("clock", [-7_200.0, 7_200.0])
def test_a_clock_that_is_hours_off_hides_nothing(
    ready: ProjectDir, server: CountingServer, listing: DatedList, clock: float
) -> None:
    listing.clock = clock
    backup = saved(ready)
    server.decide = lambda number, request: Answer(drop=True, taken=True) if number == 3 else Answer()
    assert send(ready).code == 4
    done = ready.run("reconcile", "--env", "test", "--format", "json")
    assert done.code == 0, done.err
    restore(ready, backup)
    assert_refused(send(ready), PEOPLE)


def behind(project_dir: ProjectDir, server: CountingServer) -> None:
    """A ledger that lacks everything that was sent."""
    backup = saved(project_dir)
    assert send(project_dir).code == 0
    restore(project_dir, backup)


def test_a_renamed_spec_is_known_by_its_former_references(ready: ProjectDir, server: CountingServer) -> None:
    behind(ready, server)
    text = (ready.folder / "hello.yaml").read_text()
    ready.write("hello.yaml", text.replace("name: hello", "name: bello\nmoved_from: hello"))
    done = send(ready)
    assert done.code == 6, done.err
    assert once_each(server)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'reference: "x-{{ message_id }}"'),
        ('reference: "x-{{ message_id }}"', ""),
        ('reference: "{{ message_id }}-a"', 'reference: "{{ message_id }}-b"'),
    ],
)
def test_another_reference_that_holds_the_messages_id_names_the_same_message(
    ready: ProjectDir, server: CountingServer, before: str, after: str
) -> None:
    text = (ready.folder / "hello.yaml").read_text()
    ready.write("hello.yaml", f"{text}  {before}\n")
    behind(ready, server)
    ready.write("hello.yaml", f"{text}  {after}\n")
    assert_refused(send(ready), PEOPLE)
    assert once_each(server)
    assert send(ready).code == 0
    assert once_each(server)


def without_id(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "id"}


@pytest.mark.parametrize(
    "changed",
    [
        without_id,
        lambda entry: {**entry, "id": None},
        lambda entry: {**entry, "id": 7},
        lambda entry: {**entry, "receiver": {"contacts": ["+447700900000"]}},
        lambda entry: {**entry, "reference": entry["reference"].upper()},
        lambda entry: {**entry, "reference": f" {entry['reference']} "},
        lambda entry: {**entry, "id": "the same"},
    ],
)
def test_what_is_listed_oddly_under_our_references_stops_the_send_each_time(
    ready: ProjectDir, server: CountingServer, listing: DatedList, changed: Any
) -> None:
    behind(ready, server)
    listing.lie = lambda messages: [changed(entry) for entry in messages]
    for _ in range(3):
        done = send(ready)
        assert done.code == 6 or done.json["skipped"] == {"already-accepted": PEOPLE}, done.err
    assert once_each(server)


def test_a_list_that_does_not_tell_its_time_is_asked_a_day_ahead(
    ready: ProjectDir, server: CountingServer, listing: DatedList
) -> None:
    behind(ready, server)
    listing.tells_time, listing.clock = False, 3 * 3_600.0
    assert_refused(send(ready), PEOPLE)
    assert once_each(server)


def test_a_page_with_a_key_twice_is_no_page(ready: ProjectDir, server: CountingServer, listing: DatedList) -> None:
    behind(ready, server)
    listing.broken = lambda request, query: Answer(200, b'{"results": [], "nextPageToken": null, "results": []}')
    done = send(ready)
    assert done.code == 3, done.err
    assert "list-unread" in done.err
    assert once_each(server)


def test_where_somebody_is_in_doubt_a_list_that_breaks_off_leaves_exit_code_4(
    ready: ProjectDir, server: CountingServer, listing: DatedList
) -> None:
    server.decide = lambda number, request: Answer(drop=True, taken=False) if number == 1 else Answer()
    assert send(ready).code == 4
    ready.write("people.csv", (ready.folder / "people.csv").read_text() + "+447700900600,Ann,A600\n")
    listing.broken = lambda request, query: Answer(500)
    done = send(ready)
    assert (done.code, done.json["skipped"]["in-doubt-before"]) == (4, 1), done.err
    assert "list-unread" in done.err


def test_a_signal_ends_a_send_whose_list_never_answers(
    ready: ProjectDir, server: CountingServer, listing: DatedList
) -> None:
    asked, answers = threading.Event(), threading.Event()

    def silent(request: Any, query: dict[str, list[str]]) -> Answer:
        asked.set()
        answers.wait(60)
        return Answer(500)

    listing.broken = silent
    process = ready.started("send", "hello.yaml", "--yes", "--env", "test")
    try:
        assert asked.wait(30)
        process.send_signal(signal.SIGTERM)
        answers.set()
        _, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 143, err
    assert server.posts == []
