"""A plan that was written to a file: what it names is sent, from wherever the command is run, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from plan_files import SPEC, resealed
from sendspec.reading.schema.validator import load_schema

PEOPLE = "phone,first_name\n+447700900001,Ann\n+447700900002,Ben\n"


@pytest.fixture
def planned(project: Any) -> Any:
    project.write("specs/hello.yaml", SPEC)
    project.write("specs/people.csv", PEOPLE)
    done = project.run("plan", "specs/hello.yaml", "--env", "test", "--out", "plan.json")
    assert done.code == 0, done.err
    return project


def plan_in(project: Any, name: str = "plan.json") -> Any:
    return json.loads((project.folder / name).read_text())


def stale(done: Any, server: Any, cause: str, words: str, sent: int = 0) -> None:
    """The send was refused as stale for this one cause, in these words, and nothing more was sent."""
    assert (done.code, done.json["error"]["code"]) == (8, "plan-stale"), done.err
    assert [each["cause"] for each in done.json["causes"]] == [cause]
    assert words in done.json["error"]["problem"]
    assert "nothing was sent" in done.err
    assert len(server.posts) == sent


def test_what_it_names_is_sent_and_a_second_time_there_is_nothing_left(planned: Any, server: Any) -> None:
    done = planned.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert (done.code, done.json["totals"]["accepted"]) == (0, 2)
    again = planned.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert (again.code, again.json["skipped"]) == (0, {"already-accepted": 2})
    assert len(server.posts) == 2


def test_it_fits_its_schema_and_so_does_what_plan_prints(planned: Any) -> None:
    printed = planned.run("plan", "specs/hello.yaml", "--env", "test", "--format", "json").json
    for document in (plan_in(planned), printed):
        assert load_schema("plan").problems(document) == []
        assert load_schema("plan").problems({**document, "hint": 1}) != []
    assert printed["digest"] == plan_in(planned)["digest"]
    assert printed.pop("warnings") == []
    assert {**printed, "specs": 0} == {**{name: plan_in(planned)[name] for name in printed}, "specs": 0}


def test_a_fresh_project_can_send_its_first_plan(project_dir: Any) -> None:
    assert project_dir.run("init", ".").code == 0
    assert project_dir.run("plan", "specs/hello.yaml", "--out", "plan.json").code == 0
    done = project_dir.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert (done.code, done.json["totals"]["accepted"]) == (0, 3), done.err


def test_its_specs_are_found_from_any_folder_of_the_project_and_from_outside(planned: Any, server: Any) -> None:
    inside = type(planned)(planned.folder / "specs")
    outside = type(planned)(planned.folder.parent)
    for project_dir, plan in ((inside, "../plan.json"), (outside, str(planned.folder / "plan.json"))):
        project_dir.environ = planned.environ
        done = project_dir.run("send", "--plan", plan)
        assert done.code == 2, done.err  # found and unchanged, so it gets as far as asking
        assert "2 messages to test would be sent" in done.err
    assert server.posts == []


@pytest.mark.parametrize(
    ("people", "words"),
    [
        (PEOPLE + "+447700900003,Cy\n", "1 message that would be sent is not in it (specs/people.csv:4)"),
        (PEOPLE.replace("Ben", "Bob"), "1 message has another text or reference than in it (specs/people.csv:3)"),
        (
            PEOPLE.replace("Ann", "Bob") + "+447700900003,Cy\n+447700900004,Di\n",
            "2 messages that would be sent are not in it (specs/people.csv:4, specs/people.csv:5), "
            "and 1 message has another text or reference than in it (specs/people.csv:2)",
        ),
    ],
)
def test_who_is_new_and_what_has_changed_is_told_by_row(planned: Any, server: Any, people: str, words: str) -> None:
    planned.write("specs/people.csv", people)
    stale(planned.run("send", "--plan", "plan.json", "--yes", "--format", "json"), server, "messages", words)


def test_a_long_list_of_new_people_is_cut(planned: Any, server: Any) -> None:
    planned.write("specs/people.csv", PEOPLE + "".join(f"+4477009001{n:02d},Cy\n" for n in range(30)))
    done = planned.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    places = ", ".join(f"specs/people.csv:{line}" for line in range(4, 9))
    stale(done, server, "messages", f"30 messages that would be sent are not in it ({places}, …)")


SPEC_CHANGES: list[tuple[str, str, str]] = [
    ("in_doubt", "in_doubt: resend_if_absent", "`in_doubt` is resend_if_absent, and was hold"),
    ("a limit", "limits: {messages: 50}", "`limits.messages` is 50, and was not set"),
    ("moved_from", "moved_from: false", "`moved_from` is false, and was not set"),
    ("audience", "audience: frozen", "`audience` is frozen, and was not set"),
    ("not_after", "not_after: 2099-01-01T12:00:00+01:00", "`not_after` is 2099-01-01T11:00:00Z, and was not set"),
    ("a rate of failures", "limits: {failure_rate: 0.1}", "`limits.failure_rate` is 0.1, and was not set"),
]
PROJECT_CHANGES: list[tuple[str, Callable[[str], str], str]] = [
    ("api_url", lambda text: text.replace("  test:\n    api_url: http://127.0.0.1:", "  test:\n    api_url: http://localhost:"), "`api` is http://localhost:"),
    ("the path of the API", lambda text: text.replace("\n    access_key", "/v2\n    access_key"), "`api` is http://127.0.0.1:"),
    ("the channel", lambda text: text.replace("5d9a1c0e", "5d9a1c0f"), "`channel` is 5d9a1c0f"),
    ("the workspace", lambda text: text.replace("0b0e5c1a", "0b0e5c1b"), "`workspace` is 0b0e5c1b"),
    ("batch", lambda text: text.replace("timeout: 2", "timeout: 2, batch: 10"), "`batch` is 10, and was not set"),
    ("trust_503", lambda text: text.replace("timeout: 2", "timeout: 2, trust_503: true"), "`trust_503` is true, and was not set"),
    ("a limit of the environment", lambda text: text + "    limits: {segments: 2}\n", "`limits.segments` is 2, and was not set"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "words"), [each[1:] for each in SPEC_CHANGES], ids=[each[0] for each in SPEC_CHANGES])
def test_another_promise_in_the_spec_makes_it_stale(planned: Any, server: Any, line: str, words: str) -> None:
    planned.write("specs/hello.yaml", f"{SPEC}{line}\n")
    done = planned.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    stale(done, server, "settings", f"hello: {words}")


@pytest.mark.parametrize(
    ("change", "words"), [each[1:] for each in PROJECT_CHANGES], ids=[each[0] for each in PROJECT_CHANGES]
)
def test_another_destination_or_promise_in_the_project_makes_it_stale(
    planned: Any, server: Any, change: Callable[[str], str], words: str
) -> None:
    before = (planned.folder / "sendspec.yaml").read_text()
    planned.write("sendspec.yaml", change(before))
    assert (planned.folder / "sendspec.yaml").read_text() != before
    done = planned.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    stale(done, server, "settings", f"hello: {words}")


def test_another_platform_makes_it_stale(planned: Any, server: Any) -> None:
    """A message of another platform is another message, too."""
    text = (planned.folder / "sendspec.yaml").read_text()
    planned.write("sendspec.yaml", text.replace("platform: sms", "platform: whatsapp"))
    done = planned.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert (done.code, server.posts) == (8, [])
    assert "`platform` is whatsapp, and was sms" in done.err


@pytest.mark.parametrize(
    "spec",
    [
        SPEC.replace("  body:", '  reference: "{{ first_name }}-1"\n  body:'),
        SPEC.replace("Hi", "Dear"),
        SPEC.replace("channel: sms", "generation: 2\nchannel: sms"),
        SPEC.replace("{file: people.csv}", '{file: people.csv, key: "{{ first_name }}"}'),
    ],
    ids=["reference", "text", "generation", "key"],
)
def test_other_messages_make_it_stale(planned: Any, server: Any, spec: str) -> None:
    planned.write("specs/hello.yaml", spec)
    done = planned.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert (done.code, server.posts) == (8, [])
    assert done.json["causes"][-1]["cause"] == "messages"


def test_another_generation_and_another_name_are_told_as_such(planned: Any, server: Any) -> None:
    planned.write("specs/hello.yaml", SPEC.replace("channel: sms", "generation: 2\nchannel: sms"))
    done = planned.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert done.json["causes"][0]["text"] == "hello: `generation` is 2, and was 1 when it was made"
    planned.write("specs/hello.yaml", SPEC.replace("hello", "bye"))
    done = planned.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert (done.code, server.posts) == (8, [])
    assert done.json["causes"][0] == {"cause": "specs", "text": "it doesn't name the spec 'bye'"}


HARMLESS: list[tuple[str, Callable[[Any], object]]] = [
    ("a comment", lambda project: project.write("specs/hello.yaml", "# a note\n" + SPEC)),
    ("a description", lambda project: project.write("specs/hello.yaml", SPEC + "description: Says hello.\n")),
    ("continue_with", lambda project: project.write("specs/hello.yaml", SPEC + "continue_with: '0123456789abcdef'\n")),
    ("examples", lambda project: project.write("specs/hello.yaml", SPEC + "examples:\n  - {with: {phone: '+447700900001', first_name: A}, expect: {segments: 1}}\n")),
    ("the id as reference", lambda project: project.write("specs/hello.yaml", SPEC.replace("  body:", '  reference: "{{ message_id }}"\n  body:'))),
    ("a column", lambda project: project.write("specs/people.csv", "phone,first_name,x\n+447700900001,Ann,1\n+447700900002,Ben,2\n")),
    ("the order of columns", lambda project: project.write("specs/people.csv", "first_name,phone\nAnn,+447700900001\nBen,+447700900002\n")),
    ("the order of rows", lambda project: project.write("specs/people.csv", "phone,first_name\n+447700900002,Ben\n+447700900001,Ann\n")),
    ("a duplicate", lambda project: project.write("specs/people.csv", PEOPLE + "+447700900002,Ben\n")),
    ("the channel's alias", lambda project: [project.write("specs/hello.yaml", SPEC.replace("channel: sms", "channel: text")),
        project.write("sendspec.yaml", (project.folder / "sendspec.yaml").read_text().replace("      sms: {", "      text: {"))]),
    ("UUIDs in capitals", lambda project: project.write("sendspec.yaml", (project.folder / "sendspec.yaml").read_text().replace("0b0e5c1a", "0B0E5C1A").replace("5d9a1c0e", "5D9A1C0E"))),
    ("the rate", lambda project: project.write("sendspec.yaml", (project.folder / "sendspec.yaml").read_text().replace("timeout: 2", "timeout: 3, rate: 100/s, concurrency: 2"))),
    ("the spec's path", lambda project: (project.folder / "specs/hello.yaml").rename(project.folder / "specs/moved.yaml")),
]  # fmt: skip


@pytest.mark.parametrize("change", [each[1] for each in HARMLESS], ids=[each[0] for each in HARMLESS])
def test_what_changes_nothing_that_goes_out_is_no_matter(
    planned: Any, server: Any, change: Callable[[Any], object]
) -> None:
    change(planned)
    done = planned.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert (done.code, len(server.posts), done.json["totals"]["accepted"]) == (0, 2, 2), done.err


def test_the_plan_of_another_version_of_sendspec_is_sent(planned: Any, server: Any, monkeypatch: Any) -> None:
    planned.write("plan.json", json.dumps(resealed({**plan_in(planned), "tool": "9.9.9"})))
    assert planned.run("send", "--plan", "plan.json", "--yes").code == 0
    assert len(server.posts) == 2


def test_a_spec_that_was_moved_twice_over_is_not_guessed(planned: Any, server: Any) -> None:
    (planned.folder / "specs/hello.yaml").rename(planned.folder / "specs/a.yaml")
    planned.write("specs/b.yaml", SPEC)
    done = planned.run("send", "--plan", "plan.json", "--yes")
    assert (done.code, server.posts) == (1, [])
    assert "is now in specs/a.yaml and specs/b.yaml" in done.err


def test_a_spec_that_is_gone_sends_nothing(planned: Any, server: Any) -> None:
    (planned.folder / "specs/hello.yaml").unlink()
    done = planned.run("send", "--plan", "plan.json", "--yes")
    assert (done.code, server.posts) == (1, [])
    assert "has no spec 'hello' (specs/hello.yaml)" in done.err


def test_a_project_file_that_appears_beside_a_spec_has_no_say(planned: Any, server: Any) -> None:
    """It would set the limits and approvals of the plan's own project aside, and its key command would run."""
    text = (planned.folder / "sendspec.yaml").read_text()
    ledger = planned.folder / ".sendspec/test.db"
    planned.write(
        "specs/sendspec.yaml",
        text.replace("{env: TEST_KEY}", "{command: [touch, PWNED]}").replace(".sendspec/test.db", str(ledger)),
    )
    planned.write("specs/sendspec.lock", (planned.folder / "sendspec.lock").read_text())
    done = planned.run("send", "--plan", "plan.json", "--yes")
    assert (done.code, server.posts) == (1, []), done.err
    assert not list(planned.folder.rglob("PWNED"))
    assert "has no spec 'hello'" in planned.run("show", "plan.json", "--against-now").out


