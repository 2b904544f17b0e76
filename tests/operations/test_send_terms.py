"""`continue_with`, `audience` and `not_after` from outside: what plans, sends and checks say, and what reaches the API."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.utils import formatdate
from typing import Any

import pytest
import sendspec
from project_dir import SECRET, SPEC, Answer, CountingServer, ProjectDir, numbers
from sendspec.cli.exit_code import code_of_run
from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.exceptions import ListUnreadable
from sendspec.operations.plan_report import PlanReport
from sendspec.operations.python_api import InputInvalid
from sendspec.operations.run_report import RunReport
from sendspec.operations.system import real_clock
from sendspec.planning.decision import Retry

UNAUTHORIZED = Answer(401, b'{"code": "Unauthorized", "message": "no"}')
CHANGED = SPEC.replace("is on its way", "has left")


class Project:
    """A project whose sends go to a server that counts; its wall clock stands still until a test sets it."""

    def __init__(self, project_dir: ProjectDir, server: CountingServer) -> None:
        self.folder = project_dir.folder
        self.server = server
        self.now = float(int(time.time()))
        self._with: dict[str, Any] = {
            "env": "test",
            "environ": {"TEST_KEY": SECRET},
            "clock": replace(real_clock(), wall=lambda: self.now),
        }
        self.write(SPEC)
        self.people(numbers(6))

    def write(self, spec: str) -> None:
        (self.folder / "hello.yaml").write_text(spec, encoding="utf-8")

    def people(self, table: str) -> None:
        (self.folder / "people.csv").write_text(table, encoding="utf-8")

    def plan(self, **more: Any) -> PlanReport:
        return sendspec.plan([self.folder / "hello.yaml"], **self._with, **more)

    def send(self, **more: Any) -> RunReport:
        return sendspec.send([self.folder / "hello.yaml"], **self._with, **more)

    def check(self) -> list[Diagnostic]:
        return list(sendspec.check([self.folder / "hello.yaml"], **self._with).diagnostics)

    def stop_after(self, accepted: int) -> RunReport:
        """A send that the API refuses as a whole after so many messages; then it accepts again."""
        answers = [Answer()] * accepted
        self.server.decide = lambda number, request: answers.pop() if answers else UNAUTHORIZED
        report = self.send()
        self.server.decide = lambda number, request: Answer()
        return report

    def texts(self) -> list[str]:
        return [request.json["body"]["text"]["text"] for request in self.server.posts]

    def until(self, seconds: float) -> str:
        """A line that ends the spec's send so many seconds from now."""
        moment = datetime.fromtimestamp(self.now + seconds, timezone(timedelta(hours=2)))
        return f"not_after: {moment.isoformat()}\n"

    def ledger(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / ".sendspec" / "test.db", isolation_level=None)) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture
