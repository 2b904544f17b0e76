"""`only: undelivered`, as whole sends: who is tried again, by what was observed of an earlier send."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest
import sendspec
from json_documents import only as only_document
from project_dir import SECRET, SPEC, Answer, CountingServer, ProjectDir, Request, numbers
from sendspec.composing.identity import message_id
from sendspec.diagnostics.diagnostic import Diagnostic, Problems, Severity
from sendspec.diagnostics.exceptions import ListRefused, ListUnreadable
from sendspec.ledger.delivery import observation
from sendspec.ledger.delivery.observation import FailureReason, Observation, Source, StatusReport
from sendspec.operations.delivery_access import deliveries_to_write
from sendspec.operations.ledger_access import ledger_to_read
from sendspec.operations.logging_listener import LoggingListener
from sendspec.operations.plan_report import PlanReport
from sendspec.operations.project_context import ProjectContext, open_context
from sendspec.operations.python_api import InputInvalid
from sendspec.operations.run_report import RunReport
from sendspec.operations.send import send
from sendspec.operations.send_outcome import SendRequest
from sendspec.operations.system import real_clock, real_system
from sendspec.planning.decision import Skip
from sendspec.planning.message_state import State
from sendspec.reading.undelivered import OUTCOMES, REFUSED
from sendspec.showing.plan import plan_document

DAY = 86_400.0
ENDS = ("rejected", "sending_failed", "delivery_failed", "delivered", "sent")
"""What becomes of the first five people; the sixth is never seen."""


class Project:
    """A project whose sends go to a server that counts; its wall clock stands still until a test sets it."""

    def __init__(self, project_dir: ProjectDir, server: CountingServer) -> None:
        self.dir = project_dir
        self.server = server
        self.now = float(int(time.time()))
        self.known: dict[str, Any] = {
            "env": "test",
            "environ": {**project_dir.environ, "TEST_KEY": SECRET},
            "clock": replace(real_clock(), wall=lambda: self.now),
        }
        self.dir.write("people.csv", numbers(6))

    def spec(
        self, only: str | None = None, *, generation: int = 2, name: str = "hello", more: str = "", key: str = ""
    ) -> None:
        """The file `NAME.yaml`; `only` is what `only.undelivered` says."""
        keys = f"{'' if only is None else f', only: {{undelivered: {only}}}'}{key}"
        text = SPEC.replace("people.csv}", f"people.csv{keys}}}").replace(
            "name: hello", f"name: {name}\ngeneration: {generation}"
        )
        self.dir.write(f"{name}.yaml", text + more)

    def plan(self, name: str = "hello") -> PlanReport:
        return sendspec.plan([self.dir.folder / f"{name}.yaml"], **self.known)

    def send(self, name: str = "hello", **more: Any) -> RunReport:
        return sendspec.send([self.dir.folder / f"{name}.yaml"], **self.known, **more)

    def posts(self, call: Callable[[], object]) -> list[str]:
        """Who was sent to meanwhile: the last digit of each number."""
        before = len(self.server.posts)
        call()
        numbers = [post.json["receiver"]["contacts"][0]["identifierValue"] for post in self.server.posts[before:]]
        return sorted(number[-1] for number in numbers)

    def observe(
        self,
        statuses: Mapping[int, str],
        *,
        name: str = "hello",
        generation: int = 1,
        key: Callable[[int], str] | None = None,
    ) -> None:
        context = self.context()
        seen = [
            Observation(
                message_id(context.salt, name, generation, f"+4477009{n:05d}" if key is None else key(n)),
                StatusReport(status, self.now),
                Source.LIST,
                self.now,
            )
            for n, status in statuses.items()
        ]
        with deliveries_to_write(context) as store:
            store.observe(seen)

    def observe_failure(self, n: int, status: str, reason: FailureReason) -> None:
        seen = Observation(
            message_id(self.context().salt, "hello", 1, f"+4477009{n:05d}"),
            StatusReport(status, self.now + 1, reason),
            Source.LIST,
            self.now,
        )
        with deliveries_to_write(self.context()) as store:
            store.observe([seen])

    def context(self) -> ProjectContext:
        found = open_context([], "test", Problems(), real_system("test", environ=self.known["environ"]))
        assert found is not None
        return found

    def sent_and_seen(self) -> None:
        """Generation 1 is accepted, and ends as `ENDS` says."""
        self.spec(generation=1)
        assert self.send().account.accepted == 6
        self.observe(dict(enumerate(ENDS)))


@pytest.fixture
def here(project: ProjectDir, server: CountingServer, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(project.folder)
    return Project(project, server)


@pytest.fixture
def on_server(shared: ProjectDir, server: CountingServer, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Its ledger is on the PostgreSQL server."""
    monkeypatch.chdir(shared.folder)
    return Project(shared, server)


