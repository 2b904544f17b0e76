"""The spool of a receiver: requests that were answered with 200, as lines of a private file, until they are stored.

`append` returns once its line is on disk. Requests that come while a sync is under way share the next one. A process that is killed
leaves at most a torn last line, which nobody was told is kept.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePath

from sendspec.diagnostics.exceptions import LedgerLinked, LedgerUnwritable, ReceiverBusy
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.wording import os_reason
from sendspec.ledger.durable_file import sync_folder
from sendspec.ledger.held_lock import LOCKED, unlock
from sendspec.operations.captured_request import MAX_LINE
from sendspec.operations.webhook_files import spool_path
from sendspec.reading.files.nofollow_open import PRIVATE, open_beneath
from sendspec.reading.files.private_folder import FOLDER, make_private_folder

MAX_BYTES = 1024 * 1024 * 1024
"""How large the spool may get while nothing can be stored."""
BLOCK = 4 * 1024 * 1024
"""Bytes that are read at once, and from which on what was stored is removed while more arrives."""

Sync = Callable[[int], object]
"""Puts a file on disk, as `os.fdatasync` does."""


@dataclass(slots=True)
class _Waiting:
    line: bytes
    is_done: bool = False
    error: OSError | None = None


@dataclass(frozen=True, slots=True)
class SpooledLines:
    """Lines that are on disk, and where they end: what `Spool.forget` takes once they are stored."""

    lines: list[bytes]
    end: int


class Spool:
    """A spool that this process alone writes. `append` may be called by many threads, `read` and `forget` by one."""

    def __init__(self, path: Path, descriptor: int, sync: Sync = os.fdatasync) -> None:
        self._path, self._descriptor, self._sync = path, descriptor, sync
        self._queue: list[_Waiting] = []
        self._changed = threading.Condition()
        self._is_writing = False
        self._file = threading.Lock()
        self._size = os.fstat(descriptor).st_size
        self._begin = 0
        self._is_closed = False
        if self._size and os.pread(descriptor, 1, self._size - 1) != b"\n":
            self._write(b"\n")  # after a torn line

    @property
    def path(self) -> Path:
        return self._path

    @property
    def waiting(self) -> int:
        """How many lines wait for the sync that is under way to end."""
        return len(self._queue)

    def append(self, line: bytes) -> None:
        """Writes a line, with its end, and returns once it is on disk. Raises OSError if it isn't: then it is not in the spool."""
        mine = _Waiting(line)
        with self._changed:
            self._queue.append(mine)
            while self._is_writing and not mine.is_done:
                self._changed.wait()
            batch: list[_Waiting] = []
            if not mine.is_done:  # nobody writes, so this thread does, for all that wait
                batch, self._queue = self._queue, []
                self._is_writing = True
        if batch:
            self._write_for(batch)
        if mine.error is not None:
            raise mine.error

    def _write_for(self, batch: list[_Waiting]) -> None:
        error: OSError | None = OSError(errno.EIO, os.strerror(errno.EIO))  # until it is known that all went well
        try:
            self._write(b"".join(waiting.line for waiting in batch))
            error = None
        except OSError as found:
            error = found
        finally:
            with self._changed:
                for waiting in batch:
                    waiting.error, waiting.is_done = error, True
                self._is_writing = False
                self._changed.notify_all()

    def _write(self, content: bytes) -> None:
        with self._file:
            if self._is_closed:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            if self._size + len(content) > MAX_BYTES:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            try:
                _write_at(self._descriptor, content, self._size)
                self._sync(self._descriptor)
                self._check_place()
            except OSError:
                with suppress(OSError):
                    os.ftruncate(self._descriptor, self._size)
                raise
            self._size += len(content)

    def _check_place(self) -> None:
        """Raises OSError, ESTALE, if the file was removed or replaced: what is written to it would go with this process."""
        here = os.fstat(self._descriptor)
        with suppress(FileNotFoundError):
            there = self._path.lstat()
            if (here.st_dev, here.st_ino, here.st_nlink) == (there.st_dev, there.st_ino, 1):
                return
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    def read(self) -> SpooledLines:
        """The oldest lines that were not forgotten, `BLOCK` bytes of them or one longer line; none if there are none."""
        with self._file:
            if self._is_closed:
                return SpooledLines([], 0)
            self._tidy()
            left = self._size - self._begin
            found = os.pread(self._descriptor, min(left, BLOCK), self._begin)
            if len(found) < left and b"\n" not in found:
                found = os.pread(self._descriptor, min(left, BLOCK + MAX_LINE), self._begin)
            begin = self._begin
        length = found.rfind(b"\n") + 1 or len(found)  # without any line end it is no line of ours
        return SpooledLines(found[:length].removesuffix(b"\n").split(b"\n") if length else [], begin + length)

    def forget(self, end: int) -> None:
        """Removes the lines up to `end`, once they are durable elsewhere. Raises OSError; some of them may come again then.

        What arrived meanwhile is copied to the beginning, where there is room for all of it. A kill in between leaves it twice.
        """
        with self._file:
            if not self._is_closed:
                self._begin = end
                self._tidy()

    def _tidy(self) -> None:
        """Removes what was forgotten, unless a reader is at it (`spooled_opt_outs`): then `read` tries again."""
        end, rest = self._begin, self._size - self._begin
        if not end or rest > (end if end >= BLOCK else 0):
            return
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        try:
            if rest:
                for begin in range(0, rest, BLOCK):
                    _write_at(
                        self._descriptor, os.pread(self._descriptor, min(BLOCK, rest - begin), end + begin), begin
                    )
                self._sync(self._descriptor)
            os.ftruncate(self._descriptor, rest)
            self._size, self._begin = rest, 0
        finally:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> int:
        """Gives the lock back; further calls do nothing. Returns how many lines are left.

        The file stays: removing it would let two processes lock two files of one name.
        """
        with self._file:
            left = self._count_left()
            self._is_closed = True
            unlock(self._descriptor)
        return left

    def _count_left(self) -> int:
        return sum(
            os.pread(self._descriptor, BLOCK, begin).count(b"\n") for begin in range(self._begin, self._size, BLOCK)
        )


