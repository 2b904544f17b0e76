"""Rows found by message id: the compact form has what a mapping of objects would have."""

from __future__ import annotations

import tracemalloc
from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.composing.identity import ID_BYTES
from sendspec.operations.found_rows import FoundRows, RecipientRow
from sendspec.reading.tables.row import Row

PREFIXES = [bytes(8), b"\xff" * 8, bytes(7) + b"\x01", bytes(7) + b"\x81"]
"""Ids that begin alike, or whose slots are neighbours."""
ids = st.builds(bytes.__add__, st.sampled_from(PREFIXES), st.sampled_from([bytes(8), b"\x01" * 8, b"\xff" * 8]))
keys = st.sampled_from(["", "a", "é", "\ud800", "+31••45", "k" * 300])
rows = st.tuples(
    ids, st.integers(1, 2**32 - 1), st.integers(1, 2**32 - 1), keys, st.sampled_from(["NL", "GB", "unknown", "US"])
)
CELLS = {"a": "1", "b": 2, "c": None}


def found_rows(joined: bytes, columns: list[str] | None = None, *, shows_keys: bool = True) -> FoundRows:
    return FoundRows(joined, path="people.csv", key_column="a", shows_keys=shows_keys, columns=columns)


@given(
    st.lists(ids, max_size=12),
    st.lists(rows, max_size=12),
    st.sampled_from([None, [], ["b"], ["c", "a", "gone"]]),
    st.booleans(),
)
def test_rows_are_found_as_in_a_mapping(
    wanted: list[bytes],
    added: list[tuple[bytes, int, int, str, str]],
    columns: list[str] | None,
    shows_keys: bool,
) -> None:
    """Law: it has the first row of each wanted id and of no other, with the cells of the columns that were asked for."""
    found, plain = found_rows(b"".join(wanted), columns, shows_keys=shows_keys), dict[bytes, RecipientRow]()
    chosen = {} if columns is None else {name: CELLS[name] for name in columns or CELLS if name in CELLS}
    for identity, number, line, key, country in added:
        lacks = identity in wanted and identity not in plain
        assert found.lacks(identity) == lacks
        if lacks:
            found.add(identity, number, Row(line, CELLS), key, country)
            plain[identity] = RecipientRow(
                path="people.csv", number=number, line=line, key_column="a", key=key if shows_keys else None, cells=chosen, country=country
            )  # fmt: skip
    assert found.left == len(set(wanted)) - len(plain)
    for identity in {*wanted, *(each[0] for each in added)}:
        assert found.row_of(identity) == plain.get(identity)


def test_a_row_that_nobody_lacks_is_refused() -> None:
    found = found_rows(bytes(ID_BYTES))
    found.add(bytes(ID_BYTES), 1, Row(2, {}), "k", "NL")
    for identity in (bytes(ID_BYTES), b"\x01" * ID_BYTES):
        with pytest.raises(ValueError, match="not looked for"):
            found.add(identity, 2, Row(3, {}), "k", "NL")


def test_a_message_takes_less_than_a_hundred_bytes() -> None:
    """The rows of 100,000 messages took 130 MB as objects with their cells."""
    count = 20_000
    joined = b"".join(blake2b(b"%d" % n, digest_size=ID_BYTES).digest() for n in range(count))
    cells = {f"column {n}": "value" for n in range(7)}
    tracemalloc.start()
    try:
        found = found_rows(joined)
        for n in range(count):
            identity = joined[n * ID_BYTES : (n + 1) * ID_BYTES]
            found.add(identity, n + 1, Row(n + 2, {**cells}), f"A{n:07}", "NL")
        assert tracemalloc.get_traced_memory()[1] < 100 * count
    finally:
        tracemalloc.stop()
