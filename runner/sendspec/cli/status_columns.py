"""Columns of the input that a list is asked for."""

from __future__ import annotations

from collections.abc import Sequence

import click

from sendspec.cli.console import Console
from sendspec.operations.recipient_row import RecipientRows


def refuse_columns(console: Console, columns: str | None) -> None:
    """Raises `click.UsageError` where columns can't be shown, or must not be."""
    if columns is not None and console.system.is_ci:
        raise click.UsageError(
            "--columns shows what recipients are called, and CI is set: many people can read its logs"
        )
    if columns is not None and console.format in ("text", "markdown"):
        raise click.UsageError("--columns adds to a list as CSV or JSON: add --format csv")


def refuse_unknown(columns: Sequence[str], rows: RecipientRows) -> None:
    """Raises `click.UsageError` for a column that the tables don't have."""
    unknown = [name for name in columns if rows.columns and name not in rows.columns]
    if unknown:
        raise click.UsageError(f"the table has no column '{unknown[0]}'; it has: {', '.join(rows.columns)}")
