"""Turns SQLite's errors into ledger errors with a remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerTrouble, LedgerUnwritable
from sendspec.diagnostics.redaction import printable

if TYPE_CHECKING:
    import sqlite3
from collections.abc import Sequence

DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR", "SQLITE_SCHEMA", "SQLITE_MISMATCH", "SQLITE_TOOBIG")
"""SQLITE_ERROR is a missing table or column, or a row without a checksum: not a ledger of ours."""


def trouble_of(path: str, error: sqlite3.Error, called: str = "the ledger") -> LedgerTrouble:
    """The ledger error for a SQLite error: damage, a full disk, or a file that can't be opened or written. `called`: what the file is."""
    code = getattr(error, "sqlite_errorname", None) or ""
    if code.startswith("SQLITE_INTERRUPT"):
        return LedgerDamaged(
            f"{called} {path} is damaged: a look-up in it goes on without end", "restore it from a backup"
        )
    if code.startswith(DAMAGED):
        return LedgerDamaged(
            f"{called} {path} is damaged: {printable(str(error))}",
            "restore it from a backup; `sendspec ledger check` tells more",
        )
    if code.startswith("SQLITE_FULL"):
        return LedgerUnwritable(
            f"the disk is full: {called} {path} can't be written", "free some space, then run the command again"
        )
    if code.startswith("SQLITE_READONLY"):
        return LedgerUnwritable(f"{called} {path} can't be written", "make it and its folder writable for this user")
    if code.startswith("SQLITE_CANTOPEN"):
        return LedgerUnwritable(f"{called} {path} can't be opened", "make it and its folder readable for this user")
    return LedgerUnwritable(
        f"{called} {path} can't be read or written: {error}", "check the disk, then run the command again"
    )


def found_by(trouble: LedgerTrouble) -> str:
    """What a check met, without the sentence around it, as `refuse_damage` takes it."""
    return trouble.problem.partition(" is damaged: ")[2] or trouble.problem


def refuse_damage(path: str, problems: Sequence[str]) -> None:
    """Raises `LedgerDamaged` if a check of the ledger has found anything."""
    if problems:
        raise LedgerDamaged(
            f"the ledger {path} is damaged: {problems[0]}",
            "restore it from a backup; `sendspec ledger check` tells more",
        )
