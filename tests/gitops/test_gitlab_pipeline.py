"""The pipeline for GitLab, its scripts run as a runner runs them: merge request, merge, somebody's word, schedule."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from actions_expression import Unsupported
from actions_job import CHECKOUT
from gitlab_pipeline import GitLabPipeline, is_true, read_pipeline
from hosted_project import FileLedger, HostedProject
from project_dir import SECRET, SPEC, Answer, CountingServer, Request, numbers

PEOPLE = 4
TEXT = (CHECKOUT / "docs/gitlab/messages.gitlab-ci.yml").read_text(encoding="utf-8")
SETTINGS, JOBS = read_pipeline(TEXT)
ON_MAIN = {"CI_COMMIT_BRANCH": "main", "CI_PIPELINE_SOURCE": "push"}


class GitLabProject:
    def __init__(self, folder: Path, server: CountingServer) -> None:
        self.hosted = HostedProject(folder, server, FileLedger(folder))
        self.desk = self.hosted.desk
        self.desk.write(".gitlab-ci.yml", TEXT)
        self.desk.write(".gitlab/sendspec-requirements.txt", "sendspec @ https://example.com/x.whl --hash=sha256:00\n")
        self.desk.commit("A pipeline")
        self._folder = folder
        self._count = 0

    def pipeline(self, variables: Mapping[str, str]) -> GitLabPipeline:
        self._count += 1
        service = self.hosted.service
        secrets = {name: environment.secrets for name, environment in service.environments.items()}
        return GitLabPipeline(
            self._folder / f"pipeline-{self._count}", service.repository, self.hosted.push("gitlab"), variables,
            secrets=secrets, tools=service.tools,
        )  # fmt: skip

    def write_hello(self) -> None:
        self.desk.write("specs/hello.yaml", SPEC)
        self.desk.write("specs/people.csv", numbers(PEOPLE))
        self.desk.commit("Add hello")


@pytest.fixture
def gitlab(tmp_path: Path, server: CountingServer) -> GitLabProject:
    return GitLabProject(tmp_path, server)


def merge_request(gitlab: GitLabProject) -> GitLabPipeline:
    base = gitlab.desk.git("rev-parse", "main")
    gitlab.desk.git("checkout", "--quiet", "-B", "topic")
    gitlab.write_hello()
    return gitlab.pipeline({"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_DIFF_BASE_SHA": base})


def test_a_merge_request_shows_what_would_be_sent(gitlab: GitLabProject) -> None:
    pipeline = merge_request(gitlab)
    assert {name: job.result for name, job in pipeline.jobs.items()} == dict.fromkeys(
        ("validate", "examples", "merge-request-plan"), "success"
    ), [job.log for job in pipeline.jobs.values()]
    assert json.loads(pipeline.jobs["validate"].reports["codequality"]) == []
    assert "<testsuite" in pipeline.jobs["examples"].reports["junit"]
    assert f"**1 new spec for {PEOPLE} recipients**" in pipeline.artifact("sendspec-plan.md")
    assert gitlab.hosted.server.requests == []


def test_a_mistake_is_in_the_code_quality_report(gitlab: GitLabProject) -> None:
    base = gitlab.desk.git("rev-parse", "main")
    gitlab.write_hello()
    gitlab.desk.replace("specs/hello.yaml", ("first_name", "frist_name"))
    gitlab.desk.commit("A mistake")
    pipeline = gitlab.pipeline({"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_DIFF_BASE_SHA": base})
    assert pipeline.jobs["validate"].result == "failed"
    [found] = json.loads(pipeline.jobs["validate"].reports["codequality"])
    assert (found["check_name"], found["location"]["path"]) == ("unknown-name", "specs/hello.yaml")


def test_main_waits_for_somebody_and_sends_once(gitlab: GitLabProject) -> None:
    gitlab.write_hello()
    pipeline = gitlab.pipeline(ON_MAIN)
    assert {name: job.result for name, job in pipeline.jobs.items()} == {"plan": "success", "send": "manual"}, (
        pipeline.jobs
    )
    assert gitlab.hosted.server.posts == []
    assert not pipeline.is_blocked
    digests = re.findall(r"v1:[0-9a-f]{64}", pipeline.jobs["plan"].log)
    assert digests, pipeline.jobs["plan"].log
    for _ in range(2):
        assert pipeline.play("send").result == "success", pipeline.jobs["send"].log
    assert set(gitlab.desk.texted().values()) == {1}
    assert len(gitlab.hosted.server.posts) == PEOPLE
    scheduled = gitlab.pipeline({**ON_MAIN, "CI_PIPELINE_SOURCE": "schedule"})
    assert {name: job.result for name, job in scheduled.jobs.items()} == {"reconcile": "success"}, scheduled.jobs
    assert "hello" in scheduled.artifact("sendspec-status.md")


def test_a_doubt_makes_a_send_red_and_stays_in_the_report(gitlab: GitLabProject, server: CountingServer) -> None:
    gitlab.write_hello()
    pipeline = gitlab.pipeline(ON_MAIN)
    server.decide = lambda number, request: Answer(drop=True, taken=False) if number == 2 else Answer()
    assert pipeline.play("send").result == "failed"
    scheduled = gitlab.pipeline({**ON_MAIN, "CI_PIPELINE_SOURCE": "schedule"})
    assert scheduled.jobs["reconcile"].result == "success", scheduled.jobs["reconcile"].log
    assert "1 in doubt" in scheduled.artifact("sendspec-status.md")


def test_a_send_that_is_cancelled_waits_for_its_answers(gitlab: GitLabProject, server: CountingServer) -> None:
    gitlab.write_hello()
    pipeline = gitlab.pipeline(ON_MAIN)

    def cancelled(number: int, request: Request) -> Answer:
        if number == 2:
            pipeline.cancel()
            assert pipeline.at_work is not None
            pipeline.at_work.wait_until_printed("waiting for 1 answer")
        return Answer()

    server.decide = cancelled
    with gitlab.hosted.real_processes():
        assert pipeline.play("send").result == "failed"
    assert len(server.posts) == 2, pipeline.jobs["send"].log
    assert (gitlab.hosted.status()["accepted"], gitlab.hosted.status()["in_doubt"]) == (2, 0)
    server.decide = lambda number, request: Answer()
    assert pipeline.play("send").result == "success", pipeline.jobs["send"].log
    assert set(gitlab.desk.texted().values()) == {1}


def test_a_merge_request_is_read_without_trust() -> None:
    for name in ("validate", "merge-request-plan"):
        assert " --untrusted " in JOBS[name]["script"][0]


def test_another_branch_has_no_pipeline(gitlab: GitLabProject) -> None:
    with pytest.raises(AssertionError, match="no pipeline"):
        gitlab.pipeline({"CI_COMMIT_BRANCH": "topic", "CI_PIPELINE_SOURCE": "push"})


def test_only_the_jobs_of_main_have_an_environment() -> None:
    environments = {name: job.get("environment", {}).get("name") for name, job in JOBS.items()}
    assert environments == {
        "validate": None, "examples": None, "merge-request-plan": None, "plan": "production-plan", "send": "production",
        "reconcile": "production-reconcile",
    }  # fmt: skip
    for name, job in JOBS.items():
        [rule] = job["rules"]
        assert ("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH" in rule["if"]) is (environments[name] is not None)
        assert SECRET not in str(job)


def test_a_send_waits_is_alone_and_is_not_interrupted() -> None:
    send = JOBS["send"]
    assert send["rules"][0]["when"] == "manual"
    assert (send["interruptible"], send["resource_group"]) == (False, "sendspec-production")
    assert send["rules"][0]["allow_failure"] is True
    assert all("timeout" in job for job in JOBS.values())


def test_packages_are_installed_by_hash_and_no_python_of_the_checkout_runs() -> None:
    lines = JOBS["send"]["before_script"]
    assert [line for line in lines if " -m " in line and " -I -m " not in line] == []
    [install] = [line for line in lines if "pip install" in line]
    assert "--require-hashes --only-binary :all:" in install


def test_artifacts_are_for_members_and_do_not_stay() -> None:
    for name, job in JOBS.items():
        artifacts = job.get("artifacts", {"access": "developer", "expire_in": "1 week"})
        assert artifacts["expire_in"] == "1 week", name
        assert "paths" not in artifacts or artifacts["access"] == "developer", name


def test_what_is_not_known_is_an_error() -> None:
    with pytest.raises(Unsupported):
        read_pipeline(TEXT.replace("interruptible: true", "services: [x]"))
    for condition in ("$A =~ /x/", '$A == "1" || $B == "2"', "$A"):
        with pytest.raises(Unsupported):
            is_true(condition, {})
    assert is_true('$A == "1" && $B != $A', {"A": "1", "B": "2"})
