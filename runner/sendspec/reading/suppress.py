"""Lists of addresses that get nothing: read before a plan, and again when they change during a run.

An entry that can't be read is an error. A typing error must not undo somebody's opt-out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.exceptions import InputUnreadable, SuppressUnreadable
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.contacts.address_set import AddressSet
from sendspec.reading.contacts.email_address import normalise_email
from sendspec.reading.contacts.phone_number import normalise_phone
from sendspec.reading.files.confined_open import open_inside, place_inside
from sendspec.reading.files.stable_file import StableFile, signature_of
from sendspec.reading.suppress_file import SuppressFile
from sendspec.reading.tables.csv_header import read_header
from sendspec.reading.tables.csv_table import CsvTable
from sendspec.reading.tables.file_kind import DELIMITER_BY_ENDING, HEAD_BYTES, not_text, unknown_format
from sendspec.reading.tables.line_problem import LineProblem, line_diagnostic
from sendspec.reading.tables.table_change import note_change
from sendspec.reading.tables.text_lines import TextLines

LOOK_SECONDS = 1.0
"""How often the files are looked at for a change, at most."""
MAX_READINGS = 3
"""How often files are read that change while they are read."""
PHONE, EMAIL = "phone", "email"
TEXT_ENDINGS = ("", ".txt")

_Signatures = list[tuple[int, ...] | None]


class SuppressList:
    """The addresses in some files. Whoever was on the list once stays on it, also when the files change.

    An address is looked up while another thread reads the files again, without waiting for it.
    """

    def __init__(self, files: Sequence[SuppressFile], root: Path, column: str, country: str | None) -> None:
        """`root` is the project's folder; `column` and `country` are as for `read_suppress_list`."""
        self._files = files
        self._root = root
        self._column = column
        self._country = country
        self._addresses = AddressSet(())
        self._signatures: _Signatures = []
        self._looked_at = float("-inf")

    def __contains__(self, address: str) -> bool:
        """Whether this normalised address is on the list."""
        return address in self._addresses

    def __len__(self) -> int:
        """How many addresses there are."""
        return len(self._addresses)

    def blocks(self, address: str) -> bool:
        """Whether this normalised address gets nothing."""
        return address in self._addresses

    @property
    def at_present(self) -> AddressSet:
        """The addresses as they are now: what is read later changes nothing of it."""
        return self._addresses

    def refreshed(self, now: float) -> bool:
        """Reads the files again where one has changed; whether it did. To be called before messages are claimed.

        `now` is in seconds, of a clock that is never set. Within a second of the last look nothing is done. Raises
        `SuppressUnreadable` where a file is gone or broken, and does so again until it is repaired: then nothing more may be
        claimed.
        """
        if now - self._looked_at < LOOK_SECONDS:
            return False
        is_changed = self._look() != self._signatures
        if is_changed:
            problems = self.read()
            if problems.has_errors:
                raise _unreadable(problems)
        self._looked_at = now
        return is_changed

    def read(self) -> Problems:
        """Reads all files; what is wrong with them, where nothing is then added to the list."""
        problems = Problems()
        for _ in range(MAX_READINGS):
            signatures, problems = self._look(), Problems()
            addresses = AddressSet(self._entries(problems), besides=self._addresses)
            if not problems.has_errors:
                self._addresses, self._signatures = addresses, signatures
            if not any(problem.code == "file-changed" for problem in problems):
                break
        return problems

    def _look(self) -> _Signatures:
        """What tells each file from what it was; None for one that isn't there."""
        found: _Signatures = []
        for file in self._files:
            place = place_inside(self._root, file.named_in, file.written)
            try:
                found.append(None if isinstance(place, Problem) else signature_of(Path(place).stat()))
            except OSError:
                found.append(None)
        return found

    def _entries(self, problems: Problems) -> Iterator[str]:
        for file in self._files:
            opened = open_inside(self._root, file.named_in, file.written)
            if isinstance(opened, Problem):
                missing = opened.code == "file-missing"  # a name that is near could be that of the recipients
                problems.add(file.diagnostic(replace(opened, fix="check the path of the list") if missing else opened))
                continue
            held = StableFile(opened.descriptor, opened.place)
            try:
                yield from _Reading(file, held, self._column, self._country, problems).addresses()
            except InputUnreadable as error:
                problems.add(Problem(error.code, error.problem, error.fix).diagnostic(file.path))
            finally:
                held.close()


def read_suppress_list(
    files: Sequence[SuppressFile], *, root: Path, column: str, country: str | None, problems: Problems
) -> SuppressList:
    """The list in `files`; what is wrong with them is among `problems`, and then the list can't be used.

    `column` is the one that holds a recipient's address where the spec names none, and says of which kind addresses are;
    `country` is how national numbers are read.
    """
    made = SuppressList(files, root, column, country)
    for problem in made.read():
        problems.add(problem)
    return made


