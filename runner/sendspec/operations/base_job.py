"""A spec of a base as a job of today: its files as they were, under the present environment, name and generation."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exceptions import LedgerTrouble
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.base_commit import BaseCommit
from sendspec.operations.base_files import BaseFolder, NotInBase
from sendspec.operations.base_settings import BaseSettings, base_settings
from sendspec.operations.job_reader import read_jobs
from sendspec.operations.project_context import ProjectContext, open_context
from sendspec.operations.send_job import Job
from sendspec.operations.wrong_usage import WrongUsage
from sendspec.reading.limits import Limits
from sendspec.reading.project import PROJECT_FILE_NAME
from sendspec.reading.spec import FileRecipients, Spec, StandardInput, read_spec
from sendspec.reading.tables.opening import STANDARD_INPUT


class NotComparable(Exception):
    """The base's spec can't be composed. The text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseJob:
    """A base's spec, its project, and the settings that it had there."""

    job: Job
    context: ProjectContext
    settings: BaseSettings


def base_job(
    base: BaseCommit, folder: BaseFolder, path: str, context: ProjectContext, recipients: str | None
) -> BaseJob:
    """The base's spec at `path`. `recipients` is the table that the command line names.

    What the tool adds is the same on both sides: `context` has the environment's name and salt. Limits don't apply, and
    moments are looked at as on the day of the commit. Raises `NotComparable`, and `GitUnreadable`.
    """
    problems = Problems()
    typed = folder.path_of(path)
    try:
        folder.bring_projects(path)
        folder.bring(path)
        found = open_context([typed], context.environment.name, problems, context.system)
        refuse(problems, folder)
        assert found is not None  # only with an error
        own = replace(found, identity=context.identity, entries=context.entries)
        spec = read_spec(typed, problems, own.key_files)
        refuse(problems, folder)
        assert spec is not None
        _bring_inputs(spec, own, folder, path, recipients)
    except NotInBase as error:
        raise NotComparable(str(error)) from error
    except WrongUsage as error:
        raise NotComparable(f"{PROJECT_FILE_NAME} has another environment there: {error.problem}") from error
    except LedgerTrouble as error:
        raise NotComparable(error.problem) from error
    jobs = read_jobs([typed], own, recipients, problems)
    refuse(problems, folder)
    (job,) = jobs
    settings = base_settings(job, found)
    committed = datetime.fromtimestamp(base.git.seconds_of(base.commit), UTC)
    unlimited = replace(job, setting=replace(job.setting, limits=Limits()), now=committed)
    return BaseJob(job=unlimited, context=own, settings=settings)


def refuse(problems: Problems, folder: BaseFolder) -> None:
    """Raises `NotComparable` for the first error."""
    error = problems.first_error
    if error is not None:
        place = f"{os.path.normpath(error.path)}:{error.span.start.line}: {error.problem}"
        raise NotComparable(place.replace(f"{folder.place}{os.sep}", ""))


def with_identity(job: Job, name: str, generation: int) -> Job:
    """A copy of the job whose messages have the ids of another name and generation, and the texts of their own generation."""
    variables = {**job.spec.variables, "generation": job.spec.generation}
    spec = replace(job.spec, name=name, generation=generation, variables=variables)
    return replace(job, spec=spec, program=replace(job.program, spec=spec))


def without_reference(job: Job) -> Job:
    """A copy of the job whose references are not looked at."""
    message = {key: value for key, value in job.spec.message.items() if key != "reference"}
    spec = replace(job.spec, message=message)
    return replace(job, spec=spec, program=replace(job.program, spec=spec))


def _bring_inputs(spec: Spec, context: ProjectContext, folder: BaseFolder, path: str, recipients: str | None) -> None:
    if recipients == STANDARD_INPUT or (recipients is None and isinstance(spec.recipients, StandardInput)):
        raise NotComparable("the recipients come from standard input, which can be read only once")
    project = os.path.relpath(context.root / PROJECT_FILE_NAME, folder.place)
    folder.bring_named(project, (file.written for file in context.environment.suppress))
    if context.project.prices is not None:
        folder.bring_named(project, [context.project.prices.written])
    folder.bring_named(path, _named(spec, recipients))


def _named(spec: Spec, recipients: str | None) -> Iterator[str]:
    if recipients is None and isinstance(spec.recipients, FileRecipients):
        yield spec.recipients.file
    yield from (file.written for file in spec.suppress)
