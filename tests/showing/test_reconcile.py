"""What a look at the API's list found, in words."""

from __future__ import annotations

import pytest
from sendspec.sending.reconciliation import Reconciled
from sendspec.showing.reconcile import reconciled_lines

ONE, TWO = bytes(16), b"2" * 16


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (Reconciled(found=[ONE]), "1 message in doubt had been accepted: the API lists it"),
        (Reconciled(found=[ONE, TWO]), "2 messages in doubt had been accepted: the API lists them"),
        (Reconciled(freed=[ONE]), "1 message in doubt had not been accepted: it may be sent again"),
        (Reconciled(freed=[ONE, TWO]), "2 messages in doubt had not been accepted: they may be sent again"),
    ],
)
def test_one_is_told_as_one_and_two_as_two(outcome: Reconciled, line: str) -> None:
    assert list(reconciled_lines(outcome)) == [line]
