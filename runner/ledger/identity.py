"""Which ledger an environment has: its id, and the salt that message ids are keyed with."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from runner.errors import LedgerTrouble
from runner.ledger.fault import unwritable_file

LOCK_FILE = "sendspec.lock"
FORMAT = 1
SALT_BYTES = 32


@dataclass(frozen=True, slots=True)
class LedgerIdentity:
    """`salt` is 32 bytes. The ledger itself doesn't hold it: alone, it can't be searched for phone numbers."""

    ledger: str
    salt: bytes

    @property
    def salt_check(self) -> str:
        return salt_check_of(self.salt)


def salt_check_of(salt: bytes) -> str:
    """Tells a salt from another without giving it away: it is random, and as long as the hash.

    With another salt every message would have another id, and be sent again.
    """
    return blake2b(salt, digest_size=SALT_BYTES, person=b"salt check").hexdigest()


def read_identities(path: Path) -> dict[str, LedgerIdentity]:
    """The identities in a `sendspec.lock` by environment; none where there is no such file."""
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
        if written["lock"] != FORMAT:
            raise LedgerTrouble(f"{path.name} has format {written['lock']}", "update sendspec")
        return {name: _identity(entry) for name, entry in written["environments"].items()}
    except FileNotFoundError:
        return {}
    except NotADirectoryError as error:
        raise unwritable_file(path, error) from error
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError):
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
    ledger, salt = entry["ledger"], bytes.fromhex(entry["salt"])
    if not isinstance(ledger, str) or len(salt) != SALT_BYTES:
        raise ValueError
    return LedgerIdentity(ledger, salt)


def write_whole(path: Path, text: str, mode: int) -> None:
    """Replaces the file at `path` by one with this text, so that a crash leaves the old or the new one.

    Raises `LedgerUnwritable`, with the old one still there.
    """
    made = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        made.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            made.unlink()
        raise unwritable_file(path, error) from error


def sync_folder(folder: Path) -> None:
    """A new or renamed file is only there after a power cut when its folder is on disk too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
