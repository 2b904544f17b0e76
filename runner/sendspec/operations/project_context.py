"""Where a command works: the project, the environment, and the ledger that belongs to it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sendspec.diagnostics.diagnostic import Problems
from sendspec.ledger.identity import LOCK_FILE, SALT_BYTES, LedgerIdentity, read_identities
from sendspec.reading.files.confined_open import real_folder
from sendspec.reading.files.private_folder import FOLDER, make_private_folder
from sendspec.reading.project import (
    FILE_NAME,
    SANDBOX,
    Channel,
    Environment,
    Project,
    channel_of,
    find_project,
    project_without_file,
    read_project,
)

if TYPE_CHECKING:
    from sendspec.ledger.record import RunOwner
    from sendspec.ledger.sqlite.opening import Filling

PROVISIONAL_SALT = b"sendspec provisional salt".ljust(SALT_BYTES, b".")
"""Keys message ids before an environment has a ledger, so that they can be shown; nothing is sent under them."""
_ENVIRONMENT = "sendspec.environment"
"""Where a command's context has the name of its environment, as soon as that is known: the document of a failure names it."""


SANDBOX_IDENTITY = LedgerIdentity(
    "5a4d1b0e-0000-4000-8000-000000000003", b"sendspec sandbox salt".ljust(SALT_BYTES, b".")
)
"""The sandbox's, everywhere: nobody is reached, and so a message has the same id before its ledger is made and after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectContext:
    """`identity` is None before the environment's ledger was made; `entries` are those of all environments in sendspec.lock."""

    project: Project
    environment: Environment
    identity: LedgerIdentity | None
    entries: Mapping[str, LedgerIdentity] = field(default_factory=dict)

    @property
    def salt(self) -> bytes:
        return PROVISIONAL_SALT if self.identity is None else self.identity.salt

    @property
    def provisional_note(self) -> str:
        """What to say when ids are provisional; empty when they aren't."""
        if self.identity is not None:
            return ""
        return (
            f"note: message ids are provisional until `sendspec ledger init --env {self.environment.name}` has been run"
        )

    @property
    def project_path(self) -> str:
        return self.project.path or FILE_NAME

    @property
    def root(self) -> Path:
        return self.project.root

    def channel(self, alias: str) -> Channel | None:
        return channel_of(self.environment, alias)

    def relative(self, path: str) -> str:
        """A spec's path as the ledger remembers it: relative to the project, wherever the command is run."""
        return os.path.relpath(os.path.realpath(path), self.root)

    @property
    def identity_file(self) -> Path:
        return self.root / LOCK_FILE

    @property
    def ledger_file(self) -> str:
        """Where the environment's ledger is: relative to the project where it is inside."""
        file = self.environment.ledger.file
        return str(file.relative_to(self.root) if file.is_relative_to(self.root) else file)

    @property
    def channels(self) -> tuple[str, ...]:
        """The environment's channels as an entry of sendspec.lock has them."""
        return tuple(sorted({f"{c.workspace}/{c.channel}".lower() for c in self.environment.channels.values()}))


def open_context(specs: Sequence[str], env: str | None, problems: Problems) -> ProjectContext | None:
    """The context of the first spec, or of the working directory; None when the project file has errors.

    Raises `click.BadParameter` for an environment that isn't there.
    """
    folder = _folder_of(specs[0]) if specs else Path.cwd()
    found = find_project(folder)
    if found is None:
        project: Project | None = project_without_file(folder)
    else:
        project = read_project(_shown(found), found.parent, problems, owners=_owners(specs, folder))
    if project is None:
        return None
    name = env or project.default_environment
    environment = project.environment(name)
    if environment is None:
        known = ", ".join([*project.environments, SANDBOX])
        raise click.BadParameter(f"there is no environment '{name}'; there are: {known}", param_hint="--env")
    if (context := click.get_current_context(silent=True)) is not None:
        context.meta[_ENVIRONMENT] = name
    if environment.is_sandbox:
        return ProjectContext(
            project=project, environment=environment, identity=_sandbox_identity(project, environment)
        )
    entries = read_identities(project.root / LOCK_FILE)
    return ProjectContext(project=project, environment=environment, identity=entries.get(name), entries=entries)


