"""What a plan compares messages with."""

from __future__ import annotations

from sendspec.composing.eligibility import Eligibility
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.planning.choice import ALL_DUE, Choice
from sendspec.planning.decision import FactLookup, History, StateLookup


@dataclass(frozen=True, slots=True)
class LedgerView:
    """The ledger's facts, who may be reached, and what a person chose.

    `facts_of` gives all that the ledger knows of messages, for a send; `states_of` gives their states, for a plan. `planned_count` is
    how many of the spec's messages, of any generation, the ledger has as planned and not sent.
    """

    facts_of: FactLookup
    states_of: StateLookup
    history: History
    eligibility: Eligibility
    choice: Choice = ALL_DUE
    planned_count: int = 0