@pytest.mark.parametrize("path", ["sub/specs/hello.yaml", "../other/specs/hello.yaml"])
def test_a_path_in_the_plan_leads_to_no_other_project(
    project: Any, server: Any, path: str, tmp_path_factory: Any
) -> None:
    here = type(project)(project.folder / "here")
    here.environ = project.environ
    other = project.folder / "here" / path.removesuffix("/specs/hello.yaml")
    for folder in (here.folder, other):
        for name in ("sendspec.yaml", "sendspec.lock", ".sendspec/test.db"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((project.folder / name).read_bytes())
        (folder / "specs").mkdir()
        (folder / "specs/people.csv").write_text(PEOPLE)
        (folder / "specs/hello.yaml").write_text(SPEC)
    assert here.run("plan", "specs/hello.yaml", "--env", "test", "--out", "plan.json").code == 0
    plan = plan_in(here)
    plan["specs"][0]["path"] = path
    here.write("plan.json", json.dumps(resealed(plan)))
    (here.folder / "specs/hello.yaml").unlink()
    done = here.run("send", "--plan", "plan.json", "--yes")
    assert (done.code, server.posts) == (1, []), done.err


def test_the_specs_of_one_command_are_of_one_project(planned: Any, server: Any) -> None:
    for name in ("sendspec.yaml", "sendspec.lock"):
        planned.write(f"sub/{name}", (planned.folder / name).read_text())
    planned.write("sub/bye.yaml", SPEC.replace("hello", "bye").replace("people.csv", "../specs/people.csv"))
    specs = ["specs/hello.yaml", "sub/bye.yaml"]
    for order in (specs, specs[::-1]):
        for command in (("plan",), ("send", "--yes"), ("validate",)):
            done = planned.run(*command, *order, "--env", "test", "--format", "json")
            assert (done.code, [each["code"] for each in done.json["diagnostics"]]) == (1, ["other-project"])
    assert server.posts == []


def test_an_opt_out_after_the_approval_holds_back_one_message_and_no_more(planned: Any, server: Any) -> None:
    planned.write("sendspec.yaml", (planned.folder / "sendspec.yaml").read_text() + "    suppress: [stop.csv]\n")
    planned.write("stop.csv", "phone\n+447700900001\n")
    done = planned.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert (done.code, len(server.posts), done.json["skipped"]) == (0, 1, {"suppressed": 1})
    planned.write("stop.csv", "phone\n")
    assert planned.run("send", "--plan", "plan.json", "--yes").code == 0
    assert len(server.posts) == 2


def test_whom_the_plan_excluded_it_does_not_let_in_later(project: Any, server: Any) -> None:
    before = (project.folder / "sendspec.yaml").read_text()
    project.write("specs/hello.yaml", SPEC)
    project.write("specs/people.csv", PEOPLE)
    project.write("sendspec.yaml", before + '    only_to: ["+447700900002"]\n')
    assert project.run("plan", "specs/hello.yaml", "--env", "test", "--out", "plan.json").code == 0
    assert len(plan_in(project)["pairs"]) == 1
    project.write("sendspec.yaml", before)
    done = project.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    stale(done, server, "messages", "1 message that would be sent is not in it (specs/people.csv:2)")


def test_a_send_that_was_cut_is_finished_by_the_same_plan(planned: Any, server: Any, helpers: Any) -> None:
    server.decide = lambda number, request: helpers.Answer(401, b"{}") if number > 1 else helpers.Answer()
    assert planned.run("send", "--plan", "plan.json", "--yes").code == 5
    server.decide = lambda number, request: helpers.Answer()
    done = planned.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert (done.code, done.json["totals"]["accepted"] + done.json["skipped"].get("already-accepted", 0)) == (0, 2)
    assert len(server.taken) == 2


def test_another_run_that_sent_some_of_it_voids_nothing(planned: Any, server: Any) -> None:
    planned.write("specs/people.csv", "phone,first_name\n+447700900001,Ann\n")
    assert planned.run("send", "specs/hello.yaml", "--env", "test", "--yes").code == 0
    planned.write("specs/people.csv", PEOPLE)
    done = planned.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert (done.code, done.json["totals"]["accepted"], done.json["skipped"]) == (0, 1, {"already-accepted": 1})


def test_what_was_in_doubt_when_it_was_planned_and_is_free_now_is_not_in_the_plan(
    planned: Any, server: Any, helpers: Any
) -> None:
    server.decide = lambda number, request: (
        helpers.Answer(drop=True) if "900001" in str(request.body) else helpers.Answer(401, b"{}")
    )
    assert planned.run("send", "specs/hello.yaml", "--env", "test", "--yes").code in (4, 5)
    server.decide = lambda number, request: helpers.Answer()
    before = len(server.posts)
    assert planned.run("plan", "specs/hello.yaml", "--env", "test", "--out", "plan.json").code == 0
    assert [line[-1] for line in plan_in(planned)["pairs"]].count("-") == 1
    freed = planned.run("resolve", "specs/hello.yaml", "--env", "test", "--as", "not-sent", "--reason", "asked")
    assert freed.code == 0, freed.err
    done = planned.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert (done.code, done.json["totals"]["accepted"], done.json["skipped"]) == (3, 1, {"not-in-plan": 1}), done.err
    assert len(server.posts) == before + 1
    again = planned.run("send", "specs/hello.yaml", "--env", "test", "--yes", "--format", "json")
    assert (again.code, again.json["totals"]["accepted"]) == (0, 1)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda text: text.replace('"send": 2', '"send": 3', 1), "the plan was changed after it was written"),
        (lambda text: text.replace('"tool": "', '"tool": "9'), "the plan was changed after it was written"),
        (lambda text: text[: len(text) // 2], "the file is not a plan, or only a part of one"),
        (lambda text: "[]", "the file is not a plan, or only a part of one"),
        (
            lambda text: text.replace('"seal"', '"tool": "x", "seal"'),
            "the plan was changed after it was written: a key is in it twice",
        ),
    ],
)
def test_a_plan_that_was_edited_or_cut_is_no_plan(planned: Any, server: Any, change: Any, problem: str) -> None:
    path = planned.folder / "plan.json"
    path.write_text(change(path.read_text()))
    done = planned.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert done.code == 1
    assert [(d["code"], d["path"], d["problem"]) for d in done.json["diagnostics"]] == [
        ("plan-unreadable", "plan.json", problem)
    ]
    assert server.posts == []