def codes(report: PlanReport) -> list[str]:
    """Of the warnings about the earlier send."""
    return [each.code for each in report.warnings if each.code.startswith("undelivered-")]


def problems(call: Callable[[], object]) -> list[Diagnostic]:
    with pytest.raises(InputInvalid) as caught:
        call()
    return [each for each in caught.value.diagnostics if each.severity is Severity.ERROR]


def refusal(call: Callable[[], object]) -> tuple[str, int]:
    [found] = problems(call)
    return found.code, found.span.start.line


def test_only_what_never_left_for_a_network_is_tried_again_and_once(here: Project) -> None:
    here.sent_and_seen()
    here.spec("{}")
    plan = here.plan()
    assert (plan.send, plan.skipped, codes(plan)) == (2, {"not-undelivered": 4}, [])
    earlier = plan.plans[0].earlier
    assert earlier is not None
    assert (earlier.name, earlier.generation) == ("hello", 1)
    assert earlier.kept_outcomes == {"rejected": 1, "sending_failed": 1}
    assert earlier.left_outcomes == {"delivered": 1, "delivery_failed": 1, "under_way": 1, "unknown": 1}
    document = plan_document(plan)
    assert only_document(json.dumps(document), "plan") == document
    assert document["specs"][0]["undelivered"]["kept"] == {"rejected": 1, "sending_failed": 1}
    assert here.posts(here.send) == ["0", "1"]
    assert here.posts(here.send) == []
    here.observe({0: "delivered", 3: "rejected"})  # it changes its mind, and nothing follows from that
    assert here.posts(here.send) == []
    assert here.plan().skipped == {"already-accepted": 2, "not-undelivered": 4}
    here.observe({4: "rejected"})
    assert here.posts(here.send) == ["4"]


def test_the_next_generation_looks_at_the_one_before_it(here: Project) -> None:
    here.sent_and_seen()
    here.spec("{}")
    assert here.posts(here.send) == ["0", "1"]
    here.observe({0: "sending_failed", 1: "delivered"}, generation=2)
    here.spec("{}", generation=3)
    assert here.posts(here.send) == ["0"]


def test_a_ledger_on_a_server_knows_whom_to_try_again(on_server: Project) -> None:
    on_server.sent_and_seen()
    on_server.spec("{statuses: [rejected, delivery_failed]}")
    assert on_server.plan().skipped == {"not-undelivered": 4}
    assert on_server.posts(on_server.send) == ["0", "2"]
    assert on_server.posts(on_server.send) == []


def test_a_try_that_is_passed_over_is_told(here: Project) -> None:
    here.sent_and_seen()
    here.spec("{spec: hello}", name="again", generation=1)
    assert codes(here.plan("again")) == []
    here.send("again")
    here.observe({0: "delivered", 1: "rejected"}, name="again")
    here.spec("{spec: hello}", name="again")
    assert codes(here.plan("again")) == ["undelivered-between"]
    here.spec("{}", name="again")
    assert codes(here.plan("again")) == []
    assert here.posts(lambda: here.send("again")) == ["1"]
    here.spec("{generation: 1}", name="again", generation=3)
    assert codes(here.plan("again")) == ["undelivered-between"]


