"""Texts whose order as texts is not the one that they mean."""

from __future__ import annotations

import pytest
from sendspec.composing.text_order import Kind, misordered

SORTED = [
    ("2026-03-14", "2026-01-01"),
    ("2026-03-14T10:00", "2026-01-01"),
    ("2026/03/14", "2026/01/01"),
    ("1012", "9999"),
    ("12.50", "99"),
    ("09:30", "10:00"),
    ("Ann", "M"),
    ("Ann", ""),
    ("7", "7"),
    ("A10", "A9"),
]
MISORDERED = [
    ("03/14/2026", "2026-01-01", Kind.DATE, "such as 2026-03-14 for 03/14/2026"),
    ("2026-01-01", "14-03-2026", Kind.DATE, "such as 2026-03-14 for 14-03-2026"),
    ("03/04/2026", "01/01/2026", Kind.DATE, "such as 2026-03-14,"),
    ("2026/03/14", "2026-01-01", Kind.DATE, "year-month-day"),
    ("2026-3-14", "2026-01-01", Kind.DATE, "year-month-day"),
    ("14 mars 2026", "2026-01-01", Kind.DATE, "year-month-day"),
    ("March 14, 2026", "2026-01-01", Kind.DATE, "year-month-day"),
    ("46095", "2026-01-01", Kind.DATE, "year-month-day"),
    ("n/a", "2026-01-01", Kind.DATE, "year-month-day"),
    ("99", "100", Kind.NUMBER, ""),
    ("1.234", "1000", Kind.NUMBER, ""),
    ("9,50", "10,00", Kind.NUMBER, ""),
    ("-5", "3", Kind.NUMBER, ""),
    ("€ 12,50", "10", Kind.NUMBER, ""),
    ("n/a", "100", Kind.NUMBER, ""),
    ("9:30", "10:00", Kind.TIME, "09:30"),
]


@pytest.mark.parametrize(("left", "right"), SORTED)
def test_texts_that_sort_as_they_are_meant(left: str, right: str) -> None:
    assert misordered(left, right) is misordered(right, left) is None


@pytest.mark.parametrize(("left", "right", "kind", "fix"), MISORDERED)
def test_texts_that_sort_otherwise(left: str, right: str, kind: Kind, fix: str) -> None:
    found = misordered(left, right)
    assert found is not None
    assert found.kind is kind
    assert fix in found.fix
