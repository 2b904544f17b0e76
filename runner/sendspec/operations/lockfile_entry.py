"""An environment's entry in sendspec.lock: present, never made, lost, or another environment's."""

from __future__ import annotations

from sendspec.diagnostics.exceptions import EnvironmentRenamed, LedgerForeign, LedgerMissing, LockEntryLost
from sendspec.ledger.access import is_there, read_id
from sendspec.ledger.identity import LOCK_FILE, LedgerIdentity
from sendspec.operations.ledger_place import ledger_place
from sendspec.operations.project_context import ProjectContext


def find_identity(context: ProjectContext) -> LedgerIdentity | None:
    """The identity of the environment's ledger; None if it has none yet and nothing indicates an earlier one.

    Raises `EnvironmentRenamed`, `LockEntryLost`, or `LedgerForeign` if the ledger is another environment's.
    """
    place, identity = ledger_place(context), context.identity
    if context.environment.is_sandbox:
        return identity if is_there(place) else None
    if identity is not None:
        return identity
    found_id = read_id(place)
    earlier = find_renamed_entry(context, found_id)
    if earlier is not None:
        raise _renamed(context, earlier)
    if found_id is not None:
        raise _foreign_or_lost(context, found_id)
    return None


def require_identity(context: ProjectContext) -> LedgerIdentity:
    """The identity of the environment's ledger. Raises `LedgerMissing` if it has none yet, and what `find_identity` raises."""
    identity = find_identity(context)
    if identity is None:
        name = context.environment.name
        fix = f"make it once: sendspec ledger init --env {name}"
        if context.environment.is_sandbox:
            fix = "send something to it first: sendspec send SPEC"
        raise LedgerMissing(f"the environment '{name}' has no ledger", fix)
    return identity


def find_renamed_entry(context: ProjectContext, found_id: str | None) -> str | None:
    """The entry that seems to be this environment's under an earlier name, gone from the project file. `found_id` is the id of the ledger in its place."""
    for name, entry in context.entries.items():
        if name not in context.project.environments and _is_the_same(context, entry, found_id):
            return name
    return None


def environment_sharing_channels(context: ProjectContext) -> str | None:
    """Another environment with its own ledger that sends through a channel of this one."""
    own = set(context.channels)
    for name, entry in context.entries.items():
        if name != context.environment.name and own & set(entry.channels or ()):
            return name
    return None


def _is_the_same(context: ProjectContext, entry: LedgerIdentity, found_id: str | None) -> bool:
    """Entries of earlier releases list no channels and file. Without a ledger to compare, they count as the same."""
    if found_id is not None:
        return entry.ledger == found_id
    if entry.channels is None:
        return True
    return entry.file == context.ledger_file or bool(set(entry.channels) & set(context.channels))


def _renamed(context: ProjectContext, earlier: str) -> EnvironmentRenamed:
    name = context.environment.name
    return EnvironmentRenamed(
        f"the environment '{name}' has no entry in {LOCK_FILE}; it seems to be '{earlier}', which is gone from"
        f" {context.project_path}. With a new entry, everybody would get everything again",
        f"rename '{earlier}' to '{name}' in {LOCK_FILE} too, or name the environment '{earlier}' again; if it is another one:"
        f" sendspec ledger init --env {name} --empty",
    )


def _foreign_or_lost(context: ProjectContext, found_id: str) -> LedgerForeign | LockEntryLost:
    name, named = context.environment.name, context.environment.ledger.named
    owner = next((other for other, entry in context.entries.items() if entry.ledger == found_id), None)
    if owner is not None:
        return LedgerForeign(
            f"{named} is that of the environment '{owner}'",
            f"give '{name}' one of its own under `ledger:` in {context.project_path}",
        )
    return LockEntryLost(
        f"{named} is there, and {LOCK_FILE} has lost the entry '{name}' that it needs",
        f"restore it from git: `git log --all -p -- {LOCK_FILE}` shows the commit that has it,"
        f" `git checkout COMMIT -- {LOCK_FILE}` restores it",
    )
