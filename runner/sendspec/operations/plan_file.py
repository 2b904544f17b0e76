"""A plan on disk, sealed: exactly what was looked at and approved is sent, or nothing."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sendspec import __version__
from sendspec.diagnostics.exceptions import FileUnwritable
from sendspec.diagnostics.redaction import printable
from sendspec.operations.output_file import check_writable, write_file
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.reading.files.confined_path import MAX_PATH
from sendspec.reading.files.text_file import open_regular
from sendspec.reading.project import find_project

FORMAT = 1
MAX_BYTES = 10_000_000
"""Far more than a plan has. A longer file is cut, and then can't be read as a plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """What `send --plan` needs of a plan. `specs` are paths relative to the plan's project; `digest` covers all of them."""

    environment: str
    ledger: str | None
    specs: tuple[str, ...]
    digest: str
    approved: str
    """`PlanReport.approved` as the file has it, in canonical JSON: the digest does not cover it."""

    def found_from(self, plan_file: Path) -> list[str]:
        """The specs' paths, relative to the working directory: in its project, else in the project around the plan."""
        roots = [_project_folder(Path.cwd()), _project_folder(Path(os.path.realpath(plan_file)).parent)]
        root = next((root for root in roots if all(_is_file(root / spec) for spec in self.specs)), roots[0])
        return [os.path.relpath(root / spec) for spec in self.specs]


BEGINNING, SIGN = 4_096, b"sendspec.plan/"
"""A plan names its schema within its first bytes."""


class PlanUnreadable(Exception):
    """The file is not a plan, or was changed after it was written."""


def check_place(path: Path) -> None:
    """Raises `FileUnwritable` if no plan can be written, or if it would replace a file that is not a plan."""
    check_writable(path)
    with suppress(OSError), os.fdopen(open_regular(str(path)), "rb") as file:
        begun = file.read(BEGINNING)
        if begun.strip() and SIGN not in begun:
            shown = printable(str(path))
            raise FileUnwritable(
                str(path), f"'{shown}' is there already, and is no plan", "name another file for the plan"
            )


def write_plan_file(path: Path, document: Mapping[str, Any], jobs: Sequence[Job], context: ProjectContext) -> None:
    """Writes the plan, whole or not at all; `document` is its JSON document. Raises `FileUnwritable`."""
    content = {
        **document,
        "format": FORMAT,
        "tool": __version__,
        "created": context.system.clock.wall(),
        "ledger": None if context.identity is None else context.identity.ledger,
        "paths": [context.relative(job.spec.path) for job in jobs],
    }
    write_file(path, json.dumps({**content, "seal": _seal(content)}, indent=2) + "\n")


def read_plan_file(path: Path) -> PlanFile:
    """The plan in the file. Raises `PlanUnreadable` with the reason."""
    try:
        content = json.loads(_read(path), object_pairs_hook=_once)
        seal = content.pop("seal")
        if seal != _seal(content):
            raise PlanUnreadable("the plan was changed after it was written")
        if content["format"] != FORMAT:
            raise PlanUnreadable(f"the plan has format {content['format']}; this sendspec reads {FORMAT}")
        return _plan(content)
    except FileNotFoundError:
        raise PlanUnreadable(f"there is no plan {printable(str(path))}") from None
    except OSError:
        raise PlanUnreadable(f"{printable(str(path))} is no file that can be read") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise PlanUnreadable("the file is no plan, or only a part of one") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object without repeated keys: a reader may see one of two, and the seal the other."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise PlanUnreadable("the plan was changed after it was written: a key is in it twice")
    return found


def _plan(content: dict[str, Any]) -> PlanFile:
    """Raises KeyError and TypeError for a malformed plan: the seal does not prove that sendspec wrote it."""
    environment, ledger, paths, digest = (content[name] for name in ("environment", "ledger", "paths", "digest"))
    texts = [environment, digest, *([] if ledger is None else [ledger]), *paths]
    if (
        not paths
        or not isinstance(paths, list)
        or not all(isinstance(text, str) and "\0" not in text for text in texts)
    ):
        raise TypeError
    "".join(texts).encode()  # half a surrogate pair is no text: a ValueError
    if any(os.path.isabs(path) or len(path) > MAX_PATH for path in paths):  # noqa: PTH117 - as text
        raise TypeError
    if len(set(paths)) < len(paths):
        raise TypeError
    return PlanFile(
        environment=environment, ledger=ledger, specs=tuple(paths), digest=digest, approved=_approved_in(content)
    )


def _approved_in(content: Mapping[str, Any]) -> str:
    specs = [{key: spec[key] for key in ("name", "generation", "digest")} for spec in content["specs"]]
    return canonical({**{key: content[key] for key in ("totals", "segments", "left")}, "specs": specs})


def canonical(content: Mapping[str, Any]) -> str:
    """JSON in which equal contents are equal texts."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a name too long
        return False


def _read(path: Path) -> bytes:
    with os.fdopen(open_regular(str(path)), "rb") as file:
        return file.read(MAX_BYTES)


def _project_folder(folder: Path) -> Path:
    found = find_project(folder)
    return folder if found is None else found.parent


def _seal(content: dict[str, Any]) -> str:
    """A digest over the whole file: it detects accidents and careless edits. It is no signature."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()