@pytest.mark.parametrize("status", [status for status in OUTCOMES if status != REFUSED])
def test_every_failure_can_be_asked_for(here: Project, status: str) -> None:
    here.spec(generation=1)
    here.send()
    here.observe({0: status, 1: "delivered", 2: "some_new_word"})
    here.spec(f"{{statuses: [{status}]}}")
    assert here.posts(here.send) == ["0"]


def test_who_may_have_opted_out_is_never_tried_again(here: Project) -> None:
    here.sent_and_seen()
    here.observe_failure(1, "sending_failed", FailureReason("contact opted out", source_name="contact"))
    here.spec(f"{{statuses: [{', '.join(OUTCOMES)}]}}")
    earlier = here.plan().plans[0].earlier
    assert earlier is not None
    assert earlier.left_outcomes["opted_out"] == 1
    assert here.posts(here.send) == ["0", "2"]


def test_every_final_status_but_delivered_can_be_asked_for() -> None:
    assert set(OUTCOMES) == {REFUSED, *observation.UNDELIVERED}


def test_what_was_refused_at_once_is_tried_on_request(here: Project) -> None:
    here.spec(generation=1)
    here.server.decide = lambda number, request: (
        Answer(422, b'{"code": "InvalidPayload", "message": "no"}') if number == 1 else Answer()
    )
    here.send()
    here.server.decide = lambda number, request: Answer()
    here.spec("{statuses: [refused]}")
    assert len(here.posts(here.send)) == 1
    here.spec("{generation: 1}", generation=3)
    assert refusal(here.plan)[0] == "undelivered-unseen"


def test_what_is_in_doubt_or_was_not_sent_is_never_tried_again(here: Project) -> None:
    here.spec(generation=1)
    here.server.decide = lambda number, request: Answer(401) if number > 2 else Answer(drop=True, taken=True)
    here.send()
    here.server.listing = lambda request: Answer(500)
    here.server.decide = lambda number, request: Answer()
    here.spec(f"{{statuses: [{', '.join(OUTCOMES)}]}}")
    plan = here.plan()
    assert plan.send == 0
    earlier = plan.plans[0].earlier
    assert earlier is not None
    assert set(earlier.outcomes) == {"in_doubt", "not_sent"}


def test_another_spec_follows_by_the_same_key(here: Project) -> None:
    key = ', key: "{{ order_id }}"'
    here.spec(generation=1, key=key)
    here.send()
    here.observe({0: "rejected", 1: "delivered"}, key=lambda n: f"A{n}")
    here.spec("{spec: hello}", name="again", generation=1, key=key)
    assert here.posts(lambda: here.send("again")) == ["0"]
    here.spec("{spec: hello, generation: 1}", name="by-number", generation=1)
    plan = here.plan("by-number")
    assert (plan.send, plan.skipped, codes(plan)) == (0, {"not-undelivered": 6}, ["undelivered-unmatched"])


def test_under_all_names_of_a_spec_nobody_is_tried_again_who_may_have_been_reached(here: Project) -> None:
    here.sent_and_seen()
    (here.dir.folder / "hello.yaml").unlink()
    here.spec(name="moved", generation=1, more="moved_from: hello\n")
    here.dir.write("people.csv", numbers(7))
    here.send("moved")
    here.observe({6: "rejected"}, name="moved")
    here.spec("{}", name="moved", more="moved_from: hello\n")
    assert here.posts(lambda: here.send("moved")) == ["0", "1", "6"]


