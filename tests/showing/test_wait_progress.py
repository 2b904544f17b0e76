"""The progress of a wait: a line that rewrites itself on a terminal, a plain one for each change elsewhere."""

from __future__ import annotations

import io
from fractions import Fraction

from sendspec.operations.delivery_account import DeliveryAccount
from sendspec.operations.waited import WaitProgress
from sendspec.planning.delivery_gate import DeliveryTally, Gate
from sendspec.showing.progress import ERASE
from sendspec.showing.wait_progress import WaitLine


def progress(delivered: int, pause: float = 8.0, trouble: str = "") -> WaitProgress:
    tally = DeliveryTally(accepted=10, delivered=delivered, under_way=10 - delivered)
    gate = Gate(need=Fraction(95, 100)) if trouble else None
    return WaitProgress(account=DeliveryAccount(tally=tally), pause=pause, left=840.0, trouble=trouble, gate=gate)


def test_on_a_terminal_the_line_is_rewritten_and_cut_to_fit() -> None:
    stream = io.StringIO()
    line = WaitLine(stream, live=True, columns=lambda: 71)
    line.clear()
    line.show(progress(1), 0.0)
    line.show(progress(2, trouble="the API answers 502 and some more words than there is room for"), 0.1)
    line.clear()
    line.clear()
    assert stream.getvalue() == (
        f"{ERASE}10 accepted = 1 delivered + 9 under way  next look in 8 s  14 min left{ERASE}10 accepted = 2 delivered + 8 under way{ERASE}"
    )


def test_elsewhere_only_what_is_new_is_a_line_and_not_too_often() -> None:
    stream = io.StringIO()
    line = WaitLine(stream, live=False, columns=lambda: 80)
    line.show(progress(1), 0.0)
    line.show(progress(1), 10.0)
    line.show(progress(2, trouble="no\x1b[2J"), 20.0)
    line.show(progress(3), 21.0)
    line.show(progress(3), 30.0)
    line.clear()
    assert stream.getvalue().splitlines() == [
        "10 accepted = 1 delivered + 9 under way",
        "10 accepted = 2 delivered + 8 under way  the last look failed: no\\u001b[2J  95 % has to be delivered",
        "10 accepted = 3 delivered + 7 under way",
    ]
