"""Every recipient in one bucket, and the buckets add up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.planning.account import Account, account_of, sum_of
from runner.planning.decide import Skip
from runner.planning.plan import Plan, Segments, Target

TARGET = Target(environment="test", alias="sms", name="hello", generation=1, workspace="w", channel="c")
COUNTS = st.integers(0, 1_000)
SKIPPED = st.dictionaries(st.sampled_from(Skip), st.integers(1, 1_000))


def plan(send: int, skipped: dict[Skip, int]) -> Plan:
    return Plan(
        target=TARGET, recipients=send + sum(skipped.values()), send=send, skipped=skipped,
        segments=Segments(total=0, gsm7=0, ucs2=0), forced_by=None, digest="0" * 64,
    )  # fmt: skip


def adds_up(account: Account) -> bool:
    totals = account.totals()
    return totals.pop("recipients") == sum(totals.values()) and totals["skipped"] == sum(account.skipped.values())


@given(COUNTS, COUNTS, COUNTS, COUNTS, SKIPPED)
def test_what_the_run_did_not_bring_to_an_end_was_not_sent(
    accepted: int, refused: int, in_doubt: int, left: int, skipped: dict[Skip, int]
) -> None:
    """The law: recipients = accepted + refused + in doubt + not sent + skipped, and recipients are the plan's."""
    made = plan(accepted + refused + in_doubt + left, skipped)
    account = account_of(made, accepted=accepted, refused=refused, in_doubt=in_doubt)
    assert adds_up(account)
    assert account.recipients == made.recipients
    assert account.not_sent == left
    assert account.skipped == {skip.value: count for skip, count in skipped.items()}


def test_more_outcomes_than_messages_are_a_bug_and_not_a_number() -> None:
    with pytest.raises(AssertionError, match="3 outcomes for 2 messages"):
        account_of(plan(2, {}), accepted=1, refused=1, in_doubt=1)


def test_the_totals_are_the_six_of_the_documents() -> None:
    account = Account(accepted=1, refused=2, in_doubt=3, not_sent=4, skipped={"drift": 5, "filtered": 6})
    assert account.totals() == {
        "recipients": 21, "accepted": 1, "refused": 2, "in_doubt": 3, "not_sent": 4, "skipped": 11,
    }  # fmt: skip


ACCOUNTS = st.builds(
    Account, accepted=COUNTS, refused=COUNTS, in_doubt=COUNTS, not_sent=COUNTS,
    skipped=st.dictionaries(st.sampled_from([skip.value for skip in Skip]), COUNTS),
)  # fmt: skip


@given(st.lists(ACCOUNTS, max_size=5))
def test_the_account_of_several_specs_is_their_sum(accounts: list[Account]) -> None:
    """The law: each total of the sum is the sum of that total, and it adds up too."""
    together = sum_of(accounts)
    assert adds_up(together)
    for key, value in together.totals().items():
        assert value == sum(account.totals()[key] for account in accounts)


def test_of_nothing_the_sum_is_nothing() -> None:
    assert sum_of([]) == Account(skipped={})
