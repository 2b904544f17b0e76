"""A spec's channel in the environment, and what is missing where the project has none."""

from __future__ import annotations

import os
import re
from dataclasses import replace

from sendspec.diagnostics.diagnostic import Diagnostic, Problems, Severity
from sendspec.diagnostics.near_miss import near_miss
from sendspec.diagnostics.redaction import printable
from sendspec.operations.project_context import ProjectContext
from sendspec.reading.environment import Channel
from sendspec.reading.project import PROJECT_FILE_NAME
from sendspec.reading.spec import Spec
from sendspec.reading.tables.table import Table, first_row

MAX_LISTED = 12


def channel_of_spec(spec: Spec, context: ProjectContext, table: Table | None, problems: Problems) -> Channel | None:
    channel = context.channel(spec, lambda: {} if table is None else first_row(table))
    if channel is None:
        known = ", ".join(context.environment.channels) or "none"
        near = near_miss(spec.channel, context.environment.channels)
        fix = f"write '{near}'" if near else f"add it to {context.project_path}, or write one of: {known}"
        problem = f"the environment '{context.environment.name}' has no channel '{printable(spec.channel[:60])}'"
        problems.add(spec.document.diagnostic(("channel",), code="unknown-channel", problem=problem, fix=fix))
    elif context.environment.is_sandbox:
        _warn_of_channel(spec, context, problems)
    return channel


def _warn_of_channel(spec: Spec, context: ProjectContext, problems: Problems) -> None:
    """The sandbox takes any channel, so one that no environment has would come up with the first real send."""
    aliases = sorted({alias for each in context.project.environments.values() for alias in each.channels})
    if spec.channel in aliases or not aliases:
        return
    shown = printable(spec.channel[:60])
    near = near_miss(spec.channel, aliases, cutoff=0.8)
    problem = f"only the sandbox has a channel '{shown}'"
    fix = f"write '{near}'"
    if near is None:
        problem += f": no environment in {context.project_path} has one"
        fix = f"add it to {context.project_path}, or write one of: {printable(', '.join(aliases[:MAX_LISTED]))}"
    problems.add(
        spec.document.diagnostic(
            ("channel",), code="unknown-channel", problem=problem, fix=fix, severity=Severity.WARNING
        )
    )


def where_no_project_is(diagnostic: Diagnostic) -> Diagnostic:
    """Without a project file, the project is the spec's own folder: that may be all that is wrong."""
    if diagnostic.code != "outside-project" or not diagnostic.problem.endswith("leads out of the project"):
        return diagnostic
    problem = f"{diagnostic.problem}, which is the folder of the spec: no {PROJECT_FILE_NAME} was found"
    up = re.search(r"'((?:\.\./)+)", problem)
    root = os.path.normpath(os.path.join(os.path.dirname(diagnostic.path), up[1])) if up else ""  # noqa: PTH118, PTH120
    init = (
        f"`sendspec init {printable(root)}`, which makes a project of the folder that holds both,"
        if root
        else "`sendspec init` in the project's root,"
    )
    return replace(diagnostic, problem=problem, fix=f"run {init} or {diagnostic.fix}")
