"""What a wait for deliveries found, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.delivery_account import DeliveryAccount, sum_of_accounts
from sendspec.operations.status import SpecStatus
from sendspec.planning.delivery_gate import Gate, Judgement, Verdict, weightiest
from sendspec.provider.outcome import RunRefused


class Signalled(KeyboardInterrupt):
    """A signal that ends the wait; its account is still given."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitedSend:
    """One send as it was last seen."""

    status: SpecStatus
    account: DeliveryAccount
    gate: Gate
    judgement: Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """How a wait ended. `as_of` is when the API was last read, or the latest report was seen (Unix seconds); None if never.

    `reason` is why the latest polls failed, if none succeeded. `refusal`: the API refuses us as a whole. `signal` ended it.
    """

    environment: str
    sends: Sequence[WaitedSend]
    timeout_seconds: int
    polls: int
    failed_polls: int
    seconds: float
    as_of: float | None
    reason: str = ""
    elsewhere: int = 0
    refusal: RunRefused | None = None
    signal: int | None = None

    @property
    def account(self) -> DeliveryAccount:
        return sum_of_accounts(send.account for send in self.sends)

    @property
    def deciding(self) -> WaitedSend | None:
        """The send whose verdict is that of all; None without any send."""
        return self.sends[weightiest([send.judgement for send in self.sends])] if self.sends else None

    @property
    def verdict(self) -> Verdict:
        return Verdict.MET if self.deciding is None else self.deciding.judgement.verdict

    @property
    def in_doubt(self) -> int:
        return sum(send.status.in_doubt for send in self.sends)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitProgress:
    """What is known so far. `pause` is how many seconds pass until the next look, `left` how many until the time runs out; `trouble` is
    why the last look failed, if it did. `gate` is what all sends have to meet, None where each has its own.
    """

    account: DeliveryAccount
    pause: float
    left: float
    trouble: str
    gate: Gate | None = None