def open_spool(root: Path, environment: str, *, sync: Sync = os.fdatasync) -> Spool:
    """The spool of an environment of the project at `root`, locked against other processes, for this user alone.

    Raises `ReceiverBusy` while another process has it, `LedgerLinked` for a link, `LedgerUnwritable`, or `PrivateFolderUnusable`.
    """
    make_private_folder(root)
    below = spool_path(environment)
    try:
        descriptor = open_beneath(root, below, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise _unusable(below, error) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        found = os.fstat(descriptor)
        if found.st_nlink != 1:
            raise LedgerLinked(f"{below} has a second name (a hard link)", "move it away; it is made again")
        os.fchmod(descriptor, PRIVATE)
        sync_folder(root / FOLDER)
        spool = Spool(root / below, descriptor, sync)
    except BaseException as error:
        os.close(descriptor)
        if isinstance(error, OSError):
            raise _unusable(below, error) from None
        raise
    LOCKED.add(descriptor)
    return spool


def _unusable(shown: PurePath, error: OSError) -> ReceiverBusy | LedgerLinked | LedgerUnwritable:
    if isinstance(error, BlockingIOError):
        return ReceiverBusy(
            f"another `webhook serve` is at work for this environment, and has {shown}",
            "leave it to that one, end it first, or name another environment",
        )
    if error.errno == errno.ELOOP:
        return LedgerLinked(
            f"{shown} is a link, and sendspec follows none there", "remove the link; the file is made again"
        )
    reason = "it is no regular file" if isinstance(error, IsADirectoryError) else os_reason(error)
    return LedgerUnwritable(f"{shown} can't be used: {reason}", "make it a file of this user, with room on its disk")


def _write_at(descriptor: int, content: bytes, begin: int) -> None:
    rest = memoryview(content)
    while rest:
        written = os.pwrite(descriptor, rest, begin)
        rest, begin = rest[written:], begin + written
