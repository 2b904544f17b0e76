"""The characters that a YAML file may have."""

from __future__ import annotations

from sendspec.reading.documents.yaml_scanner import _NOT_PRINTABLE

PRINTABLE = (
    range(0x09, 0x0B), range(0x20, 0x7F), range(0xA0, 0x2028), range(0x202A, 0xD800), range(0xE000, 0xFFFE), range(0x10000, 0x110000),
)  # fmt: skip
"""YAML 1.2, section 5.1, without line ends other than U+000A."""


def test_what_is_not_printable_is_the_complement_of_what_is() -> None:
    printable = {code for each in PRINTABLE for code in each}
    found = {code for code in range(0x110000) if _NOT_PRINTABLE.match(chr(code)) is None}
    assert found == printable
