"""The ledger: what was planned, claimed and settled, on disk before anything depends on it."""
