"""Finds the JSON Schema files: inside the installed package, or at the top of a checkout."""

from __future__ import annotations

from pathlib import Path


def schema_directory() -> Path:
    """The folder of the `*.schema.json` files. A wheel carries them as `sendspec/schemas`."""
    package = Path(__file__).resolve().parents[2]
    inside = package / "schemas"
    return inside if inside.is_dir() else package.parents[1] / "schemas"
