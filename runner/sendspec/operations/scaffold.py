"""Writes a new project, or adds an example to one: whole files, none of them over another."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from os.path import lexists
from pathlib import Path

from sendspec.diagnostics.exceptions import FileUnwritable, PrivateFolderUnusable
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.install_source import InstallSource
from sendspec.operations.output_file import make_folder, refuse_place, write_file, write_new
from sendspec.operations.scaffold_example import ScaffoldExample
from sendspec.operations.scaffold_workflow import WORKFLOW_PATH, can_be_named, workflow_text
from sendspec.reading.files.nofollow_open import read_beneath
from sendspec.reading.files.private_folder import FOLDER, make_private_folder
from sendspec.reading.project import PROJECT_FILE_NAME
from sendspec.reading.schema.location import schema_directory

PROJECT = """\
# yaml-language-server: $schema=schemas/project.schema.json
# The project file: where messages go, and as whom. Without --env, everything goes to a sandbox on this machine.
# environments:
#   production:
#     access_key: {env: BIRD_ACCESS_KEY}
#     ledger: {file: .sendspec/production.db}   # on CI, or for a team: {url: {env: SENDSPEC_LEDGER_URL}}, a PostgreSQL server
#     channels:
#       sms: {workspace: <the workspace's UUID>, channel: <the channel's UUID>, platform: sms, rate: 50/s}
#     suppress: {opt_outs: true}   # whoever replied STOP gets nothing more
#     limits: {messages: 10000, segments: 2}
environments: {}
"""
SCHEMAS = ("spec", "project")
"""The schemas that editors read, by the first lines of specs and of the project file."""
IGNORE, IGNORED = ".gitignore", f"{FOLDER}/"
LINES = f"""\
{IGNORED}
opted-out.csv
# Pages and lists with people's data, as the documentation names them
/preview*.html
/report*.html
/wrong*.html
/wrong*.csv
/rejects*.html
/rejects*.csv
/rows*.jsonl
/captured*.jsonl
*.rejects.csv
*.rows.jsonl
"""
"""What holds people's data. Pages only at the top, where they are usually written: an e-mail's body may be a page of such a name."""
MAX_IGNORE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaffold:
    """What is to be written. `texts` are new files by path, below `top` but for the workflow, which is below `repository`.

    `left` are the paths of what is there already. `ignores`: lines for the private folder and for people's data are added to `.gitignore`.
    """

    top: Path
    repository: Path
    texts: Mapping[Path, str]
    left: tuple[Path, ...]
    ignores: bool

    @property
    def written(self) -> list[Path]:
        return [*self.texts, *([self.top / IGNORE] if self.ignores else [])]


def plan_scaffold(
    top: Path, example: ScaffoldExample, source: InstallSource, now: datetime, *, only_example: bool
) -> Scaffold:
    """What a new project at `top` needs that isn't there. `only_example`: nothing but the example, and what editors read."""
    repository = _repository(top)
    folder = Path(os.path.relpath(os.path.realpath(top), os.path.realpath(repository))).as_posix()
    below = "" if folder == "." else folder
    texts = {top / path: text for path, text in example.files(now).items()}
    if not only_example:
        texts = {top / PROJECT_FILE_NAME: PROJECT, **texts}
    texts |= {top / f"schemas/{name}.schema.json": _schema(name) for name in SCHEMAS}
    if not only_example and can_be_named(below):
        texts[repository / WORKFLOW_PATH] = workflow_text(source, below)
    there = tuple(path for path in texts if lexists(path))
    return Scaffold(
        top=top,
        repository=repository,
        texts={path: text for path, text in texts.items() if path not in there},
        left=there,
        ignores=_needs_line(top),
    )


def write_scaffold(scaffold: Scaffold) -> None:
    """Writes everything. If one file can't be written, the earlier ones are removed. Raises `FileUnwritable`."""
    made: list[Path] = []
    try:
        make_folder(scaffold.top)
        for path, text in scaffold.texts.items():
            made.append(path)
            base = scaffold.repository if path == scaffold.repository / WORKFLOW_PATH else scaffold.top
            write_new(base, path.relative_to(base).as_posix(), text)
        try:
            make_private_folder(scaffold.top)
        except PrivateFolderUnusable as trouble:
            raise FileUnwritable(str(scaffold.top / FOLDER), trouble.problem, trouble.fix) from trouble
        if not lexists(
            scaffold.top / FOLDER / IGNORE
        ):  # an `init` that was killed just here left the folder without it
            write_new(scaffold.top, f"{FOLDER}/{IGNORE}", "*\n")
        if scaffold.ignores:
            _ignore(scaffold.top, made)
    except BaseException as error:
        if isinstance(error, FileUnwritable) and made and error.path == str(made[-1]):
            made.pop()
        for path in made:
            with suppress(OSError):
                path.unlink()
        raise


def is_ours(top: Path) -> bool:
    """Whether the project file is as `init` writes it: nobody has made a project of it yet."""
    try:
        return read_beneath(top, PROJECT_FILE_NAME, len(PROJECT.encode())) == PROJECT.encode()
    except OSError:
        return False


def _repository(top: Path) -> Path:
    """The top of the git work tree around `top`; without one, `top` itself."""
    real = Path(os.path.realpath(top))
    for folder in (real, *real.parents):
        if lexists(folder / ".git"):
            return top if folder == real else Path(os.path.relpath(folder))
    return top


def _schema(name: str) -> str:
    return (schema_directory() / f"{name}.schema.json").read_text(encoding="utf-8")


def _needs_line(top: Path) -> bool:
    """Whether `.gitignore` is missing, or a file of text without the line."""
    if not lexists(top / IGNORE):
        return True
    text = _ignore_text(top)
    return text is not None and not {IGNORED, FOLDER, f"/{IGNORED}", f"/{FOLDER}"} & {
        line.strip() for line in text.splitlines()
    }


def _ignore_text(top: Path) -> str | None:
    """The text of `.gitignore`; None for a link, or what can't be read as text."""
    try:
        return read_beneath(top, IGNORE, MAX_IGNORE_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _ignore(top: Path, made: list[Path]) -> None:
    """Adds the lines: the last step, because an earlier `.gitignore` would have to be restored."""
    if not lexists(top / IGNORE):
        made.append(top / IGNORE)
        write_new(top, IGNORE, LINES)
        return
    text = _ignore_text(top)
    path = top / IGNORE
    if text is not None and stat.S_ISREG(path.lstat().st_mode):
        gap = "" if not text or text.endswith("\n") else "\n"
        refuse_place(path)
        write_file(path, f"{text}{gap}{LINES}")
