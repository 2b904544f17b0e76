"""Reads a list of people who opted out from a file that the command line names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath

from sendspec.composing.identity import suppression_hasher
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.exceptions import InputUnreadable
from sendspec.diagnostics.position import FILE_START
from sendspec.diagnostics.problem import Problem
from sendspec.operations.project_context import ProjectContext
from sendspec.reading.files.confined_path import open_from_command_line
from sendspec.reading.files.input_file import InputFile
from sendspec.reading.suppression_file import SuppressionFile
from sendspec.reading.suppression_reader import PHONE, SuppressionReader

_COUNTRY = "`country:`"


def receivers_in(context: ProjectContext, path: str, country: str | None, problems: Problems) -> list[bytes]:
    """The hashes of the addresses in the file, read as a suppression list is. With an error among `problems`, none must be used."""
    file = SuppressionFile(written=path, declared_in=path, span=FILE_START, excerpt="", by_spec=False)
    opened = open_from_command_line(path, context.key_files)
    if isinstance(opened, Problem):
        problems.add(opened.diagnostic(path))
        return []
    hashed, own = suppression_hasher(context.salt), Problems()
    table = InputFile(opened.descriptor, opened.place)
    beside = replace(file, written=PurePath(path).name)  # relative to itself: shown as it was typed
    try:
        return [hashed(address) for address in SuppressionReader(beside, table, PHONE, country, own).addresses()]
    except InputUnreadable as error:
        problems.add(Problem(error.code, error.problem, error.fix).diagnostic(path))
        return []
    finally:
        table.close()
        for diagnostic in own:
            problems.add(_with_option(diagnostic))


def _with_option(diagnostic: Diagnostic) -> Diagnostic:
    """The usual fix of a national number names `country:`, which a file of its own doesn't have."""
    if _COUNTRY not in diagnostic.fix:
        return diagnostic
    return replace(
        diagnostic, fix="add --country with the country of these numbers, or write them with + and their country code"
    )
