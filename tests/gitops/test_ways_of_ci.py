"""What CI services do with commits and runs: they squash, drop, repeat, reorder, cancel. Correctness needs none of them to behave.

| the way | what is sent |
|---|---|
| squash merge, merge commit | all, once; the commits they were made of send nothing more |
| force push | what the new history adds |
| a dropped run | its commit's messages, by the next run |
| a duplicated run, one after the other or at once | all, once; a file as ledger asks the second to come again |
| a newer commit's plan first, an older one's after it | the newer text; then nothing |
| an older commit's plan on a newer checkout | nothing, where the text changed |
| an older checkout, sent late | nothing more; nobody who was added later is missed |
| two branches that each add a spec | each spec once, whoever comes first |
| a run that is killed, then run again | what is left, once |
| a plan of the pull request's branch, on the merge commit | all: the content digest is the same |
| a shallow clone | the same as a full one |
| a ledger that begins with a baseline | what is committed after it |
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from git_pipeline import Pipeline, Planned, Sent, on_a_server_too, on_both_ledgers
from git_project import codes
from project_dir import SPEC, Answer, ProjectDir, Request, listed, numbers

PEOPLE = 10
HELLO, BYE, TABLE = "specs/hello.yaml", "specs/bye.yaml", "specs/people.csv"
GOODBYE = SPEC.replace("name: hello", "name: bye").replace("Hi", "Bye")


def once(pipeline: Pipeline, people: int = PEOPLE) -> None:
    """Everybody was sent one message, and nobody two."""
    texted = pipeline.desk.texted()
    assert (len(texted), set(texted.values())) == (people, {1})


def deliver(pipeline: Pipeline, commit: str | None = None) -> tuple[int, int]:
    """Plans and sends one commit, as a run on it does."""
    return pipeline.send(pipeline.plan(commit), commit).told


def branch_with_hello(pipeline: Pipeline) -> str:
    """Adds the spec on a branch, in two commits, and goes back to main. Returns the branch's commit."""
    desk = pipeline.desk
    desk.git("checkout", "--quiet", "-b", "feature")
    desk.write(HELLO, SPEC.replace("is on its way", "iss on its way"))
    desk.write(TABLE, numbers(PEOPLE))
    desk.commit("Add hello")
    desk.replace(HELLO, ("iss on", "is on"))
    commit = desk.commit("Fix a typo before it is sent")
    desk.git("checkout", "--quiet", "main")
    return commit


@pytest.mark.parametrize("options", [("--squash",), ("--no-ff", "--no-commit")], ids=["squash", "merge commit"])
def test_a_merge_sends_once_and_the_branch_nothing_more(pipeline: Pipeline, options: tuple[str, ...]) -> None:
    commit = branch_with_hello(pipeline)
    pipeline.desk.git("merge", "--quiet", *options, "feature")
    pipeline.desk.commit("Add hello (#1)")
    assert deliver(pipeline) == (0, PEOPLE)
    assert deliver(pipeline, commit) == (0, 0)
    once(pipeline)


def test_a_force_push_sends_what_the_new_history_adds(sent: Pipeline) -> None:
    replaced = sent.desk.git("rev-parse", "HEAD")
    sent.desk.git("reset", "--quiet", "--soft", "HEAD~1")
    sent.desk.write(TABLE, numbers(PEOPLE + 2))
    sent.desk.commit("Add hello, rewritten")
    assert deliver(sent) == (0, 2)
    assert deliver(sent, replaced) == (0, 0)
    once(sent, PEOPLE + 2)


@on_a_server_too
def test_a_dropped_run_is_made_up_for_by_the_next(sent: Pipeline) -> None:
    sent.desk.write(BYE, GOODBYE)
    sent.desk.commit("Add bye; its run is dropped")
    sent.desk.replace(HELLO, ("spec: 1\n", "spec: 1  # the format\n"))
    sent.desk.commit("Comment only")
    plan = sent.plan()
    assert [spec["totals"]["send"] for spec in plan.document["specs"]] == [PEOPLE, 0]
    assert sent.send(plan).told == (0, PEOPLE)


@on_a_server_too
def test_a_run_that_is_repeated_sends_nothing(added: Pipeline) -> None:
    first, second = added.plan(), added.plan()
    assert added.send(first).told == (0, PEOPLE)
    for plan in (first, second):
        assert added.send(plan).told == (0, 0)
    assert deliver(added) == (0, 0)
    once(added)