def test_a_plan_in_another_form_of_json_is_the_same_plan(planned: Any, server: Any) -> None:
    planned.write("plan.json", json.dumps(plan_in(planned)))
    assert planned.run("send", "--plan", "plan.json", "--yes").code == 0
    assert len(server.posts) == 2


def test_a_plan_against_another_ledger_is_stale_even_with_nothing_to_send(planned: Any, server: Any) -> None:
    assert planned.run("send", "--plan", "plan.json", "--yes").code == 0
    (planned.folder / ".sendspec" / "test.db").unlink()
    made = planned.run("ledger", "init", "--env", "test", "--empty")
    assert made.code == 0, made.err
    planned.write("specs/people.csv", "phone,first_name\n+447700900001,Ann\n")
    done = planned.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    stale(done, server, "ledger", "it was made against another ledger", sent=2)


def test_a_plan_made_before_there_was_a_ledger_says_that_it_can_not_be_sent(
    project_dir: Any, server: Any, project: Any
) -> None:
    project.write("specs/hello.yaml", SPEC)
    project.write("specs/people.csv", PEOPLE)
    text = (project.folder / "sendspec.yaml").read_text()
    project.write(
        "sendspec.yaml",
        text + text[text.index("  test:") :].replace("  test:", "  live:").replace("test.db", "live.db"),
    )
    done = project.run("plan", "specs/hello.yaml", "--env", "live", "--out", "plan.json")
    assert done.code == 0
    assert "it can't be sent: run `sendspec ledger init --env live`, then plan again" in done.err
    assert "content_digest" not in plan_in(project)
    assert project.run("send", "--plan", "plan.json", "--yes").code == 6
    assert project.run("ledger", "init", "--env", "live", "--empty").code == 0
    done = project.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    stale(done, server, "ledger", "it was made before the environment had a ledger")


