"""A request body for tests in which only the message's own receiver matters."""

from __future__ import annotations

PLAIN_BODY = b'{"receiver":{"contacts":[{"identifierKey":"phonenumber","identifierValue":"+447700900001"}]}}'
"""It names one contact by its address, as payloads do that aren't given a receiver of their own."""
