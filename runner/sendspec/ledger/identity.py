"""The identity of an environment's ledger, its id and salt, and the file `sendspec.lock` that notes them."""

from __future__ import annotations

import errno
import json
import re
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

from sendspec.diagnostics.exceptions import LedgerLinked, LedgerTrouble
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.durable_file import unwritable_file, write_whole
from sendspec.reading.files.nofollow_open import read_beneath

LOCK_FILE = "sendspec.lock"
FORMAT = 1
SALT_BYTES = 32
MAX_BYTES = 1_000_000
"""Enough for thousands of environments."""


@dataclass(frozen=True, slots=True)
class LedgerIdentity:
    """`salt` is 32 bytes and keys the message ids. The ledger doesn't hold it, so a stolen ledger can't be searched for numbers.

    `file` and `channels` identify an environment that was renamed: the ledger's path, relative to the project if inside it,
    and the sorted channels as `workspace/channel`. None in an entry of an earlier release.
    """

    ledger: str
    salt: bytes
    file: str | None = None
    channels: tuple[str, ...] | None = None

    @property
    def salt_check(self) -> str:
        return salt_check_of(self.salt)


def salt_check_of(salt: bytes) -> str:
    """A hash to compare salts by. It doesn't reveal the salt, which is random and as long as the hash.

    With another salt every message would have another id and be sent again.
    """
    return blake2b(salt, digest_size=SALT_BYTES, person=b"salt check").hexdigest()


def read_identities(path: Path, top: Path | None = None) -> dict[str, LedgerIdentity]:
    """The identities in a `sendspec.lock` by environment; empty if there is no such file.

    No link is followed below the folder `top`, by default the file's own. Raises `LedgerLinked` for a link, else
    `LedgerTrouble`.
    """
    try:
        top = path.parent if top is None else top
        written = json.loads(read_beneath(top, path.relative_to(top), MAX_BYTES))
        if written["lock"] != FORMAT:
            raise LedgerTrouble(f"{path.name} has format {written['lock']}", "update sendspec")
        return {name: _identity(entry) for name, entry in written["environments"].items()}
    except FileNotFoundError:
        return {}
    except NotADirectoryError as error:
        raise unwritable_file(path, error) from error
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError) as error:
        if isinstance(error, OSError) and error.errno == errno.ELOOP:
            raise LedgerLinked(f"{path} is a link, or its folder is", "put the file or folder itself there") from None
        raise LedgerTrouble(f"{path.name} can't be read", f"restore it from git: git checkout {path.name}") from None


def write_identity(path: Path, environment: str, identity: LedgerIdentity) -> None:
    """Adds or replaces one environment's identity. The file is replaced atomically.

    The caller holds the lock on the folder of `path` (`folder_lock.folder_locked`), else an entry that another process adds
    meanwhile is lost.
    """
    for leftover in _unfinished(path):
        with suppress(OSError):
            leftover.unlink()
    known = {**read_identities(path), environment: identity}
    content = {"lock": FORMAT, "environments": {name: _entry(one) for name, one in sorted(known.items())}}
    write_whole(path, json.dumps(content, indent=2) + "\n", 0o644)


def _unfinished(path: Path) -> list[Path]:
    """The temporary files of processes that were killed while writing `path`."""
    form = re.compile(rf"\.{re.escape(path.name)}\.[0-9]+")
    return [found for found in path.parent.iterdir() if form.fullmatch(found.name)]


def _entry(identity: LedgerIdentity) -> dict[str, Any]:
    entry: dict[str, Any] = {"ledger": identity.ledger, "salt": identity.salt.hex()}
    if identity.file is not None:
        entry["file"] = identity.file
    if identity.channels is not None:
        entry["channels"] = list(identity.channels)
    return entry


def _identity(entry: dict[str, Any]) -> LedgerIdentity:
    ledger, salt = entry["ledger"], bytes.fromhex(entry["salt"])
    file, channels = entry.get("file"), entry.get("channels")
    if not isinstance(ledger, str) or len(salt) != SALT_BYTES or not isinstance(file, str | None):
        raise ValueError
    if channels is None:
        return LedgerIdentity(ledger, salt, file)
    if not isinstance(channels, list) or not all(isinstance(channel, str) for channel in channels):
        raise ValueError
    return LedgerIdentity(ledger, salt, file, tuple(channels))
