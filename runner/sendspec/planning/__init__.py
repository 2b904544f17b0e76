"""Planning: which messages are sent and which are skipped, and why. Pure functions: no disk, no network, no clock."""
