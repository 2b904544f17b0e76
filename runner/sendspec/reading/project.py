"""The project that a file `sendspec.yaml` describes, and where that file is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.reading.access_key import FromFile
from sendspec.reading.environment import SANDBOX, Environment, LedgerServer, sandbox_environment
from sendspec.reading.files.key_file import KeyFiles

if TYPE_CHECKING:
    from sendspec.reading.price_file import PriceFile

PROJECT_FILE_NAME = "sendspec.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """`root` is the folder that contains all specs and tables; `path` is as shown to the user, None without a project file.

    `sandbox_platforms` are those that the file gives to aliases of the sandbox.
    `prices`: what a segment costs; None where the project doesn't say.
    """

    path: str | None
    root: Path
    default_environment: str
    environments: Mapping[str, Environment]
    sandbox_platforms: Mapping[str, str] = field(default_factory=dict)
    prices: PriceFile | None = None

    def environment(self, name: str) -> Environment | None:
        if name == SANDBOX:
            return sandbox_environment(self.root, self._platform_by_alias())
        return self.environments.get(name)

    @property
    def key_files(self) -> KeyFiles:
        """The files of all environments' keys and ledger URLs: none may be read as input, whichever environment is used."""
        every = self.environments.values()
        ledgers = (one.ledger.url for one in every if isinstance(one.ledger, LedgerServer))
        sources = (*(one.key for one in every), *ledgers)
        return KeyFiles(tuple(self.root / source.path for source in sources if isinstance(source, FromFile)))

    def _platform_by_alias(self) -> dict[str, str]:
        """The platform of each alias: as the file says for the sandbox, else from any environment that has it."""
        elsewhere = {
            alias: channel.platform
            for environment in self.environments.values()
            for alias, channel in environment.channels.items()
        }
        return {**elsewhere, **self.sandbox_platforms}


def find_project(start: Path) -> Path | None:
    """The nearest project file in `start` or a folder above it, within the same git repository."""
    for folder in (start, *start.parents):
        if os.path.lexists(folder / PROJECT_FILE_NAME):
            return folder / PROJECT_FILE_NAME  # a link or a folder too: reading it reports what is wrong
        if os.path.lexists(folder / ".git"):
            return None
    return None


def project_without_file(root: Path) -> Project:
    return Project(path=None, root=root, default_environment=SANDBOX, environments={})
