"""The JSON document of a command that failed: the one that it prints otherwise, empty, with what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.reading.diagnostic import Diagnostic
from runner.reading.place import FILE_START
from runner.reading.project import FILE_NAME
from runner.showing.diagnostics import diagnostics_document
from runner.showing.plan import plan_document
from runner.showing.run import RunReport, run_document
from runner.showing.status import status_document

STATUS = ("status", "reconcile", "resolve")
WITHOUT_DOCUMENT = ("render", "ledger export", "schema")
"""They print lines or a schema; only rejected input makes them print a document."""


def failure_document(
    command: str, environment: str, error: Mapping[str, str], *, rejected: bool, path: str = ""
) -> dict[str, Any] | None:
    """The document of `command`; None where it has none.

    Where the input was `rejected` it is the diagnostics document, about `path` or else the project file. `error` has a code, a
    problem and a fix.
    """
    if rejected:
        code, problem, fix = error["code"], error["problem"], error["fix"]
        diagnostic = Diagnostic(code=code, path=path or FILE_NAME, span=FILE_START, problem=problem, fix=fix)
        return diagnostics_document([diagnostic])
    if command in WITHOUT_DOCUMENT:
        return None
    return {**_empty(command, environment, error["problem"]), "error": dict(error)}


def _empty(command: str, environment: str, ending: str) -> dict[str, Any]:
    """The command's document where there is nothing to tell but how it ended."""
    if command in STATUS:
        return status_document([], environment, None)
    match command:
        case "validate" | "test":
            return diagnostics_document([])
        case "plan":
            return plan_document([], environment)
        case "send":
            return run_document(_nothing_known(environment, ending))
        case _:
            return {"schema": f"sendspec.{command.replace(' ', '-')}/1", "environment": environment}


def _nothing_known(environment: str, ending: str) -> RunReport:
    return RunReport(
        run=None,
        environment=environment,
        specs=(),
        requests=0,
        seconds=0.0,
        ending=ending,
        fix="",
        next_steps=(),
    )
