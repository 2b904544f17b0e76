"""Reads the URL of a ledger on a server. No text here contains it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit

from sendspec.diagnostics.exceptions import KeyUnusable, LedgerTrouble
from sendspec.ledger.place import Secret
from sendspec.reading.access_key import read_secret
from sendspec.reading.environment import LedgerServer

SCHEMES = ("postgresql", "postgres")
OWN_OPTIONS = ("options", "application_name")
"""Parameters of a URL that sendspec sets itself."""


def read_ledger_url(ledger: LedgerServer, environ: Mapping[str, str], root: Path) -> Secret:
    """The URL. To another machine it demands TLS unless it says otherwise. Raises `LedgerTrouble`."""
    try:
        url = read_secret(ledger.url, environ, root, "ledger's URL")
    except KeyUnusable as trouble:
        raise LedgerTrouble(trouble.problem, trouble.fix) from None
    try:
        parts = urlsplit(url)
        asked, host, _ = parse_qs(parts.query, keep_blank_values=True), parts.hostname, parts.port
    except ValueError:
        raise _no_url(ledger) from None
    if parts.scheme not in SCHEMES or not parts.path.strip("/"):
        raise _no_url(ledger)
    taken = next((name for name in OWN_OPTIONS if name in asked), None)
    if taken is not None:
        raise LedgerTrouble(
            f"{ledger.server}: the URL sets `{taken}`, which sendspec sets", f"leave `{taken}` out of the URL"
        )
    if host is None or _is_local(host) or "sslmode" in asked or "PGSSLMODE" in environ:
        return Secret(url)
    query = f"{parts.query}&sslmode=require" if parts.query else "sslmode=require"
    return Secret(urlunsplit(parts._replace(query=query)))


def _is_local(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _no_url(ledger: LedgerServer) -> LedgerTrouble:
    return LedgerTrouble(
        f"{ledger.shown}: its value is not the URL of a PostgreSQL database",
        "write it in the form postgresql://user:password@host:5432/database",
    )