def test_a_plan_of_another_format_is_stale(planned: Any, server: Any) -> None:
    planned.write("plan.json", json.dumps({**plan_in(planned), "format": 1}))
    done = planned.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    stale(done, server, "format", "it has format 1, and this sendspec reads format 2")


def test_a_plan_of_another_environment_than_the_one_that_is_named_is_stale(planned: Any, server: Any) -> None:
    done = planned.run("send", "--plan", "plan.json", "--env", "sandbox", "--yes", "--format", "json")
    stale(done, server, "environment", "was made for the environment 'test', and --env says 'sandbox'")
    planned.environ["SENDSPEC_ENV"] = "sandbox"
    done = planned.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    stale(done, server, "environment", "was made for the environment 'test'")
    del planned.environ["SENDSPEC_ENV"]
    assert planned.run("send", "--plan", "plan.json", "--env", "test", "--yes").code == 0


def test_a_plan_of_an_environment_that_is_gone_is_stale(planned: Any, server: Any) -> None:
    text = (planned.folder / "sendspec.yaml").read_text()
    planned.write("sendspec.yaml", text.replace("  test:", "  other:"))
    done = planned.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    stale(done, server, "environment", "for the environment 'test', which this project doesn't have")


def test_an_expired_plan_is_stale_unless_nothing_is_left_of_it(project: Any, server: Any) -> None:
    project.write("specs/hello.yaml", SPEC)
    project.write("specs/people.csv", PEOPLE)
    plan = ("plan", "specs/hello.yaml", "--env", "test", "--out", "plan.json")
    assert project.run(*plan, "--expires", "1m").code == 0
    late = expired(plan_in(project))
    project.write("plan.json", json.dumps(late))
    done = project.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    stale(done, server, "expired", f"it expired on {late['expires']}")
    assert project.run("send", "specs/hello.yaml", "--env", "test", "--yes").code == 0
    assert project.run("send", "--plan", "plan.json", "--yes").code == 0
    assert len(server.posts) == 2


