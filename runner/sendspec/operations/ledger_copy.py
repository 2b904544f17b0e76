"""Copies an environment's ledger to another place, as a person names the two."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.leaked_key import holds_credentials
from sendspec.ledger.copying import Copied, copy_ledger
from sendspec.ledger.sqlite_file import real_place
from sendspec.operations.ledger_place import place_of
from sendspec.operations.lockfile_entry import require_identity
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.run_owner import run_owner
from sendspec.operations.wrong_usage import WrongUsage
from sendspec.reading.access_key import FromVariable
from sendspec.reading.environment import LEDGER_SCHEMA, LedgerFile, LedgerServer
from sendspec.reading.files.private_folder import FOLDER, make_private_folder
from sendspec.reading.ledger_schema import schema_fault

_SERVER = lazy_pattern(r"env:([A-Za-z_][A-Za-z0-9_]*)(?::([a-z_][a-z0-9_]{0,62}))?")
_URL = lazy_pattern(r"[A-Za-z][A-Za-z0-9+.-]*://|(?:postgres|postgresql|jdbc):", re.IGNORECASE)


def named_ledger(word: str, context: ProjectContext) -> LedgerFile | LedgerServer:
    """The ledger that a word names: `PATH` or `file:PATH`, or `env:VARIABLE` or `env:VARIABLE:SCHEMA`. Raises `WrongUsage`."""
    if _URL.match(word.removeprefix("file:")) or holds_credentials(word):
        raise WrongUsage(
            "a URL in a command can be read by everybody on this machine; put it into a variable, and write env:VARIABLE",
            "export the URL, and write env:VARIABLE",
        )
    own = context.environment.ledger
    if not word.startswith("env:"):
        file = Path(word.removeprefix("file:")).absolute()
        return own if isinstance(own, LedgerFile) and own.file == file else LedgerFile(file, durable=False)
    found = _SERVER.fullmatch(word)
    if found is None:
        raise WrongUsage(
            "behind env: is the name of no variable, or of no schema; write env:VARIABLE, or env:VARIABLE:SCHEMA, without $",
            "write env:VARIABLE",
        )
    fault = None if found[2] is None else schema_fault(found[2])
    if fault is not None:
        raise WrongUsage(fault.problem, fault.fix)
    url = FromVariable(found[1])
    if isinstance(own, LedgerServer) and own.url == url and found[2] in (None, own.schema):
        return own
    return LedgerServer(url, found[2] or LEDGER_SCHEMA)


def copy_environment_ledger(
    context: ProjectContext,
    source: LedgerFile | LedgerServer,
    target: LedgerFile | LedgerServer,
    tell: Callable[[str], None],
) -> Copied:
    """Copies the environment's ledger from the one place to the other. `tell` hears of each step. Raises `WrongUsage`."""
    if context.environment.is_sandbox:
        raise WrongUsage(
            "the sandbox's ledger stays where it is; name an environment with --env", "name an environment"
        )
    if _real(source) == _real(target):
        raise WrongUsage("FROM and TO are the same ledger", "name two places")
    identity, system = require_identity(context), context.system
    for ledger in (source, target):
        if isinstance(ledger, LedgerServer) or ledger.file.parent == context.root.absolute() / FOLDER:
            make_private_folder(context.root)
    return copy_ledger(
        place_of(source, context),
        place_of(target, context),
        identity,
        run_owner(system),
        since=system.since,
        now=system.clock.wall(),
        ci=system.is_ci,
        tell=tell,
    )


def _real(ledger: LedgerFile | LedgerServer) -> object:
    return real_place(ledger.file) if isinstance(ledger, LedgerFile) else ledger
