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
├── PrivateCopyTrouble      exit 6: the private copy of the input can't be made or read
│   ├── NoRoomForCopy
│   ├── CopyUnreadable
│   ├── CopyDiffers
│   └── PrivateFolderUnusable
├── SuppressUnreadable      exit 7: a list of suppressed addresses changed during a run, and can't be used
├── InputUnreadable         exit 1: a table can't be read to its end
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


class PrivateCopyTrouble(SendspecError):
    """The private copy of a run's input can't be made or trusted, so nothing more may be sent."""

    exit_code = 6


class NoRoomForCopy(PrivateCopyTrouble):
    """The disk is too full for a copy of the input; `problem` says how much room it needs."""

    code = "no-room-for-copy"


class CopyUnreadable(PrivateCopyTrouble):
    """The disk doesn't give back the bytes that were copied."""

    code = "copy-unreadable"


class CopyDiffers(PrivateCopyTrouble):
    """A later pass over the copy found an error that the first pass did not."""

    code = "copy-differs"


class PrivateFolderUnusable(PrivateCopyTrouble):
    """`.sendspec/tmp` is a link, belongs to somebody else, or can't be made or written."""

    code = "private-folder"


class SuppressUnreadable(SendspecError):
    """A list of suppressed addresses changed during a run, and what it holds now can't be used."""

    exit_code = 7
    code = "suppress-unreadable"


class InputUnreadable(SendspecError):
    """The disk fails in the middle of a file that the user named."""

    exit_code = 1
    code = "unreadable-file"


class KeyUnusable(SendspecError):
    """The access key is missing, malformed or readable by others. Its value is never part of the text."""

    exit_code = 1
    code = "key-unusable"