@on_both_ledgers
def test_of_two_runs_at_once_one_sends(added: Pipeline) -> None:
    added.desk.replace("sendspec.yaml", ("timeout: 2", "timeout: 60"))
    added.desk.commit("Have time")
    plan = added.plan()
    arrived, released = threading.Event(), threading.Event()

    def decide(number: int, request: Request) -> Answer:
        if number == PEOPLE:
            arrived.set()  # all that the first one sends: what comes after it is the second one's
        assert released.wait(60)
        return Answer()

    added.server.decide = decide
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(added.send, plan)
        try:
            assert arrived.wait(60)
            second = added.send(plan)
            assert second.count == 0
            if added.is_on_server:
                assert (second.done.code, second.done.json["skipped"]) == (0, {"taken-elsewhere": PEOPLE})
            else:
                assert second.done.code == 75
        finally:
            released.set()
        assert first.result().done.code == 0
    assert added.send(plan).told == (0, 0)
    once(added)


def another_text(pipeline: Pipeline) -> tuple[str, str]:
    """Commits another text; returns the commits before and with it."""
    older = pipeline.desk.git("rev-parse", "HEAD")
    pipeline.desk.replace(HELLO, ("is on its way", "has left"))
    return older, pipeline.desk.commit("Another text")


@on_a_server_too
def test_runs_in_the_other_order_send_one_text(added: Pipeline) -> None:
    older, newer = another_text(added)
    plans = added.plan(older), added.plan(newer)
    assert added.send(plans[1], newer).told == (0, PEOPLE)
    late = added.send(plans[0], older)
    assert (*late.told, late.done.json["skipped"]) == (0, 0, {"drift": PEOPLE})
    once(added)


def test_a_plan_is_not_sent_with_a_newer_commits_text(added: Pipeline) -> None:
    older, newer = another_text(added)
    plan = added.plan(older)
    assert added.send(plan, newer).told == (8, 0)
    assert added.send(plan, older).told == (0, PEOPLE)
    once(added)


@on_a_server_too
def test_an_older_checkout_that_comes_late_sends_nothing_and_misses_nobody(added: Pipeline) -> None:
    older = added.desk.git("rev-parse", "HEAD")
    before = added.plan(older)
    added.desk.write(TABLE, numbers(PEOPLE + 3))
    newer = added.desk.commit("Three more")
    assert deliver(added, newer) == (0, PEOPLE + 3)
    assert added.send(before, older).told == (0, 0)
    assert deliver(added, older) == (0, 0)
    once(added, PEOPLE + 3)


@on_a_server_too
def test_a_late_plan_of_an_older_generation_is_refused(added: Pipeline) -> None:
    older = added.desk.git("rev-parse", "HEAD")
    before = added.plan(older)
    added.desk.replace(HELLO, ("name: hello\n", "name: hello\ngeneration: 2\n"))
    added.desk.commit("Generation 2")
    assert deliver(added) == (0, PEOPLE)
    late = added.send(before, older)
    assert (codes(late.done), late.count) == (["generation-old"], 0)


@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")], ids=" then ".join)
def test_two_branches_that_each_add_a_spec_send_both(pipeline: Pipeline, order: tuple[str, str]) -> None:
    desk = pipeline.desk
    desk.write(TABLE, numbers(PEOPLE))
    desk.commit("People")
    for branch, path, text in (("one", HELLO, SPEC), ("two", BYE, GOODBYE)):
        desk.git("checkout", "--quiet", "-b", branch, "main")
        desk.write(path, text)
        desk.commit(f"Add {path}")
    plans = {branch: pipeline.plan(desk.git("rev-parse", branch)) for branch in order}
    desk.git("checkout", "--quiet", "main")
    for branch in order:
        desk.git("merge", "--quiet", "--no-ff", "--no-edit", branch)
        assert pipeline.send(plans[branch]).told == (0, PEOPLE)
    assert deliver(pipeline) == (0, 0)
    assert set(desk.texted().values()) == {2}