class _Reading:
    """One file, read once."""

    def __init__(
        self, file: SuppressFile, held: StableFile, column: str, country: str | None, problems: Problems
    ) -> None:
        self._file = file
        self._path = file.path
        self._held = held
        self._column = column
        self._country = country
        self._problems = problems

    def addresses(self) -> Iterator[str]:
        """The file's addresses, normalised; what can't be is told."""
        ending = PurePath(self._file.written).suffix.lower()
        is_table = ending in DELIMITER_BY_ENDING
        if not is_table and ending not in TEXT_ENDINGS:
            fault = replace(unknown_format(ending), fix="name a .csv, .tsv or .txt file")
            self._problems.add(self._file.diagnostic(fault))
            return
        wrong = not_text(self._held.head(HEAD_BYTES))
        if wrong is not None:
            self._problems.add(wrong.diagnostic(self._path))
            return
        yield from self._of_table(DELIMITER_BY_ENDING[ending]) if is_table else self._of_text()

    # ── text ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _of_text(self) -> Iterator[str]:
        """An address a line; blank lines, and those that begin with #, are remarks."""
        lines = TextLines(self._held)
        for chunk in lines.chunks():
            for number, text in enumerate(lines.lines_of(chunk), chunk.first):
                fault = lines.faults.pop(number, None) if lines.faults else None
                if fault is not None:
                    self._note(number, text, fault)
                    continue
                entry = text.strip()
                if not entry or entry[0] == "#":
                    continue
                address = self._normalised(entry)
                if isinstance(address, Problem):
                    self._note(number, text, _entry_fault(address))
                else:
                    yield address
        note_change(self._path, self._held, self._problems)

    def _note(self, line: int, text: str, fault: LineProblem) -> None:
        length = 1 if fault.code != "suppress-entry" else len(text.rstrip("\r\n"))
        self._problems.add_row(
            (fault.code, self._path), line, lambda: line_diagnostic(self._path, line, text, fault.column, length, fault)
        )

    # ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _of_table(self, delimiter: str) -> Iterator[str]:
        own = Problems()
        header = read_header(self._path, self._held, delimiter, own)
        for problem in own:
            self._problems.add(_with_own_fix(problem))
        if header is None:
            return
        columns = self._columns_of(header.columns)
        if not columns:
            self._problems.add(_no_column(self._path, header.columns, self._column))
            return
        table = CsvTable(self._path, self._held, delimiter, header)
        others = [at for at, name in enumerate(header.columns) if name in (PHONE, EMAIL)]
        for block in table.blocks(self._problems):
            for line, cells in zip(*block.read, strict=True):
                entries = [(at, entry) for at in columns if (entry := cells[at].strip())]
                if not entries and any(map(str.strip, cells)) and not any(cells[at].strip() for at in others):
                    self._note_cell(table, line, columns[0], _EMPTY)
                for at, entry in entries:
                    address = self._normalised(entry)
                    if isinstance(address, Problem):
                        self._note_cell(table, line, at, address)
                    else:
                        yield address

    def _columns_of(self, names: tuple[str, ...]) -> list[int]:
        """The places of the columns that hold addresses."""
        if len(names) == 1:
            return [0]
        wanted = (self._column,) if self._file.is_specs else (PHONE, EMAIL)
        return [at for at, name in enumerate(names) if name in wanted]

    def _note_cell(self, table: CsvTable, line: int, at: int, fault: Problem) -> None:
        def described() -> Diagnostic:
            span, excerpt = table.locate(line, table.columns[at])
            return _entry_fault(fault).diagnostic(self._path, span, excerpt=excerpt)

        self._problems.add_row(("suppress-entry", self._path), line, described)

    # ── both ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _normalised(self, entry: str) -> str | Problem:
        is_email = self._column == EMAIL if self._file.is_specs else "@" in entry
        return normalise_email(entry) if is_email else normalise_phone(entry, self._country)


_EMPTY = Problem("phone-empty", "the row has none", "fill it in, or remove the row")


def _entry_fault(fault: Problem) -> LineProblem:
    return LineProblem("suppress-entry", f"the entry can't be read as an address: {fault.problem}", fault.fix)


def _with_own_fix(problem: Diagnostic) -> Diagnostic:
    """The fixes of a recipients' table name keys that a list doesn't have."""
    if problem.code != "table-delimiter":
        return problem
    return replace(problem, fix="save the list with commas between its cells, and the names of the columns on line 1")


def _no_column(path: str, names: tuple[str, ...], wanted: str) -> Diagnostic:
    found = quoted(", ".join(names)) or "none"
    problem = Problem(
        "suppress-column",
        f"the list has no column '{wanted}'; columns found are: {found}",
        f"call the column that holds the addresses '{wanted}', or keep that column alone",
    )
    return problem.diagnostic(path)


def _unreadable(problems: Problems) -> SuppressUnreadable:
    first = problems.first_error
    assert first is not None
    return SuppressUnreadable(
        f"a list of suppressed addresses has changed and can't be used: {first.path}:{first.span.start.line}:"
        f" {first.problem} [{first.code}]",
        f"{first.fix}; then run the command again",
    )