def test_what_was_agreed_to_is_sent_but_to_whom_it_has_reached_meanwhile(here: Project) -> None:
    here.sent_and_seen()
    here.spec("{}")
    context = here.context()
    agreed = lambda jobs, plans: here.observe({0: "delivered", 4: "rejected"})  # noqa: E731
    sent = here.posts(lambda: send(context, SendRequest(specs=["hello.yaml"]), LoggingListener(), agree=agreed))
    assert sent == ["1"]


@pytest.mark.parametrize("key", ["", ', key: "{{ order_id }}"'])
def test_whom_the_api_lists_as_reached_right_before_the_send_gets_no_second_message(here: Project, key: str) -> None:
    here.spec(generation=1, key=key)
    here.send()
    here.observe(dict(enumerate(ENDS)), key=(lambda n: f"A{n}") if key else None)
    statuses = ["delivered", "sending_failed", "sent", "delivered", "sent", "sent"]
    queries: list[str] = []

    def listing(request: Request) -> Answer:
        queries.append(unquote(request.path))
        found = [{**each, "status": statuses[int(each["receiver"]["contacts"][0]["identifierValue"][-1])]}
                 for each in here.server.taken[:6]]  # fmt: skip
        return CountingServer.page(found)

    here.server.listing = listing
    here.spec("{}", key=key)
    assert here.plan().send == 2
    reports: list[RunReport] = []
    assert here.posts(lambda: reports.append(here.send())) == ["1"]
    assert dict(reports[0].account.skipped) == {"not-undelivered": 5}
    assert [f"to=+44770090000{n}" in queries[0] for n in range(3)] == [True, True, False]
    with ledger_to_read(here.context()) as ledger:
        assert ledger is not None
        assert not list(ledger.messages((State.PLANNED,)))
    assert here.posts(here.send) == []


def test_a_number_that_was_corrected_is_looked_up_in_the_whole_list(here: Project) -> None:
    key = ', key: "{{ order_id }}"'
    here.spec(generation=1, key=key)
    here.send()
    here.observe({0: "rejected"}, key=lambda n: f"A{n}")
    here.dir.write("people.csv", numbers(6).replace("+447700900000", "+447700900099"))
    queries: list[str] = []

    def listing(request: Request) -> Answer:
        queries.append(request.path)
        return CountingServer.page([])

    here.server.listing = listing
    here.spec("{}", key=key)
    assert here.posts(here.send) == ["9"]
    assert "to=" not in queries[0]


@pytest.mark.parametrize("answer", [Answer(500), Answer(401, b"{}"), Answer(200, b"[]")])
def test_without_that_look_nothing_is_sent_unless_somebody_insists(here: Project, answer: Answer) -> None:
    here.sent_and_seen()
    here.spec("{}")
    here.server.listing = lambda request: answer
    with pytest.raises((ListUnreadable, ListRefused)):
        here.send()
    assert len(here.server.posts) == 6
    forced = lambda: here.dir.run("send", "hello.yaml", "--env", "test", "--yes", "--no-witness")  # noqa: E731
    assert here.posts(forced) == ["0", "1"]


def test_a_key_that_may_not_read_the_list_sends_with_a_warning(here: Project) -> None:
    here.sent_and_seen()
    here.spec("{}")
    here.server.listing = lambda request: Answer(403, b'{"code": "Forbidden", "message": "no"}')
    told = here.dir.run("send", "hello.yaml", "--env", "test", "--yes")
    assert (told.code, len(here.server.posts)) == (0, 8), told.err
    assert "whom 'hello', generation 1 has reached meanwhile is not known" in told.err


def test_more_people_than_can_be_asked_for_singly_are_looked_up_in_the_whole_list(here: Project) -> None:
    here.dir.write("people.csv", numbers(70))
    here.spec(generation=1)
    here.send()
    here.observe(dict.fromkeys(range(70), "rejected"))
    queries: list[str] = []

    def listing(request: Request) -> Answer:
        queries.append(request.path)
        found = [each for each in here.server.taken if "+447700900069" not in json.dumps(each["receiver"])]
        return CountingServer.page([{**each, "status": "delivered"} for each in found])

    here.server.listing = listing
    here.spec("{}")
    assert here.posts(here.send) == ["9"]
    assert "to=" not in queries[0]