def kill_at(pipeline: Pipeline, number: int, plan: Planned, *, taken: bool) -> Sent:
    """Sends the plan, and kills the process with its nth request open; `taken`: the server accepts that message all the same."""
    running, pids = threading.Event(), list[int]()

    def decide(at: int, request: Request) -> Answer:
        if at < number:
            return Answer()
        if taken:
            pipeline.server.taken.append(listed(request))
        assert running.wait(60)
        os.kill(pids[0], signal.SIGKILL)
        return Answer(drop=True)

    def started(pid: int) -> None:
        pids.append(pid)
        running.set()

    pipeline.server.decide = decide
    sent = pipeline.send(plan, started=started)
    pipeline.server.decide = lambda number, request: Answer()
    return sent


def one_at_a_time(pipeline: Pipeline) -> None:
    pipeline.desk.replace("sendspec.yaml", ("timeout: 2", "timeout: 2, concurrency: 1"))
    pipeline.desk.commit("One request at a time")


@on_both_ledgers
@pytest.mark.parametrize("taken", [False, True], ids=["lost", "taken"])
def test_a_run_that_is_killed_and_run_again_sends_what_is_left(added: Pipeline, taken: bool) -> None:
    one_at_a_time(added)
    plan = added.plan()
    assert kill_at(added, 4, plan, taken=taken).done.code == -signal.SIGKILL
    again = added.send(plan)
    doubts = again.done.json["skipped"].get("in-doubt-before", 0)
    assert again.done.code == (4 if doubts else 0), again.done
    assert taken or doubts  # nobody can tell that the message was lost
    assert len(added.server.taken) == PEOPLE - doubts
    assert added.send(plan).told == (again.done.code, 0)
    assert max(added.desk.texted().values()) == 1


def test_a_pull_requests_plan_is_sent_on_the_merge_commit(pipeline: Pipeline) -> None:
    branch = branch_with_hello(pipeline)
    plan = pipeline.plan(branch)
    pipeline.desk.write("README.md", "Meanwhile\n")
    pipeline.desk.commit("Something else on main")
    pipeline.desk.git("merge", "--quiet", "--no-ff", "--no-edit", "feature")
    pipeline.desk.git("mv", HELLO, "specs/greeting.yaml")
    merged = pipeline.desk.commit("Rename the file")
    after = pipeline.plan(merged)
    assert after.document["content_digest"] == plan.document["content_digest"]
    assert (plan.header["commit"], after.header["commit"]) == (branch, merged)
    assert plan.header["specs"][0]["path"] != after.header["specs"][0]["path"]
    assert pipeline.send(plan, merged).told == (0, PEOPLE)
    assert pipeline.send(after, merged).told == (0, 0)
    once(pipeline)


def shallow(pipeline: Pipeline) -> ProjectDir:
    source = pipeline.desk.project_dir.folder
    place = source.with_name("shallow")
    pipeline.desk.git("clone", "--quiet", "--depth", "1", source.as_uri(), str(place))
    job = ProjectDir(place)
    job.environ = pipeline.desk.project_dir.environ
    return job


def test_a_shallow_clone_plans_and_sends_what_a_full_one_does(added: Pipeline) -> None:
    job = shallow(added)
    assert (job.folder / ".git" / "shallow").exists()
    plan, full = added.plan_in(job), added.plan()
    assert plan.document == full.document
    assert plan.header["commit"] == full.header["commit"]
    done = job.run("send", "--plan", str(full.file), "--yes", "--format", "json")
    assert (done.code, done.json["totals"]["accepted"]) == (0, PEOPLE)
    assert added.send(plan).told == (0, 0)
    once(added)


def test_a_ledger_with_a_baseline_sends_what_is_committed_after_it(added: Pipeline) -> None:
    before = added.plan()
    shutil.rmtree(added.volume)
    added.volume.mkdir()
    desk = added.desk
    desk.git("rm", "--quiet", "sendspec.lock")
    desk.commit("There was no sendspec here")
    assert desk.run("ledger", "init").code == 2
    begun = desk.run("ledger", "init", "--baseline")
    assert (begun.code, begun.json["baselined"]) == (0, PEOPLE), begun
    desk.commit("Begin with sendspec")
    assert added.send(before).told == (8, 0)
    after = added.plan()
    assert after.document["skipped"] == {"baseline": PEOPLE}
    assert added.send(after).told == (0, 0)
    desk.write(BYE, GOODBYE)
    desk.write(TABLE, numbers(PEOPLE + 1))
    desk.commit("Add bye, and one person to both")
    assert deliver(added) == (0, PEOPLE + 1 + 1)
    assert deliver(added) == (0, 0)
