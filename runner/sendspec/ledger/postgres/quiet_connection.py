"""A connection that shows nothing of its URL, and of which psycopg logs nothing.

psycopg shows host, user and database of others. It warns of a rollback that fails, which the error that led to it tells already; where
nobody has set logging up, that goes to stderr.
"""

from __future__ import annotations

import logging
from typing import Any

import psycopg


class QuietConnection(psycopg.Connection[Any]):
    """`psycopg.connect` with another `repr`."""

    def __repr__(self) -> str:
        return "<connection to the ledger>"


def is_about_others(record: logging.LogRecord) -> bool:
    """Whether a record of psycopg's is about another connection than a ledger's, or none."""
    named = record.args if isinstance(record.args, tuple) else ()
    return not any(
        isinstance(getattr(one, "_conn", one), QuietConnection) for one in named
    )  # `_conn` is a transaction's


for name in ("psycopg", "psycopg.transaction"):  # a filter doesn't apply to loggers below its own
    logging.getLogger(name).addFilter(is_about_others)
