"""Laws that hold for any sequence of runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_samples import DIGEST, IDS, OWNER, SEND, claims, record, settle
from ledgers import Store
from long_rows import all_but
from sendspec.planning.message_state import State

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["claim", "settle", "crash", "plan", "continue"]),
        st.integers(0, 3),
        st.sampled_from([State.ACCEPTED, State.REFUSED, State.IN_DOUBT, State.PLANNED]),
    ),
    max_size=30,
)


@pytest.mark.parametrize("examples", all_but([12], [12, 60]))
def test_no_message_is_accepted_twice_and_none_is_lost(new_store: Callable[[], Store], examples: int) -> None:
    """The law: whatever happens, final states stand, at most one attempt is on its way, and every key stays in the ledger.

    A claim of the payload planned last is the only one that is won: what goes out is what was approved last."""

    @settings(max_examples=examples)
    @given(STEPS)
    def law(steps: Any) -> None:
        _keeps_its_messages(new_store(), steps)

    law()


def _keeps_its_messages(store: Store, steps: Any) -> None:
    with ExitStack() as held:
        ledger = held.enter_context(store.hold())
        ledger.begin(OWNER, now=1.0)
        ledger.put_planned(SEND, map(record, IDS[:4]), b"p" * 32, now=1.0)
        on_the_way: dict[bytes, int] = {}
        final: dict[bytes, State] = {}
        planned = dict.fromkeys(IDS[:4], DIGEST)
        for what, which, to in steps:
            identity = IDS[which]
            if what == "claim":
                claimed = claims([identity], planned[identity])
                won = dict(ledger.exchange(settle=[], claim=claimed, now=3.0).won)
                assert not (won and (identity in on_the_way or identity in final))
                on_the_way.update(won)
            elif what == "settle" and identity in on_the_way:
                settle(ledger, identity, on_the_way.pop(identity), to)
                if to is not State.PLANNED:
                    final[identity] = to
            elif what == "crash":
                held.close()
                ledger = held.enter_context(store.hold())
                ledger.begin(OWNER, now=2.0)
                final.update(dict.fromkeys(on_the_way, State.IN_DOUBT))
                on_the_way.clear()
            elif what == "plan":
                planned = planned if ledger.claimed_before("hello", 1) else dict.fromkeys(IDS[:4], DIGEST)
                ledger.put_planned(SEND, map(record, IDS[:4]), b"p" * 32, now=2.0)
            elif what == "continue":
                text = bytes([which]) * 24
                ledger.put_planned(SEND, [record(one, text) for one in IDS[:4]], b"p" * 32, now=2.0, continues=True)
                planned.update({one: text for one in IDS[:4] if one not in final and one not in on_the_way})
            facts = ledger.facts(IDS[:4])
            assert {identity: facts[identity].digest for identity in facts} == planned
            assert {identity: facts[identity].state for identity in final} == final
        assert ledger.find_damage() == []
        assert ledger.odd_moves() == []
