"""Failures of the environment, as exceptions. A user's mistake is a `Diagnostic`, an API response an `Outcome`.

SendspecError
├── LedgerTrouble           exit 6: missing, damaged, foreign, rolled back, read-only, disk full
│   ├── DeliveriesBusy
│   ├── LedgerMissing
│   ├── LedgerForeign
│   ├── LedgerRolledBack
│   ├── LedgerDamaged
│   ├── LedgerTooNew
│   ├── LedgerTooOld
│   ├── LedgerMoved
│   ├── LedgerLinked
│   ├── OptOutsLost         who opted out was known, and is no longer
│   ├── SpoolUnread         somebody may have opted out in a webhook's request that can't be read
│   ├── MessagesMoved       somebody else moved messages that this run was about to move
│   ├── LockEntryLost       exit 2 at `ledger init`
│   ├── EnvironmentRenamed  exit 2 at `ledger init`
│   └── LedgerUnwritable
│       └── LedgerClosed
├── SandboxUnwritable       exit 6: the sandbox's messages can't be stored
├── LedgerBusy              exit 75: another run holds the ledger
├── ReceiverBusy            exit 75: another process receives webhooks for the environment
├── NotConfirmed            exit 1: the question whether to send was not answered with yes
├── NotAnswered             exit 130: the question was left at Ctrl-C, or at the end of the input
├── BaseUnusable            exit 1: git can't say what the commit of --base holds
│   ├── BaseUnknown
│   └── BaseShallow
├── InitRefused             exit 2: `ledger init` needs a person's decision
├── ApprovalMissing         exit 7: too few people have approved the plan
├── ApproversUnusable       exit 1: the approvers or the revoked keys can't be read
├── SignaturesUnusable      exit 1: a plan's signatures can't be read
├── SigningFailed           exit 1: the key can't be used to sign
├── SshKeygenUnusable       exit 1: the program ssh-keygen can't be used
│   ├── SshKeygenMissing
│   └── SshKeygenFailed
├── PlanStale               exit 8: what would be sent is not what was approved
├── ListUnreadable          exit 3: the API's list could not be compared with the ledger
├── ListRefused             exit 5: the API refuses to list its messages
├── KeyUnusable             exit 1: the access key can't be read or used
├── FileUnwritable          exit 1: an output file can't be written
├── ResultUnwritable        exit 1: standard output can't be written
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

from collections.abc import Mapping, Sequence
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


class DeliveriesBusy(LedgerTrouble):
    """Others write what is kept of deliveries all the time. It can be trusted, and written later."""


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


class LedgerTooOld(LedgerTrouble):
    """The ledger has to be migrated first, by command."""

    code = "ledger-too-old"


class LedgerMoved(LedgerTrouble):
    """The ledger was copied to another place, and the copy is the one that sends."""

    code = "ledger-moved"


class LedgerLinked(LedgerTrouble):
    """The ledger has a second hard link, or one of its files is a symbolic link."""

    code = "ledger-linked"


class OptOutsLost(LedgerTrouble):
    """There were more opt-outs than are known: whoever gave them would get messages again."""

    code = "opt-outs-lost"


class SpoolUnread(LedgerTrouble):
    """Requests that a receiver of webhooks has answered, and that are not stored yet, can't be read."""

    code = "spool-unread"


class MessagesMoved(LedgerTrouble):
    """Messages are no longer in the state, or the attempt, that a change was decided on."""

    def __init__(self, moved: str) -> None:
        """`moved` says how many, in words."""
        super().__init__(f"somebody else moved {moved} of this run", "look at them with `sendspec status --messages`")


class LockEntryLost(LedgerTrouble):
    """The ledger exists, but its entry in `sendspec.lock` doesn't."""

    code = "lock-entry-lost"


class EnvironmentRenamed(LedgerTrouble):
    """The environment has no entry in `sendspec.lock`, and appears to be one that has an entry under another name."""

    code = "environment-renamed"


class LedgerUnwritable(LedgerTrouble):
    code = "ledger-unwritable"


class LedgerClosed(LedgerUnwritable):
    """The ledger is being copied or migrated. A run that begins finds it busy instead."""


class SandboxUnwritable(SendspecError):
    """The file with the sandbox's messages can't be read or written."""

    exit_code = ExitCode.LEDGER
    code = "sandbox-unwritable"


class LedgerBusy(SendspecError):
    """Another process holds the run lock; `problem` names it."""

    exit_code = ExitCode.BUSY
    code = "ledger-busy"


class ReceiverBusy(SendspecError):
    """Another process receives webhooks for the same environment."""

    exit_code = ExitCode.BUSY
    code = "receiver-busy"


