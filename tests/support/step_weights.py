"""How likely each step of the state machine is, and which steps the search for a mutant prefers."""

from __future__ import annotations

from mutants import Mutant

WEIGHTS = {
    "begin": 2, "continue": 1, "go on": 6, "give up": 1, "die": 1, "reconcile": 1, "person": 2, "note": 2, "server": 6, "time": 2, "list": 1,
    "observer": 0,
}  # fmt: skip
"""How likely each step is: what goes on is more likely than what ends. Nothing an observer does matters to what breaks the rest."""
OBSERVED = WEIGHTS | {"observer": 1}
FOCUS: dict[Mutant, dict[str, int]] = {
    Mutant.SETTLE_WITHOUT_ATTEMPT: {
        "begin": 6,
        "give up": 0,
        "die": 0,
        "reconcile": 0,
        "time": 0,
        "person": 12,
        "note": 12,
    },
    Mutant.SETTLE_WITHOUT_STATE: {"begin": 6, "die": 0, "reconcile": 6, "time": 0, "person": 0, "list": 12, "note": 12},
    Mutant.NO_REFERENCE_CHECK: {"begin": 6, "die": 0, "give up": 0},
    Mutant.ABSENT_AT_ONCE: {"die": 0, "reconcile": 12, "note": 12, "time": 0, "person": 0, "list": 0},
    Mutant.MOVE_WITHOUT_COMPARE: {"begin": 6, "give up": 0, "die": 0, "reconcile": 0, "time": 0, "person": 6},
    Mutant.RETRY_ON_LOST_ANSWER: {"die": 0, "time": 0},
    Mutant.FLAG_TOO_LATE: {"die": 0, "time": 0},
    Mutant.RETRY_ON_500: {"die": 0, "time": 0},
    Mutant.SILENT_RESEND: {"die": 0, "time": 0},
    Mutant.REJECTED_IS_PLANNED: {"observer": 6, "die": 0, "time": 0, "reconcile": 0},
    Mutant.FAILED_IS_RESENT: {"observer": 6, "die": 0, "time": 0},
    Mutant.OBSERVED_OF_ANYBODY: {"observer": 6, "die": 0, "time": 0},
}
"""Steps that the search for a mutant prefers, where it lies deep."""