def _folder_of(spec: str) -> Path:
    """The folder that a spec's project is looked for in. What is wrong with its path is told when it is read."""
    try:
        return real_folder(spec)
    except ValueError:
        return Path.cwd()


def _owners(specs: Sequence[str], folder: Path) -> set[int]:
    """Whose project file counts: this user's, root's, and that of who has the first spec, or the working directory, as a file.

    Elsewhere than in a folder of their own, anybody can put one above where others work.
    """
    with suppress(OSError, ValueError):
        return {os.geteuid(), 0, (Path(specs[0]) if specs else folder).stat().st_uid}
    return {os.geteuid(), 0}


def _sandbox_identity(project: Project, environment: Environment) -> LedgerIdentity:
    """Ledgers of earlier releases had one of their own, in a file beside them."""
    beside = environment.ledger.file.with_name("sandbox.identity")
    return read_identities(beside, project.root).get(SANDBOX, SANDBOX_IDENTITY)


def environment_in(context: click.Context) -> str:
    """The environment that a command works in; empty where it failed before that was known."""
    name: str = context.meta.get(_ENVIRONMENT, "")
    return name


def _shown(path: Path) -> str:
    """A path as short as it can be written from here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def make_sandbox_ledger(context: ProjectContext) -> ProjectContext:
    """The sandbox's ledger is made when it is first needed, under the identity that it has already."""
    from sendspec.ledger.sqlite.lock import take_lock
    from sendspec.ledger.sqlite.opening import create_ledger, ledger_is_there, make_folder

    file, identity = context.environment.ledger.file, context.identity
    assert identity is not None
    if ledger_is_there(file):
        return context
    make_folder(file.parent)
    lock = take_lock(file, this_process(), since=_now())
    try:
        if not ledger_is_there(file):
            create_ledger(file, identity.ledger, now=time.time(), salt_check=identity.salt_check)
    finally:
        lock.release()
    return context


def make_environment_ledger(context: ProjectContext, filling: Filling | None = None) -> ProjectContext:
    """Makes the environment's ledger with an id of its own, and a salt unless it has one; a context with its identity.

    `filling` writes what the ledger holds from the start: it is given the open ledger and its identity.
    """
    from uuid import uuid4

    from sendspec.ledger.sqlite.opening import make_ledger

    environment = context.environment
    if environment.ledger.file.parent == context.root.absolute() / FOLDER:
        make_private_folder(context.root)
    identity = make_ledger(
        environment.ledger.file,
        context.identity_file,
        environment.name,
        LedgerIdentity(str(uuid4()), os.urandom(SALT_BYTES), context.ledger_file, context.channels),
        this_process(),
        since=_now(),
        now=time.time(),
        filling=filling,
    )
    return replace(context, identity=identity)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def this_process() -> RunOwner:
    """Who runs, for the ledger's record and for the message to a second run."""
    from sendspec.ledger.record import RunOwner

    return RunOwner(pid=os.getpid(), host=os.uname().nodename, command=" ".join(["sendspec", *sys.argv[1:2]]))


def on_ci(environ: Mapping[str, str]) -> bool:
    return environ.get("CI", "").lower() not in ("", "0", "false")


@contextmanager
def api_of(context: ProjectContext) -> Iterator[Environment]:
    """The environment with an API that can be reached: the sandbox starts its own server, unless one is named."""
    environment = context.environment
    if not environment.is_sandbox:
        yield environment
        return
    from sendspec.reading.url import UrlFault, parse_api_url
    from sendspec.sandbox.server import sandbox_at

    named = os.environ.get("SENDSPEC_SANDBOX_URL")
    if named:
        api = parse_api_url(named, None)
        if isinstance(api, UrlFault) or not api.loopback:
            raise click.UsageError(
                "SENDSPEC_SANDBOX_URL has to be an http address on this machine, such as http://127.0.0.1:8080"
            )
        yield replace(environment, api=api)
        return
    make_private_folder(context.root)
    with sandbox_at(context.root / ".sendspec" / "sandbox-api.db", time.time) as url:
        api = parse_api_url(url, None)
        assert not isinstance(api, UrlFault)
        yield replace(environment, api=api)
