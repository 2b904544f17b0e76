"""What a spec or an environment writes under `suppress`: files, and whether the opt-outs that are kept beside the ledger count."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.position import FILE_START, Span
from sendspec.diagnostics.problem import Problem
from sendspec.reading.documents.document import Document, KeyPath
from sendspec.reading.suppression_file import SuppressionFile, suppression_files


class OptOutScope(StrEnum):
    """Whose opt-outs count: those of all channels of the environment that are of one platform, or those of one channel."""

    ENVIRONMENT = "environment"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class OwnOptOutFile:
    """A file of the user's own that addresses are appended to. `written` is its path as `declared_in` has it, at `span`."""

    written: str
    declared_in: str
    span: Span = FILE_START

    def diagnostic(self, problem: Problem) -> Diagnostic:
        return problem.diagnostic(self.declared_in, self.span)


@dataclass(frozen=True, slots=True)
class OptOutSetting:
    """`asked` and `scope` are None where they are not written. `append` is the environment's file for the addresses of people who opt out."""

    asked: bool | None = None
    scope: OptOutScope | None = None
    append: OwnOptOutFile | None = None


NO_OPT_OUTS = OptOutSetting()


def wanted_scope(*settings: OptOutSetting) -> OptOutScope | None:
    """The scope of the opt-outs that count; None if no setting asks for any. Of several, the widest: it leaves out the most people."""
    asked = [setting.scope or OptOutScope.ENVIRONMENT for setting in settings if setting.asked]
    if not asked:
        return None
    return OptOutScope.CHANNEL if all(scope is OptOutScope.CHANNEL for scope in asked) else OptOutScope.ENVIRONMENT


def read_suppress(
    document: Document, at: KeyPath, written: Any, *, by_spec: bool
) -> tuple[tuple[SuppressionFile, ...], OptOutSetting]:
    """The files and the setting in a valid document. `written` is a list of files, a mapping, or None."""
    if not isinstance(written, dict):
        return suppression_files(document, at, written or (), by_spec=by_spec), NO_OPT_OUTS
    files = suppression_files(document, (*at, "files"), written.get("files", ()), by_spec=by_spec)
    opt_outs = written.get("opt_outs")
    own = opt_outs.get("append") if isinstance(opt_outs, dict) else None
    append = None if own is None else OwnOptOutFile(own, document.path, document.span((*at, "opt_outs", "append")))
    scope = OptOutScope(written["scope"]) if "scope" in written else None
    return files, OptOutSetting(None if opt_outs is None else bool(opt_outs), scope, append)
