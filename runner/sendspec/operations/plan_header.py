"""What a plan file says besides its pairs: what it was made from, and what was in the ledger then."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from sendspec import __version__
from sendspec.composing.message_part import parts_json
from sendspec.diagnostics.wording import moment_text
from sendspec.ledger.protocol import Facts
from sendspec.operations.git_command import GitUnreadable
from sendspec.operations.git_repository import changed_since_commit, head_commit, remote_repository
from sendspec.operations.plan_sample import ShapeSample
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.planning.plan_digest import canonical_json
from sendspec.reading.files.text_file import open_regular
from sendspec.reading.schema.validator import load_schema
from sendspec.reading.tables.opening import STANDARD_INPUT

SCHEMAS = ("message", "batch")
"""The schemas that decide which payloads are valid."""
_READ_BYTES = 1 << 20
MOST_SHAPES = 1_000
"""Shapes of one spec in a plan file; the others are counted together."""


def plan_header(
    document: Mapping[str, Any],
    jobs: Sequence[Job],
    context: ProjectContext,
    ledger: Facts | None,
    *,
    out: Path,
    created: datetime,
    expires: datetime,
    recipients: str | None,
    samples: Sequence[Mapping[str, ShapeSample]] = (),
) -> dict[str, Any]:
    """The header of the plan file `out`, from the plan's JSON document. `recipients` is the table that replaces the specs' own.

    Without a project file, it notes where the specs are. A table outside the project is not noted: a plan can't lead there.
    `samples` are those of each spec, by the shape's id; empty: none were asked for.
    """
    root = (
        {}
        if context.project.path is not None
        else {"root": os.path.relpath(context.root, os.path.realpath(out.parent))}
    )
    header = {
        **document,
        **root,
        "specs": [
            {**_without_texts(written), **_about(job, context, ledger), **_sampled(some, written)}
            for written, job, some in zip(document["specs"], jobs, samples or [{}] * len(jobs), strict=True)
        ],
        "tool": __version__,
        "schemas": {name: sha256(canonical_json(load_schema(name).document)).hexdigest() for name in SCHEMAS},
        "ledger": None if context.identity is None else context.identity.ledger,
        "created": moment_text(created.replace(microsecond=0)),
        "expires": moment_text(expires.replace(microsecond=0)),
        "tree": _tree_digest(jobs, context),
        **_repository(jobs, context),
    }
    place = recipients if recipients in (None, STANDARD_INPUT) else context.relative(str(recipients))
    return header if place is None or place.startswith("..") else {**header, "recipients": place}


def _without_texts(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A spec's part of the plan's document without texts and characters of recipients. Of its shapes, it has the numbers."""
    kept = {
        name: value
        for name, value in spec.items()
        if name not in ("shapes", "other_shapes", "forcing", "savings", "last_generation")
    }
    shapes = spec.get("shapes", ())
    listed = [
        {name: shape[name] for name in ("id", "messages", "segments", "encoding")} for shape in shapes[:MOST_SHAPES]
    ]
    others = [*shapes[MOST_SHAPES:], *([spec["other_shapes"]] if "other_shapes" in spec else [])]
    if others:
        kept["other_shapes"] = {name: sum(each[name] for each in others) for name in ("messages", "segments")}
    return {**kept, "shapes": listed}


def _about(job: Job, context: ProjectContext, ledger: Facts | None) -> dict[str, Any]:
    states = {} if ledger is None else ledger.states(job.spec.name, job.spec.generation)
    return {
        "path": context.relative(job.spec.path),
        "own_reference": job.program.own_reference,
        "states": {state.value: count for state, count in states.items()},
    }


def _sampled(samples: Mapping[str, ShapeSample], spec: Mapping[str, Any]) -> dict[str, Any]:
    shape_by_id = {shape["id"]: shape for shape in spec.get("shapes", ())}
    listed = []
    for shape_id, each in samples.items():
        shape = shape_by_id[shape_id]
        size = {"segments": shape["segments"] // shape["messages"]} if shape["segments"] else {}
        listed.append(
            {"shape": shape_id, "text": each.text, "from": each.source.value, **size, **parts_json(each.parts)}
        )
    return {"samples": listed} if listed else {}


def _repository(jobs: Sequence[Job], context: ProjectContext) -> dict[str, Any]:
    environ = context.system.environ
    commit = head_commit(context.root, environ)
    if commit is None:
        return {}
    paths = [path for path in _files(jobs, context) if not path.startswith("..")]
    found: dict[str, Any] = {"commit": commit}
    with suppress(GitUnreadable):
        found["changed_since"] = sorted(changed_since_commit(context.root, paths, environ))
    repository = remote_repository(context.root, environ)
    return found if repository is None else {**found, "repository": repository}


def _files(jobs: Sequence[Job], context: ProjectContext) -> list[str]:
    """The specs and their tables, as paths relative to the project."""
    tables = [job.table.path for job in jobs if job.table.path != STANDARD_INPUT]
    return sorted({context.relative(path) for path in [*(job.spec.path for job in jobs), *tables]})


def _tree_digest(jobs: Sequence[Job], context: ProjectContext) -> str:
    """A digest of the specs and their tables, by path and content."""
    hashed = sha256()
    for path in _files(jobs, context):
        hashed.update(canonical_json([path, _file_digest(context.root / path)]) + b"\n")
    return hashed.hexdigest()


def _file_digest(path: Path) -> str | None:
    hashed = sha256()
    try:
        with os.fdopen(open_regular(str(path)), "rb") as file:
            while block := file.read(_READ_BYTES):
                hashed.update(block)
    except OSError:
        return None
    return hashed.hexdigest()
