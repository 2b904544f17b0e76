"""The protocol over the real ledger, driven by Hypothesis; and each way to break it, found by the same search."""

from __future__ import annotations

import pytest
from machine import run_machine
from mutants import CAUGHT_BY, Mutant


@pytest.mark.parametrize("fence", [False, True])
def test_the_rows_own_guards_keep_the_promise(fence: bool) -> None:
    run_machine(fence=fence)


@pytest.mark.parametrize("mutant", [mutant for mutant in Mutant if "machine" in CAUGHT_BY[mutant]])
def test_every_way_to_break_it_is_found(mutant: Mutant) -> None:
    with pytest.raises(AssertionError, match=r"accepted twice|called|became"):
        run_machine(mutant, examples=600)