class PlanStale(SendspecError):
    """What would be sent, or how, is not what was approved. Nothing was sent. `causes` are the differences, for JSON."""

    exit_code = ExitCode.STALE
    code = "plan-stale"

    def __init__(self, problem: str, fix: str, causes: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(problem, fix)
        self.causes = tuple(causes)


class BaseUnusable(SendspecError):
    """There is no repository, no git, or a commit of which parts are missing."""

    exit_code = ExitCode.REJECTED
    code = "base-unusable"


class BaseUnknown(BaseUnusable):
    """No commit has this name here."""

    code = "base-unknown"


class BaseShallow(BaseUnusable):
    """The clone lacks the commits that the base is found by."""

    code = "base-shallow"


class ApprovalMissing(SendspecError):
    """The environment asks for approvals that the plan doesn't have. Nothing was sent."""

    exit_code = ExitCode.GUARD
    code = "approval-missing"


class ApproversUnusable(SendspecError):
    """A file that `approvals:` of an environment names is missing, or has a line that can't be read."""

    exit_code = ExitCode.REJECTED
    code = "approvers-unusable"


class SignaturesUnusable(SendspecError):
    """The file with a plan's signatures is a link, a pipe or too large."""

    exit_code = ExitCode.REJECTED
    code = "signatures-unusable"


class SigningFailed(SendspecError):
    """There is no such key, or ssh-keygen doesn't sign with it. Nothing was written."""

    exit_code = ExitCode.REJECTED
    code = "signing-failed"


class SshKeygenUnusable(SendspecError):
    """The program that signs and verifies can't be used."""

    exit_code = ExitCode.REJECTED


class SshKeygenMissing(SshKeygenUnusable):
    code = "ssh-keygen-missing"


class SshKeygenFailed(SshKeygenUnusable):
    """The program is there, and refuses even what is right, or takes too long."""

    code = "ssh-keygen-failed"


class NotConfirmed(SendspecError):
    """Asked whether to send, the user did not answer yes."""

    exit_code = ExitCode.REJECTED
    code = "not-confirmed"


class NotAnswered(SendspecError):
    """Asked whether to go on, the user gave no answer."""

    exit_code = ExitCode.INTERRUPTED
    code = "command-interrupted"


class InitRefused(SendspecError):
    """A new ledger would treat every recipient as new, and nobody has confirmed that this is intended."""

    exit_code = ExitCode.USAGE

    def __init__(self, problem: str, fix: str, *, code: str) -> None:
        super().__init__(problem, fix)
        self.code = code

    @classmethod
    def because(cls, trouble: LedgerTrouble) -> InitRefused:
        """The same trouble that stops a send, stopping `ledger init`."""
        return cls(trouble.problem, trouble.fix, code=trouble.code)


class PrivateCopyTrouble(SendspecError):
    """The private copy of a run's input can't be made or trusted, so nothing more may be sent."""

    exit_code = ExitCode.LEDGER


class NoRoomForCopy(PrivateCopyTrouble):
    """The disk is too full for a copy of the input; `problem` says how much space it needs."""

    code = "no-room-for-copy"


class CopyUnreadable(PrivateCopyTrouble):
    """The disk doesn't return the bytes that were copied."""

    code = "copy-unreadable"


class CopyDiffers(PrivateCopyTrouble):
    """A later pass over the copy found an error that the first pass didn't."""

    code = "copy-differs"


class PrivateFolderUnusable(PrivateCopyTrouble):
    """`.sendspec/tmp` is a link, belongs to another user, or can't be created or written."""

    code = "private-folder"


class SuppressionListUnreadable(SendspecError):
    """A suppression list changed during a run, and its new content can't be used."""

    exit_code = ExitCode.GUARD
    code = "suppress-unreadable"


class InputUnreadable(SendspecError):
    """The disk failed while reading a file that the user named."""

    exit_code = ExitCode.REJECTED
    code = "unreadable-file"


class ListUnreadable(SendspecError):
    """The API's list of messages broke off, so an outdated ledger would go unnoticed. Nothing was sent."""

    exit_code = ExitCode.INCOMPLETE
    code = "list-unread"


class ListRefused(SendspecError):
    """The API refused the request for its list of messages. Nothing was sent."""

    exit_code = ExitCode.API_REFUSED
    code = "list-refused"


class KeyUnusable(SendspecError):
    """The access key is missing, malformed or readable by others. The text never contains its value."""

    exit_code = ExitCode.REJECTED
    code = "key-unusable"


class FileUnwritable(SendspecError):
    """The output file at `path` can't be written; a file that existed before is unchanged, and no partial one is left."""

    exit_code = ExitCode.REJECTED
    code = "file-unwritable"

    def __init__(self, path: str, problem: str, fix: str) -> None:
        super().__init__(problem, fix)
        self.path = path


class ResultUnwritable(SendspecError):
    """The result of a command can't be written to standard output."""

    exit_code = ExitCode.REJECTED
    code = "result-unwritable"


class FolderGone(SendspecError):
    """The working directory was removed, so relative paths have no meaning."""

    exit_code = ExitCode.REJECTED
    code = "folder-gone"
