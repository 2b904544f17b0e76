"""The ledger on PostgreSQL: shared by many runs, on many machines. Nothing of it is imported without a ledger URL."""