def expired(plan: dict[str, Any]) -> dict[str, Any]:
    return resealed({**plan, "created": "2020-01-01T00:00:00Z", "expires": "2020-01-02T00:00:00Z"})


@pytest.mark.parametrize(
    "when",
    [
        "",
        "0d",
        "soon",
        "7",
        "7 d",
        "-1d",
        "2020-01-01T00:00:00Z",
        "2099-01-01T00:00:00",
        "9999999w",
        "9999-12-31T23:59:59-01:00",
    ],
)
def test_an_expiry_that_is_none_is_refused(planned: Any, when: str) -> None:
    done = planned.run("plan", "specs/hello.yaml", "--env", "test", "--out", "other.json", "--expires", when)
    assert (done.code, (planned.folder / "other.json").exists()) == (2, False)


def test_expiries_are_durations_or_moments(planned: Any) -> None:
    for when, days in (("12h", 0.5), ("2w", 14), ("2099-01-01T00:00:00+01:00", None)):
        assert (
            planned.run("plan", "specs/hello.yaml", "--env", "test", "--out", "plan.json", "--expires", when).code == 0
        )
        plan = plan_in(planned)
        if days is None:
            assert plan["expires"] == "2098-12-31T23:00:00Z"
        else:
            from datetime import datetime

            spans = [datetime.fromisoformat(plan[name]) for name in ("created", "expires")]
            assert (spans[1] - spans[0]).total_seconds() == days * 86_400


def test_the_digest_that_was_approved_is_held_against_the_file(planned: Any, server: Any) -> None:
    digest = plan_in(planned)["digest"]
    other = digest[:-1] + ("0" if digest[-1] != "0" else "1")
    done = planned.run("send", "--plan", "plan.json", "--digest", other, "--yes", "--format", "json")
    stale(done, server, "digest", f"its digest is {digest}, and --digest says {other}")
    assert planned.run("send", "--plan", "plan.json", "--digest", digest, "--yes").code == 0
    assert planned.run("send", "specs/hello.yaml", "--digest", digest, "--yes").code == 2


def test_the_file_holds_no_number_and_no_text(planned: Any) -> None:
    written = (planned.folder / "plan.json").read_text()
    assert "447700900" not in written
    assert "Ann" not in written
    assert plan_in(planned)["specs"][0]["path"] == "specs/hello.yaml"


def test_a_table_from_the_command_line_is_part_of_the_plan(planned: Any, server: Any) -> None:
    planned.write("other.csv", "phone,first_name\n+447700900009,Zoe\n")
    done = planned.run("plan", "specs/hello.yaml", "--env", "test", "--recipients", "other.csv", "--out", "plan.json")
    assert done.code == 0
    assert planned.run("send", "--plan", "plan.json", "--yes").code == 0
    assert [request.json["receiver"]["contacts"][0]["identifierValue"] for request in server.posts] == ["+447700900009"]


