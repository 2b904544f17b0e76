"""What changes in git between a plan and its send, or after the send: nobody gets a text that wasn't planned, and nobody gets two.

| change | the plan made before | a plan made after it |
|---|---|---|
| text, before the send | stale | all, with the new text |
| text, after the send | nothing left | nothing: drift |
| text, when half is sent | the rest, on the commit it was made of; elsewhere nothing | nothing: on hold |
| more recipients after the send | stale | the new ones only |
| revert before the send | refused, its spec is gone | – |
| revert after the send | refused, its spec is gone | – ; nothing can be unsent |
| file removed, then back | nothing left | nothing |
| file renamed | all | all |
| `name` changed | stale; refused once it was sent | refused, until `moved_from` says so: nothing |
| `key` changed | stale or refused | refused |
| `generation` lowered or skipped | stale or refused | refused |
| environment renamed | stale | refused at `init` |
| sendspec.lock lost | can't be sent | can't be made |
"""

from __future__ import annotations

import pytest
from git_pipeline import Pipeline, Planned, on_a_server_too, on_both_ledgers
from git_project import codes
from long_rows import all_but
from project_dir import SPEC, Answer, Request, numbers

PEOPLE = 10
HELLO, TABLE = "specs/hello.yaml", "specs/people.csv"
UNAUTHORIZED = Answer(401, b'{"code": "Unauthorized", "message": "no"}')


def texts(pipeline: Pipeline) -> set[str]:
    """The ends of the texts that arrived."""
    return {
        post.json["body"]["text"]["text"].partition("order ")[2].partition(" ")[2] for post in pipeline.server.posts
    }


def change_text(pipeline: Pipeline) -> None:
    pipeline.desk.replace(HELLO, ("is on its way", "has left"))
    pipeline.desk.commit("Another text")


def raised(pipeline: Pipeline, generation: int) -> None:
    pipeline.desk.write(HELLO, SPEC.replace("name: hello\n", f"name: hello\ngeneration: {generation}\n"))
    pipeline.desk.commit(f"Generation {generation}")


def stale(pipeline: Pipeline, plan: Planned, *causes: str) -> None:
    """The plan is refused as stale for these causes, and nothing is sent."""
    sent = pipeline.send(plan)
    assert sent.told == (8, 0), sent.done
    assert tuple(each["cause"] for each in sent.done.json["causes"]) == causes


def refused(pipeline: Pipeline, plan: Planned, *expected: str) -> None:
    sent = pipeline.send(plan)
    assert (tuple(codes(sent.done)), sent.count) == (expected, 0)


def cut_after(pipeline: Pipeline, count: int, plan: Planned) -> None:
    """Sends the plan until the API refuses everything, when `count` messages are accepted."""
    until = len(pipeline.server.posts) + count

    def decide(number: int, request: Request) -> Answer:
        return UNAUTHORIZED if number > until else Answer()

    pipeline.server.decide = decide
    assert pipeline.send(plan).done.code == 5
    pipeline.server.decide = lambda number, request: Answer()
    assert len(pipeline.server.taken) == until
    pipeline.server.requests[:] = pipeline.server.requests[:until]


def test_a_text_that_changed_before_the_send_makes_the_plan_stale(added: Pipeline) -> None:
    plan = added.plan()
    change_text(added)
    stale(added, plan, "messages")
    assert added.send(added.plan()).told == (0, PEOPLE)
    assert texts(added) == {"has left."}


@on_a_server_too
def test_a_text_that_changed_after_the_send_is_drift(added: Pipeline) -> None:
    before = added.plan()
    assert added.send(before).told == (0, PEOPLE)
    change_text(added)
    assert added.send(before).told == (0, 0)
    after = added.plan()
    assert after.document["skipped"] == {"drift": PEOPLE}
    assert added.send(after).told == (0, 0)


@on_a_server_too
def test_a_text_that_changed_when_half_was_sent_holds_the_other_half(added: Pipeline) -> None:
    commit = added.desk.git("rev-parse", "HEAD")
    before = added.plan()
    cut_after(added, 4, before)
    change_text(added)
    after = added.plan()
    assert after.document["totals"]["send"] == 0
    assert after.document["skipped"] == {"drift": 4, "on-hold": 6}
    assert added.send(after).told == (3, 0)
    assert added.send(before).told == (3, 0)
    assert added.send(before, commit).told == (0, 6)
    assert texts(added) == {"is on its way."}
    assert set(added.desk.texted().values()) == {1}


@on_both_ledgers
def test_who_is_added_after_the_send_needs_a_new_plan_and_nobody_else_is_in_it(added: Pipeline) -> None:
    before = added.plan()
    assert added.send(before).told == (0, PEOPLE)
    added.desk.write(TABLE, numbers(PEOPLE + 3))
    added.desk.commit("Three more")
    stale(added, before, "messages")
    assert added.send(added.plan()).told == (0, 3)
    assert set(added.desk.texted().values()) == {1}


