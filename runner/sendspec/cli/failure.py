"""The JSON document of a command that failed: its usual document, empty, with an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.exceptions import FileUnwritable, SendspecError
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.position import FILE_START
from sendspec.operations.plan_report import PlanReport
from sendspec.reading.project import PROJECT_FILE_NAME
from sendspec.showing.diagnostics import diagnostics_document
from sendspec.showing.failure import error_json
from sendspec.showing.plan import plan_document
from sendspec.showing.run import run_document
from sendspec.showing.status import status_document

STATUS = ("status", "reconcile", "resolve")
WITHOUT_DOCUMENT = ("render", "ledger export", "schema")
"""These print lines or a schema. They print a document only for rejected input."""


def failure_document(command: str, environment: str, error: Exception | Mapping[str, str]) -> dict[str, Any] | None:
    """The document of `command`; None if it has none. `error` may also be words: a code, a problem and a fix.

    For rejected input it is the diagnostics document, about the file that the error names, or about the project file.
    """
    if isinstance(error, SendspecError) and error.exit_code == ExitCode.REJECTED:
        return diagnostics_document([failure_diagnostic(error)])
    words = _words(error)
    if command in WITHOUT_DOCUMENT:
        return None
    if command == "send":
        return run_document(None, words)
    return {**_empty(command, environment), "error": words, "sent": False}


def failure_diagnostic(error: Exception | Mapping[str, str]) -> Diagnostic:
    """The failure as a problem of the file that it names, or of the project file."""
    path = error.path if isinstance(error, FileUnwritable) else PROJECT_FILE_NAME
    words = _words(error)
    return Diagnostic(path=path, span=FILE_START, code=words["code"], problem=words["problem"], fix=words["fix"])


def _words(error: Exception | Mapping[str, str]) -> dict[str, str]:
    return error_json(error) if isinstance(error, Exception) else dict(error)


def _empty(command: str, environment: str) -> dict[str, Any]:
    """The command's document without content."""
    if command in STATUS:
        return status_document(None, environment, None)
    match command:
        case "validate" | "test":
            return diagnostics_document([])
        case "plan":
            return plan_document(PlanReport(environment=environment, plans=()))
        case "opt-outs list" | "opt-outs export":
            return {"schema": "sendspec.opt-outs/1", "environment": environment}
        case "opt-outs add" | "opt-outs remove" | "opt-outs import":
            return {"schema": "sendspec.opt-outs-change/1", "environment": environment}
        case _:
            return {"schema": f"sendspec.{command.replace(' ', '-')}/1", "environment": environment}
