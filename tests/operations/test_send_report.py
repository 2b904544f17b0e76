"""Reports of sends that were made up move by move, compared with what was made up: in a file and on a server."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from long_rows import all_but
from project_dir import CountingServer, ProjectDir, numbers, sending_project
from sendspec.composing.identity import message_id
from sendspec.diagnostics.diagnostic import Problems
from sendspec.ledger.delivery.observation import FailureReason, Observation, Source, StatusReport
from sendspec.ledger.record import Change, Claim, PlannedRecord, Route, RunOwner, SendIdentity, Settlement
from sendspec.operations.delivery_access import deliveries_to_write
from sendspec.operations.found_rows import RecipientRow
from sendspec.operations.ledger_access import ledger_to_read, ledger_to_write
from sendspec.operations.project_context import ProjectContext, open_context
from sendspec.operations.recipient_row import Absence
from sendspec.operations.report import ReportQuestion, send_report
from sendspec.operations.report_outcomes import MAX_LISTED
from sendspec.operations.report_recipients import ChosenMessages
from sendspec.operations.report_sizes import SizesOfSend
from sendspec.operations.report_table import look_at_table
from sendspec.operations.send_report import ReportedMessage, SendReport, Verdict
from sendspec.operations.system import real_system
from sendspec.planning.message_state import MOVE_BY_NAME, State
from sendspec.reading.spec import read_spec
from sendspec.showing.report import recipient_json, report_document
from sendspec.showing.report_text import report_text
from sendspec.showing.terminal_style import PLAIN
from server_ledger_project import server_ledger_project

DIGEST, OWNER, SEND = b"d" * 24, RunOwner(pid=1, host="here", command="sendspec send"), SendIdentity("hello", 1, "hello.yaml")  # fmt: skip
ENDS = (State.ACCEPTED, State.ACCEPTED, State.ACCEPTED, State.REFUSED, State.IN_DOUBT, State.PLANNED)


@dataclass
class MadeUp:
    """What a made-up send came to, counted while it is made up."""

    context: ProjectContext
    ids: list[bytes]
    state: dict[int, State] = field(default_factory=dict)
    outcomes: Counter[tuple[int, State]] = field(default_factory=Counter)
    claims: int = 0
    now: float = 1_790_000_000.0

    def record(self, number: int) -> PlannedRecord:
        return PlannedRecord(
            self.ids[number], DIGEST, None, b"r" * 16, f"+44••{number % 100:02}", number + 2, 2 + number % 3
        )

    def run(self, run: int, numbers: list[int], rng: random.Random, *, dies: bool) -> None:
        """Sends in blocks of a hundred; a run that dies leaves its last block on the way."""
        self.now += 5_000.0
        with ledger_to_write(self.context) as ledger:
            for number, state in self.state.items():
                if state is State.SENDING:
                    self.state[number] = State.IN_DOUBT
                    self.outcomes[run - 1, State.IN_DOUBT] += 1
            ledger.begin(OWNER, now=self.now)
            ledger.put_planned(SEND, map(self.record, numbers), b"p" * 32, now=self.now, route=Route("w", "c"))
            self.state |= {n: State.PLANNED for n in numbers if n not in self.state}
            attempts: dict[int, int] = {}
            blocks = [numbers[at : at + 100] for at in range(0, len(numbers), 100)]
            for number, block in enumerate(blocks):
                claims = [Claim(self.ids[n], DIGEST, None) for n in block]
                won = ledger.exchange(settle=[], claim=claims, now=self.now).won
                attempts |= {n: won[self.ids[n]] for n in block}
                self.claims += len(block)
                self.state |= dict.fromkeys(block, State.SENDING)
                self.now += rng.choice((0.25, 1.5))
                if dies and number == len(blocks) - 1:
                    return
                ends = {n: rng.choice(ENDS) for n in block}
                settle = [Settlement(self.ids[n], attempts[n], to, f"api-{n}" if to is State.ACCEPTED else None, f"why {n % 7}" if to is not State.ACCEPTED else None) for n, to in ends.items()]  # fmt: skip
                ledger.exchange(settle=settle, claim=[], now=self.now)
                self.state |= ends
                self.outcomes.update((run, to) for to in ends.values())
            ledger.end(now=self.now, ending="finished", requests=len(numbers))

    def find_doubts(self) -> None:
        """A later run looks all doubts up, and finds them accepted."""
        with ledger_to_write(self.context) as ledger:
            ledger.begin(OWNER, now=self.now + 9_000.0)
            doubts = list(ledger.messages((State.IN_DOUBT,)))
            assert doubts
            found = [Change(id=each.id, attempt=each.attempt, to=State.ACCEPTED, reason="listed", remote_id="7") for each in doubts]  # fmt: skip
            ledger.move(MOVE_BY_NAME["find"], found, now=self.now + 9_001.0)

    def report(self, **asked: object) -> tuple[SendReport, list[ReportedMessage]]:
        lines: list[ReportedMessage] = []
        spec = read_spec("hello.yaml", Problems())
        question = ReportQuestion(name="hello", spec=spec, **asked)  # type: ignore[arg-type]
        with ledger_to_read(self.context) as ledger:
            return send_report(self.context, ledger, question, lines.extend), lines


@pytest.fixture(params=["file", pytest.param("server", marks=pytest.mark.process)])
def made_up(
    request: pytest.FixtureRequest, project_dir: ProjectDir, server: CountingServer, schema: str, monkeypatch: pytest.MonkeyPatch
) -> MadeUp:  # fmt: skip
    if request.param == "file":
        sending_project(project_dir, server)
    else:
        server_ledger_project(project_dir, server, schema, 0)
        made = project_dir.run("ledger", "init", "--env", "test")
        assert made.code == 0, made.err
    project_dir.write("hello.yaml", 'spec: 1\nname: hello\nchannel: sms\nrecipients: {file: people.csv}\nmessage: {body: {type: text, text: {text: "Hi"}}}\n')  # fmt: skip
    for name, value in project_dir.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.chdir(project_dir.folder)
    context = open_context(["hello.yaml"], "test", Problems(), real_system("test"))
    assert context is not None
    return MadeUp(context, [message_id(context.salt, "hello", 1, f"+4477009{n:05d}") for n in range(6_000)])


def check(made: MadeUp, report: SendReport, lines: list[ReportedMessage]) -> None:
    """The report says what was made up: states, runs, buckets, reasons, segments, countries, lines."""
    states = Counter(made.state.values())
    account = report.account
    assert (account.accepted, account.refused, account.in_doubt, account.not_sent) == (
        states[State.ACCEPTED], states[State.REFUSED], states[State.IN_DOUBT] + states[State.SENDING], states[State.PLANNED],
    )  # fmt: skip
    for each in report.runs:
        number = each.run.run
        assert (each.account.accepted, each.account.refused, each.released) == tuple(
            made.outcomes[number, to] for to in (State.ACCEPTED, State.REFUSED, State.PLANNED)
        )
    for at, to in enumerate((State.ACCEPTED, State.REFUSED, State.IN_DOUBT, State.PLANNED)):
        counted = sum((b.accepted, b.refused, b.in_doubt, b.released)[at] for b in report.throughput.buckets)
        assert counted == sum(count for (_, end), count in made.outcomes.items() if end is to)
    refused = Counter(f"why {n % 7}" for n, state in made.state.items() if state is State.REFUSED)
    assert {each.text: each.count for each in report.refusals.listed} == dict(refused)
    assert report.segments.total == sum((2 + n % 3) >> 1 for n in made.state)
    assert report.segments.ucs2 == sum(n % 3 == 1 for n in made.state)
    assert report.countries is not None
    [gb] = report.countries
    assert (gb.country, gb.messages, gb.accepted) == ("GB", len(made.state), account.accepted)
    assert len(lines) == len(made.state)
    assert [each.message.line for each in lines] == sorted(n + 2 for n in made.state)
    assert sum(move.target == "sending" for each in lines for move in each.attempts) == made.claims
    by_id = {each.message.id: recipient_json(each) for each in lines}
    for listed in report.recipients.rows:
        assert by_id[listed.message.id] == recipient_json(listed)


def is_as_it_was(alone: SendReport, of_run: list[ReportedMessage]) -> None:
    """Account, countries, segments and list of one run are of the same messages, in the same states."""
    assert len(of_run) == alone.recipients.total == len(alone.recipients.rows)
    assert alone.recipients.total + alone.recipients.unclaimed == alone.account.recipients
    assert alone.countries is not None
    assert sum(each.messages for each in alone.countries) == len(of_run)
    accepted = [one.message for one in of_run if one.message.state is State.ACCEPTED]
    assert sum(each.accepted for each in alone.countries) == alone.account.accepted == len(accepted)
    segments = sum((message.size or 0) >> 1 for message in accepted)
    assert sum(each.segments for each in alone.countries) == alone.segments.accepted == segments
    assert alone.segments.total == sum((one.message.size or 0) >> 1 for one in of_run)


def test_a_send_of_three_runs_two_of_them_dead_is_told_as_it_was(made_up: MadeUp) -> None:
    rng = random.Random(11)
    Path("people.csv").write_text(numbers(800))
    for run in (1, 2, 3):
        left = [n for n, state in made_up.state.items() if state is State.PLANNED]
        made_up.run(run, [*left, *range(len(made_up.state), (0, 400, 600, 800)[run])], rng, dies=run < 3)
    report, lines = made_up.report()
    check(made_up, report, lines)
    assert (report.recipients.are_all, report.recipients.total) == (True, 800)
    assert len(report.throughput.gaps) == 2
    lost = StatusReport("delivery_failed", 9.0, FailureReason("unknown subscriber", 15005))
    with deliveries_to_write(made_up.context) as store:
        store.observe([Observation(each.message.id, lost, Source.LIST, 10.0) for each in lines])
    assert made_up.report()[0].undelivered == report.account.accepted
    made_up.find_doubts()
    for each in report.runs:
        alone, of_run = made_up.report(run=each.run.run)
        assert {one.delivery for one in (*alone.recipients.rows, *of_run)} == {None}
        assert alone.account == each.account
        is_as_it_was(alone, of_run)
        assert Counter(one.message.state for one in of_run) == Counter(
            one.message.state for one in alone.recipients.rows
        )
        assert len(of_run) == each.account.recipients - each.account.not_sent + sum(
            one.message.state is State.PLANNED for one in of_run
        )
        assert report_document(alone)["run"] == each.run.run
        assert sum(reason.count for reason in alone.refusals.listed) == each.account.refused


def test_what_was_purged_is_counted_still_and_named_no_more(made_up: MadeUp) -> None:
    Path("people.csv").write_text(numbers(100))
    made_up.run(1, list(range(100)), random.Random(2), dies=False)
    before, _ = made_up.report()
    with ledger_to_write(made_up.context) as ledger:
        ledger.begin(OWNER, now=made_up.now)
        assert ledger.purge(before=made_up.now + 1)
    after, _ = made_up.report()
    assert (after.account, after.runs, after.latency, after.countries) == (
        before.account, before.runs, before.latency, before.countries,
    )  # fmt: skip
    assert after.throughput.buckets == before.throughput.buckets
    assert [(each.text, each.count) for each in after.refusals.listed] == [("", before.account.refused)]
    settled = (State.ACCEPTED, State.REFUSED)
    assert {each.message.masked for each in after.recipients.rows if each.message.state in settled} == {""}
    text = report_text(after, PLAIN)
    assert "refused: no reason is noted" in text
    assert "people.csv:" in text


def test_whoever_was_not_looked_for_is_not_said_to_be_gone(made_up: MadeUp) -> None:
    """And who was skipped is of no country."""
    Path("people.csv").write_text(numbers(20))
    made_up.run(1, list(range(20)), random.Random(2), dies=False)
    with ledger_to_write(made_up.context) as ledger:
        ledger.begin(OWNER, now=made_up.now)
        left = [n for n, state in made_up.state.items() if state is State.PLANNED]
        dropped = [Change(id=made_up.ids[n], attempt=1, to=State.SKIPPED, reason="left") for n in left]
        ledger.move(MOVE_BY_NAME["drop"], dropped, now=made_up.now)
    with ledger_to_read(made_up.context) as facts:
        assert facts is not None
        [send] = facts.sends("hello")
        (key, first), (_, second), *_ = facts.messages_of_send("hello", 1)
        looks = [
            look_at_table(
                made_up.context, facts, send, ChosenMessages(messages=[(key, first)], are_all=False, failures=0), SizesOfSend(facts, send),
                paths=["hello.yaml"], recipients=None, for_all=for_all,
            )
            for for_all in (False, True)
        ]  # fmt: skip
    few, everybody = looks
    assert (few.all_rows.row_of(second), few.rows.row_of(second)) == (Absence.UNKNOWN, Absence.GONE)
    assert isinstance(few.all_rows.row_of(first), RecipientRow)
    assert isinstance(everybody.all_rows.row_of(second), RecipientRow)
    assert few.countries == everybody.countries
    assert left
    assert [(each.country, each.messages) for each in few.countries or ()] == [("GB", 20 - len(left))]


@pytest.mark.parametrize(
    "made_up", all_but(["file"], ["file", pytest.param("server", marks=pytest.mark.process)]), indirect=True
)
def test_of_very_many_only_the_failures_are_listed_of_each_kind_some(made_up: MadeUp) -> None:
    people = MAX_LISTED + 200
    Path("people.csv").write_text(numbers(people))
    with ledger_to_write(made_up.context) as ledger:
        ledger.begin(OWNER, now=1.0)
        ledger.put_planned(SEND, map(made_up.record, range(people)), b"p" * 32, now=1.0)
        for start in range(0, people, 1_000):
            block = range(start, min(people - 3, start + 1_000))
            ledger.exchange(settle=[], claim=[Claim(made_up.ids[n], DIGEST, None) for n in block], now=2.0)
            ends = {
                n: State.REFUSED if n % 1_000 == 7 else State.IN_DOUBT if n == 99 else State.ACCEPTED for n in block
            }
            ledger.exchange(
                settle=[Settlement(made_up.ids[n], 1, to, str(n)) for n, to in ends.items()], claim=[], now=3.0
            )
        ledger.begin(OWNER, now=4.0)
        found = Change(id=made_up.ids[99], attempt=1, to=State.ACCEPTED, reason="listed", remote_id="99")
        ledger.move(MOVE_BY_NAME["find"], [found], now=4.0)
    lost = StatusReport("delivery_failed", 9.0, FailureReason("unknown subscriber", 15005))
    with deliveries_to_write(made_up.context) as store:
        store.observe([Observation(made_up.ids[n], lost, Source.LIST, 10.0) for n in (5, 4_000)])
    report, lines = made_up.report()
    people_listed = report.recipients
    assert (people_listed.total, people_listed.are_all, people_listed.failures) == (people, False, 6 + 2 + 3)
    kinds = [each.message.state for each in people_listed.rows]
    assert kinds == [State.REFUSED] * 6 + [State.ACCEPTED] * 2 + [State.PLANNED] * 3
    assert [each.message.line for each in people_listed.rows[6:8]] == [7, 4_002]
    assert all(each.attempts for each in people_listed.rows[:8])
    assert report.countries is not None
    assert [each.messages for each in report.countries] == [people]
    assert len(lines) == people
    document = report_document(report)
    assert document["delivery"]["undelivered"] == 2
    assert document["recipients"]["rows"][6]["reason"] == "unknown subscriber"
    assert report.verdict is Verdict.UNFINISHED
    alone, of_run = made_up.report(run=1)
    assert [each.message.state for each in alone.recipients.rows] == [State.REFUSED] * 6 + [State.IN_DOUBT]
    assert (alone.undelivered, alone.account.in_doubt, len(of_run)) == (0, 1, people - 3)
    assert all(each.delivery is None for each in (*alone.recipients.rows, *of_run))
