"""Where a table has the recipients of one send's messages: by message id, in about 60 bytes a message."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import field
from types import MappingProxyType

from sendspec.composing.identity import ID_BYTES
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.reading.contacts.number_country import UNKNOWN
from sendspec.reading.tables.row import Row

_PREFIX_BYTES = 8
_NO_CELLS: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRow:
    """`number` counts the rows of the table from 1, `line` the lines of its file.

    `key_column` is None if the key comes from several columns. `key` is masked if it is the address, and None where logs are
    public. `cells` are the row's values in the columns that were asked for. `country` is that of its number, as far as its prefix tells.
    """

    path: str
    number: int
    line: int
    key_column: str | None
    key: str | None
    cells: Mapping[str, object] = field(default_factory=lambda: _NO_CELLS)
    country: str = UNKNOWN


class FoundRows:
    """The rows of the messages with certain ids, of one send in one table.

    Objects would take twenty times the memory, and a list may have 100,000 messages. Ids are found through an index with open addressing:
    they are keyed hashes, so their first bytes are spread evenly. Everything else is kept in arrays, at the number of the id.
    """

    def __init__(
        self,
        ids: bytes | bytearray,
        *,
        path: str,
        key_column: str | None,
        shows_keys: bool,
        columns: Sequence[str] | None,
    ) -> None:
        """`ids` are joined, in any order. `columns` are those whose cells are kept: all if it is empty, none if it is None."""
        count = len(ids) // ID_BYTES
        self._ids = ids
        self._slots = _zeros("I", 2 << count.bit_length())
        """Numbers of ids, from 1. At most half of the slots are in use."""
        self.left = sum(map(self._enter, range(1, count + 1)))
        """How many messages have no row yet."""
        self._path, self._key_column, self._shows_keys = path, key_column, shows_keys
        self._rows, self._lines = _zeros("I", count + 1), _zeros("I", count + 1)
        """Row and line of each id, 0 if it has none yet."""
        self._keys, self._key_starts, self._key_ends = bytearray(), _zeros("I", count + 1), _zeros("I", count + 1)
        self._countries: list[str] = []
        self._country_indexes = _zeros("H", count + 1)
        self._columns = columns
        self._cells: dict[int, Mapping[str, object]] = {}

    def lacks(self, identity: bytes) -> bool:
        """True for one of the ids that has no row yet."""
        at = self._slots[self._slot_of(identity)]
        return at > 0 and not self._rows[at]

    def add(self, identity: bytes, number: int, row: Row, key: str, country: str) -> None:
        """Keeps the row of an id that lacks one. `number` counts the rows from 1; `key` as it may be shown."""
        at = self._slots[self._slot_of(identity)]
        if not at or self._rows[at]:
            raise ValueError("this message was not looked for, or was found before")
        self._rows[at], self._lines[at] = number, row.line
        self._key_starts[at] = len(self._keys)
        if self._shows_keys:
            self._keys += key.encode("utf-8", "surrogatepass")
        self._key_ends[at] = len(self._keys)
        if country not in self._countries:
            self._countries.append(country)
        self._country_indexes[at] = self._countries.index(country)
        if self._columns is not None:
            values = row.values
            named = {name: values[name] for name in self._columns if name in values}
            self._cells[at] = named if self._columns else values
        self.left -= 1

    def row_of(self, identity: bytes) -> RecipientRow | None:
        at = self._slots[self._slot_of(identity)]
        if not at or not self._rows[at]:
            return None
        key = self._keys[self._key_starts[at] : self._key_ends[at]].decode("utf-8", "surrogatepass")
        return RecipientRow(
            path=self._path,
            number=self._rows[at],
            line=self._lines[at],
            key_column=self._key_column,
            key=key if self._shows_keys else None,
            cells=self._cells.get(at, _NO_CELLS),
            country=self._countries[self._country_indexes[at]],
        )

    def _enter(self, number: int) -> bool:
        """False for an id that was entered before."""
        slot = self._slot_of(self._ids[(number - 1) * ID_BYTES : number * ID_BYTES])
        if self._slots[slot]:
            return False
        self._slots[slot] = number
        return True

    def _slot_of(self, identity: bytes | bytearray) -> int:
        """The slot of an id, or the empty one where it would be."""
        slots, ids = self._slots, self._ids
        mask = len(slots) - 1
        slot = int.from_bytes(identity[:_PREFIX_BYTES], "big") & mask
        while (number := slots[slot]) and not ids.startswith(identity, (number - 1) * ID_BYTES):
            slot = (slot + 1) & mask
        return slot


def _zeros(kind: str, count: int) -> array[int]:
    return array(kind, [0]) * count
