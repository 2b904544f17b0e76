"""What the world did wrong, as exceptions; what a user wrote wrong is a `Diagnostic`, what the API answered an `Outcome`.

SendspecError
├── LedgerTrouble           exit 6: missing, damaged, foreign, rolled back, read-only, disk full
│   ├── LedgerMissing
│   ├── LedgerForeign
│   ├── LedgerRolledBack
│   ├── LedgerDamaged
│   ├── LedgerTooNew
│   ├── LedgerLinked
│   ├── LockEntryLost       exit 2 at `ledger init`
│   ├── EnvironmentRenamed  exit 2 at `ledger init`
│   └── LedgerUnwritable
├── SandboxUnwritable       exit 6: the sandbox's messages can't be kept
├── LedgerBusy              exit 75: another run holds it
├── InitRefused             exit 2: `ledger init` needs a person's word
├── PlanStale               exit 8: what would be sent is not what was agreed to
├── ListUnreadable          exit 3: the API's list could not be held against the ledger
├── ListRefused             exit 5: the API refuses us when asked for its list
├── KeyUnusable             exit 1: the access key can't be read or used
├── FileUnwritable          exit 1: a file that the command was to make can't be written
├── ResultUnwritable        exit 1: what the command prints can't be written
├── FolderGone              exit 1: the working directory was removed
├── PrivateCopyTrouble      exit 6: the private copy of the input can't be made or read
│   ├── NoRoomForCopy
│   ├── CopyUnreadable
│   ├── CopyDiffers
│   └── PrivateFolderUnusable
├── SuppressionListUnreadable  exit 7: the suppression list changed during a run, and can't be used
└── InputUnreadable         exit 1: a table can't be read to its end
"""

from __future__ import annotations

from typing import ClassVar

from sendspec.diagnostics.exit_code import ExitCode


class SendspecError(Exception):
    """A foreseen failure. `problem` says what is the case, `fix` what to do, beginning with a verb."""

    exit_code: ClassVar[ExitCode] = ExitCode.BUG
    code: str = "failure"

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix


class LedgerTrouble(SendspecError):
    """The ledger can't be trusted or written, so nothing may be sent."""

    exit_code = ExitCode.LEDGER
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


class LedgerLinked(LedgerTrouble):
    """It has a second name, or a file of it is a link."""

    code = "ledger-linked"


class LockEntryLost(LedgerTrouble):
    """The ledger is there, and its entry in `sendspec.lock` isn't."""

    code = "lock-entry-lost"


class EnvironmentRenamed(LedgerTrouble):
    """The environment has no entry in `sendspec.lock`, and seems to be one that has, under another name."""

    code = "environment-renamed"


class LedgerUnwritable(LedgerTrouble):
    code = "ledger-unwritable"


class SandboxUnwritable(SendspecError):
    """The file with the sandbox's messages can't be read or written."""

    exit_code = ExitCode.LEDGER
    code = "sandbox-unwritable"


class LedgerBusy(SendspecError):
    """Another process holds the run lock; `problem` names it."""

    exit_code = ExitCode.BUSY
    code = "ledger-busy"


class PlanStale(SendspecError):
    """What would be sent, or how, is not what was agreed to. Nothing was sent."""

    exit_code = ExitCode.STALE
    code = "plan-stale"


class NotConfirmed(SendspecError):
    """Asked whether to send, somebody did not say yes."""

    exit_code = ExitCode.REJECTED
    code = "not-confirmed"


class InitRefused(SendspecError):
    """A new ledger would count everybody as somebody new, and nobody has said that this is meant."""

    exit_code = ExitCode.USAGE

    def __init__(self, problem: str, fix: str, *, code: str) -> None:
        super().__init__(problem, fix)
        self.code = code

    @classmethod
    def because(cls, trouble: LedgerTrouble) -> InitRefused:
        """What stops a send stops the making of a ledger too."""
        return cls(trouble.problem, trouble.fix, code=trouble.code)


class PrivateCopyTrouble(SendspecError):
    """The private copy of a run's input can't be made or trusted, so nothing more may be sent."""

    exit_code = ExitCode.LEDGER


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


class SuppressionListUnreadable(SendspecError):
    """A list of suppressed addresses changed during a run, and what it holds now can't be used."""

    exit_code = ExitCode.GUARD
    code = "suppress-unreadable"


class InputUnreadable(SendspecError):
    """The disk fails in the middle of a file that the user named."""

    exit_code = ExitCode.REJECTED
    code = "unreadable-file"


class ListUnreadable(SendspecError):
    """The API's list of messages broke off, so a ledger that is behind would not show. Nothing was sent."""

    exit_code = ExitCode.INCOMPLETE
    code = "list-unread"


class ListRefused(SendspecError):
    """The API refuses us as a whole when asked for its list of messages. Nothing was sent."""

    exit_code = ExitCode.API_REFUSED
    code = "list-refused"


class KeyUnusable(SendspecError):
    """The access key is missing, malformed or readable by others. Its value is never part of the text."""

    exit_code = ExitCode.REJECTED
    code = "key-unusable"


class FileUnwritable(SendspecError):
    """A file at `path` that a command was to make can't be written; none was left there, or the old one is as it was."""

    exit_code = ExitCode.REJECTED
    code = "file-unwritable"

    def __init__(self, path: str, problem: str, fix: str) -> None:
        super().__init__(problem, fix)
        self.path = path


class ResultUnwritable(SendspecError):
    """Lines that are all that a command is for can't be written to standard output."""

    exit_code = ExitCode.REJECTED
    code = "result-unwritable"


class FolderGone(SendspecError):
    """The working directory was removed, so no path can be told from it."""

    exit_code = ExitCode.REJECTED
    code = "folder-gone"
