"""What a new ledger holds from the start."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.protocol import Ledger

Filling: TypeAlias = Callable[[Ledger, LedgerIdentity], None]
"""Writes what a new ledger holds from the start."""
