"""Reads the URL of a ledger on a server. No text here contains it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

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
        asked = parse_qs(parts.query, keep_blank_values=True)
        hosts = [*_hosts(parts.netloc), *(host for name in ("host", "hostaddr") for host in _listed(asked.get(name)))]
    except ValueError:
        raise _no_url(ledger) from None
    if parts.scheme not in SCHEMES or not parts.path.strip("/"):
        raise _no_url(ledger)
    taken = next((name for name in OWN_OPTIONS if name in asked), None)
    if taken is not None:
        raise LedgerTrouble(
            f"{ledger.server}: the URL sets `{taken}`, which sendspec sets", f"leave `{taken}` out of the URL"
        )
    if (
        all(map(_is_local, hosts or environ.get("PGHOST", "").split(",")))
        or "sslmode" in asked
        or "PGSSLMODE" in environ
    ):
        return Secret(url)
    return Secret(f"{url}{'&' if parts.query else '?'}sslmode=require")


def _hosts(netloc: str) -> list[str]:
    """The hosts before the path: several, with commas in between, are a server and those that may take its place. Raises ValueError."""
    found = [urlsplit(f"//{place}") for place in netloc.rpartition("@")[2].split(",")]
    return [unquote(place.hostname) for place in found if place.port != 0 and place.hostname is not None]


def _listed(values: Sequence[str] | None) -> list[str]:
    return [] if values is None else values[-1].split(",")


def _is_local(host: str) -> bool:
    """Whether it is this machine, or a socket in its file system."""
    return host in ("", "localhost", "::1") or host.startswith(("127.", "/", "@"))


def _no_url(ledger: LedgerServer) -> LedgerTrouble:
    return LedgerTrouble(
        f"{ledger.shown}: its value is not the URL of a PostgreSQL database",
        "write it in the form postgresql://user:password@host:5432/database",
    )
