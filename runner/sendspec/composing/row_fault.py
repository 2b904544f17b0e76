"""Recognises rows whose faults are those of an earlier row, without composing each of them again to find its words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TypeAlias

from sendspec.composing.block_result import FILTERED, BlockComposer
from sendspec.composing.compiled_spec import CompiledSpec
from sendspec.composing.recipient_reader import adds_up
from sendspec.composing.template_tree import Node, Placeholder, placeholders_of
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.problem import Problem
from sendspec.reading.tables.row import named_cells

Cells: TypeAlias = Sequence[str]
RowFault: TypeAlias = tuple[tuple[int, ...], tuple[str, str] | None]
"""All that is wrong with a row: the numbers of its empty columns, and the code and fix of its address's problem.

Rows of one spec with the same fault have the same problems, in the same order.
"""
MAX_ADDRESSES = 1_000
"""Different unusable addresses that are remembered: most are fillers, such as `-`, and are in many rows."""
_STAND_IN = "0"
_NO_COLUMNS = frozenset({"row", "omit", "message_id"})
_PLAIN = lazy_pattern(r"\{\{\s*(?:([^\W\d]\w*)|row\['([^'\\{}]+)'\]|row\[\"([^\"\\{}]+)\"\])\s*\}\}")
"""A tag that is nothing but a column: what an empty cell does there depends on no other cell."""


class RowFaultFinder:
    """Finds the faults of rejected rows by mending them: a row that can be composed with other cells has no further fault."""

    def __init__(
        self,
        compiled_spec: CompiledSpec,
        constants: Iterable[str],
        columns: tuple[str, ...],
        sample: str,
        compose: BlockComposer,
    ) -> None:
        """`constants` are the names that no column can take; `sample` is a valid address; `compose` must use no Jinja."""
        plain, all_uses = _uses_of(compiled_spec)
        unusable = {*constants, *_NO_COLUMNS}
        number_by_name = {name: number for number, name in enumerate(columns)}
        self._required = [
            number for name, number in number_by_name.items() if name not in unusable and _is_only_plain(name, plain, all_uses)
        ]  # fmt: skip
        self._columns = columns
        self._normalise = compiled_spec.normalise
        self._sample = sample
        self._compose = compose
        column = compiled_spec.address_column
        number = number_by_name.get(column or "")
        self._address = number if number in self._required else None
        self._is_address_alone = _is_alone(compiled_spec.to, column) and all_uses.count(column or "") == 1
        self._is_address_first = self._is_address_alone and compiled_spec.where is True
        self._problem_by_address: dict[str, tuple[str, str]] = {}

    def faults_of(self, rows: Sequence[Cells], *, first_only: bool) -> Iterator[RowFault | None]:
        """The fault of each row, in order. None: the row has to be composed to find out.

        `first_only`: only its first problem is recorded, so there may be others.
        """
        if not (first_only and self._is_address_first):
            yield from self._proven(rows)
            return
        first = [self._address_fault(cells) for cells in rows]
        others = self._proven([cells for cells, fault in zip(rows, first, strict=True) if fault is None])
        for fault in first:
            yield next(others) if fault is None else fault

    def _address_fault(self, cells: Cells) -> RowFault | None:
        """What is wrong with an address that is there, unless a spreadsheet's error may come before it."""
        address = "" if self._address is None else cells[self._address]
        problem = self._problem_of(address) if address and "#" not in "".join(cells) else None
        return problem and ((), problem)

    def _proven(self, rows: Sequence[Cells]) -> Iterator[RowFault | None]:
        """The fault of each row that has no other."""
        faults = [self._fault_of(cells) for cells in rows]
        donor = {
            number: next((cells[number] for cells in rows if cells[number]), _STAND_IN) for number in self._required
        }
        mended = [self._mended(cells, fault, donor) for cells, fault in zip(rows, faults, strict=True) if fault]
        refused = {index for index, other in self._compose(mended)[-1] if other is None or other is FILTERED}
        number = -1
        for fault in faults:
            number += fault is not None
            yield fault if number not in refused else None

    def _fault_of(self, cells: Cells) -> RowFault | None:
        """The only fault that the row can have, if a mended one can be composed."""
        empty = tuple([number for number in self._required if not cells[number]]) if "" in cells else ()
        if self._address is None:
            return (empty, None) if empty else None
        if self._address in empty:
            return None if adds_up(named_cells(self._columns, cells)) else (empty, None)
        problem = self._problem_of(cells[self._address]) if self._is_address_alone else None
        return (empty, problem) if empty or problem else None

    def _problem_of(self, address: str) -> tuple[str, str] | None:
        """Code and fix of what is wrong with the address. None also for one that may be a spreadsheet's error: those come first."""
        if "#" in address:
            return None
        known = self._problem_by_address.get(address)
        if known is None and isinstance(problem := self._normalise(address), Problem):
            known = (problem.code, problem.fix)
            if len(self._problem_by_address) < MAX_ADDRESSES:
                self._problem_by_address[address] = known
        return known

    def _mended(self, cells: Cells, fault: RowFault, donor: dict[int, str]) -> Cells:
        mended = list(cells)
        empty, problem = fault
        for number in empty:
            mended[number] = donor[number]
        if self._address is not None and (problem is not None or self._address in empty):
            mended[self._address] = self._sample
        return mended


def _uses_of(compiled_spec: CompiledSpec) -> tuple[list[str], list[str]]:
    """The columns that the spec's templates use: those in a tag of their own, and all of them. `where` has no tags of its own."""
    where = () if isinstance(compiled_spec.where, bool) else (compiled_spec.where,)
    nodes = (compiled_spec.to, compiled_spec.key, compiled_spec.receiver, compiled_spec.content)
    placeholders = [each for node in nodes if node is not None for each in placeholders_of(node)]
    plain = [name for each in placeholders for name in _plain_in(each)]
    all_of = chain(placeholders, (each for node in where for each in placeholders_of(node)))
    return plain, [use.name for each in all_of for use in (*each.template.names, *each.template.columns)]


def _plain_in(placeholder: Placeholder) -> list[str]:
    source = placeholder.template.source
    if "{%" in source or "{#" in source:
        return []
    return [next(filter(None, match.groups())) for match in _PLAIN.finditer(source)]


def _is_only_plain(name: str, plain: Sequence[str], all_uses: Sequence[str]) -> bool:
    return 0 < plain.count(name) == all_uses.count(name)


def _is_alone(to: Node | None, column: str | None) -> bool:
    """Whether the address is the column's cell as it is."""
    if not isinstance(to, Placeholder):
        return False
    match = _PLAIN.fullmatch(to.template.source)
    return match is not None and column in match.groups()
