"""Who said stop in requests that a receiver of webhooks has answered and not stored yet. They count from the answer on.

The spool is private to this user, and each request in it was verified when it was taken. Nothing is written here.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from functools import cached_property
from pathlib import PurePath

from sendspec.diagnostics.exceptions import SpoolUnread
from sendspec.diagnostics.wording import counted, os_reason
from sendspec.ledger.delivery.opt_out import OptOutSignal
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.webhook_files import spool_path
from sendspec.reading.files.nofollow_open import open_beneath

SMALL = 1024 * 1024
"""Bytes up to which the spool is read at every look. A larger one is read if it has changed."""
PATIENCE_SECONDS = 2.0
"""How long a receiver that is at work has to put aside what can't be read."""
PAUSE_SECONDS = 0.2


class _UnreadNow(SpoolUnread):
    """A receiver that is at work soon puts it right."""


class SpooledOptOuts:
    """The opt-outs and opt-ins in the spool of an environment."""

    def __init__(self, context: ProjectContext) -> None:
        self._context = context
        self._state: tuple[int, ...] = ()
        self._found: tuple[OptOutSignal, ...] = ()

    @cached_property
    def _path(self) -> PurePath:
        return spool_path(self._context.environment.name)

    @cached_property
    def _channels(self) -> frozenset[str] | None:
        """The environment's, whose events count; None for any."""
        environment = self._context.environment
        own = (channel.channel.lower() for channel in environment.channels.values())
        return None if environment.is_sandbox else frozenset(own)

    def look(self) -> tuple[OptOutSignal, ...]:
        """Raises `SpoolUnread` if somebody may have said stop in what can't be read."""
        clock = self._context.system.clock
        begin = clock.monotonic()
        while True:
            try:
                return self._look()
            except _UnreadNow:
                if clock.monotonic() - begin >= PATIENCE_SECONDS:
                    raise
            clock.sleep(PAUSE_SECONDS)

    def _look(self) -> tuple[OptOutSignal, ...]:
        try:
            descriptor = open_beneath(self._context.root, self._path)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise self._unread(_why(error)) from None
        with os.fdopen(descriptor, "rb") as spool:
            found = os.fstat(descriptor)
            state = (found.st_ino, found.st_size, found.st_mtime_ns)
            if found.st_size > SMALL and state == self._state:
                return self._found
            if not found.st_size:
                return ()
            if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise self._unread("others can write to it")
            from sendspec.operations.spooled_signal import read_spool  # few commands find anything in the spool

            try:
                fcntl.lockf(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)  # `Spool` moves no lines meanwhile
                signals, unread = read_spool(
                    spool, self._channels, self._context.salt, self._context.system.clock.wall()
                )
            except BlockingIOError:
                raise self._unread("a receiver is at work on it", _UnreadNow) from None
            except OSError as error:
                raise self._unread(_why(error)) from None
        if unread:
            raise self._unread(f"{counted(unread, 'request')} in it can't be understood", _UnreadNow)
        self._state, self._found = state, signals
        return signals

    def _unread(self, why: str, kind: type[SpoolUnread] = SpoolUnread) -> SpoolUnread:
        return kind(
            f"somebody may have said stop in {self._path}, which can't be read: {why}",
            f"start `sendspec webhook serve`, which stores what it can and puts the rest aside, or look into {self._path}",
        )


def _why(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "it is a link"
    if error.errno == errno.EISDIR:
        return "it is no regular file"
    return os_reason(error)
