"""Reads times from the server, and none that Python can't write: a column of numbers may hold NaN, infinity, and anything in between."""

from __future__ import annotations

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Loader

from sendspec.ledger.moment import is_moment


class OddMoment(psycopg.DataError):
    """A time that is none. It has the SQLSTATE of damaged data."""

    sqlstate = "XX001"


class MomentLoader(Loader):
    """Loads the ledger's floating numbers: all of them are times, or the differences of clocks."""

    def load(self, data: Buffer) -> float:
        moment = float(bytes(data))
        if not is_moment(moment):
            raise OddMoment("a time is none")
        return moment
