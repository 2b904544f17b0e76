"""Holds every package of the lock files against known vulnerabilities, and says what was looked at and what could not be.

Two sources: a wheel that ships a snapshot of the public advisories, of which only the data is read; and `pip-audit`, where it is
installed and its index answers. Exit code 0: at least one of them knew every package, and nothing is known against any. 1: something
is, or nobody could be asked.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

PIP_AUDIT_SECONDS = 120
DATA = "db.json"
_PINNED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)")


@dataclass(frozen=True, slots=True)
class Pin:
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Advisory:
    """What is known against a package: `fixed_in` is a version, or empty."""

    identity: str
    said: str
    fixed_in: str


class Unusable(Exception):
    """A lock file or a source can't be read."""


def pins_of(lock: Path) -> list[Pin]:
    """The packages of a lock file. Raises `Unusable` for a requirement that is not pinned, as nobody knows what it stands for."""
    pins = []
    for line in lock.read_text(encoding="utf-8").splitlines():
        words = line.split("#")[0].strip()
        if not words or words.startswith("--hash="):
            continue
        found = _PINNED.match(words)
        if found is None:
            raise Unusable(f"{lock}: not pinned: {words}")
        pins.append(Pin(canonicalize_name(found[1]), found[2]))
    if not pins:
        raise Unusable(f"{lock}: it names no package")
    return pins


class Snapshot:
    """The advisories in a wheel: a mapping of packages to lists of `{id, v, advisory, fixed_in}`, `v` being a version specifier."""

    def __init__(self, wheel: Path) -> None:
        try:
            with zipfile.ZipFile(wheel) as archive:
                [entry] = [entry for entry in archive.infolist() if entry.filename.endswith(f"/{DATA}")]
                found: Mapping[str, Sequence[Mapping[str, str]]] = json.loads(archive.read(entry))
            self._advisories = {str(canonicalize_name(name)): listed for name, listed in found.items()}
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise Unusable(f"{wheel.name}: it holds no advisories: {error}") from error
        self.name = "-".join(wheel.name.split("-")[:2])
        self.made = date(*entry.date_time[:3])
        self.count = sum(map(len, self._advisories.values()))

    def against(self, pin: Pin) -> Iterator[Advisory]:
        version = Version(pin.version)
        for entry in self._advisories.get(pin.name, ()):
            if SpecifierSet(entry["v"]).contains(version, prereleases=True):
                yield Advisory(entry["id"], entry["advisory"], entry.get("fixed_in", ""))


def snapshot_in(folder: Path) -> Snapshot:
    wheels = sorted(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise Unusable("no snapshot of the advisories: it could not be downloaded")
    return Snapshot(wheels[0])


def asked_of_pip_audit(lock: Path) -> tuple[dict[str, list[Advisory]], list[str]]:
    """What `pip-audit` knows by package, and the packages that it could not look up. Raises `Unusable` where it doesn't answer."""
    program = shutil.which("pip-audit")
    if program is None:
        raise Unusable("pip-audit is not installed")
    words = [program, "--requirement", str(lock), "--disable-pip", "--require-hashes", "--format", "json"]
    try:
        done = subprocess.run(
            [*words, "--progress-spinner", "off"],
            capture_output=True,
            text=True,
            timeout=PIP_AUDIT_SECONDS,
            check=False,
        )
        listed: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired):
        raise Unusable("pip-audit: its index does not answer") from None
    known = {
        entry["name"]: [
            Advisory(one["id"], str(one.get("description", "")), ", ".join(one.get("fix_versions", [])))
            for one in entry["vulns"]
        ]
        for entry in listed
        if "skip_reason" not in entry
    }
    skipped = [entry["name"] for entry in listed if "skip_reason" in entry]
    if not known:
        raise Unusable("pip-audit: its index knows none of the packages")
    return known, skipped


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def tell(lock: Path, against: Mapping[str, Sequence[Advisory]]) -> int:
    """Lists what is known against the packages of a lock file; how many advisories those are."""
    for package, advisories in against.items():
        for one in advisories:
            fix = f"; fixed in {one.fixed_in}" if one.fixed_in else ""
            say(f"  {lock}: {package}: {one.identity}: {' '.join(one.said.split())[:160]}{fix}")
    return sum(map(len, against.values()))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--snapshot", type=Path, required=True, help="folder with the wheel that ships the advisories")
    parser.add_argument("locks", type=Path, nargs="+")
    options = parser.parse_args()
    pins_by_lock = {lock: pins_of(lock) for lock in options.locks}
    found, answered = 0, False
    try:
        snapshot = snapshot_in(options.snapshot)
    except Unusable as error:
        say(f"audit: could not be done: {error}")
    else:
        answered = True
        age = (datetime.now(UTC).date() - snapshot.made).days
        say(
            f"audit: {snapshot.count:,} advisories of {snapshot.made} ({snapshot.name}), {age} days old: newer ones are not in it"
        )
        for lock, pins in pins_by_lock.items():
            known = {f"{pin.name} {pin.version}": list(snapshot.against(pin)) for pin in pins}
            say(f"audit: {lock}: {len(pins)} packages looked up")
            found += tell(lock, known)
    for lock in pins_by_lock:
        try:
            known, skipped = asked_of_pip_audit(lock)
        except Unusable as error:
            say(f"audit: {lock}: could not be done: {error}")
            continue
        answered = answered or not skipped
        say(f"audit: {lock}: {len(known)} packages asked of pip-audit, {len(skipped)} not known there")
        found += tell(lock, known)
    if not answered:
        say("audit: failed: nobody could be asked")
    else:
        say(f"audit: {found or 'nothing'} known against the packages")
    return 1 if found or not answered else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Unusable as error:
        say(f"audit: failed: {error}")
        sys.exit(1)
