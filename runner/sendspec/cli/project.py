"""Opens the project that a command works in, and notes its environment for the document of a command that fails."""

from __future__ import annotations

from collections.abc import Sequence

from sendspec.cli.console import Console
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted
from sendspec.operations import offline_plan, project_context
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.reading.files.confined_path import shown_path
from sendspec.reading.files.key_file import NO_KEY_FILES
from sendspec.reading.spec import FileRecipients, Spec, read_spec
from sendspec.reading.tables.delimiter import NAME_BY_DELIMITER


def open_context(console: Console, specs: Sequence[str], env: str | None, problems: Problems) -> ProjectContext | None:
    """See `sendspec.operations.project_context.open_context`."""
    return project_context.open_context(
        specs, env, problems, console.system, note_environment=console.state.note_environment
    )


def open_specs(
    console: Console, paths: Sequence[str], env: str | None, problems: Problems
) -> tuple[ProjectContext | None, list[Spec]]:
    """The project, and the specs that can be read; their tables are not."""
    context = open_context(console, paths, env, problems)
    key_files = NO_KEY_FILES if context is None else context.key_files
    return context, [spec for path in paths if (spec := read_spec(path, problems, key_files)) is not None]


def open_jobs(
    console: Console, specs: Sequence[str], env: str | None, recipients: str | None, problems: Problems
) -> tuple[ProjectContext | None, list[Job]]:
    """See `sendspec.operations.offline_plan.open_jobs`."""
    context, jobs = offline_plan.open_jobs(
        specs, env, recipients, problems, console.system, note_environment=console.state.note_environment
    )
    for path, delimiter in {_as_written(job): job.table.delimiter_found for job in jobs}.items():
        if delimiter:
            console.say(f"{path}: the delimiter is {NAME_BY_DELIMITER[delimiter]}")
    return context, jobs


def tell_blank_rows(console: Console, jobs: Sequence[Job]) -> None:
    """Tells, with `-v`, how many rows were skipped because there was nothing in them; the tables have been read."""
    for path, count in {_as_written(job): job.table.blank_rows for job in jobs}.items():
        if count:
            console.detail(f"{path}: {counted(count, 'blank row')} skipped")


def _as_written(job: Job) -> str:
    """The table's path as the spec or the command line writes it."""
    recipients = job.spec.recipients
    if isinstance(recipients, FileRecipients) and job.table.path == shown_path(job.spec.path, recipients.file):
        return printable(recipients.file)
    return job.table.path
