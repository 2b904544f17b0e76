"""Planning many rows at once: the plan, its digest and what is told of rows are those of a send, which goes row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from project_dir import ProjectDir
from sendspec.composing.eligibility import Eligibility
from sendspec.composing.identity import message_id
from sendspec.composing.message import Message
from sendspec.diagnostics.diagnostic import Diagnostic, Problems, Severity
from sendspec.ledger.record import PlannedRecord
from sendspec.operations.composed_blocks import Thresholds
from sendspec.operations.offline_plan import open_jobs
from sendspec.operations.plan_blocks import plan_rows
from sendspec.operations.record_spool import RecordSpool
from sendspec.operations.send_job import Job
from sendspec.operations.sendable import planned_record
from sendspec.operations.shape_mark import ShapeMarks
from sendspec.operations.system import real_system
from sendspec.planning.choice import Choice, choice_of
from sendspec.planning.decision import FactLookup, History, Retry, Skip, StateLookup, decisions, nothing_known
from sendspec.planning.fact import Fact
from sendspec.planning.ledger_view import LedgerView
from sendspec.planning.message_state import State
from sendspec.planning.plan import DeclaredPairs, Plan, PlanTally, approvable
from sendspec.planning.plan_digest import SpecSettings
from sendspec.reading.contacts.address_set import AddressSet
from sendspec.reading.tables.opening import open_table

SPEC = """spec: 1
name: hello
channel: sms
recipients: {{file: people.csv{where}}}
message:
  body: {body}
  tags: ["{{{{ kind }}}}"]
{reference}"""
BODIES = [
    '{type: text, text: {text: "Hi {{ name }}"}}',
    "{type: text, text: {text: \"Hi {{ name }}{% if kind == 'a' %}, {{ name | default(kind) }}{% endif %}\"}}",
    '{type: image, image: {images: [{mediaUrl: "https://example.com/{{ name }}.png"}]}}',
]
PHONES = [f"+44770090000{n}" for n in range(1, 7)] + ["+31612345677"]
LINES = st.one_of(
    st.builds("{},{},{}\n".format, st.sampled_from(PHONES), st.sampled_from(["Ann", "Zoë", "😀"]), st.sampled_from("ab")),
    st.builds("{},Ann,a\n".format, st.sampled_from(PHONES)),
    st.sampled_from(["nobody,Ann,a\n", f"{PHONES[0]},,a\n", f"{PHONES[1]},a,few,cells\n", "\n", f'{PHONES[2]},"An\nn",a\n']),
)  # fmt: skip
STATES = st.lists(st.sampled_from([None, *State]), min_size=len(PHONES), max_size=len(PHONES))


def by_file(problems: Problems) -> list[Diagnostic]:
    """Which of the files comes first is left open."""
    return sorted(problems, key=lambda each: each.path)


def row_by_row(job: Job, held: LedgerView) -> tuple[Plan, list[Diagnostic]]:
    problems = Problems()
    tally = PlanTally(job.target, DeclaredPairs(), count_countries=True)
    decided = decisions(job.composed(problems), held.facts_of, held.history, held.eligibility, held.choice.retry)
    for _ in tally.counted(held.choice.applied(decided)):
        pass
    plan = tally.plan()
    return with_digests(plan) if not problems.has_errors else plan, by_file(problems)


def in_blocks(job: Job, held: LedgerView) -> tuple[Plan, list[Diagnostic]]:
    problems = Problems()
    plan = plan_rows(job, held, problems, 1, Thresholds(generate=3), DeclaredPairs())
    return with_digests(plan) if not problems.has_errors else plan, by_file(problems)


def spooled(job: Job, held: LedgerView) -> list[PlannedRecord]:
    """What the plan in blocks keeps for the ledger."""
    spool = RecordSpool(Path())
    plan_rows(job, held, Problems(), 1, Thresholds(generate=1), records=spool)
    return list(chain.from_iterable(spool.blocks(ShapeMarks(job))))


def of_messages(job: Job, held: LedgerView) -> list[PlannedRecord]:
    """The same from the messages to send, row by row."""
    marks = ShapeMarks(job)
    decided = decisions(job.composed(Problems()), held.facts_of, held.history, held.eligibility, held.choice.retry)
    sent = (item for item, skip, _ in held.choice.applied(decided) if skip is None and isinstance(item, Message))
    return [planned_record(job, message, marks.of(message)) for message in sent]


def with_digests(plan: Plan) -> Plan:
    return approvable(plan, SpecSettings(name="hello", generation=1), "ledger")


def ledger_of(job: Job, states: Sequence[State | None]) -> tuple[FactLookup, StateLookup]:
    """Knows the messages by their receivers, some with another payload than theirs."""
    known: dict[bytes, Fact] = {}
    for item in job.composed(Problems()):
        if isinstance(item, Message):
            number = int(item.receiver[-1]) - 1
            state = states[number]
            if state is not None:
                known[item.id] = Fact(state, item.digest if number % 3 else bytes(32))

    def lookup(ids: Sequence[bytes]) -> Mapping[bytes, Fact]:
        return {each: known[each] for each in ids if each in known}

    def sealed(ids: Sequence[bytes]) -> Mapping[bytes, State]:
        return {each + known[each].digest: known[each].state for each in ids if each in known}

    return lookup, sealed


@given(
    lines=st.lists(LINES, min_size=1, max_size=30),
    states=st.none() | STATES,
    is_started=st.booleans(),
    continues=st.booleans(),
    expired=st.booleans(),
    where=st.sampled_from(["", ", where: \"{{ kind == 'a' }}\""]),
    reference=st.sampled_from(["", '  reference: "{{ name }}"\n', '  reference: "{{ message_id }}"\n']),
    body=st.sampled_from(BODIES),
    only_to=st.sampled_from([None, frozenset(PHONES[:4])]),
    suppressed=st.sampled_from([None, AddressSet(PHONES[2:5])]),
    retry=st.sampled_from([None, None, *Retry]),
    held=st.sets(st.sampled_from(PHONES)),
    size=st.sampled_from([1, 90, 1 << 16]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_plan_in_blocks_is_the_plan_row_by_row(
    project: ProjectDir,
    monkeypatch: pytest.MonkeyPatch,
    lines: list[str],
    states: list[State | None] | None,
    where: str,
    reference: str,
    body: str,
    only_to: frozenset[str] | None,
    suppressed: AddressSet | None,
    retry: Retry | None,
    held: set[str],
    size: int,
    *,
    is_started: bool,
    continues: bool,
    expired: bool,
) -> None:
    (project.folder / "hello.yaml").write_text(
        SPEC.format(where=where, reference=reference, body=body), encoding="utf-8"
    )
    (project.folder / "people.csv").write_text("phone,name,kind\n" + "".join(lines), encoding="utf-8")
    for name, value in project.environ.items():
        monkeypatch.setenv(name, value)
    told = Problems()
    _, jobs = open_jobs((str(project.folder / "hello.yaml"),), "test", None, told, real_system("test"))
    if not jobs:
        return
    table = open_table(
        jobs[0].spec, root=project.folder, override=None, stdin=None, problems=Problems(), block_bytes=size
    )
    assert table is not None
    job = replace(jobs[0], table=table).counting_countries()
    lookup, known = (nothing_known, nothing_known) if states is None else ledger_of(job, states)
    history = History(started=is_started, continues=continues, expired=expired)
    ids = [item.id for item in job.composed(Problems()) if isinstance(item, Message) and item.receiver in held]
    choice = Choice(choice_of(retry).retry, dict.fromkeys(ids, Skip.NOT_IN_PLAN))
    view = LedgerView(lookup, known, history, Eligibility(only_to, suppressed), choice)
    plan, faults = in_blocks(job, view)
    assert (plan, faults) == row_by_row(job, view)
    if all(each.severity is not Severity.ERROR for each in faults):
        records = spooled(job, view)
        assert records == of_messages(job, view)
        assert sha256(b"".join(each.id + each.digest for each in records)).digest() == plan.sent_digest


@pytest.mark.parametrize(
    "more",
    [
        "",
        '  reference: "{{ message_id }}"\n',
        '  reference: "order {{ name }}"\n',
        '  scheduledFor: "DAYT03:04:05Z"\n',
        '  scheduledFor: "DAYT03:04:0{{ kind }}Z"\n',
    ],
)
def test_the_records_of_a_plan_in_blocks_are_those_of_its_messages(
    project: ProjectDir, monkeypatch: pytest.MonkeyPatch, more: str
) -> None:
    more = more.replace("DAY", (datetime.now(UTC) + timedelta(days=2)).date().isoformat())
    rows = [f"{phone},{n * 'Zoë '}Bo{n},{n}\n" for n, phone in enumerate(PHONES[:6])]
    project.write("hello.yaml", SPEC.format(where="", reference=more, body=BODIES[0]))
    project.write("people.csv", "phone,name,kind\n" + "".join([*rows, rows[1]]))
    for name, value in project.environ.items():
        monkeypatch.setenv(name, value)
    unread = Problems()
    _, jobs = open_jobs((str(project.folder / "hello.yaml"),), "test", None, unread, real_system("test"))
    assert not unread.has_errors
    view = LedgerView(nothing_known, nothing_known, History(started=False), Eligibility(None, None))
    records = spooled(jobs[0], view)
    assert len(records) == 6
    assert records == of_messages(jobs[0], view)
    assert {each.scheduled_for is not None for each in records} == {"scheduledFor" in more}


CAPITALS = """email,name
ann@example.com,Ann
Bob@Example.com,Bob
Ann@example.com,Ann
bob@example.com,Bob
BOB@EXAMPLE.COM,Bob
eve@example.com,Eve
"""


@pytest.mark.parametrize("key", ["", ', key: "{{ email }}"', ', key: "{{ name }}-{{ email }}"'])
@pytest.mark.parametrize("suppressed", [None, AddressSet(["bob@example.com"])])
def test_addresses_that_differ_in_capitals_get_one_message(
    project: ProjectDir, monkeypatch: pytest.MonkeyPatch, key: str, suppressed: AddressSet | None
) -> None:
    body = '{type: html, html: {text: "Hi {{ name }}", html: "Hi {{ name }}"}}'
    project.write(
        "hello.yaml", SPEC.format(where=key, reference="", body=body).replace("kind", "name").replace("sms", "news")
    )
    project.write("people.csv", CAPITALS)
    for name, value in project.environ.items():
        monkeypatch.setenv(name, value)
    unread = Problems()
    _, jobs = open_jobs((str(project.folder / "hello.yaml"),), "sandbox", None, unread, real_system("test"))
    assert not unread.has_errors
    job = jobs[0].counting_countries()
    view = LedgerView(nothing_known, nothing_known, History(started=False), Eligibility(None, suppressed))
    plan, told = in_blocks(job, view)
    assert (plan, told) == row_by_row(job, view)
    assert spooled(job, view) == of_messages(job, view)
    sent = [item for item in job.composed(Problems()) if isinstance(item, Message)]
    if "name" in key:
        assert len(sent) == 6
        return
    assert [item.receiver for item in sent] == ["ann@example.com", "Bob@example.com", "eve@example.com"]
    assert (plan.skipped[Skip.DUPLICATE], [each.code for each in told]) == (3, ["duplicate-rows"])
    assert told[0].also == ("the first is on line 2", "e-mail addresses that differ only in capitals count as one")
    written = "Bob@Example.com" if key else "Bob@example.com"
    assert sent[1].id == message_id(job.setting.salt, "hello", 1, written)


def test_two_texts_for_one_address_are_a_conflict_whatever_its_capitals(project: ProjectDir) -> None:
    body = '{type: text, text: {text: "Hi {{ name }}"}}'
    project.write(
        "hello.yaml", SPEC.format(where="", reference="", body=body).replace("kind", "name").replace("sms", "news")
    )
    project.write("people.csv", "email,shop,name\nann@example.com,A,Ann\nAnn@example.com,B,Anna\n")
    told = project.run("validate", "hello.yaml").err
    assert "line 3 names the same recipient as line 2, with another message: the rows differ in 'name' [con" in told
