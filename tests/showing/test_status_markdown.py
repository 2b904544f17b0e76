"""A status as Markdown: within its limits and inert, whatever the API and others have said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import strategies as st
from long_rows import holds_for
from markdown_pages import assert_inert, rendered
from plan_reports import names, spec_names, texts
from sendspec.ledger.record import MessageRecord
from sendspec.ledger.run_note import PlannedRun, RunNote
from sendspec.operations.changed_since import ChangedSince
from sendspec.operations.reason_count import MOST_REASONS, ReasonCount, reason_counts
from sendspec.operations.status import SpecStatus
from sendspec.planning.message_state import State
from sendspec.planning.totals import Totals
from sendspec.showing.markdown.page import MOST_CHARACTERS
from sendspec.showing.markdown.status import StatusPage, status_markdown

counts = st.sampled_from([0, 0, 1, 1_200])


@st.composite
def statuses(draw: st.DrawFn) -> SpecStatus:
    note = RunNote(
        plan_digest=bytes(32), commit="ab" * 20, claimed=draw(texts), verified=tuple(draw(st.lists(names, max_size=2)))
    )
    run = PlannedRun(
        run=1,
        pid=1,
        started_at=1e9,
        ended_at=draw(st.sampled_from([None, 2e9])),
        ending=draw(texts),
        messages=3,
        note=note,
    )
    account = Totals(
        accepted=draw(counts),
        refused=draw(counts),
        in_doubt=draw(counts),
        not_sent=draw(counts),
        skipped={"baseline": 1},
        left=draw(counts),
    )
    return SpecStatus(
        name=draw(spec_names), generation=draw(st.integers(1, 2)), earlier_doubts=draw(counts), account=account, runs=(run,) * 3,
        under_way=draw(st.sampled_from([None, 0, 1])),
    )  # fmt: skip


@holds_for(15, 40, st.lists(statuses(), max_size=4), st.lists(texts, max_size=4), names, st.sampled_from([1, 400]))
def test_whatever_a_status_is_its_page_is_inert(
    specs: list[SpecStatus], reasons: list[str], env: str, times: int
) -> None:
    many = [replace(spec, name=f"{spec.name}-{n}") for n in range(times) for spec in specs]
    shown = StatusPage(
        environment=env,
        specs=many,
        refusals=[ReasonCount("a", reason, 2) for reason in reasons * times],
        changed={spec.name: ChangedSince(drift=1, held=2) for spec in many[::2]},
        commands=[f"sendspec send {text}" for text in reasons],
    )
    text = status_markdown(shown)
    assert len(text) <= MOST_CHARACTERS
    assert_inert(rendered(text))


@pytest.mark.parametrize(
    ("account", "under_way", "line"),
    [
        (Totals(accepted=3, skipped={}), None, "**Nothing needs you** in the environment `p`: 1 spec"),
        (Totals(in_doubt=2, not_sent=1, skipped={}), 2, "**Nothing needs you** in the environment `p`: 1 spec"),
        (Totals(in_doubt=3, not_sent=1, skipped={}), 2, "**1 spec needs you** in the environment `p`: 1 in doubt"),
        (Totals(left=1_500, skipped={}), None, "**1 spec needs you** in the environment `p`: 1,500 left"),
    ],
)
def test_messages_on_their_way_need_nobody(account: Totals, under_way: int | None, line: str) -> None:
    spec = SpecStatus(name="a", generation=1, account=account, under_way=under_way)
    assert status_markdown(StatusPage(environment="p", specs=[spec], commands=["x"])).splitlines()[0] == line


def test_a_number_in_what_the_api_said_is_masked() -> None:
    text = status_markdown(
        StatusPage(environment="p", specs=[], refusals=[ReasonCount("a", "422 bad number +31612345678", 2)])
    )
    assert "2 because of `422 bad number +31" in text
    assert "612345" not in text


def refused(name: str, evidence: str | None) -> MessageRecord:
    return MessageRecord(
        id=bytes(16), name=name, generation=1, state=State.REFUSED, attempt=1, masked="+31••78", reference=None, remote_id=None,
        http_status=422, evidence=evidence, updated_at=0.0, resends=0,
    )  # fmt: skip


def test_refusals_are_counted_by_reason_and_there_is_an_end_to_reasons() -> None:
    found = [refused("b", "x"), refused("a", "y"), refused("b", "z"), refused("b", "z"), refused("a", None)]
    assert reason_counts(found) == [
        ReasonCount("b", "z", 2), ReasonCount("b", "x", 1), ReasonCount("a", "", 1), ReasonCount("a", "y", 1),
    ]  # fmt: skip
    many = reason_counts(refused("a", str(n)) for n in range(3 * MOST_REASONS))
    assert (many[0], len(many)) == (ReasonCount("a", "", 2 * MOST_REASONS), MOST_REASONS + 1)
