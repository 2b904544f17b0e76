"""Deliveries and opt-outs in the ledger's schema on a PostgreSQL server."""