def test_a_message_under_another_name_may_have_reached_somebody(here: Project) -> None:
    here.sent_and_seen()
    (here.dir.folder / "hello.yaml").unlink()
    here.spec(name="moved", generation=1, more="moved_from: false\n")
    here.send("moved")
    here.observe({0: "delivered", 1: "sending_failed", 2: "sending_failed"}, name="moved")
    here.spec("{}", name="moved", more="moved_from: hello\n")
    assert here.posts(lambda: here.send("moved")) == ["1"]


@pytest.mark.parametrize(
    ("only", "generation", "code"),
    [
        ("{}", 1, "undelivered-unsent"),
        ("{generation: 1}", 1, "undelivered-itself"),
        ("{spec: hello, generation: 3}", 2, "undelivered-itself"),
        ("{spec: helo}", 2, "undelivered-unsent"),
        ("{spec: other, generation: 7}", 2, "undelivered-unsent"),
    ],
)
def test_a_send_that_is_no_earlier_one_is_refused(here: Project, only: str, generation: int, code: str) -> None:
    here.sent_and_seen()
    here.spec(only, generation=generation)
    posts = len(here.server.posts)
    if "generation: 3" in only:
        assert problems(here.plan)[0].fix.startswith("name a generation below 2")
    if "helo" in only:
        assert problems(here.plan)[0].fix == "write 'hello'"
    assert refusal(here.plan) == refusal(here.send) == (code, 5)
    assert len(here.server.posts) == posts


def test_nobody_is_skipped_because_nobody_looked(here: Project) -> None:
    here.spec(generation=1)
    here.send()
    here.spec("{}")
    assert refusal(here.plan) == refusal(here.send) == ("undelivered-unseen", 5)


def test_old_statuses_are_told_while_something_is_under_way(here: Project) -> None:
    here.sent_and_seen()
    here.spec("{}")
    here.now += DAY
    assert codes(here.plan()) == []
    here.now += 1
    assert codes(here.plan()) == ["undelivered-outdated"]
    here.observe({4: "delivered", 5: "delivered"})
    here.now += 10 * DAY
    assert codes(here.plan()) == []


def test_repeated_and_filtered_rows_are_counted_as_the_send_counts_them(here: Project) -> None:
    here.sent_and_seen()
    rows = numbers(6).splitlines()
    here.dir.write("people.csv", "\n".join([*rows, rows[1], rows[2]]) + "\n")
    here.spec("{}", key=", where: \"{{ order_id != 'A1' }}\"")
    plan = here.plan()
    assert plan.skipped == {"duplicate": 1, "filtered": 2, "not-undelivered": 4}
    earlier = plan.plans[0].earlier
    assert earlier is not None
    assert (plan.send, earlier.kept_outcomes, sum(earlier.outcomes.values())) == (1, {"rejected": 1}, 5)


def test_a_long_list_on_several_processes_is_decided_as_row_by_row(here: Project) -> None:
    count, kept = 1_100, 158  # blocks of 500 rows
    people = numbers(count)
    here.dir.write("people.csv", people)
    here.spec(generation=1)
    here.send()
    here.observe({n: "rejected" if n % 7 == 0 else "delivered" for n in range(count)})
    here.dir.write("people.csv", people + people.splitlines()[1] + "\n")  # far behind the first
    here.spec("{}")
    told = here.dir.run("plan", "hello.yaml", "--env", "test", "--jobs", "2", "--format", "json")
    plan = told.json
    assert (plan["totals"]["send"], plan["skipped"]) == (kept, {"duplicate": 1, "not-undelivered": count - kept}), (
        told.err
    )
    assert plan["specs"][0]["undelivered"]["kept"] == {"rejected": kept}
    assert here.plan().digest == plan["digest"]
    assert len(here.posts(here.send)) == kept


