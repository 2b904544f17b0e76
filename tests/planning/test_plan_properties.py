"""Laws of the plan: its numbers add up, and its digest is a function of what would be sent and of nothing else."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_body import PLAIN_BODY
from sendspec.composing.block_result import PlanEntry
from sendspec.composing.eligibility import EVERYONE
from sendspec.composing.message import Composed, Duplicate, Filtered, Message
from sendspec.composing.platforms.sms_segments import measure
from sendspec.planning.decision import History, decisions
from sendspec.planning.fact import Fact
from sendspec.planning.message_state import State
from sendspec.planning.plan import DeclaredPairs, Plan, PlanTally, Target, approvable
from sendspec.planning.plan_digest import SpecSettings

TARGET = Target(environment="test", alias="sms", name="hello", generation=1, workspace="w", channel="c")
SETTINGS = SpecSettings(name="hello", generation=1)
TEXTS = st.sampled_from(["Hi", "Hi " * 80, "Łódź", "😀" * 40, "€" * 81])


@st.composite
def rows(draw: st.DrawFn) -> list[Composed]:
    found: list[Composed] = []
    for line in range(2, draw(st.integers(2, 40))):
        kind = draw(st.sampled_from(["message", "message", "message", "filtered", "duplicate"]))
        text = draw(TEXTS)
        item = Message(
            id=line.to_bytes(16), receiver="+447700900001", reference="r", body=PLAIN_BODY, digest=bytes([len(text) % 251]) * 24,
            text=text, measure=measure(text), line=line,
        )  # fmt: skip
        kinds: dict[str, Composed] = {"message": item, "filtered": Filtered(line), "duplicate": Duplicate(line)}
        found.append(kinds[kind])
    return found


def facts_for(composed: list[Composed], seed: int) -> dict[bytes, Fact]:
    states = [None, *State]
    found = {}
    for n, item in enumerate(composed):
        state = states[(n * 7 + seed) % len(states)]
        if isinstance(item, Message) and state is not None:
            found[item.id] = Fact(state, item.digest if n % 2 else b"o" * 24)
    return found


def planned(composed: list[Composed], facts: dict[bytes, Fact], *, started: bool = True) -> Plan:
    tally = PlanTally(TARGET, DeclaredPairs())
    for _ in tally.counted(
        decisions(composed, lambda ids: {i: facts[i] for i in ids if i in facts}, History(started), EVERYONE)
    ):
        pass
    return approvable(tally.plan(), SETTINGS, "ledger")


@given(rows(), st.integers(0, 6), st.booleans())
def test_every_recipient_is_in_exactly_one_bucket(composed: list[Composed], seed: int, started: bool) -> None:
    plan = planned(composed, facts_for(composed, seed), started=started)
    assert plan.recipients == len(composed) == plan.send + sum(plan.skipped.values())
    assert 0 not in plan.skipped.values()
    assert plan.segments.gsm7 + plan.segments.ucs2 == plan.send
    assert plan.segments.total >= plan.send


@given(rows(), st.integers(0, 6))
def test_the_same_rows_and_facts_give_the_same_digest(composed: list[Composed], seed: int) -> None:
    facts = facts_for(composed, seed)
    assert planned(composed, facts) == planned(list(composed), dict(reversed(facts.items())))


@given(rows(), st.data())
def test_any_change_of_a_message_or_its_fate_changes_the_digest(composed: list[Composed], data: st.DataObject) -> None:
    messages = [n for n, item in enumerate(composed) if isinstance(item, Message)]
    if not messages:
        return
    n = data.draw(st.sampled_from(messages))
    item = composed[n]
    assert isinstance(item, Message)
    plain = planned(composed, {})
    other = Message(
        id=item.id, receiver=item.receiver, reference="r", body=PLAIN_BODY, digest=b"x" * 24, text=item.text,
        measure=item.measure, line=item.line,
    )  # fmt: skip
    assert planned([*composed[:n], other, *composed[n + 1 :]], {}).digest != plain.digest
    assert planned(composed, {item.id: Fact(State.ACCEPTED, item.digest)}).digest != plain.digest
    assert planned(composed[:n] + composed[n + 1 :], {}).digest != plain.digest


SCRIPT = f"""
PLAIN_BODY = {PLAIN_BODY!r}
from sendspec.composing.message import Message
from sendspec.composing.eligibility import Eligibility
from sendspec.planning.decision import History, decisions, nothing_known
from sendspec.planning.plan import DeclaredPairs, PlanTally, Target, approvable
from sendspec.planning.plan_digest import SpecSettings
target = Target(environment="t", alias="sms", name="Łódź", generation=1, workspace="w", channel="c")
tally = PlanTally(target, DeclaredPairs())
items = [Message(id=bytes([n]) * 16, receiver="r", reference="r", body=PLAIN_BODY, digest=bytes([n]) * 24, text=None,
                 measure=None, line=n) for n in range(50)]
for _ in tally.counted(decisions(items, nothing_known, History(False), Eligibility(frozenset({{"r"}})))):
    pass
print(approvable(tally.plan(), SpecSettings(name="Łódź", generation=1), "ledger").content_digest)
"""


@pytest.mark.process
def test_the_digest_is_the_same_in_every_process() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert len(digests) == 1
    assert len(digests.pop().strip()) == len("v1:") + 64


ENTRIES = st.lists(
    st.tuples(
        st.binary(min_size=40, max_size=40),
        st.sampled_from([0, 1, 2, 3, 2 + (7 << 20), 3 + (20 << 20)]),
        st.sampled_from([(), (), ("ł", 1, 1), ("😀", 0, 2), ("ł😀", 0, 0), ("“”", 1, 0), ("…", -1, 60), ("", 0, 0)]),
        st.integers(0, 3),
        st.sampled_from(["NL", "BE", "unknown"]),
    ).map(lambda drawn: (*drawn[:2], drawn[2] if drawn[1] else (), *drawn[3:]))
)


@given(ENTRIES, ENTRIES)
def test_many_that_are_sent_count_as_each_by_itself(first: list[PlanEntry], then: list[PlanEntry]) -> None:
    together, singly = (PlanTally(TARGET, DeclaredPairs(), count_countries=True) for _ in range(2))
    for entries in (first, then):
        pairs, segments, forced_by, alternatives, countries = ([entry[part] for entry in entries] for part in range(5))
        lines = range(len(entries))
        together.count_sent(pairs, segments, forced_by, alternatives, countries, pairs=pairs, lines=lines)  # type: ignore[arg-type]
        for entry, line in zip(entries, lines, strict=True):
            singly.count([entry], [None], [entry[0]], [line])
    assert together.plan() == singly.plan()
    assert len({approvable(tally.plan(), SETTINGS, "ledger").digest for tally in (together, singly)}) == 1