@pytest.mark.parametrize("is_sent", [False, True])
def test_a_revert_stops_a_plan_that_was_not_sent_and_unsends_nothing(added: Pipeline, is_sent: bool) -> None:
    plan = added.plan()
    if is_sent:
        assert added.send(plan).told == (0, PEOPLE)
    added.desk.git("revert", "--no-edit", "HEAD")
    refused(added, plan, "file-missing")
    added.desk.git("revert", "--no-edit", "HEAD")
    assert added.send(plan).told == (0, 0 if is_sent else PEOPLE)
    assert set(added.desk.texted().values()) == {1}


@on_a_server_too
def test_a_name_stays_burned_when_its_file_is_gone(sent: Pipeline) -> None:
    sent.desk.git("rm", "--quiet", HELLO)
    sent.desk.commit("Remove it")
    sent.desk.write("specs/later.yaml", SPEC)
    sent.desk.commit("The same name, months later")
    assert sent.send(sent.plan()).told == (0, 0)


def test_a_plan_is_sent_though_its_file_was_renamed(added: Pipeline) -> None:
    plan = added.plan()
    added.desk.git("mv", HELLO, "specs/greeting.yaml")
    added.desk.commit("Rename the file")
    again = added.plan()
    assert [again.document[name] for name in ("digest", "content_digest")] == [
        plan.document[name] for name in ("digest", "content_digest")
    ]
    assert added.send(plan).told == (0, PEOPLE)
    assert added.send(again).told == (0, 0)


@on_a_server_too
@pytest.mark.parametrize("is_sent", all_but([True], [False, True]))
def test_a_new_name_is_another_spec_than_the_plans(added: Pipeline, is_sent: bool) -> None:
    plan = added.plan()
    if is_sent:
        assert added.send(plan).told == (0, PEOPLE)
    added.desk.replace(HELLO, ("name: hello\n", "name: greeting\n"))
    added.desk.commit("Another name")
    renamed = added.plan()
    if is_sent:
        refused(added, plan, "name-moved")
    else:
        stale(added, plan, "specs", "messages")
        assert added.send(renamed).told == (0, PEOPLE)
        return
    assert codes(renamed.done) == ["name-moved"]
    added.desk.replace(HELLO, ("name: greeting\n", "name: greeting\nmoved_from: hello\n"))
    added.desk.write(TABLE, numbers(PEOPLE + 2))
    added.desk.commit("What it was called, and two more")
    assert added.send(added.plan()).told == (0, 2)


@on_a_server_too
@pytest.mark.parametrize("is_sent", all_but([True], [False, True]))
def test_another_key_is_other_messages(added: Pipeline, is_sent: bool) -> None:
    plan = added.plan()
    if is_sent:
        assert added.send(plan).told == (0, PEOPLE)
    added.desk.replace(HELLO, ("{file: people.csv}", '{file: people.csv, key: "{{ order_id }}"}'))
    added.desk.commit("Another key")
    if is_sent:
        refused(added, plan, "key-changed")
        assert codes(added.plan().done) == ["key-changed"]
    else:
        stale(added, plan, "messages")
        assert added.send(added.plan()).told == (0, PEOPLE)


@pytest.mark.parametrize(
    ("generation", "code"), all_but([(1, "generation-old")], [(1, "generation-old"), (4, "generation-skipped")])
)
def test_another_generation_than_the_next_is_refused_with_a_plan_and_without(
    added: Pipeline, generation: int, code: str
) -> None:
    first = added.plan()
    raised(added, 2)
    second = added.plan()
    assert added.send(second).told == (0, PEOPLE)
    raised(added, generation)
    for plan in (first, second):
        refused(added, plan, code)
    assert codes(added.plan().done) == [code]
    raised(added, 3)
    stale(added, second, "settings", "messages")


def test_an_environment_under_another_name_sends_no_plan_of_the_old_one(sent: Pipeline) -> None:
    plan = sent.plan()
    sent.desk.replace("sendspec.yaml", ("  test:\n", "  live:\n"))
    sent.desk.commit("Rename the environment")
    stale(sent, plan, "environment")
    job = sent.job()
    begun = job.run("ledger", "init", "--env", "live")
    assert begun.code == 2, begun
    assert job.run("send", HELLO, "--env", "live", "--yes").code == 6
    assert len(sent.server.posts) == PEOPLE


def test_without_sendspec_lock_nothing_is_planned_or_sent(added: Pipeline) -> None:
    plan = added.plan()
    added.desk.git("rm", "--quiet", "sendspec.lock")
    added.desk.commit("Lose the lock file")
    assert added.plan().done.code == 6
    assert added.send(plan).told == (6, 0)
    added.desk.git("revert", "--no-edit", "HEAD")
    assert added.send(plan).told == (0, PEOPLE)


def test_a_plan_made_before_the_ledger_is_not_sent(added: Pipeline) -> None:
    """As on the branch that introduces sendspec: there is no sendspec.lock yet."""
    job = added.job()
    lock, ledger = job.folder / "sendspec.lock", added.volume / "ledger.db"
    lock.unlink()
    hidden = ledger.rename(ledger.with_suffix(".hidden"))
    plan = added.plan_in(job)
    hidden.rename(ledger)
    assert plan.done.code == 0, plan.done
    assert "content_digest" not in plan.document
    stale(added, plan, "ledger")
