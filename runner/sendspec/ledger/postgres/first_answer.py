"""Waits for a server's answer for a bounded time: one that takes logins may be silent, and libpq waits for it without an end."""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any

import psycopg
from psycopg.pq import ExecStatus


class NoAnswer(psycopg.OperationalError):
    """The server took the login, and then said nothing."""


def ask(connection: psycopg.Connection[Any], sql: str) -> None:
    """Sends statements without waiting for their answer."""
    connection.pgconn.send_query(sql.encode())


def answer(connection: psycopg.Connection[Any], seconds: float) -> list[str] | None:
    """The first value of each result of what was asked; None if the server says nothing for so long. Without a value: an empty text.

    Raises psycopg's errors for a lost connection, and `psycopg.DatabaseError` for a statement that failed.
    """
    server = connection.pgconn
    poll = select.poll()
    found: list[str] = []
    while True:
        poll.register(server.socket, select.POLLIN | (select.POLLOUT if server.flush() else 0))
        if not poll.poll(1_000 * seconds):
            return None
        server.consume_input()
        while not server.is_busy():
            result = server.get_result()
            if result is None:
                return found
            if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
                raise psycopg.DatabaseError("a statement failed")
            found.append((result.get_value(0, 0) or b"").decode() if result.ntuples else "")


@contextmanager
def told_meanwhile(tell: Callable[[str], None], words: str, seconds: float) -> Iterator[None]:
    """Has `words` told if the block takes longer than that."""
    timer = Timer(seconds, tell, (words,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
