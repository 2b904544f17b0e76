"""Detects repeated recipients. A row with the same message is a duplicate and skipped; one with another message is an error."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from enum import Enum, auto

from sendspec.composing.compact_key_set import CompactKeySet
from sendspec.composing.identity import FINGERPRINT_BYTES, REFERENCE_HASH_BYTES, reference_hash
from sendspec.composing.message import Composed, Duplicate, Message
from sendspec.composing.row_diagnostic import row_diagnostic
from sendspec.diagnostics.diagnostic import Diagnostic, Problems, Severity
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.tables.row import Row
from sendspec.reading.tables.table import Table

MAX_COMPARED = 100
"""Repeated rows that are compared with the first."""
NUMBER_END = 8
"""Digits that two ways to write one phone number have in common."""
_NUMBER_SIGNS = lazy_pattern(r"[ +./()-]+")
MAX_LISTED = 5
"""Columns that are listed for each."""


class RepeatKind(Enum):
    """How a row repeats the recipient of an earlier row: with the same message, or with another one."""

    REPEATED = auto()
    CONFLICTING = auto()


class Duplicates:
    """Remembers the messages of one spec, given in the order of their rows. Repeats are added to `problems`."""

    def __init__(
        self,
        table: Table,
        problems: Problems,
        *,
        own_reference: bool,
        fixed: Diagnostic | None = None,
        key_of: Callable[[Row], str] | None = None,
        used: Collection[str] = (),
    ) -> None:
        """`own_reference`: the spec writes `reference` itself, so references can repeat too.

        `fixed` is what to report of conflicts where the spec gives all rows one recipient. `key_of` gives a row's key as it may be
        shown; None if the address is the key. `used` are the columns that the message uses.
        """
        self._fixed = fixed
        self._key_of = key_of
        self._used = used
        self._table = table
        self._problems = problems
        self._messages = CompactKeySet(FINGERPRINT_BYTES)
        self._compared = 0
        self._references = CompactKeySet(REFERENCE_HASH_BYTES) if own_reference else None

    def judge(
        self, fingerprints: Sequence[bytes], reference_hashes: Sequence[bytes], lines: Sequence[int]
    ) -> dict[int, RepeatKind]:
        """The verdict on each message whose recipient an earlier one has, by its index in `fingerprints`.

        A fingerprint is a message's `folded_fingerprint`, else its id followed by its digest. `reference_hashes` is used only with `own_reference`. `lines`
        are the messages' lines in the table; a `range` promises consecutive ones and costs less.
        """
        repeated = self._messages.add(b"".join(fingerprints), lines)
        for at, first_line, same in repeated:
            self._note(lines[at], first_line, same=same)
        verdicts = {at: RepeatKind.REPEATED if same else RepeatKind.CONFLICTING for at, _, same in repeated}
        if self._references is not None:
            firsts = [at for at in range(len(lines)) if at not in verdicts] if verdicts else range(len(lines))
            lines = [lines[at] for at in firsts]
            for at, first_line, _ in self._references.add(b"".join([reference_hashes[at] for at in firsts]), lines):
                self._note_reference(lines[at], first_line)
        return verdicts

    def _note(self, line: int, first_line: int, *, same: bool) -> None:
        fixed = self._fixed
        if fixed is not None and not same:
            self._problems.add_row(("conflicting-rows", fixed.path), line, lambda: fixed)
            return
        self._problems.add_row(
            ("duplicate-rows" if same else "conflicting-rows", self._table.path),
            line,
            lambda: self._repeated(line, first_line) if same else self._conflicting(line, first_line),
        )

    def _repeated(self, line: int, first_line: int) -> Diagnostic:
        first, second = self._rows_at(first_line, line)
        problem = f"{_same_recipient(line, first_line)}, with the same message"
        if self._key_of is not None and first is not None and second is not None:
            spaces = " once the spaces around it are left out" if _differ_in_spaces(first, second) else ""
            problem = (
                f"lines {first_line} and {line} both have the key {self._key_of(second)}{spaces}, and the same message"
            )
        return row_diagnostic(
            self._table,
            line,
            None,
            code="duplicate-rows",
            problem=problem,
            fix="remove one of them",
            severity=Severity.WARNING,
            also=(f"the first is on line {first_line}", *_about_capitals(first, second)),
        )

    def _conflicting(self, line: int, first_line: int) -> Diagnostic:
        first, second = self._rows_at(first_line, line)
        problem = f"{_same_recipient(line, first_line)}, with another message"
        difference = self._difference(first, second)
        fix = "keep one of them, or give `recipients` a `key:` that tells them apart"
        if self._key_of is not None and second is not None:
            problem = f"lines {first_line} and {line} both have the key {self._key_of(second)}"
            problem += "" if difference else ", with different messages"
            fix = "correct one of them, or remove it; if both are meant, write a `key:` that tells them apart"
        return row_diagnostic(
            self._table,
            line,
            None,
            code="conflicting-rows",
            problem=problem + difference,
            fix=fix,
            also=(f"the first is on line {first_line}", *_about_capitals(first, second)),
        )

    def _rows_at(self, first_line: int, line: int) -> tuple[Row | None, Row | None]:
        """Two rows of one recipient. Reads the table, so only a few are given."""
        if first_line == line or self._compared == MAX_COMPARED:
            return None, None
        self._compared += 1
        found: dict[int, Row] = {}
        for row in self._table.rows(Problems()):
            if row.line in (first_line, line):
                found[row.line] = row
                if row.line == line:
                    break
        return found.get(first_line), found.get(line)

    def _difference(self, first: Row | None, second: Row | None) -> str:
        """The columns that make the messages of two rows differ, for the end of a sentence."""
        if first is None or second is None:
            return ""
        one, other = first.values, second.values
        differing = [name for name in self._table.columns if one.get(name) != other.get(name)]
        shown = [name for name in differing if name in self._used]
        shown = shown or [name for name in differing if _differ(one.get(name), other.get(name))]
        names = [f"'{quoted(name)}'" for name in shown]
        if not names:
            return ""
        return f": the rows differ in {', '.join(names[:MAX_LISTED])}" + (", …" if len(names) > MAX_LISTED else "")

    def _note_reference(self, line: int, first_line: int) -> None:
        self._problems.add_row(
            ("reference-repeated", self._table.path),
            line,
            lambda: row_diagnostic(
                self._table,
                line,
                None,
                code="reference-repeated",
                problem=f"{'two rows of line' if line == first_line else f'lines {first_line} and'} {line} have the same reference",
                fix='put a column that differs into `reference`, write "{{ message_id }}", or remove it',
            ),
        )


def _same_recipient(line: int, first_line: int) -> str:
    if line == first_line:
        return f"two rows of line {line} name the same recipient"
    return f"line {line} names the same recipient as line {first_line}"


def _differ_in_spaces(first: Row, second: Row) -> bool:
    """Whether a text of one row is that of the other but for white space around it."""
    return any(
        isinstance(text, str)
        and isinstance(other := second.values.get(name), str)
        and text.strip() == other.strip() != ""
        for name, text in first.values.items()
        if text != second.values.get(name)
    )


def _about_capitals(first: Row | None, second: Row | None) -> Iterator[str]:
    if first is None or second is None:
        return
    pairs = ((value, second.values.get(name)) for name, value in first.values.items())
    if any(_differ_in_capitals(*pair) for pair in pairs):
        yield "e-mail addresses that differ only in capitals count as one"


def _differ_in_capitals(first: object, second: object) -> bool:
    """Whether two cells hold one e-mail address, its local part written with other capitals."""
    if not isinstance(first, str) or not isinstance(second, str) or first.count("@") != 1 or second.count("@") != 1:
        return False
    return first.split("@")[0] != second.split("@")[0] and first.strip().lower() == second.strip().lower()


def _differ(first: object, second: object) -> bool:
    """Whether two cells differ by more than the way in which one number or one e-mail address is written."""
    if first == second or not isinstance(first, str) or not isinstance(second, str):
        return first != second
    if _differ_in_capitals(first, second):
        return False
    digits = [_NUMBER_SIGNS.sub("", text) for text in (first, second)]
    return not all(each.isdigit() for each in digits) or digits[0][-NUMBER_END:] != digits[1][-NUMBER_END:]


def mark_duplicates(
    composed: Iterator[Composed],
    table: Table,
    problems: Problems,
    *,
    own_reference: bool,
    fixed: Diagnostic | None = None,
    key_of: Callable[[Row], str] | None = None,
    used: Collection[str] = (),
    folded_of: Callable[[Message], bytes] = lambda message: b"",
) -> Iterator[Composed]:
    """Yields the items, with a `Duplicate` for each repeated message.

    A row that conflicts with an earlier one is left out; that is an error, as is a repeated reference.
    """
    duplicates = Duplicates(table, problems, own_reference=own_reference, fixed=fixed, key_of=key_of, used=used)
    for item in composed:
        if not isinstance(item, Message):
            yield item
            continue
        hashes = [reference_hash(item.reference)] if own_reference else []
        verdict = duplicates.judge([folded_of(item) or item.id + item.digest], hashes, [item.line]).get(0)
        if verdict is None:
            yield item
        elif verdict is RepeatKind.REPEATED:
            yield Duplicate(item.line)
