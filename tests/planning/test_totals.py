"""Every recipient in one bucket, and the buckets add up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sendspec.planning.decision import Skip
from sendspec.planning.message_state import State
from sendspec.planning.plan import Plan, Segments, Target
from sendspec.planning.totals import Totals, sum_of_totals, totals_of

TARGET = Target(environment="test", alias="sms", name="hello", generation=1, workspace="w", channel="c")
COUNTS = st.integers(0, 1_000)
SKIPPED = st.dictionaries(st.sampled_from(Skip), st.integers(1, 1_000))


def plan(send: int, skipped: dict[Skip, int]) -> Plan:
    return Plan(
        target=TARGET, recipients=send + sum(skipped.values()), send=send, skipped=skipped,
        segments=Segments(total=0, gsm7=0, ucs2=0), digest="0" * 64, sent_digest=bytes(32), composed_digest=bytes(32),
    )  # fmt: skip


def adds_up(account: Totals) -> bool:
    totals = account.as_dict()
    return totals.pop("recipients") == sum(totals.values()) and totals["skipped"] == sum(account.skipped.values())


@given(COUNTS, COUNTS, COUNTS, COUNTS, SKIPPED)
def test_what_the_run_did_not_bring_to_an_end_was_not_sent(
    accepted: int, refused: int, in_doubt: int, left: int, skipped: dict[Skip, int]
) -> None:
    """The law: recipients = accepted + refused + in doubt + not sent + skipped, and recipients are the plan's."""
    made = plan(accepted + refused + in_doubt + left, skipped)
    states = {State.ACCEPTED: accepted, State.REFUSED: refused, State.IN_DOUBT: in_doubt, State.PLANNED: left // 2}
    account = totals_of(made, states, {})
    assert adds_up(account)
    assert account.recipients == made.recipients
    assert account.not_sent == left
    assert account.skipped == {skip.value: count for skip, count in skipped.items()}


def test_what_could_not_be_claimed_is_skipped_and_not_unsent() -> None:
    made = plan(10, {Skip.ON_HOLD: 1, Skip.FILTERED: 2})
    account = totals_of(made, {State.ACCEPTED: 3, State.SENDING: 1}, {Skip.ON_HOLD: 2, Skip.TAKEN_ELSEWHERE: 1})
    assert adds_up(account)
    assert account.skipped == {"on-hold": 3, "filtered": 2, "taken-elsewhere": 1}
    assert (account.accepted, account.in_doubt, account.not_sent) == (3, 1, 3)


def test_the_totals_are_the_six_of_the_documents() -> None:
    account = Totals(accepted=1, refused=2, in_doubt=3, not_sent=4, skipped={"drift": 5, "filtered": 6})
    assert account.as_dict() == {
        "recipients": 21, "accepted": 1, "refused": 2, "in_doubt": 3, "not_sent": 4, "skipped": 11,
    }  # fmt: skip


ACCOUNTS = st.builds(
    Totals, accepted=COUNTS, refused=COUNTS, in_doubt=COUNTS, not_sent=COUNTS,
    skipped=st.dictionaries(st.sampled_from([skip.value for skip in Skip]), COUNTS),
)  # fmt: skip


@given(st.lists(ACCOUNTS, max_size=5))
def test_the_account_of_several_specs_is_their_sum(accounts: list[Totals]) -> None:
    """The law: each total of the sum is the sum of that total, and it adds up too."""
    together = sum_of_totals(accounts)
    assert adds_up(together)
    for key, value in together.as_dict().items():
        assert value == sum(account.as_dict()[key] for account in accounts)


def test_of_nothing_the_sum_is_nothing() -> None:
    assert sum_of_totals([]) == Totals(skipped={})
