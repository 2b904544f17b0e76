"""What a person is told of the API's list before a send, and when the send stops."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from sendspec.diagnostics.exceptions import LedgerRolledBack, ListRefused, ListUnreadable
from sendspec.operations.witness_check import WitnessFindings, refuse_ledger_behind, witness_lines
from sendspec.provider.outcome import RunRefused
from sendspec.sending.list_reader import ListUnread


def findings(**more: Any) -> WitnessFindings:
    nothing: dict[str, Any] = {
        "behind": Counter(), "unproved": 0, "twice": [], "sampled": False, "skews": [], "unread": [],
    }  # fmt: skip
    return WitnessFindings(**(nothing | more))


def refused(status: int) -> ListUnread:
    return ListUnread(f"HTTP {status}", RunRefused(status, f"{status}: no"))


def test_a_list_that_agrees_says_nothing_and_stops_nothing() -> None:
    assert list(witness_lines(findings(skews=[59.0, -3.0]))) == []
    refuse_ledger_behind(findings(), stopped=False)


def test_clocks_that_differ_by_more_than_a_minute_are_told() -> None:
    (line,) = witness_lines(findings(skews=[3.0, -90.0]))
    assert "90 s apart" in line


@pytest.mark.parametrize("more", [{"behind": Counter(hello=2)}, {"unproved": 1}])
def test_a_ledger_that_is_behind_stops_the_send_whether_or_not_it_was_asked_to_stop(more: dict[str, Any]) -> None:
    for stopped in (False, True):
        with pytest.raises(LedgerRolledBack):
            refuse_ledger_behind(findings(**more), stopped=stopped)


def test_a_list_that_broke_off_stops_the_send_unless_it_was_asked_to_stop() -> None:
    broke = findings(unread=[ListUnread("no answer in 15 s")])
    with pytest.raises(ListUnreadable, match="no answer in 15 s, so it does not show"):
        refuse_ledger_behind(broke, stopped=False)
    refuse_ledger_behind(broke, stopped=True)


def test_a_key_that_may_not_read_lists_goes_on_with_a_warning_and_a_wrong_key_stops() -> None:
    assert "continues without comparing" in next(witness_lines(findings(unread=[refused(403)])))
    refuse_ledger_behind(findings(unread=[refused(403)]), stopped=False)
    with pytest.raises(ListRefused, match="401: no") as caught:
        refuse_ledger_behind(findings(unread=[refused(401)]), stopped=False)
    assert caught.value.fix.startswith("check the access key, then run the command again")