def test_a_table_outside_the_project_is_named_again(planned: Any, server: Any, tmp_path_factory: Any) -> None:
    table = tmp_path_factory.mktemp("away") / "secret.csv"
    table.write_text("phone,first_name\n+4477,Ann Secret\n")
    plan = plan_in(planned)
    for path in (str(table), "../" * 20 + str(table).lstrip("/")):
        planned.write("plan.json", json.dumps(resealed({**plan, "recipients": path})))
        done = planned.run("send", "--plan", "plan.json", "--yes")
        assert (done.code, server.posts) == (1, [])
        assert "Secret" not in done.out + done.err + planned.run("show", "plan.json", "--against-now").err
    table.write_text(PEOPLE)
    plan_it = ("plan", "specs/hello.yaml", "--env", "test", "--recipients", str(table), "--out", "plan.json")
    assert planned.run(*plan_it).code == 0
    assert "recipients" not in plan_in(planned)
    assert planned.run("send", "--plan", "plan.json", "--recipients", str(table), "--yes").code == 0
    assert len(server.posts) == 2


def test_a_table_from_standard_input_is_given_to_the_send_too(planned: Any, server: Any) -> None:
    table = PEOPLE + "+447700900003,Cy\n+447700900004,Di\n"
    plan = ("plan", "specs/hello.yaml", "--env", "test", "--recipients", "-", "--out", "plan.json")
    assert planned.run(*plan, stdin=table).code == 0
    done = planned.run("send", "--plan", "plan.json", "--yes", stdin=table)
    assert (done.code, len(server.posts)) == (0, 4), done.err
    assert planned.run("send", "--plan", "plan.json", "--yes", stdin="").code == 1


def test_a_plan_is_sent_in_the_project_of_its_specs_and_says_how(planned: Any, server: Any, project: Any) -> None:
    above = type(planned)(planned.folder.parent)
    above.environ = planned.environ
    name = planned.folder.name
    done = above.run("plan", f"{name}/specs/hello.yaml", "--env", "test", "--out", "above.json")
    assert f"next: cd {name} && sendspec send --plan ../above.json" in done.err
    assert above.run("send", "--plan", "above.json", "--yes").code == 1
    assert planned.run("send", "--plan", "../above.json", "--yes").code == 0
    assert len(server.posts) == 2


def test_without_a_project_file_a_plan_is_sent_from_where_it_was_made(project_dir: Any) -> None:
    project_dir.write("deep/specs/hello.yaml", SPEC)
    project_dir.write("deep/specs/people.csv", PEOPLE)
    assert project_dir.run("plan", "deep/specs/hello.yaml", "--out", "plan.json").code == 0
    done = project_dir.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert (done.code, done.json["totals"]["accepted"]) == (0, 2), done.err
    elsewhere = plan_in(project_dir)
    elsewhere["specs"][0]["path"] = "../hello.yaml"
    for name in ("hello.yaml", "people.csv"):
        (project_dir.folder / "deep/specs" / name).rename(project_dir.folder / "deep" / name)
    assert project_dir.run("send", "--plan", "plan.json", "--yes").code == 1  # nothing says how far to search for it
    project_dir.write("elsewhere.json", json.dumps(resealed(elsewhere)))
    assert project_dir.run("send", "--plan", "elsewhere.json", "--yes").code == 1


def test_refusals_are_tried_again_once_by_a_plan(planned: Any, server: Any, helpers: Any) -> None:
    server.decide = lambda number, request: helpers.Answer(422, b"{}") if number == 1 else helpers.Answer()
    assert planned.run("send", "--plan", "plan.json", "--yes").code == 3
    retry = ("plan", "specs/hello.yaml", "--env", "test", "--retry", "refused", "--out", "retry.json")
    done = planned.run(*retry, "--format", "json")
    assert (done.code, done.json["totals"]["send"]) == (0, 1)
    assert plan_in(planned, "retry.json")["specs"][0]["policy"]["retry"] == "refused"
    server.decide = lambda number, request: helpers.Answer(422, b"{}")
    assert planned.run("send", "--plan", "retry.json", "--yes").code == 3
    assert len(server.posts) == 3
    done = planned.run("send", "--plan", "retry.json", "--yes", "--format", "json")
    assert (done.code, done.json["skipped"]) == (3, {"already-accepted": 1, "refused-before": 1})
    assert len(server.posts) == 3
    later = plan_in(planned, "retry.json")
    later["specs"][0]["policy"]["refused_until"] = 10**9
    planned.write("later.json", json.dumps(resealed(later)))
    assert planned.run("send", "--plan", "later.json", "--yes").code == 1  # the approval covers which refusals it takes
    assert planned.run(*retry).code == 0
    server.decide = lambda number, request: helpers.Answer()
    assert planned.run("send", "--plan", "retry.json", "--yes").code == 0
    assert len(server.posts) == 4


def test_a_retry_that_was_cut_is_finished_by_the_same_plan(project: Any, server: Any, helpers: Any) -> None:
    project.write("specs/hello.yaml", SPEC)
    project.write("specs/people.csv", "phone,first_name\n" + "".join(f"+44770090000{n},Ann\n" for n in range(5)))
    server.decide = lambda number, request: helpers.Answer(422, b"{}")
    assert project.run("send", "specs/hello.yaml", "--env", "test", "--yes").code == 3
    done = project.run("plan", "specs/hello.yaml", "--env", "test", "--retry", "refused", "--out", "retry.json")
    assert done.code == 0
    server.decide = lambda number, request: helpers.Answer(401, b"{}") if number > 6 else helpers.Answer()
    assert project.run("send", "--plan", "retry.json", "--yes").code == 5
    server.decide = lambda number, request: helpers.Answer()
    assert project.run("send", "--plan", "retry.json", "--yes").code == 0
    assert len(server.taken) == 5


