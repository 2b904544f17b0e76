"""Absence from the API's list is believed only where the list can be: otherwise a message stays in doubt, and nobody gets it twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from message_list import DatedList, Messages, age, instant
from project_dir import Answer, CountingServer, Done, ProjectDir

LOST = "Person 5,"


@pytest.fixture
def listing(server: CountingServer) -> DatedList:
    return DatedList(server)


@pytest.fixture
def ready(project: ProjectDir, helpers: Any, listing: DatedList) -> ProjectDir:
    project.write("hello.yaml", helpers.SPEC + "in_doubt: resend_if_absent\n")
    return project


def send(project_dir: ProjectDir, spec: str = "hello.yaml") -> Done:
    return project_dir.run("send", spec, "--env", "test", "--yes", "--format", "json")


def reconcile(project_dir: ProjectDir) -> Done:
    return project_dir.run("reconcile", "hello.yaml", "--env", "test", "--format", "json")


def one_lost(project_dir: ProjectDir, server: CountingServer, helpers: Any, *, taken: bool) -> str:
    """Five people, an hour later a sixth whose answer is lost, and three hours later three more by another spec.

    Returns the sixth's reference. The API took that message, or not.
    """
    project_dir.write("people.csv", helpers.numbers(5))
    assert send(project_dir).code == 0
    age(project_dir, server, 1)
    project_dir.write("people.csv", helpers.numbers(6))
    server.decide = lambda number, request: Answer(drop=True, taken=taken)
    assert send(project_dir).code == 4
    server.decide = lambda number, request: Answer()
    age(project_dir, server, 3)
    project_dir.write(
        "other.yaml", helpers.SPEC.replace("name: hello", "name: other").replace("people.csv", "others.csv")
    )
    project_dir.write("others.csv", helpers.numbers(3, start=700))
    assert send(project_dir, "other.yaml").code == 0
    age(project_dir, server, 0.2)
    (lost,) = (post for post in server.posts if LOST in post.body.decode())
    return str(lost.json["reference"])


def twice_absent(project_dir: ProjectDir, server: CountingServer) -> Done:
    """Two looks, eleven minutes apart."""
    assert reconcile(project_dir).json["reconciled"]["freed"] == []
    age(project_dir, server, 11 / 60)
    return reconcile(project_dir)


def assert_held(done: Done) -> None:
    assert (done.code, done.json["reconciled"]["freed"]) == (4, []), done.err
    assert "sendspec resolve" in done.err


def test_what_two_lists_lack_that_show_what_came_before_and_after_may_be_sent_again(
    ready: ProjectDir, server: CountingServer, helpers: Any
) -> None:
    one_lost(ready, server, helpers, taken=False)
    done = twice_absent(ready, server)
    assert (done.code, len(done.json["reconciled"]["freed"])) == (0, 1), done.err
    again = send(ready)
    assert (again.code, again.json["totals"]["accepted"]) == (0, 1)
    assert len(server.taken) == 9


def test_reconciling_sends_nothing(ready: ProjectDir, server: CountingServer, helpers: Any) -> None:
    one_lost(ready, server, helpers, taken=False)
    posts = len(server.posts)
    twice_absent(ready, server)
    assert len(server.posts) == posts


def test_a_list_without_anything_from_before_or_after_the_doubt_proves_nothing(
    ready: ProjectDir, server: CountingServer, helpers: Any
) -> None:
    one_lost(ready, server, helpers, taken=False)
    everything = list(server.taken)
    server.taken[:] = everything[:5]
    assert_held(twice_absent(ready, server))
    server.taken[:] = everything[5:]
    assert_held(twice_absent(ready, server))


def test_a_list_that_lacks_an_older_page_proves_nothing(
    ready: ProjectDir, server: CountingServer, listing: DatedList, helpers: Any
) -> None:
    reference = one_lost(ready, server, helpers, taken=True)

    def newest(messages: Messages) -> Messages:
        until = next((instant(m["createdAt"]) for m in messages if m["reference"] == reference), 0.0)
        return [message for message in messages if instant(message["createdAt"]) > until]

    listing.lie = newest
    assert_held(twice_absent(ready, server))


def test_a_list_that_lacks_another_message_of_that_time_proves_nothing(
    ready: ProjectDir, server: CountingServer, listing: DatedList, helpers: Any
) -> None:
    ready.write("people.csv", helpers.numbers(9))
    ready.write(
        "sendspec.yaml", (ready.folder / "sendspec.yaml").read_text().replace("timeout: 2", "timeout: 2, rate: 2/s")
    )
    server.decide = lambda number, request: Answer(drop=True, taken=True) if LOST in request.body.decode() else Answer()
    assert send(ready).code == 4
    age(ready, server, 3)
    posts = [post.json["reference"] for post in server.posts]
    hidden = set(posts[3:8])  # the doubt, and known ones around it
    listing.lie = lambda messages: [message for message in messages if message["reference"] not in hidden]
    assert_held(twice_absent(ready, server))


def test_what_was_scheduled_for_later_is_never_believed_absent(
    ready: ProjectDir, server: CountingServer, listing: DatedList, helpers: Any
) -> None:
    when = (datetime.now(UTC) + timedelta(days=2)).isoformat(timespec="seconds").replace("+00:00", "Z")
    spec = helpers.SPEC.replace("  body:", f'  scheduledFor: "{when}"\n  body:')
    ready.write("hello.yaml", spec + "in_doubt: resend_if_absent\n")
    reference = one_lost(ready, server, helpers, taken=True)
    listing.lie = lambda messages: [message for message in messages if message["reference"] != reference]
    assert_held(twice_absent(ready, server))


@pytest.mark.parametrize("clock", [-7_200.0, 7_200.0])
def test_with_a_clock_hours_off_a_message_is_found_and_absence_is_never_believed(
    ready: ProjectDir, server: CountingServer, listing: DatedList, helpers: Any, clock: float
) -> None:
    listing.clock = clock
    reference = one_lost(ready, server, helpers, taken=True)
    listing.lie = lambda messages: [message for message in messages if message["reference"] != reference]
    assert_held(twice_absent(ready, server))
    listing.lie = lambda messages: messages
    done = reconcile(ready)
    assert (done.code, len(done.json["reconciled"]["found"])) == (0, 1), done.err


@pytest.mark.parametrize("clock", [-7_200.0, 7_200.0])
def test_with_a_clock_hours_off_an_accepted_message_is_not_sent_again(
    ready: ProjectDir, server: CountingServer, listing: DatedList, helpers: Any, clock: float
) -> None:
    listing.clock = clock
    one_lost(ready, server, helpers, taken=True)
    for _ in range(2):
        assert reconcile(ready).json["reconciled"]["freed"] == []
        age(ready, server, 11 / 60)


@pytest.mark.parametrize("spelled", [str.upper, lambda reference: reference[:20]])
def test_a_list_that_spells_references_otherwise_proves_nothing(
    ready: ProjectDir, server: CountingServer, listing: DatedList, helpers: Any, spelled: Any
) -> None:
    reference = one_lost(ready, server, helpers, taken=True)
    listing.lie = lambda messages: [
        {**message, "reference": spelled(message["reference"])} if message["reference"] == reference else message
        for message in messages
    ]
    assert_held(twice_absent(ready, server))
    listing.lie = lambda messages: [{**message, "reference": spelled(message["reference"])} for message in messages]
    assert_held(twice_absent(ready, server))


@pytest.mark.parametrize("change", [{"receiver": {"contacts": [None]}}, {"id": None}, {"reference": "\ud83d"}])
def test_a_list_with_entries_that_can_not_be_read_proves_nothing(
    ready: ProjectDir, server: CountingServer, listing: DatedList, helpers: Any, change: dict[str, Any]
) -> None:
    reference = one_lost(ready, server, helpers, taken=True)
    listing.lie = lambda messages: [
        {**message, **change} if message["reference"] == reference else message for message in messages
    ]
    assert_held(twice_absent(ready, server))


def test_a_doubt_of_a_run_that_did_not_know_the_apis_clock_is_held(
    ready: ProjectDir, server: CountingServer, listing: DatedList, helpers: Any
) -> None:
    for people in (5, 6, 9):
        ready.write("people.csv", helpers.numbers(people))
        server.decide = lambda number, request: (
            Answer(drop=True, taken=False) if LOST in request.body.decode() else Answer()
        )
        command = ("send", "hello.yaml", "--env", "test", "--yes", *(("--no-witness",) if people == 6 else ()))
        assert ready.run(*command).code in (0, 4)
        age(ready, server, 1)
    assert_held(twice_absent(ready, server))


def test_absence_is_not_believed_before_half_an_hour_or_after_one_look(
    ready: ProjectDir, server: CountingServer, helpers: Any
) -> None:
    one_lost(ready, server, helpers, taken=False)
    age(ready, server, 1)
    for _ in range(2):
        done = reconcile(ready)
        assert (done.code, done.json["reconciled"]["freed"]) == (4, [])


@pytest.mark.parametrize("receiver", [None, "447700900005", "07700 900005"])
def test_an_entry_without_a_reference_that_could_be_the_message_keeps_it_in_doubt(
    ready: ProjectDir, server: CountingServer, helpers: Any, listing: DatedList, receiver: str | None
) -> None:
    lost = one_lost(ready, server, helpers, taken=True)

    def nameless(messages: Messages) -> Messages:
        contacts = [{"identifierKey": "phonenumber", "identifierValue": receiver}]
        named = {"reference": None, "receiver": {"contacts": contacts}}
        return [{**m, **named} if m["reference"] == lost else m for m in messages]

    listing.lie = nameless
    assert twice_absent(ready, server).json["reconciled"]["freed"] == []
    before = len(server.posts)
    assert send(ready).code == 4
    assert len(server.posts) == before


def test_an_id_that_another_message_has_is_no_absence(
    ready: ProjectDir, server: CountingServer, helpers: Any, listing: DatedList
) -> None:
    lost = one_lost(ready, server, helpers, taken=True)

    def taken_id(messages: Messages) -> Messages:
        before = [
            m for m in messages if m["createdAt"] < next(m for m in messages if m["reference"] == lost)["createdAt"]
        ]
        listed = [{**m, "id": before[0]["id"]} if m["reference"] == lost else m for m in messages]
        return sorted(listed, key=lambda m: bool(m["reference"] != lost))

    listing.lie = taken_id
    assert twice_absent(ready, server).json["reconciled"]["freed"] == []
    before = len(server.posts)
    assert send(ready).code == 4
    assert len(server.posts) == before


def test_a_plan_sends_nobody_whom_its_own_look_up_has_freed(
    ready: ProjectDir, server: CountingServer, helpers: Any
) -> None:
    """The message was in doubt when people looked at the plan, so nobody approved that it goes out."""
    one_lost(ready, server, helpers, taken=False)
    assert reconcile(ready).json["reconciled"]["freed"] == []
    age(ready, server, 11 / 60)
    ready.write("people.csv", helpers.numbers(7))
    assert ready.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json").code == 0
    done = ready.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert (done.code, done.json["totals"]["accepted"]) == (3, 1), done.err
    assert done.json["skipped"] == {"already-accepted": 5, "not-in-plan": 1}
    assert not [post for post in server.posts[-1:] if LOST in post.body.decode()]
    again = send(ready)
    assert (again.code, again.json["totals"]["accepted"]) == (0, 1)
