"""Faults that a person switches on while the sandbox runs: they count from then on, and are written as the command line has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sandbox_client import PATH, payload, sandboxed
from sendspec.sandbox.fault import (
    FAULT_STATUSES,
    LATE_KINDS,
    LIST_KINDS,
    POST_KINDS,
    WEBHOOK_KINDS,
    SandboxFault,
    fault_words,
    parse_fault,
)
from sendspec.sandbox.fault_switch import MAX_FAULTS, Counted, FaultSwitch, TooManyFaults

KINDS = [*POST_KINDS, *LIST_KINDS, *WEBHOOK_KINDS, *map(str, sorted(FAULT_STATUSES))]


@st.composite
def faults(draw: st.DrawFn) -> SandboxFault:
    kind = draw(st.sampled_from(KINDS))
    numbers, first = st.integers(1, 999_999_999), draw(st.integers(0, 999))
    return SandboxFault(
        kind=kind,
        every=draw(numbers),
        first=first,
        last=draw(st.none() | st.integers(max(first, 1), 9_999)),
        milliseconds=draw(st.integers(0, 999_999)) if kind in LATE_KINDS else 100,
        retry_after=draw(st.none() | numbers) if kind.isdigit() else None,
    )


@given(faults())
def test_each_fault_is_written_as_it_is_read(fault: SandboxFault) -> None:
    """Law: `parse_fault` reads what `fault_words` writes."""
    assert parse_fault(fault_words(fault)) == fault


def test_what_is_so_anyway_is_not_written() -> None:
    assert fault_words(parse_fault("429:every=1,from=1")) == "429"
    assert fault_words(parse_fault("429:to=3,every=10,retry-after=2")) == "429:every=10,to=3,retry-after=2"


def test_where_two_faults_meet_the_one_that_is_played_has_struck() -> None:
    switch = FaultSwitch(
        [parse_fault(each) for each in ("slow:ms=0", "500:every=2,from=2,to=7", "429:from=3,to=3", "503:to=3")]
    )
    struck = [[fault.kind for fault in switch.next(Counted.POSTS)] for _ in range(4)]
    assert struck == [["slow", "503"], ["slow", "503"], ["slow", "500"], ["slow"]]
    assert [each.struck for each in switch.state().faults] == [4, 1, 0, 2]


def test_a_fault_that_is_switched_on_strikes_from_the_next_post_and_not_after_it_is_switched_off() -> None:
    with sandboxed() as client:
        switch, seen = client.sandbox.faults, [client.post(payload(n)).status for n in range(2)]
        switch.add(parse_fault("503:from=2,to=3"))
        seen += [client.post(payload(n)).status for n in range(4)]
        assert seen == [202, 202, 202, 503, 503, 202]
        (shown,) = switch.state().faults
        assert (shown.since, shown.struck, switch.state().counts[Counted.POSTS]) == (2, 2, 6)
        switch.add(parse_fault("429"))
        assert client.post(payload()).status == 429
        switch.remove(switch.state().faults[1].id)
        assert client.post(payload()).status == 202
        switch.add(parse_fault("list-5xx"))
        assert client.ask("GET", PATH).status == 502
        assert client.post(payload()).status == 202
        switch.clear()
        assert client.ask("GET", PATH).status == 200


def test_faults_of_the_command_line_can_be_switched_off_too_and_no_more_are_taken_than_fit() -> None:
    switch = FaultSwitch([parse_fault("429"), parse_fault("webhook-before-answer"), parse_fault("webhook-twice")])
    assert [each.counted for each in switch.state().faults] == [Counted.POSTS, Counted.POSTS, Counted.MESSAGES]
    before = switch.version
    switch.remove(switch.state().faults[0].id)
    assert [fault.kind for fault in switch.next(Counted.POSTS)] == ["webhook-before-answer"]
    assert switch.version > before
    for _ in range(MAX_FAULTS - 2):
        switch.add(parse_fault("slow"))
    with pytest.raises(TooManyFaults):
        switch.add(parse_fault("slow"))
