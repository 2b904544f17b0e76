"""The files of a receiver of webhooks, in the project's private folder. Both hold numbers and texts."""

from __future__ import annotations

from pathlib import PurePath

from sendspec.reading.files.private_folder import FOLDER


def spool_path(environment: str) -> PurePath:
    """Requests that were answered, until they are stored: usually for less than a second. Relative to the project."""
    return PurePath(FOLDER, f"webhooks-{environment}.jsonl")


def aside_path(environment: str) -> PurePath:
    """Requests that were answered and that a person has to look at, until somebody removes the file. Relative to the project."""
    return PurePath(FOLDER, f"webhooks-{environment}.aside.jsonl")
