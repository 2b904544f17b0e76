"""What the project's ledger has for the sandbox, for the sandbox's page to compare with what arrived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from sendspec.diagnostics.exceptions import SendspecError
from sendspec.ledger.protocol import Facts
from sendspec.ledger.record import MessageRecord
from sendspec.operations.ledger_access import ledger_to_read
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.reachable_api import workspace_of
from sendspec.reading.environment import LedgerFile, channel_of
from sendspec.sandbox.comparison import Fingerprint, Planned
from sendspec.sandbox.store import MAX_KEPT

MAX_COMPARED = 2 * MAX_KEPT
"""The sandbox keeps fewer messages than that."""
NOTHING_PLANNED = "this project has sent nothing to the sandbox yet"


class SandboxLedger:
    """Reads the ledger of a project's sandbox environment. Without a project's context, because its file is broken, there is none."""

    def __init__(self, context: ProjectContext | None) -> None:
        self._context = context

    def read(self) -> Planned | str:
        """Its messages; in words why there are none."""
        if self._context is None:
            return "the project file has errors, so its ledger isn't known"
        try:
            with ledger_to_read(self._context) as ledger:
                if ledger is None:
                    return NOTHING_PLANNED
                records: list[MessageRecord] = list(islice(ledger.messages(), MAX_COMPARED + 1))
                fingerprints = _fingerprints(ledger, [record.id for record in records])
        except SendspecError as error:
            return NOTHING_PLANNED if not self._is_there() else f"the ledger can't be read: {error}"
        return Planned(
            records=records[:MAX_COMPARED],
            workspaces=_workspaces(self._context),
            is_cut=len(records) > MAX_COMPARED,
            salt=self._context.salt,
            fingerprints=fingerprints,
        )

    def mark(self) -> object:
        """The times and sizes of its files: other ones whenever something was written."""
        found = []
        for path in self._files():
            with suppress(OSError):
                state = path.stat()
                found.append((state.st_mtime_ns, state.st_size))
        return found

    def _is_there(self) -> bool:
        return any(path.exists() for path in self._files())

    def _files(self) -> tuple[Path, ...]:
        ledger = None if self._context is None else self._context.environment.ledger
        return (ledger.file, Path(f"{ledger.file}-wal")) if isinstance(ledger, LedgerFile) else ()


def _fingerprints(ledger: Facts, ids: Sequence[bytes]) -> Mapping[bytes, Fingerprint]:
    facts = ledger.facts(ids)
    return {
        identity: Fingerprint(known.receiver, facts[identity].digest)
        for identity, known in ledger.known_messages(ids).items()
        if identity in facts
    }


def _workspaces(context: ProjectContext) -> frozenset[str]:
    """Where the project's messages go: in a sandbox that a command starts, and in one that is named."""
    built_in = channel_of(context.environment, "sms")
    assert built_in is not None  # the sandbox has one for every alias
    return frozenset({built_in.workspace.lower(), workspace_of(context.root)})