def test_several_specs_are_one_plan_in_any_order(planned: Any, server: Any) -> None:
    planned.write("specs/bye.yaml", SPEC.replace("hello", "bye").replace("Hi", "Bye"))
    names = ["specs/hello.yaml", "specs/bye.yaml"]
    one, other = (
        planned.run("plan", *order, "--env", "test", "--out", "plan.json", "--format", "json").json
        for order in (names, names[::-1])
    )
    assert (one["digest"], one["content_digest"]) == (other["digest"], other["content_digest"])
    assert len(plan_in(planned)["pairs"]) == 4
    assert planned.run("send", "--plan", "plan.json", "--yes").code == 0
    assert len(server.posts) == 4


def test_a_spec_with_nothing_left_to_send_holds_back_no_other(planned: Any, server: Any) -> None:
    planned.write("specs/bye.yaml", SPEC.replace("hello", "bye").replace("Hi", "Bye"))
    plan = ("plan", "specs/hello.yaml", "specs/bye.yaml", "--env", "test", "--out", "plan.json")
    assert planned.run(*plan).code == 0
    assert planned.run("send", "specs/hello.yaml", "--env", "test", "--yes").code == 0
    planned.write("specs/hello.yaml", SPEC + "in_doubt: resend_if_absent\n")
    assert planned.run("send", "--plan", "plan.json", "--yes").code == 0
    assert len(server.posts) == 4
    planned.write("specs/people.csv", PEOPLE + "+447700900003,Cy\n")
    done = planned.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert [cause["cause"] for cause in done.json["causes"]] == ["settings", "messages"]


def test_what_approves_it_is_noted_with_the_run_and_shown(planned: Any) -> None:
    digest = plan_in(planned)["digest"]
    assert planned.run("send", "--plan", "plan.json", "--approved-by", "Ann <ann@example.com>", "--yes").code == 0
    done = planned.run("status", "--env", "test", "--format", "json")
    assert load_schema("status").problems(done.json) == []
    (run,) = done.json["specs"][0]["runs"]
    assert (run["plan"], run["messages"], run["approved"]) == (
        digest,
        2,
        {"claimed": "Ann <ann@example.com>", "verified": []},
    )
    assert (
        "said to have started or approved it, not verified: 'Ann <ann@example.com>'"
        in planned.run("status", "--env", "test").out
    )


@pytest.mark.parametrize("ci", ["true", ""])
def test_who_started_a_ci_job_is_a_claim(planned: Any, ci: str) -> None:
    planned.write(
        "sendspec.yaml", (planned.folder / "sendspec.yaml").read_text().replace("test.db}", "test.db, durable: true}")
    )
    planned.environ |= {"CI": ci, "GITHUB_ACTOR": "octo"}
    assert planned.run("send", "specs/hello.yaml", "--env", "test", "--yes").code == 0
    done = planned.run("status", "--env", "test", "--format", "json")
    assert done.json["specs"][0]["runs"][0]["approved"]["claimed"] == ("octo" if ci else None)


def test_a_plan_whose_moment_has_passed_sends_nothing_and_is_not_stale(project: Any, server: Any) -> None:
    project.write("specs/hello.yaml", SPEC + "not_after: 2020-01-01T00:00:00Z\n")
    project.write("specs/people.csv", PEOPLE)
    assert project.run("plan", "specs/hello.yaml", "--env", "test", "--out", "plan.json").code == 0
    done = project.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert (done.code, done.json["skipped"], server.posts) == (3, {"expired": 2}, [])


def test_what_is_on_hold_goes_out_by_a_plan_made_with_continue_with(planned: Any, server: Any, helpers: Any) -> None:
    server.decide = lambda number, request: helpers.Answer(401, b"{}") if number > 1 else helpers.Answer()
    assert planned.run("send", "--plan", "plan.json", "--yes").code == 5
    server.decide = lambda number, request: helpers.Answer()
    changed = SPEC.replace("Hi", "Dear")
    planned.write("specs/hello.yaml", changed)
    plan = ("plan", "specs/hello.yaml", "--env", "test", "--out", "plan.json", "--format", "json")
    held = planned.run(*plan).json
    assert held["skipped"] == {"drift": 1, "on-hold": 1}
    done = planned.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert (done.code, len(server.taken)) == (3, 1)
    planned.write("specs/hello.yaml", changed + f"continue_with: '{held['specs'][0]['text_digest']}'\n")
    late = planned.run(
        "send", "--plan", "plan.json", "--yes", "--format", "json"
    )  # it was not marked when that plan was made
    assert (late.code, late.json["skipped"], len(server.taken)) == (3, {"drift": 1, "not-in-plan": 1}, 1)
    assert planned.run(*plan).json["totals"]["send"] == 1
    assert planned.run("send", "--plan", "plan.json", "--yes").code == 0
    assert [message["reference"] is not None for message in server.taken] == [True, True]


