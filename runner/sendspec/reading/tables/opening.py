"""Opens the recipients of a spec: a file in the project or on the command line, standard input, or a list in the spec.

CSV cells are text, JSON values keep their types; no type is guessed. A frozen table is read from a private copy, so that
every pass gives the same rows, even if the user's file changes.
"""

from __future__ import annotations

from dataclasses import field
from pathlib import Path, PurePath
from typing import BinaryIO, assert_never

from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.wording import counted, os_reason
from sendspec.reading.documents.document import KeyPath
from sendspec.reading.files.confined_path import OpenFile, open_from_command_line, open_in_project, shown_path
from sendspec.reading.files.input_file import BLOCK_BYTES, InputFile
from sendspec.reading.files.key_file import NO_KEY_FILES, KeyFiles
from sendspec.reading.files.private_copy import private_copy, spool
from sendspec.reading.spec import FileRecipients, InlineRecipients, NoRecipients, Recipients, Spec, StandardInput
from sendspec.reading.tables.csv_header import read_header
from sendspec.reading.tables.csv_table import CsvTable
from sendspec.reading.tables.delimiter import AUTO, first_lines, found_delimiter
from sendspec.reading.tables.file_format import (
    DELIMITER_BY_EXTENSION,
    HEAD_BYTES,
    JSON_LINES_EXTENSIONS,
    not_text,
    unknown_format,
)
from sendspec.reading.tables.inline_table import InlineTable
from sendspec.reading.tables.legacy_encoding import note_legacy_encoding
from sendspec.reading.tables.table import Table
from sendspec.reading.tables.table_change import change_diagnostic
from sendspec.reading.tables.title_line import title_above_header

STANDARD_INPUT = "-"


def open_table(
    spec: Spec,
    *,
    root: Path,
    override: str | None,
    stdin: BinaryIO | None,
    problems: Problems,
    frozen: bool = False,
    key_files: KeyFiles = NO_KEY_FILES,
    block_bytes: int = BLOCK_BYTES,
) -> Table | None:
    """The recipients of `spec`; None if they can't be read, with the reasons added to `problems`.

    `root` is the project's folder: files named by the spec must be inside it, and private copies are made below it.
    `override` is the file named on the command line, relative to the working directory, and allowed anywhere; `-` is
    standard input. `frozen`: copy the table first, and read only the copy. `key_files` hold access keys; naming
    one of them as input is an error. A file is read `block_bytes` at a time. Raises `PrivateCopyTrouble` and `InputUnreadable`.
    """
    recipients = spec.recipients
    origin = _OpenContext(root, stdin, frozen=frozen, key_files=key_files, block_bytes=block_bytes)
    if override is not None:
        return _overridden(recipients, override, origin, problems)
    match recipients:
        case FileRecipients(file=file):
            opened = open_in_project(root, spec.path, file, key_files)
            if isinstance(opened, Problem):
                problems.add(_at_file(spec, opened))
                return None
            return _by_extension(shown_path(spec.path, file), opened, _options(recipients), spec, origin, problems)
        case StandardInput():
            return _from_stream(origin, _options(recipients), problems)
        case InlineRecipients(rows=rows, at=at):
            if not rows:
                problems.add(_empty_list(spec, at))
                return None
            return InlineTable(spec.document, [((*at, index), row) for index, row in enumerate(rows)])
        case NoRecipients():
            return InlineTable(spec.document, [(("message", "receiver"), {})])
        case _:
            assert_never(recipients)


@dataclass(frozen=True, slots=True)
class _Options:
    """The spec's options for its table. A `delimiter` of None is the one usual for the file extension, or a comma."""

    delimiter: str | None = None
    allow_empty: bool = False


@dataclass(frozen=True, slots=True)
class _OpenContext:
    """Where the bytes of a table come from. `frozen` reads them through a private copy. `root` is the project's folder."""

    root: Path
    stdin: BinaryIO | None
    frozen: bool = field(kw_only=True)
    key_files: KeyFiles = field(kw_only=True)
    block_bytes: int = field(kw_only=True)

    def input_file_of(self, path: str, opened: OpenFile, problems: Problems) -> InputFile | None:
        """The file or its private copy; None if it changed while it was copied, which is added to `problems`."""
        file = InputFile(opened.descriptor, opened.place, self.block_bytes)
        if not self.frozen:
            return file
        try:
            copy = private_copy(file, self.root)
        finally:
            file.close()
        if copy is None:
            problems.add(change_diagnostic(path))
        return copy


def _options(recipients: Recipients) -> _Options:
    if isinstance(recipients, FileRecipients | StandardInput):
        return _Options(recipients.delimiter, recipients.allow_empty)
    return _Options()


