"""What the parent asks the child, and what the child tells. Both are told as JSON: see `value_codec`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.absent_audience import AbsentAudience
from sendspec.operations.plan_report import PlanReport
from sendspec.operations.untrusted.limits import UntrustedLimits
from sendspec.operations.untrusted.tracked_files import LeftOut
from sendspec.planning.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedBase:
    """The commit to compare with, whose files are copied below `top`; `left_out` are those that aren't. `seconds` is when it was made.

    `modes` has what the commit has of the projects, by path; `differing` are the paths that it has otherwise than the index, or not at all.
    """

    ref: str
    commit: str
    top: str
    seconds: int
    modes: Mapping[str, str]
    left_out: Mapping[str, LeftOut]
    differing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UntrustedRequest:
    """`specs` are as typed, relative to the working directory. `top` is the copy's, and `left_out` relative to it. `plans`: not only checks."""

    specs: tuple[str, ...]
    env: str | None
    plans: bool
    top: str
    left_out: Mapping[str, LeftOut]
    limits: UntrustedLimits
    parent: int
    base: CopiedBase | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSpec:
    """A spec that has no errors, and the plan of its messages."""

    path: str
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class UntrustedFailure:
    """A failure that was foreseen: see `SendspecError`. `option` is the one at fault, for wrong usage."""

    code: str
    problem: str
    fix: str
    exit_code: int
    option: str = ""


class Wall(StrEnum):
    """Landlock: no other files, no writing. Seccomp: no sockets, no programs, no other processes."""

    FILES = "files"
    CALLS = "calls"


@dataclass(frozen=True, slots=True, kw_only=True)
class UntrustedReport:
    """`tables` are the paths of the tables that could be opened, by the spec's. `plan` is None if there are errors, or nothing was planned.

    `inputs` are the paths, from the top of the repository, of the other files that it read or would have read. `walls` are those that the kernel
    put around the child besides its limits. `unstaged` are the files in the work tree that differ from what git tracks, which the parent adds.
    """

    environment: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()
    tables: Mapping[str, str] = field(default_factory=dict)
    checked: tuple[CheckedSpec, ...] = ()
    absent: tuple[AbsentAudience, ...] = ()
    plan: PlanReport | None = None
    failure: UntrustedFailure | None = None
    inputs: tuple[str, ...] = ()
    walls: tuple[Wall, ...] = ()
    unstaged: tuple[str, ...] = ()
