"""Which ledger an environment has: its id, and the salt that message ids are keyed with."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.errors import LedgerTrouble

LOCK_FILE = "sendspec.lock"
FORMAT = 1
SALT_BYTES = 32


@dataclass(frozen=True, slots=True)
class LedgerIdentity:
    """`salt` is 32 bytes. The ledger itself doesn't hold it: alone, it can't be searched for phone numbers."""

    ledger: str
    salt: bytes


def read_identities(path: Path) -> dict[str, LedgerIdentity]:
    """The identities in a `sendspec.lock` by environment; none where there is no such file."""
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
        if written["lock"] != FORMAT:
            raise LedgerTrouble(f"{path.name} has format {written['lock']}", "update sendspec")
        return {name: _identity(entry) for name, entry in written["environments"].items()}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError, OSError):
        raise LedgerTrouble(f"{path.name} can't be read", f"restore it from git: git checkout {path.name}") from None


def write_identity(path: Path, environment: str, identity: LedgerIdentity) -> None:
    """Adds or replaces one environment's identity; the file is replaced whole, never half."""
    known = {**read_identities(path), environment: identity}
    content = {
        "lock": FORMAT,
        "environments": {name: {"ledger": one.ledger, "salt": one.salt.hex()} for name, one in sorted(known.items())},
    }
    write_whole(path, json.dumps(content, indent=2) + "\n", 0o644)


def _identity(entry: dict[str, Any]) -> LedgerIdentity:
    salt = bytes.fromhex(entry["salt"])
    if len(salt) != SALT_BYTES:
        raise ValueError
    return LedgerIdentity(str(entry["ledger"]), salt)


def write_whole(path: Path, text: str, mode: int) -> None:
    """Replaces the file at `path` by one with this text, so that a crash leaves the old or the new one."""
    made = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    made.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    os.fsync(folder)
    os.close(folder)
