"""What the world did wrong, as exceptions; what a user wrote wrong is a `Diagnostic`, what the API answered an `Outcome`.

SendspecError
├── LedgerTrouble           exit 6: missing, damaged, foreign, rolled back, read-only, disk full
│   ├── LedgerMissing
│   ├── LedgerForeign
│   ├── LedgerRolledBack
│   ├── LedgerDamaged
│   ├── LedgerTooNew
│   └── LedgerUnwritable
├── LedgerBusy              exit 75: another run holds it
├── PlanStale               exit 8: what would be sent is not what was agreed to
├── ListUnreadable          exit 3: the API's list could not be held against the ledger
├── ListRefused             exit 5: the API refuses us when asked for its list
└── KeyUnusable             exit 1: the access key can't be read or used
"""

from typing import ClassVar


class SendspecError(Exception):
    """A foreseen failure. `problem` says what is the case, `fix` what to do, beginning with a verb."""

    exit_code: ClassVar[int] = 70
    code: ClassVar[str] = "failure"

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix


class LedgerTrouble(SendspecError):
    """The ledger can't be trusted or written, so nothing may be sent."""

    exit_code = 6
    code = "ledger-trouble"


class LedgerMissing(LedgerTrouble):
    code = "ledger-missing"


class LedgerForeign(LedgerTrouble):
    code = "ledger-foreign"


class LedgerRolledBack(LedgerTrouble):
    code = "ledger-rolled-back"


class LedgerDamaged(LedgerTrouble):
    code = "ledger-damaged"


class LedgerTooNew(LedgerTrouble):
    code = "ledger-too-new"


class LedgerUnwritable(LedgerTrouble):
    code = "ledger-unwritable"


class LedgerBusy(SendspecError):
    """Another process holds the run lock; `problem` names it."""

    exit_code = 75
    code = "ledger-busy"


class PlanStale(SendspecError):
    """What would be sent, or how, is not what was agreed to. Nothing was sent."""

    exit_code = 8
    code = "plan-stale"


class ListUnreadable(SendspecError):
    """The API's list of messages broke off, so a ledger that is behind would not show. Nothing was sent."""

    exit_code = 3
    code = "list-unread"


class ListRefused(SendspecError):
    """The API refuses us as a whole when asked for its list of messages. Nothing was sent."""

    exit_code = 5
    code = "list-refused"


class KeyUnusable(SendspecError):
    """The access key is missing, malformed or readable by others. Its value is never part of the text."""

    exit_code = 1
    code = "key-unusable"
