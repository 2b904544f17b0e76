"""A preview that follows its files: the last picture that was good, and what has been wrong since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from threading import Lock

from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.exceptions import SendspecError
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.position import FILE_START
from sendspec.operations.edited_message import EditableValue, EditResult, NotEditable, editable_values, edited_message
from sendspec.operations.file_watch import FileWatch
from sendspec.operations.followed_files import followed_files
from sendspec.operations.offline_plan import open_jobs
from sendspec.operations.plan_detail import rows_at
from sendspec.operations.preview import Preview, check_for_preview
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.operations.shown_message import ShownMessage
from sendspec.operations.system import System
from sendspec.planning.plan import Plan
from sendspec.reading.project import PROJECT_FILE_NAME
from sendspec.reading.tables.row import Row

MAX_DISTURBED = 4
"""How many readings in a row may be disturbed by a change before their errors are shown: they may be those of half a file."""

MakePreview = Callable[[Sequence[Job], Sequence[Plan], ProjectContext, Problems], Preview | None]
"""Makes the preview; None where there is nothing to show, which the problems say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A preview without errors, and when it was read. `warnings` go with it.

    `jobs` and `rows`, by line, are those of its messages; they can be composed once more, although their tables are closed.
    """

    preview: Preview
    moment: datetime
    warnings: tuple[Diagnostic, ...] = ()
    jobs: tuple[Job, ...] = ()
    rows: tuple[Mapping[int, Row], ...] = ()

    def editable(self, spec: int, line: int) -> tuple[EditableValue, ...]:
        """The values of a message's row that can be edited; none where no recipient's values may be shown."""
        row = self._row(spec, line)
        return () if row is None else editable_values(self.jobs[spec], row)

    def edited(self, spec: int, line: int, changes: Mapping[str, str]) -> EditResult:
        row = self._row(spec, line)
        if row is None:
            return NotEditable("there is no such message any more")
        shown = self.preview.specs[spec]
        prices = None if shown.cost is None else shown.cost.prices
        return edited_message(self.jobs[spec], row, changes, prices, {shape.id: shape for shape in shown.shapes})

    def _row(self, spec: int, line: int) -> Row | None:
        return self.rows[spec].get(line) if 0 <= spec < len(self.rows) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What there is to see. `errors` are those of the last reading; they lie over the `picture`, which is None before the first good one."""

    picture: Picture | None = None
    errors: tuple[Diagnostic, ...] = ()
    files: tuple[str, ...] = ()
    number: int = 0


class PreviewWatch:
    """Reads specs again whenever one of their files has changed. Called by one thread; `present` may be read by any."""

    def __init__(
        self, specs: Sequence[str], env: str | None, recipients: str | None, system: System, make: MakePreview
    ) -> None:
        self._specs = tuple(specs)
        self._env = env
        self._recipients = recipients
        self._system = system
        self._make = make
        self._files = FileWatch()
        self._disturbed = 0
        self._lock = Lock()
        self._present = Watched()

    @property
    def present(self) -> Watched:
        with self._lock:
            return self._present

    def begin(self) -> None:
        """Reads for the first time. Raises `SendspecError` as other commands do, such as `WrongUsage`."""
        self._files.begin(followed_files(self._specs, self._recipients, None))
        self._show(*self._read())

    def look(self) -> bool:
        """Reads again if something has changed. Whether there is something else to see."""
        if not self._files.has_changed(self._system.clock.monotonic()):
            return False
        self._files.begin(self.present.files)
        try:
            return self._show(*self._read())
        except SendspecError as error:
            return self._show(None, (failure_of(error),), self.present.files)

    def _read(self) -> tuple[Picture | None, tuple[Diagnostic, ...], tuple[str, ...]]:
        problems = Problems()
        context, jobs = open_jobs(self._specs, self._env, self._recipients, problems, self._system)
        with ExitStack() as tables:
            for job in jobs:
                tables.callback(job.table.close)
            plans = check_for_preview(jobs, context, problems, 1)
            files = followed_files(self._specs, self._recipients, context)
            if problems.has_errors or context is None:
                return None, tuple(problems), files
            preview = self._make(jobs, plans, context, problems)
            if preview is None:
                return None, tuple(problems), files
            rows = tuple(self._rows(job, shown.shown) for job, shown in zip(jobs, preview.specs, strict=True))
        moment = self._system.local_time(datetime.fromtimestamp(self._system.clock.wall(), UTC))
        picture = Picture(preview=preview, moment=moment, warnings=tuple(problems), jobs=tuple(jobs), rows=rows)
        return picture, (), files

    def _rows(self, job: Job, shown: Sequence[ShownMessage]) -> Mapping[int, Row]:
        """The rows of the messages that are shown; none with `CI` set, where nobody's values may be, nor of several on one line."""
        if self._system.is_ci:
            return {}
        found = list(rows_at(job, {each.line for each in shown}))
        count = Counter(row.line for row in found)
        return {row.line: row for row in found if count[row.line] == 1}

    def _show(self, picture: Picture | None, errors: tuple[Diagnostic, ...], files: tuple[str, ...]) -> bool:
        """Shows what was read. Errors of files that changed meanwhile are not shown: the next look reads again."""
        before = self.present
        self._files.follow(files)
        is_disturbed = bool(errors) and self._files.is_disturbed()
        self._disturbed = self._disturbed + 1 if is_disturbed else 0
        if is_disturbed and self._disturbed < MAX_DISTURBED and before.number:
            return False
        with self._lock:
            self._present = Watched(
                picture=picture or before.picture, errors=errors, files=files, number=before.number + 1
            )
        return True


def failure_of(error: SendspecError) -> Diagnostic:
    """A failure of the environment as it is shown over the picture."""
    path = getattr(error, "path", PROJECT_FILE_NAME)
    return Diagnostic(code=error.code, path=path, span=FILE_START, problem=error.problem, fix=error.fix)