def test_a_plan_file_stays_good_and_grows_by_nobody(here: Project) -> None:
    here.sent_and_seen()
    here.spec("{}")
    made = here.dir.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json")
    assert made.code == 0, made.err
    assert (
        "only undelivered of hello, generation 1: 2 kept (1 rejected · 1 sending failed), 4 not (1 delivered"
        in made.out
    )
    here.observe({0: "delivered", 4: "rejected"})
    sent = here.dir.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert (sent.code, sent.json["totals"]["accepted"]) == (3, 1), sent.err
    assert sent.json["skipped"] == {"not-in-plan": 1, "not-undelivered": 4}
    here.spec("{statuses: [rejected]}")
    stale = here.dir.run("send", "--plan", "plan.json", "--yes")
    assert "`undelivered.statuses`" in stale.err


def test_without_a_ledger_every_row_is_shown_and_that_is_said(here: Project) -> None:
    here.spec("{}")
    checked = here.dir.run("validate", "hello.yaml", "--env", "test")
    assert (
        checked.out
        == "hello.yaml: ok, 6 messages for 6 recipients at most, as `only: undelivered` is looked up by `plan`\n"
    )
    rendered = here.dir.run("render", "hello.yaml", "--env", "test")
    assert (len(rendered.out.splitlines()), rendered.code) == (6, 0)
    assert "note: `only: undelivered` is looked up by `plan` and `send`" in rendered.err


@pytest.mark.parametrize(
    ("only", "code"),
    [("{statuses: []}", "too-few"), ("{statuses: [delivered]}", "wrong-value"), ("{spec: Hello}", "wrong-format"), ("{generation: 0}", "out-of-range"),
     ("{since: yesterday}", "unknown-key"), ("{statuses: [rejected, rejected]}", "wrong-value")],
)  # fmt: skip
def test_what_it_can_say_is_checked(here: Project, only: str, code: str) -> None:
    here.spec(only)
    assert code in [each.code for each in sendspec.check([here.dir.folder / "hello.yaml"], **here.known).diagnostics]


@pytest.mark.parametrize(
    ("only", "problem", "fix"),
    [
        ("undelivered", "expected a mapping, found 'undelivered'", "write `only: {undelivered: {spec: NAME}}` for an earlier send of another spec, or `only: {undelivered: {}}` of this one"),
        ("[undelivered]", "expected a mapping, found a list", "write `only: {undelivered: {spec: NAME}}` for an earlier send of another spec, or `only: {undelivered: {}}` of this one"),
        ("{undelivered: hello}", "expected a mapping, found 'hello'", "write `only: {undelivered: {spec: hello}}`"),
        ("{undelivered: {statuses: [undelivered]}}", "'undelivered' is not one of the values of `statuses`", "write any of: refused, rejected, sending_failed, delivery_failed, skipped, deleted, invalid"),
        ("{undelivered: {statuses: rejected}}", "expected a list, found 'rejected'", "write a list: [rejected]"),
        ("{undelivered: {statuses: [rejected, rejected]}}", "`statuses` has 'rejected' twice", "remove one of them"),
    ],
)  # fmt: skip
def test_what_people_write_first_is_told_as_it_is_written(here: Project, only: str, problem: str, fix: str) -> None:
    here.spec("{}", generation=2)
    spec = here.dir.folder / "hello.yaml"
    spec.write_text(spec.read_text("utf-8").replace("{undelivered: {}}", only), encoding="utf-8")
    found = sendspec.check([spec], **here.known).diagnostics
    assert [(each.problem, each.fix) for each in found] == [(problem, fix)]


def test_every_reason_is_one_that_the_schema_knows() -> None:
    assert Skip.NOT_UNDELIVERED.value == "not-undelivered"
