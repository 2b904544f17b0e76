"""Makes an environment's ledger, once."""

from __future__ import annotations

import os
from dataclasses import replace
from uuid import uuid4

from sendspec.ledger.identity import SALT_BYTES, LedgerIdentity
from sendspec.ledger.sqlite.lock import take_lock
from sendspec.ledger.sqlite.opening import Filling, create_ledger, ledger_is_there, make_folder, make_ledger
from sendspec.operations.project_context import ProjectContext
from sendspec.reading.files.private_folder import FOLDER, make_private_folder


def make_sandbox_ledger(context: ProjectContext) -> None:
    """Makes the sandbox's ledger at its first use, under the identity that the context already has."""
    file, identity, system = context.environment.ledger.file, context.identity, context.system
    assert identity is not None
    if ledger_is_there(file):
        return
    make_folder(file.parent)
    lock = take_lock(file, system.owner, since=system.since)
    try:
        if not ledger_is_there(file):
            create_ledger(file, identity.ledger, now=system.clock.wall(), salt_check=identity.salt_check)
    finally:
        lock.release()


def make_environment_ledger(context: ProjectContext, filling: Filling | None = None) -> ProjectContext:
    """Makes the environment's ledger with a new id, and with a new salt unless it has one. Returns the context with its identity.

    `filling` writes the ledger's first contents: it receives the open ledger and its identity.
    """
    environment, system = context.environment, context.system
    if environment.ledger.file.parent == context.root.absolute() / FOLDER:
        make_private_folder(context.root)
    identity = make_ledger(
        environment.ledger.file,
        context.identity_file,
        environment.name,
        LedgerIdentity(str(uuid4()), os.urandom(SALT_BYTES), context.ledger_file, context.channels),
        system.owner,
        since=system.since,
        now=system.clock.wall(),
        filling=filling,
    )
    return replace(context, identity=identity)
