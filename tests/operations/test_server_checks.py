"""What `doctor` makes of a server's state: which of it is a problem, and what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sendspec.ledger.seen_run import SeenRun
from sendspec.ledger.server_state import Continuity, Encryption, LedgerState, Pool, Right, ServerState
from sendspec.operations.server_checks import server_checks

RUN = SeenRun(number=7, started_at=0.0, host="build-3", command="send", on_the_way=0, is_living=True)
LEDGER = LedgerState(version="1", halt=None, runs=(), continuity=Continuity.SAME)
WELL = ServerState(
    version="15.18",
    encoding="UTF8",
    is_standby=False,
    is_read_only=False,
    unsafe={},
    right=Right.SEND,
    missing=(),
    encryption=Encryption.VERIFIED,
    pool=Pool.NONE,
    clock_skew=0.5,
    ledger=LEDGER,
)


def checks(state: ServerState) -> dict[str, tuple[str, str, str]]:
    found = list(server_checks(state, "production"))
    by_what = {check.what: (check.status.value, check.found, check.fix) for check in found}
    assert len(by_what) == len(found)
    return by_what


def test_a_server_that_has_all_a_send_needs() -> None:
    assert checks(WELL) == {
        "server": ("ok", "PostgreSQL 15.18, ledger version 1", ""),
        "settings": ("ok", "the server keeps what it confirms", ""),
        "pool": ("ok", "no connection pool in between", ""),
        "connection": ("ok", "encrypted, and the server's certificate is verified", ""),
        "role": ("ok", "may plan and send", ""),
        "server's clock": ("ok", "agrees with this machine's", ""),
        "history": ("ok", "the server is the one that the last run used", ""),
    }


@pytest.mark.parametrize(
    ("changes", "what", "status", "words"),
    [
        ({"is_standby": True}, "standby", "problem", "takes no writes"),
        ({"is_read_only": True}, "writes", "problem", "set to read only"),
        ({"unsafe": {"fsync": "all is lost"}}, "setting fsync", "problem", "it is off: all is lost"),
        ({"pool": Pool.SESSION}, "pool", "note", "a session of its own"),
        ({"pool": Pool.SHARED}, "pool", "problem", "another session"),
        ({"encryption": Encryption.UNVERIFIED}, "connection", "note", "nothing verifies"),
        ({"encryption": Encryption.NONE}, "connection", "note", "anyone on the network"),
        ({"encryption": Encryption.LOCAL}, "connection", "ok", "doesn't leave this machine"),
        ({"right": Right.OWN}, "role", "note", "owns the ledger"),
        ({"right": Right.PLAN, "missing": ("exchange",)}, "role", "ok", "may plan, and not send"),
        ({"right": Right.NOTHING, "missing": ("meta", "run")}, "role", "problem", "it lacks rights to meta, run"),
        ({"right": Right.NOTHING}, "role", "problem", "may not read the ledger"),
        ({"right": Right.MAKE, "ledger": None}, "role", "ok", "may make the ledger"),
        ({"right": Right.NOTHING_YET, "ledger": None}, "role", "problem", "can't create a schema"),
        ({"right": Right.NO_TABLES, "ledger": None}, "role", "problem", "can't create tables in the schema"),
        ({"encoding": "LATIN1"}, "encoding", "problem", "is LATIN1, which lacks characters"),
        ({"clock_skew": 75.4}, "server's clock", "note", "75 s ahead of"),
        ({"clock_skew": -3_600.0}, "server's clock", "note", "3600 s behind"),
        ({"ledger": replace(LEDGER, halt="wrong price")}, "halt", "problem", "all sends are halted: wrong price"),
        ({"ledger": replace(LEDGER, continuity=Continuity.NO_RUN)}, "history", "ok", "no run yet"),
        ({"ledger": replace(LEDGER, continuity=Continuity.OTHER_SERVER)}, "history", "note", "on another server"),
        ({"ledger": replace(LEDGER, continuity=Continuity.OTHER_TIMELINE)}, "history", "note", "failed over, or was restored"),
        ({"ledger": replace(LEDGER, runs=(RUN,))}, "run 7", "ok", "`send` on build-3, since 1970-01-01 00:00:00+00:00, is at work"),
        ({"ledger": replace(LEDGER, runs=(replace(RUN, on_the_way=32),))}, "run 7", "ok", "with 32 messages on the way"),
        ({"ledger": replace(LEDGER, runs=(replace(RUN, on_the_way=1, is_living=False),))}, "run 7", "note", "died and left 1 message "),
    ],
)  # fmt: skip
def test_each_state_has_its_line(changes: dict[str, Any], what: str, status: str, words: str) -> None:
    found = checks(replace(WELL, **changes))
    assert found[what][0] == status
    assert words in found[what][1]
    assert bool(found[what][2]) == (status != "ok")
    assert ("settings" in found) == (not {"is_standby", "unsafe"} & changes.keys())


def test_without_a_ledger_nothing_is_said_of_runs() -> None:
    assert checks(replace(WELL, ledger=None)).keys().isdisjoint({"history", "run 7", "halt"})
    standby = replace(WELL, is_standby=True, ledger=replace(LEDGER, continuity=None))
    assert "history" not in checks(standby)


def test_a_role_that_only_plans_may_be_set_to_read_only() -> None:
    assert "writes" not in checks(replace(WELL, is_read_only=True, right=Right.PLAN))