EXAMPLES = """examples:
  - {with: {phone: "+447700900009", first_name: Zoë}, expect: {segments: 1}}
  - {with: {phone: "+447700900009", first_name: Max}, expect: {segments: 1}}
"""
CONDITION = SPEC.replace("Hi {{ first_name }}", "Hi{% if first_name == 'Ann' %} Ann{% endif %}")


@pytest.mark.parametrize(
    ("spec", "flag", "samples"),
    [
        (SPEC + EXAMPLES, (), None),
        (SPEC + EXAMPLES, ("--with-samples",), [{"text": "Hi Max", "from": "examples", "segments": 1}]),
        (SPEC, ("--with-samples",), [{"text": "Hi ⟨first_name⟩", "from": "columns", "segments": 1}]),
        (
            SPEC.replace("{{ first_name }}", "{{ first_name | default('you') | upper }}, {{ 1 }}"),
            ("--with-samples=examples",),
            [{"text": "Hi ⟨first_name⟩, 1", "from": "columns", "segments": 1}],
        ),
        (
            CONDITION,
            ("--with-samples",),
            [
                {"text": "Hi Ann", "from": "columns", "segments": 1},
                {"text": "Hi", "from": "columns", "segments": 1},
            ],
        ),
        (
            SPEC + EXAMPLES,
            ("--with-samples=recipients",),
            [{"text": "Hi Ann", "from": "recipients", "segments": 1}],
        ),
        (
            CONDITION,
            ("--with-samples=recipients",),
            [
                {"text": "Hi Ann", "from": "recipients", "segments": 1},
                {"text": "Hi", "from": "recipients", "segments": 1},
            ],
        ),
    ],
)
def test_a_text_of_each_shape_is_in_a_plan_where_they_are_asked_for(
    project: Any, spec: str, flag: tuple[str, ...], samples: list[dict[str, Any]] | None
) -> None:
    project.write("specs/hello.yaml", spec)
    project.write("specs/people.csv", PEOPLE)
    done = project.run("plan", "specs/hello.yaml", "--env", "test", "--out", "plan.json", *flag)
    assert done.code == 0, done.err
    plan = plan_in(project)
    [written] = plan["specs"]
    found = written.get("samples")
    if samples is not None:
        assert [each.pop("shape") for each in found] == [shape["id"] for shape in written["shapes"]]
    assert found == samples
    assert load_schema("plan").problems(plan) == []
    out = project.run("show", "plan.json").out
    assert all(f" × 1 segment GSM-7\n          {sample['text']}\n" in out for sample in samples or ())
    assert ("no texts are in the file" in out) == (samples is None)


@pytest.mark.parametrize(("length", "kept"), [(1, 40), (4_000, 24)])
def test_texts_in_a_plan_are_of_the_most_frequent_shapes_and_of_bounded_length(
    project: Any, length: int, kept: int
) -> None:
    conditions = "".join(f"{{% if '{letter}' in first_name %}}{letter}{{% endif %}}" for letter in "abcdef")
    project.write("specs/hello.yaml", SPEC.replace("Hi {{ first_name }}", conditions + "{{ x }}"))
    kinds = ["".join(letter for at, letter in enumerate("abcdef") if n >> at & 1) for n in range(64)]
    kinds += kinds[:50]
    rows = [f"+44770090{n:04d},g{kind},{'y' * length}\n" for n, kind in enumerate(kinds)]
    project.write("specs/people.csv", "phone,first_name,x\n" + "".join(rows))
    planned = ("plan", "specs/hello.yaml", "--env", "test", "--out", "plan.json", "--with-samples=recipients")
    assert project.run(*planned).code == 0
    [written] = plan_in(project)["specs"]
    assert [each["shape"] for each in written["samples"]] == [each["id"] for each in written["shapes"][:kept]]
    left = sum(each["messages"] for each in written["shapes"][kept:])
    assert f"      and {64 - kept} more, of {left} messages\n" in project.run("show", "plan.json").out


@pytest.mark.parametrize("moment", ["2026-13-01T08:00:00Z", "0001-01-01T00:00:00Z"])
def test_a_schedule_on_no_day_makes_no_plan(planned: Any, moment: str) -> None:
    plan = plan_in(planned)
    plan["specs"][0]["schedule"] = {"scheduled_for": moment}
    planned.write("plan.json", json.dumps(resealed(plan)))
    assert "the file is not a plan" in planned.run("show", "plan.json").err


def test_a_sample_is_no_part_of_a_digest(planned: Any, server: Any) -> None:
    digest = plan_in(planned)["digest"]
    planned.write("specs/hello.yaml", SPEC + EXAMPLES)
    assert planned.run("plan", "specs/hello.yaml", "--env", "test", "--out", "plan.json", "--with-samples").code == 0
    assert plan_in(planned)["digest"] == digest
    assert planned.run("send", "--plan", "plan.json", "--yes").code == 0


def test_on_ci_no_recipient_is_a_sample(planned: Any) -> None:
    planned.environ["CI"] = "true"
    plan = ("plan", "specs/hello.yaml", "--env", "test", "--out", "ci.json")
    assert planned.run(*plan, "--with-samples=recipients").code == 2
    assert not (planned.folder / "ci.json").exists()
    del planned.environ["CI"]
    assert planned.run("plan", "specs/hello.yaml", "--env", "test", "--with-samples").code == 2
