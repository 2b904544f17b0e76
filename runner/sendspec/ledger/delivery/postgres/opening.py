"""Opens deliveries and opt-outs on a server, in a session of their own: a run's session belongs to the run."""

from __future__ import annotations

from sendspec.ledger.delivery.postgres.reader import PostgresDeliveryFacts
from sendspec.ledger.delivery.postgres.store import PostgresDeliveryStore
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.place import ServerPlace
from sendspec.ledger.postgres.opening import check_identity, closing_on_trouble, refuse_unsafe
from sendspec.ledger.postgres.pool import refuse_pool
from sendspec.ledger.postgres.run_session import RunSession


def open_to_read(place: ServerPlace, identity: LedgerIdentity) -> PostgresDeliveryFacts:
    session = RunSession(place)
    with closing_on_trouble(session):
        refuse_pool(session)
        check_identity(session, identity.ledger, identity.salt)
    return PostgresDeliveryFacts(session)


def open_to_fill(place: ServerPlace, identity: LedgerIdentity) -> PostgresDeliveryStore:
    """The same, of a copy that can't be used yet."""
    session = RunSession(place)
    with closing_on_trouble(session):
        check_identity(session, None, identity.salt)
    return PostgresDeliveryStore(session)


def open_to_write(place: ServerPlace, identity: LedgerIdentity) -> PostgresDeliveryStore:
    session = RunSession(place)
    with closing_on_trouble(session):
        refuse_pool(session)
        refuse_unsafe(session)
        check_identity(session, identity.ledger, identity.salt)
    return PostgresDeliveryStore(session)
