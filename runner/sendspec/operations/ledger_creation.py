"""Makes an environment's ledger, once."""

from __future__ import annotations

import os
from dataclasses import replace
from uuid import uuid4

from sendspec.ledger.access import Filling, make, make_unlisted
from sendspec.ledger.identity import SALT_BYTES, LedgerIdentity
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.run_owner import run_owner
from sendspec.reading.files.private_folder import FOLDER, make_private_folder


def make_sandbox_ledger(context: ProjectContext) -> None:
    """Makes the sandbox's ledger at its first use, under the identity that the context already has."""
    identity, system = context.identity, context.system
    assert identity is not None
    make_private_folder(context.root)
    make_unlisted(context.environment.ledger, identity, run_owner(system), since=system.since, now=system.clock.wall())


def make_environment_ledger(context: ProjectContext, filling: Filling | None = None) -> ProjectContext:
    """Makes the environment's ledger with a new id, and with a new salt unless it has one. Returns the context with its identity.

    `filling` writes the ledger's first contents: it receives the open ledger and its identity.
    """
    environment, system = context.environment, context.system
    if environment.ledger.file.parent == context.root.absolute() / FOLDER:
        make_private_folder(context.root)
    identity = make(
        environment.ledger,
        context.identity_file,
        environment.name,
        LedgerIdentity(str(uuid4()), os.urandom(SALT_BYTES), context.ledger_file, context.channels),
        run_owner(system),
        since=system.since,
        now=system.clock.wall(),
        filling=filling,
    )
    return replace(context, identity=identity)
