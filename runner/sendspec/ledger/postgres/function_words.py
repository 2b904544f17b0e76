"""Words and codes that the ledger's SQL functions share with the code that calls them."""

from __future__ import annotations

FENCED, OTHER_SESSION, MOVED, OUT_OF_ORDER, CLOSED, MOVED_AWAY = "SS001", "SS002", "SS003", "SS004", "SS005", "SS006"
"""The SQLSTATEs that the functions raise: the run was taken for dead; the session isn't the one that holds its lock; messages were moved by
somebody else; an exchange was repeated that isn't the last one; the ledger is being copied or migrated; it was copied, and its copy sends."""

BASELINE = "baseline"
RESTART_GRACE = "60 seconds"
"""How long after a restart of the server its runs may take to come back before they count as dead."""
LOST_OWNER = "the run that was sending it ended without an answer"
