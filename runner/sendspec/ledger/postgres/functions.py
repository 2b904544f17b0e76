"""The ledger's writes as SQL functions: a sender's role needs no more than to execute them.

Each guard is in the WHERE of the statement that moves, so that compare and set are one.
"""

from __future__ import annotations

from sendspec.ledger.postgres.delivery_functions import DELIVERY_FUNCTIONS
from sendspec.ledger.postgres.exchange_functions import EXCHANGE, IMPORT_RESULT
from sendspec.ledger.postgres.move_functions import MOVE, NOTE_ABSENT, PURGE
from sendspec.ledger.postgres.plan_functions import GIVE_UP, NOTE_PLAN, PLAN_BLOCK, PLAN_SEND
from sendspec.ledger.postgres.run_functions import (
    BEGIN_RUN,
    CHECK_OPEN,
    CHECK_RUN,
    END_RUN,
    LOCK_KEY,
    NEXT_RUN,
    NOTE_APPROVAL,
    NOTE_CLOCK,
    REJOIN,
    RELOCK_RUN,
)

FUNCTIONS = (
    LOCK_KEY,
    CHECK_OPEN,
    CHECK_RUN,
    NEXT_RUN,
    RELOCK_RUN,
    BEGIN_RUN,
    REJOIN,
    EXCHANGE,
    IMPORT_RESULT,
    MOVE,
    NOTE_ABSENT,
    NOTE_APPROVAL,
    NOTE_CLOCK,
    END_RUN,
    PLAN_SEND,
    PLAN_BLOCK,
    NOTE_PLAN,
    GIVE_UP,
    PURGE,
    *DELIVERY_FUNCTIONS,
)
