"""Where an environment's ledger is, with the server's URL read from its source."""

from __future__ import annotations

from sendspec.ledger.place import LedgerPlace, ServerPlace
from sendspec.operations.project_context import ProjectContext
from sendspec.reading.environment import LedgerFile, LedgerServer
from sendspec.reading.files.private_folder import FOLDER


def ledger_place(context: ProjectContext) -> LedgerPlace:
    """The place of the environment's ledger. Raises `LedgerTrouble` if its URL can't be read."""
    return place_of(context.environment.ledger, context)


def place_of(ledger: LedgerFile | LedgerServer, context: ProjectContext) -> LedgerPlace:
    """The place of a ledger that a person names. Raises `LedgerTrouble` if its URL can't be read."""
    if not isinstance(ledger, LedgerServer):
        return ledger
    from sendspec.operations.ledger_url import read_ledger_url  # few projects have a server

    url = read_ledger_url(ledger, context.system.environ, context.root)
    return ServerPlace(url, ledger.schema, ledger.server, context.root / FOLDER, context.system.tell)
