"""Where an operation works: the project, the environment, and the ledger that belongs to it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from pathlib import Path

from sendspec.composing.platforms.inferred_platform import inferred_platform
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.near_miss import near_miss
from sendspec.diagnostics.position import FILE_START
from sendspec.diagnostics.redaction import printable
from sendspec.ledger.identity import LOCK_FILE, SALT_BYTES, LedgerIdentity, read_identities
from sendspec.operations.system import System
from sendspec.operations.wrong_usage import WrongUsage
from sendspec.reading.environment import SANDBOX, Channel, Environment, LedgerFile, LedgerServer, channel_of
from sendspec.reading.files.confined_path import real_folder
from sendspec.reading.files.key_file import KeyFiles
from sendspec.reading.project import PROJECT_FILE_NAME, Project, find_project, project_without_file
from sendspec.reading.project_reader import read_project
from sendspec.reading.spec import Spec

PROVISIONAL_SALT = b"sendspec provisional salt".ljust(SALT_BYTES, b".")
"""Keys message ids before an environment has a ledger, so that they can be shown; nothing is sent under them."""
SANDBOX_IDENTITY = LedgerIdentity(
    "5a4d1b0e-0000-4000-8000-000000000003", b"sendspec sandbox salt".ljust(SALT_BYTES, b".")
)
"""Every sandbox's. It reaches nobody, and message ids are the same before and after its ledger is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectContext:
    """`identity` is None before the environment's ledger is made; `entries` are those of all environments in sendspec.lock."""

    project: Project
    environment: Environment
    identity: LedgerIdentity | None
    system: System
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
        return self.project.path or PROJECT_FILE_NAME

    @property
    def root(self) -> Path:
        return self.project.root

    @property
    def key_files(self) -> KeyFiles:
        return self.project.key_files

    def channel(self, spec: Spec, first_row: Callable[[], Mapping[str, object]]) -> Channel | None:
        """The spec's channel; None if the environment has none. `first_row`: see `inferred_platform`."""
        return channel_of(self.environment, spec.channel, lambda: inferred_platform(spec, first_row))

    def relative(self, path: str) -> str:
        """A spec's path as the ledger stores it: relative to the project, wherever the command runs."""
        return os.path.relpath(os.path.realpath(path), self.root)

    @property
    def identity_file(self) -> Path:
        return self.root / LOCK_FILE

    @property
    def ledger_file(self) -> str:
        """Where the environment's ledger is: its path, relative to the project if it is inside, or where its URL comes from."""
        ledger = self.environment.ledger
        if isinstance(ledger, LedgerServer):
            return f"{ledger.shown}, schema {ledger.schema}"
        file = ledger.file
        return str(file.relative_to(self.root) if file.is_relative_to(self.root) else file)

    @property
    def channels(self) -> tuple[str, ...]:
        """The environment's channels as an entry of sendspec.lock lists them."""
        return tuple(sorted({f"{c.workspace}/{c.channel}".lower() for c in self.environment.channels.values()}))


def open_context(
    specs: Sequence[str],
    env: str | None,
    problems: Problems,
    system: System,
    *,
    note_environment: Callable[[str], None] = lambda name: None,
) -> ProjectContext | None:
    """The project of the first spec, or of the working directory; None when the project file has errors.

    `note_environment` learns the environment's name before its ledger's identity is read, which can fail. Raises
    `WrongUsage`.
    """
    folder = _folder_of(specs[0]) if specs else Path.cwd()
    found = find_project(folder)
    if found is None:
        project: Project | None = project_without_file(folder)
    else:
        project = read_project(_shown(found), found.parent, problems, owners=_owners(specs, folder))
    if project is None or not _are_of_one_project(specs, found, problems):
        return None
    name = env or project.default_environment
    environment = project.environment(name)
    if environment is None:
        names = [*project.environments, SANDBOX]
        near = near_miss(name, names)
        meant = f"did you mean '{near}'? there are" if near else "there are"
        add = f"; add it to {PROJECT_FILE_NAME}" if found and not near else ""
        raise WrongUsage(
            f"there is no environment '{printable(name[:60])}'; {meant}: {', '.join(names)}{add}",
            f"write '{near}'" if near else f"name one of them, or add '{printable(name[:60])}' to {PROJECT_FILE_NAME}",
            option="--env",
        )
    note_environment(name)
    if environment.is_sandbox:
        identity = _sandbox_identity(project, environment)
        return ProjectContext(project=project, environment=environment, identity=identity, system=system)
    entries = read_identities(project.root / LOCK_FILE)
    return ProjectContext(
        project=project, environment=environment, identity=entries.get(name), system=system, entries=entries
    )


def _are_of_one_project(specs: Sequence[str], found: Path | None, problems: Problems) -> bool:
    """Whether all specs belong to the first one's project: its file says who may be reached, and who has to approve it."""
    others = [path for path in specs[1:] if find_project(_folder_of(path)) != found]
    for path in others:
        problems.add(
            Diagnostic(
                code="other-project",
                path=path,
                span=FILE_START,
                problem=f"it is of another project than '{printable(specs[0])}'",
                fix="run the command once for each project",
            )
        )
    return not others


def _folder_of(spec: str) -> Path:
    """The folder where the search for a spec's project begins. Faults of its path are reported when it is read."""
    try:
        return real_folder(spec)
    except ValueError:
        return Path.cwd()


def _owners(specs: Sequence[str], folder: Path) -> set[int]:
    """The users whose project file counts: this one, root, and the owner of the first spec or of the working directory.

    In a shared folder, anybody can put a project file above where others work.
    """
    with suppress(OSError, ValueError):
        return {os.geteuid(), 0, (Path(specs[0]) if specs else folder).stat().st_uid}
    return {os.geteuid(), 0}


def _sandbox_identity(project: Project, environment: Environment) -> LedgerIdentity:
    """Sandbox ledgers of earlier releases have an identity of their own, in a file beside them."""
    ledger = environment.ledger
    assert isinstance(ledger, LedgerFile)  # the sandbox's always is
    beside = ledger.file.with_name("sandbox.identity")
    return read_identities(beside, project.root).get(SANDBOX, SANDBOX_IDENTITY)


def _shown(path: Path) -> str:
    """The shortest form of a path: relative to the working directory if it is inside."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