def project_here(project: ProjectDir, server: CountingServer, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(project.folder)
    return Project(project, server)


def refused(call: Callable[[], object]) -> list[Diagnostic]:
    with pytest.raises(InputInvalid) as caught:
        call()
    return list(caught.value.diagnostics)


def errors_of(call: Callable[[], object]) -> list[Diagnostic]:
    return [each for each in refused(call) if each.severity is Severity.ERROR]


# continue_with


def test_what_is_on_hold_goes_out_once_the_spec_continues_with_the_present_text(project_here: Project) -> None:
    here = project_here
    assert here.stop_after(2).account.accepted == 2
    here.write(CHANGED)
    plan = here.plan()
    assert (plan.send, plan.skipped) == (0, {"drift": 2, "on-hold": 4})
    assert code_of_run(here.send()) == 3
    digest = plan.plans[0].text_digest
    here.write(CHANGED + f'continue_with: "{digest}"\n')
    plan = here.plan()
    assert (plan.send, plan.skipped, plan.warnings) == (4, {"drift": 2}, ())
    assert plan.plans[0].text_digest == digest
    before = len(here.server.taken)
    report = here.send()
    assert (report.account.accepted, dict(report.account.skipped), code_of_run(report)) == (4, {"drift": 2}, 0)
    assert before == 2
    assert sum("has left" in text for text in here.texts()) == 4
    assert len({one["reference"] for one in here.server.taken}) == len(here.server.taken) == 6
    here.write(CHANGED)
    assert here.plan().skipped == {"already-accepted": 4, "drift": 2}


def test_the_ledger_takes_digest_reference_line_and_size_of_what_continues(project_here: Project) -> None:
    here = project_here
    reference = '  reference: "{{ order_id }}-{{ message_id }}"\n'
    here.write(SPEC + reference)
    here.stop_after(2)
    columns = "hex(id), hex(digest), reference, line, size"
    planned = {row[0]: row for row in here.ledger(f"SELECT {columns} FROM message WHERE state = 'planned'")}
    settled = here.ledger(f"SELECT {columns} FROM message WHERE state = 'accepted'")
    header, *rows = numbers(6).splitlines()
    here.people("\n".join([header, "+447700900099,,", *rows]) + "\n")
    changed = CHANGED.replace("has left", "ёёё" * 30) + reference.replace("}}-", "}}-b-")
    where = "{file: people.csv, where: \"{{ order_id | default('') != '' }}\"}"
    changed = changed.replace("{file: people.csv}", where)
    here.write(changed)
    digest = here.plan().plans[0].text_digest
    here.write(f'{changed}continue_with: "{digest}"\n')
    here.server.decide = lambda number, request: UNAUTHORIZED
    here.send()
    now = {row[0]: row for row in here.ledger(f"SELECT {columns} FROM message WHERE state = 'planned'")}
    assert now.keys() == planned.keys()
    for identity, row in now.items():
        assert row[1] != planned[identity][1]
        assert "-b-m" in row[2]
        assert row[3] == planned[identity][3] + 1
        assert row[4] > planned[identity][4]
    assert here.ledger(f"SELECT {columns} FROM message WHERE state = 'accepted'") == settled


@pytest.mark.parametrize("digest", ["0" * 16, "f" * 16])
def test_another_digest_frees_nothing_and_a_warning_names_the_present_one(
    project_here: Project, caplog: pytest.LogCaptureFixture, digest: str
) -> None:
    here = project_here
    here.stop_after(2)
    here.write(f'{CHANGED}continue_with: "{digest}"\n')
    plan = here.plan()
    assert (plan.send, plan.skipped) == (0, {"drift": 2, "on-hold": 4})
    present = plan.plans[0].text_digest
    for [warning] in (plan.warnings, here.check()):
        assert (warning.code, warning.severity, warning.span.start.line) == (
            "continue-with-other",
            Severity.WARNING,
            7,
        )
        assert present in warning.problem
        assert present in warning.fix
    posts = len(here.server.posts)
    with caplog.at_level(logging.WARNING, "sendspec"):
        report = here.send()
    assert present in caplog.text
    assert dict(report.account.skipped) == {"drift": 2, "on-hold": 4}
    assert len(here.server.posts) == posts


def test_continuing_frees_nobody_who_was_reached_refused_or_is_in_doubt(project_here: Project) -> None:
    here = project_here
    fates = [Answer(), Answer(422, b'{"code": "InvalidPayload", "message": "no"}'), Answer(drop=True)]
    here.server.decide = lambda number, request: fates[number - 1] if number <= 3 else UNAUTHORIZED
    here.send()
    states = dict(here.ledger("SELECT state, count(*) FROM message GROUP BY state"))
    assert states == {"accepted": 1, "refused": 1, "in_doubt": 1, "planned": 3}
    untouched = here.ledger("SELECT id, digest FROM message WHERE state <> 'planned' ORDER BY id")
    here.server.decide = lambda number, request: Answer()
    here.write(CHANGED)
    here.write(f'{CHANGED}continue_with: "{here.plan().plans[0].text_digest}"\n')
    report = here.send()
    assert (report.account.accepted, dict(report.account.skipped)) == (3, {"drift": 2, "in-doubt-before": 1})
    left = here.ledger("SELECT id, digest FROM message ORDER BY id")
    assert [row for row in left if row in untouched] == untouched


def test_a_send_that_continued_and_stopped_again_needs_the_key_no_more(project_here: Project) -> None:
    here = project_here
    here.stop_after(2)
    here.write(CHANGED)
    here.write(f'{CHANGED}continue_with: "{here.plan().plans[0].text_digest}"\n')
    assert here.stop_after(1).account.accepted == 1
    here.write(CHANGED)
    assert here.plan().skipped == {"already-accepted": 1, "drift": 2}
    assert here.send().account.accepted == 3


def test_after_another_change_the_digest_is_the_former_one_and_frees_nothing(project_here: Project) -> None:
    here = project_here
    here.stop_after(2)
    here.write(CHANGED)
    line = f'continue_with: "{here.plan().plans[0].text_digest}"\n'
    here.write(CHANGED.replace("has left", "has left us") + line)
    assert here.plan().skipped == {"drift": 2, "on-hold": 4}


def test_a_retry_of_what_was_not_sent_continues_too(project_here: Project) -> None:
    here = project_here
    here.stop_after(2)
    here.write(CHANGED)
    here.write(f'{CHANGED}continue_with: "{here.plan().plans[0].text_digest}"\n')
    assert here.send(retry=Retry.NOT_SENT).account.accepted == 4


def test_a_renamed_send_continues_under_its_new_name(project_here: Project) -> None:
    here = project_here
    here.stop_after(2)
    renamed = CHANGED.replace("name: hello", "name: again\nmoved_from: hello")
    here.write(renamed)
    plan = here.plan()
    assert plan.skipped == {"drift": 2, "on-hold": 4}
    here.write(f'{renamed}continue_with: "{plan.plans[0].text_digest}"\n')
    assert here.send().account.accepted == 4
    assert len(here.server.taken) == len(
        {one["receiver"]["contacts"][0]["identifierValue"] for one in here.server.taken}
    )
    assert here.plan().send == 0


# audience


FROZEN = SPEC + "audience: frozen\n"


def test_until_a_send_has_begun_its_frozen_audience_may_change(project_here: Project) -> None:
    here = project_here
    here.write(FROZEN)
    here.server.listing = lambda request: Answer(500)
    with pytest.raises(ListUnreadable):
        here.send()  # planned, and nothing claimed
    assert here.ledger("SELECT count(*) FROM message WHERE state = 'planned'") == [(6,)]
    here.server.listing = lambda request: here.server.page(here.server.taken)
    here.people(numbers(8))
    assert here.send().account.accepted == 8


def test_who_is_added_to_a_frozen_audience_is_listed_and_nothing_is_sent(project_here: Project) -> None:
    here = project_here
    here.write(FROZEN)
    here.stop_after(2)
    here.people(numbers(8))
    assert here.check() == []
    posts = len(here.server.posts)
    for call in (here.plan, here.send):
        [found] = errors_of(call)
        assert (found.code, found.path.rpartition("/")[2]) == ("audience-frozen", "people.csv")
        assert (found.rows, found.row_count, found.span.start.line) == ((8, 9), 2, 8)
        assert found.fix.startswith("remove the row")
    assert len(here.server.posts) == posts
    here.write(SPEC)
    assert here.send().account.accepted == 6


def test_those_who_were_there_from_the_start_get_theirs(project_here: Project) -> None:
    here = project_here
    here.write(FROZEN)
    here.stop_after(2)
    here.people(numbers(5, start=1))
    planned = here.plan().send
    assert planned in (3, 4)
    assert here.send().account.accepted == planned


def test_only_who_would_be_sent_something_counts_as_added(project_here: Project) -> None:
    here = project_here
    here.write(FROZEN)
    here.send()
    (here.folder / "out.txt").write_text("+447700900006\n", encoding="utf-8")
    where = "{file: people.csv, where: \"{{ order_id != 'A7' }}\"}\nsuppress: [out.txt]"
    here.write(FROZEN.replace("{file: people.csv}", where))
    here.people(numbers(8) + numbers(1).splitlines()[1] + "\n")
    plan = here.plan()
    assert plan.skipped == {"already-accepted": 6, "suppressed": 1, "filtered": 1, "duplicate": 1}
    here.people(numbers(9))
    [found] = errors_of(here.plan)
    assert found.rows == (10,)


def test_another_table_on_the_command_line_is_no_way_round(project_here: Project) -> None:
    here = project_here
    here.write(FROZEN)
    here.send()
    (here.folder / "more.csv").write_text(numbers(2, start=5), encoding="utf-8")
    for call in (here.plan, here.send):
        [found] = errors_of(lambda: call(recipients=here.folder / "more.csv"))  # noqa: B023 - called at once
        assert (found.path.rpartition("/")[2], found.rows) == ("more.csv", (3,))
    assert len(here.server.posts) == 6


@pytest.mark.parametrize("is_baselined", [False, True])
def test_a_baseline_and_what_the_list_has_shown_begin_a_send_too(project_here: Project, is_baselined: bool) -> None:
    here = project_here
    here.write(FROZEN)
    here.send()
    here.ledger("UPDATE spec SET claimed = 0")
    if is_baselined:
        here.ledger("UPDATE spec SET baselined = 1")
        here.ledger("UPDATE message SET state = 'skipped', evidence = 'baseline'")
    assert here.plan().skipped == {"baseline" if is_baselined else "already-accepted": 6}
    here.people(numbers(7))
    assert [found.code for found in errors_of(here.plan)] == ["audience-frozen"]


def test_the_audience_of_a_former_name_is_this_ones(project_here: Project) -> None:
    here = project_here
    here.stop_after(2)
    here.write(FROZEN.replace("name: hello", "name: again\nmoved_from: hello"))
    here.people(numbers(7))
    [found] = errors_of(here.send)
    assert (found.code, found.rows) == ("audience-frozen", (8,))
    here.people(numbers(6))
    assert here.send().account.accepted == 4


def test_a_raised_generation_is_a_send_that_has_not_begun(project_here: Project) -> None:
    here = project_here
    here.write(FROZEN)
    here.send()
    here.write(FROZEN.replace("name: hello", "name: hello\ngeneration: 2"))
    here.people(numbers(8))
    assert here.send().account.accepted == 8


def test_recipients_in_the_spec_are_named_where_they_stand(project_here: Project) -> None:
    here = project_here
    rows = ['  - {phone: "+447700900001", first_name: A, order_id: A1}\n']
    spec = FROZEN.replace(" {file: people.csv}\n", "\n{rows}")
    here.write(spec.replace("{rows}", "".join(rows)))
    here.send()
    rows.append('  - {phone: "+447700900002", first_name: B, order_id: A2}\n')
    here.write(spec.replace("{rows}", "".join(rows)))
    [found] = errors_of(here.plan)
    assert (found.path.rpartition("/")[2], found.span.start.line, found.rows) == ("hello.yaml", 6, (6,))


def test_a_retry_of_what_was_not_sent_leaves_out_who_was_added(project_here: Project) -> None:
    here = project_here
    here.write(FROZEN)
    here.stop_after(2)
    here.people(numbers(8))
    report = here.send(retry=Retry.NOT_SENT)
    assert (report.account.accepted, report.account.skipped["not-chosen"]) == (4, 2)


# not_after


def test_before_the_moment_a_send_is_as_ever(project_here: Project) -> None:
    here = project_here
    here.write(SPEC + here.until(60))
    assert here.check() == []
    assert (here.plan().send, here.send().account.accepted) == (6, 6)


@pytest.mark.parametrize("late", [0, 1, 10_000])
def test_from_the_moment_on_everything_is_expired(project_here: Project, late: int) -> None:
    here = project_here
    here.write(SPEC + here.until(60))
    here.now += 60 + late
    plan = here.plan()
    assert (plan.recipients, plan.send, plan.skipped) == (6, 0, {"expired": 6})
    report = here.send()
    assert (report.run, dict(report.account.skipped), report.account.recipients) == (None, {"expired": 6}, 6)
    assert code_of_run(report) == 3
    assert here.server.requests == []
    [warning] = here.check()
    assert (warning.code, warning.severity, warning.span.start.line) == ("not-after-past", Severity.WARNING, 7)


def test_what_was_sent_before_stays_what_it_is(project_here: Project) -> None:
    here = project_here
    here.write(SPEC + here.until(60))
    here.stop_after(2)
    here.now += 60
    assert here.plan().skipped == {"already-accepted": 2, "expired": 4}
    here.people(numbers(8))
    here.write(SPEC + "audience: frozen\n" + here.until(0))
    assert here.plan().skipped == {"already-accepted": 2, "expired": 6}  # nobody is sent anything: nothing to refuse


def test_a_moment_that_passes_in_a_running_send_leaves_the_rest_planned(project_here: Project) -> None:
    here = project_here
    here.people(numbers(200))
    here.write(SPEC + here.until(60))

    def decide(number: int, request: object) -> Answer:
        if number == 3:
            here.now += 60
        return Answer()

    here.server.decide = decide
    report = here.send()
    account = report.account
    assert account.accepted >= 3
    assert dict(account.skipped) == {"expired": 200 - account.accepted}
    assert (account.recipients, account.not_sent, report.ending, code_of_run(report)) == (200, 0, "", 3)
    states = dict(here.ledger("SELECT state, count(*) FROM message GROUP BY state"))
    assert states == {"accepted": account.accepted, "planned": account.skipped["expired"]}
    here.write(SPEC + here.until(60))
    assert here.send().account.accepted == 200 - account.accepted
    assert len(here.server.taken) == 200


def test_a_moment_that_passes_while_somebody_thinks_counts(project_here: Project) -> None:
    here = project_here
    here.write(SPEC + here.until(60))
    here.server.listing = lambda request: passing(here)
    report = here.send()
    assert (dict(report.account.skipped), report.account.recipients, len(here.server.posts)) == ({"expired": 6}, 6, 0)


def passing(here: Project) -> Answer:
    """The list, which takes a minute to come."""
    here.now += 60
    return here.server.page(here.server.taken)


@pytest.mark.parametrize(("ahead", "sent"), [(3_600, 0), (0, 6), (-3_600, 6)])
def test_the_apis_clock_counts_where_it_is_ahead(project_here: Project, ahead: int, sent: int) -> None:
    here = project_here
    here.write(SPEC + here.until(1_800))
    dated = {"Date": formatdate(here.now + ahead, usegmt=True)}
    here.server.listing = lambda request: replace(here.server.page(here.server.taken), headers=dated)
    report = here.send()
    assert (report.account.accepted, report.account.skipped.get("expired", 0)) == (sent, 6 - sent)


def test_this_machines_clock_counts_where_the_apis_is_behind(project_here: Project) -> None:
    here = project_here
    here.write(SPEC + here.until(60))
    dated = {"Date": formatdate(here.now - 3_600, usegmt=True)}

    def listing(request: object) -> Answer:
        here.now += 60
        return replace(here.server.page(here.server.taken), headers=dated)

    here.server.listing = listing
    assert dict(here.send().account.skipped) == {"expired": 6}


def test_a_message_that_is_scheduled_later_is_an_error_in_its_place(project_here: Project) -> None:
    here = project_here
    here.people(
        "phone,first_name,order_id,at\n"
        + "".join(
            f"+44770090000{n},P,A,{datetime.fromtimestamp(here.now + 60 * n, UTC):%Y-%m-%dT%H:%M:%SZ}\n"
            for n in (1, 4, 8, 9)
        )
    )
    here.write(SPEC + '  scheduledFor: "{{ at }}"\n' + here.until(300))
    [found] = here.check()
    assert (found.code, found.severity, found.span.start.line, found.rows) == (
        "scheduled-late",
        Severity.ERROR,
        7,
        (4, 5),
    )
    assert errors_of(here.send)[0].code == "scheduled-late"
    assert here.server.requests == []
