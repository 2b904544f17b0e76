"""Deliveries and opt-outs in a SQLite file beside the ledger's."""
