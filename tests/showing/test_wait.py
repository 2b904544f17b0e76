"""The sentence that a wait ends with: what was found, what was needed, and what is still open."""

from __future__ import annotations

from fractions import Fraction

import pytest
from sendspec.operations.delivery_account import DeliveryAccount
from sendspec.operations.status import SpecStatus
from sendspec.operations.waited import Waited, WaitedSend
from sendspec.planning.delivery_gate import DeliveryTally, Gate, judge
from sendspec.planning.totals import Totals
from sendspec.showing.terminal_style import TerminalStyle
from sendspec.showing.wait import wait_text

NEED, MOST = Fraction(95, 100), Fraction(2, 100)
BOTH = Gate(need=NEED, max_failed=MOST)


@pytest.mark.parametrize(
    ("gate", "counts", "totals", "words"),
    [
        (Gate(need=NEED), (1999, 910, 108, 981), {}, "failed: 108 of 1999 failed (5.5 %), so 95 % can't be reached any more; 981 are not decided yet"),
        (Gate(need=NEED), (10, 9, 1, 0), {}, "failed: 9 of 10 were delivered (90 %); 95 % has to be delivered"),
        (BOTH, (10, 2, 1, 7), {}, "failed: 1 of 10 failed (10 %); 95 % has to be delivered, at most 2 % may fail; 7 are not decided yet"),
        (Gate(), (3, 1, 1, 1), {}, "failed: 1 of 3 failed (33.4 %); every message has to be delivered; 1 is not decided yet"),
        (Gate(), (3, 2, 0, 1), {}, "undecided: 1 of 3 not final yet; every message has to be delivered"),
        (Gate(), (1, 1, 0, 0), {"refused": 8}, "met: 1 of 1 accepted were delivered (100 %); every message has to be delivered; 8 refused, which no share counts"),
        (Gate(max_failed=MOST), (100, 98, 2, 0), {"refused": 1, "not_sent": 2}, "met: 2 of 100 accepted failed (2 %); at most 2 % may fail; 1 refused and 2 not sent, which no share counts"),
        (Gate(), (0, 0, 0, 0), {"refused": 8}, "met: nothing was accepted, so there is nothing to wait for; 8 refused, which no share counts"),
        (Gate(), (0, 0, 0, 0), {}, "met: it was never sent, so there is nothing to wait for"),
        (Gate(need=NEED), (0, 0, 0, 0), {"refused": 8}, "failed: nothing was accepted, and 95 % has to be delivered"),
    ],
)  # fmt: skip
def test_the_verdict_says_why_and_whom_it_leaves_out(
    gate: Gate, counts: tuple[int, int, int, int], totals: dict[str, int], words: str
) -> None:
    accepted, delivered, undelivered, under_way = counts
    tally = DeliveryTally(accepted=accepted, delivered=delivered, undelivered=undelivered, under_way=under_way)
    send = WaitedSend(
        status=SpecStatus(name="hello", generation=1, account=Totals(accepted=accepted, skipped={}, **totals)),
        account=DeliveryAccount(tally=tally),
        gate=gate,
        judgement=judge(gate, tally, was_tried=bool(totals)),
    )
    waited = Waited(
        environment="test", sends=[send], timeout_seconds=900, polls=1, failed_polls=0, seconds=3.0, as_of=None
    )
    assert wait_text(waited, TerminalStyle(colour=False)).splitlines()[-1] == f"  {words}"