def _overridden(recipients: Recipients, written: str, origin: _OpenContext, problems: Problems) -> Table | None:
    """The table named on the command line. The spec's delimiter applies to it too, if it is a CSV."""
    options = _options(recipients)
    if written == STANDARD_INPUT:
        return _from_stream(origin, options, problems)
    opened = open_from_command_line(written, origin.key_files)
    if isinstance(opened, Problem):
        problems.add(opened.diagnostic(written))
        return None
    if written.lower().endswith(".tsv"):
        options = _Options(None, options.allow_empty)
    return _by_extension(written, opened, options, None, origin, problems)


def _by_extension(
    path: str, opened: OpenFile, options: _Options, spec: Spec | None, origin: _OpenContext, problems: Problems
) -> Table | None:
    """The table in an open file, by its extension. `spec` is the one that names the file, if any."""
    file = origin.input_file_of(path, opened, problems)
    if file is None:
        return None
    extension = PurePath(path).suffix.lower()
    table: Table | None = None
    if extension in JSON_LINES_EXTENSIONS:
        table = _json_lines(path, file, options, problems)
    elif extension in DELIMITER_BY_EXTENSION:
        table = _csv(path, file, options, DELIMITER_BY_EXTENSION[extension], problems)
    else:
        fault = unknown_format(extension)
        problems.add(fault.diagnostic(path) if spec is None else _at_file(spec, fault))
    if table is None:
        file.close()
    return table


def _from_stream(origin: _OpenContext, options: _Options, problems: Problems) -> Table | None:
    """Standard input, kept for reading again. It is CSV, unless it begins like a JSON object."""
    if origin.stdin is None:
        fault = Problem("no-standard-input", "standard input has been read by another spec", "name a file")
        problems.add(fault.diagnostic(STANDARD_INPUT))
        return None
    try:
        file = spool(origin.stdin, origin.root, in_memory=not origin.frozen)
    except OSError as error:
        problem = f"standard input can't be read: {os_reason(error)}"
        fault = Problem("unreadable-file", problem, "write it to a file, and name that")
        problems.add(fault.diagnostic(STANDARD_INPUT))
        return None
    if file.head(HEAD_BYTES).lstrip().startswith(b"{"):
        table: Table | None = _json_lines(STANDARD_INPUT, file, options, problems)
    else:
        table = _csv(STANDARD_INPUT, file, options, ",", problems)
    if table is None:
        file.close()
    return table


def _csv(path: str, file: InputFile, options: _Options, default_delimiter: str, problems: Problems) -> Table | None:
    delimiter = options.delimiter or default_delimiter
    is_found = delimiter == AUTO
    if is_found:
        delimiter = found_delimiter(first_lines(file), default_delimiter)
    fault = not_text(file.head(HEAD_BYTES))
    if delimiter in '"\r\n':
        fault = Problem("table-delimiter", "a quote or a line end can't be the delimiter", "set another `delimiter:`")
    if fault is not None:
        problems.add(fault.diagnostic(path))
        return None
    legacy = note_legacy_encoding(path, file)
    if legacy is not None:
        problems.add(legacy)
    title = title_above_header(path, file, delimiter)
    if title is not None:
        problems.add(title)
        return None
    header = read_header(path, file, delimiter, problems)
    if header is None:
        return None
    if not header.has_rows and not options.allow_empty:
        blank = f"{counted(header.blank_rows, 'blank row')}, from line {header.last_line + 1} on"
        rows = f"a header and {blank if header.blank_rows else 'no rows'}"
        problems.add(_no_rows(path, rows if header.columns else "nothing"))
        return None
    return CsvTable(path, file, header, delimiter if is_found else "")


def _json_lines(path: str, file: InputFile, options: _Options, problems: Problems) -> Table | None:
    # they import orjson, which a CSV doesn't need
    from sendspec.reading.tables.json_lines import JsonLinesTable, keys_of_lines
    from sendspec.reading.tables.json_shape import LineShapes

    fault = not_text(file.head(HEAD_BYTES))
    if fault is not None:
        problems.add(fault.diagnostic(path))
        return None
    shapes = LineShapes()
    columns, has_lines = keys_of_lines(path, file, shapes)
    if not has_lines and not options.allow_empty:
        problems.add(_no_rows(path, "nothing"))
        return None
    return JsonLinesTable(path, file, columns, shapes)


def _no_rows(path: str, content: str) -> Diagnostic:
    problem = f"the table has no recipients: it holds {content}"
    return Problem("no-rows", problem, "add rows, or set `allow_empty: true` under recipients").diagnostic(path)


def _empty_list(spec: Spec, at: KeyPath) -> Diagnostic:
    return spec.document.diagnostic(
        at, code="no-rows", problem="the list of recipients is empty", fix="add a recipient, or name a file", key=True
    )


def _at_file(spec: Spec, fault: Problem) -> Diagnostic:
    return spec.document.place(("recipients", "file"), fault)
