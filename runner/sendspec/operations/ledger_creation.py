"""Makes an environment's ledger, once."""

from __future__ import annotations

import os
from dataclasses import replace
from uuid import uuid4

from sendspec.ledger.access import make, make_unlisted
from sendspec.ledger.filling import Filling
from sendspec.ledger.identity import SALT_BYTES, LedgerIdentity
from sendspec.ledger.place import ServerPlace
from sendspec.operations.ledger_place import ledger_place
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.run_owner import run_owner
from sendspec.reading.environment import LedgerFile
from sendspec.reading.files.private_folder import FOLDER, make_private_folder


def make_sandbox_ledger(context: ProjectContext) -> None:
    """Makes the sandbox's ledger at its first use, under the identity that the context already has."""
    identity, system = context.identity, context.system
    file = context.environment.ledger
    assert identity is not None
    assert isinstance(file, LedgerFile)  # the sandbox's always is
    make_private_folder(context.root)
    make_unlisted(file, identity, run_owner(system), since=system.since, now=system.clock.wall())


def make_environment_ledger(context: ProjectContext, filling: Filling | None = None) -> ProjectContext:
    """Makes the environment's ledger with a new id, and with a new salt unless it has one. Returns the context with its identity.

    `filling` writes the ledger's first contents: it receives the open ledger and its identity.
    """
    environment, system = context.environment, context.system
    place = ledger_place(context)
    if isinstance(place, ServerPlace) or place.file.parent == context.root.absolute() / FOLDER:
        make_private_folder(context.root)
    identity = make(
        place,
        context.identity_file,
        environment.name,
        LedgerIdentity(str(uuid4()), os.urandom(SALT_BYTES), context.ledger_file, context.channels),
        run_owner(system),
        since=system.since,
        now=system.clock.wall(),
        filling=filling,
    )
    return replace(context, identity=identity)
