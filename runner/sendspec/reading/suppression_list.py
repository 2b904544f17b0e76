"""The suppression list: addresses that must get nothing, read again when its files change during a run.

An invalid entry is an error: a typo must not undo an opt-out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exceptions import InputUnreadable, SuppressionListUnreadable
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.problem import Problem
from sendspec.reading.contacts.address_set import AddressSet
from sendspec.reading.files.confined_path import open_in_project, resolve_in_project
from sendspec.reading.files.input_file import InputFile, signature_of
from sendspec.reading.files.key_file import NO_KEY_FILES, KeyFiles
from sendspec.reading.files.near_file import near_file
from sendspec.reading.suppression_file import SuppressionFile

CHECK_SECONDS = 1.0
"""Shortest time between two checks of the files for changes."""
LIST_EXTENSIONS = (".txt", ".csv", ".tsv")
_LIST_NAME = lazy_pattern(r"opt|out|stop|suppress|unsub|block|deny|bounce|black|exclu|dnc", re.IGNORECASE)
"""Parts of the names that people give to lists of addresses that must get nothing."""
MAX_READINGS = 3
"""Attempts to read files that change while they are being read."""
_Signatures = list[tuple[int, ...] | None]


class SuppressionList:
    """The addresses in some files. An address once listed stays listed, even when the files change.

    Look-ups never block, even while another thread reads the files again.
    """

    def __init__(
        self,
        files: Sequence[SuppressionFile],
        root: Path,
        column: str,
        country: str | None,
        key_files: KeyFiles = NO_KEY_FILES,
    ) -> None:
        """`root` is the project's folder; the rest is as for `read_suppression_list`."""
        self._files = files
        self._root = root
        self._key_files = key_files
        self._column = column
        self._country = country
        self._addresses = AddressSet(())
        self._signatures: _Signatures = []
        self._checked_at = float("-inf")

    def __contains__(self, address: str) -> bool:
        """Whether this normalised address is on the list."""
        return address in self._addresses

    def __len__(self) -> int:
        """The number of addresses."""
        return len(self._addresses)

    @property
    def files(self) -> tuple[str, ...]:
        """The files' paths, as the spec and the project file write them."""
        return tuple(file.written for file in self._files)

    @property
    def snapshot(self) -> AddressSet:
        """A snapshot of the addresses; later reads don't change it."""
        return self._addresses

    def refresh(self, now: float) -> bool:
        """Reads the files again if one has changed; returns whether one had. Call it before claiming messages.

        `now` is monotonic time in seconds; a call within `CHECK_SECONDS` of the last check does nothing. Raises
        `SuppressionListUnreadable` if a file is missing or invalid, on every call until it is repaired: nothing more may
        be claimed until then.
        """
        if now - self._checked_at < CHECK_SECONDS:
            return False
        is_changed = self._signatures_now() != self._signatures
        if is_changed:
            problems = self.read()
            if problems.has_errors:
                raise _unreadable(problems)
        self._checked_at = now
        return is_changed

    def read(self) -> Problems:
        """Reads all files and returns their problems. With an error among them, the list stays as it was."""
        problems = Problems()
        for _ in range(MAX_READINGS):
            signatures, problems = self._signatures_now(), Problems()
            addresses = AddressSet(self._entries(problems), base=self._addresses)
            if not problems.has_errors:
                self._addresses, self._signatures = addresses, signatures
            if not any(diagnostic.code == "file-changed" for diagnostic in problems):
                break
        return problems

    def _signatures_now(self) -> _Signatures:
        """The signature of each file, to detect changes; None for a missing one."""
        found: _Signatures = []
        for file in self._files:
            place = resolve_in_project(self._root, file.declared_in, file.written)
            try:
                found.append(None if isinstance(place, Problem) else signature_of(Path(place).stat()))
            except OSError:
                found.append(None)
        return found

    def _entries(self, problems: Problems) -> Iterator[str]:
        for file in self._files:
            opened = open_in_project(self._root, file.declared_in, file.written, self._key_files)
            if isinstance(opened, Problem):
                missing = opened.code == "file-missing"
                problems.add(file.diagnostic(replace(opened, fix=self._fix_of_path(file)) if missing else opened))
                continue
            table = InputFile(opened.descriptor, opened.place)
            from sendspec.reading.suppression_reader import SuppressionReader  # few projects have a list

            try:
                yield from SuppressionReader(file, table, self._column, self._country, problems).addresses()
            except InputUnreadable as error:
                problems.add(Problem(error.code, error.problem, error.fix).diagnostic(file.path))
            finally:
                table.close()

    def _fix_of_path(self, file: SuppressionFile) -> str:
        """What to do about a file that isn't there. One that is called nearly so may be the table of recipients, unless its name says more."""
        place = resolve_in_project(self._root, file.declared_in, file.written)
        near = None if isinstance(place, Problem) else near_file(str(place), file.written, LIST_EXTENSIONS)
        return f"write '{near}'" if near and _LIST_NAME.search(Path(near).name) else "check the path of the list"


def read_suppression_list(
    files: Sequence[SuppressionFile],
    *,
    root: Path,
    column: str,
    country: str | None,
    problems: Problems,
    key_files: KeyFiles = NO_KEY_FILES,
) -> SuppressionList:
    """The list in `files`. With an error added to `problems`, the list must not be used.

    `column` is the default address column of the channel's platform, `phone` or `email`, and so the kind of address that the
    spec uses. `country` (ISO 3166-1 alpha-2) is the country of phone numbers without `+`; None: those are errors. `key_files`
    are the project's; none of them is read.
    """
    suppressed = SuppressionList(files, root, column, country, key_files)
    for diagnostic in suppressed.read():
        problems.add(diagnostic)
    return suppressed


def _unreadable(problems: Problems) -> SuppressionListUnreadable:
    first = problems.first_error
    assert first is not None
    return SuppressionListUnreadable(
        f"a suppression list has changed, and can't be used: {first.path}:{first.span.start.line}:"
        f" {first.problem} [{first.code}]",
        f"{first.fix}; then run the command again",
    )
