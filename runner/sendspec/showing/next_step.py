"""The commands that a user may want to give next."""

from __future__ import annotations

from collections.abc import Sequence

from sendspec.diagnostics.redaction import printable


def next_text(commands: Sequence[str]) -> str:
    """A paragraph of its own, to be the last of an output; empty without commands."""
    return "\nnext: " + "\n      ".join(map(printable, commands)) if commands else ""
