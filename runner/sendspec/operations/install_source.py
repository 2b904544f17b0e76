"""Where this sendspec was installed from, by the record that its installer left (PEP 610): a CI job can install it from there."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern

HERE = "a folder or a file on this machine"
_SAFE_URL = lazy_pattern(r"(?:https|ssh)://[A-Za-z0-9._~:/@%+-]+")
"""It becomes part of a shell command in a workflow."""
_COMMIT = lazy_pattern(r"[0-9a-f]{40,64}")
_SHA256 = lazy_pattern(r"[0-9a-f]{64}")
_VERSION = lazy_pattern(r"[A-Za-z0-9.+!-]+")


@dataclass(frozen=True, slots=True)
class FromIndex:
    """A package index, under this version."""

    version: str


@dataclass(frozen=True, slots=True)
class FromAddress:
    """An address that names one commit, or one file with its hash. `requirement` is what pip takes."""

    requirement: str


@dataclass(frozen=True, slots=True)
class FromThisMachine:
    """A folder or a file, or a source that could change: no CI job can be sure to get the same. `place` says which."""

    place: str


InstallSource = FromIndex | FromAddress | FromThisMachine


def install_source() -> InstallSource:
    """Where the running sendspec comes from."""
    try:
        installed = distribution("sendspec")
    except PackageNotFoundError:
        return FromThisMachine(HERE)
    return source_of(installed.read_text("direct_url.json"), installed.version)


def source_of(record: str | None, version: str) -> InstallSource:
    """The source by the text of `direct_url.json`; None: there is no such record, so it was installed by name from an index."""
    if record is None:
        return FromIndex(version) if _VERSION.fullmatch(version) else FromThisMachine("an index")
    try:
        found: dict[str, Any] = json.loads(record)
        address = _without_password(str(found["url"]))
        commit = str(found.get("vcs_info", {}).get("commit_id", ""))
        is_git = found.get("vcs_info", {}).get("vcs") == "git"
        archive: dict[str, Any] = found.get("archive_info", {})
        digest = str(archive.get("hashes", {}).get("sha256", "")) or str(archive.get("hash", "")).removeprefix(
            "sha256="
        )
    except (ValueError, KeyError, AttributeError, TypeError):
        return FromThisMachine("a place that its record doesn't say")
    if address.startswith("file:"):
        return FromThisMachine(HERE)
    if not _SAFE_URL.fullmatch(address):
        return FromThisMachine(address)
    if is_git and _COMMIT.fullmatch(commit):
        return FromAddress(f"sendspec @ git+{address}@{commit}")
    if _SHA256.fullmatch(digest) and address.startswith("https:"):
        return FromAddress(f"sendspec @ {address}#sha256={digest}")
    return FromThisMachine(address)


def _without_password(address: str) -> str:
    """The address without a user's name and password, which must not get into a file that is committed; `git@` stays."""
    parts = urlsplit(address)
    user, at, host = parts.netloc.rpartition("@")
    kept = f"{user}{at}{host}" if user == "git" else host
    return urlunsplit(parts._replace(netloc=kept))
