"""What would be done to each message, and why: pure, no disk, no network."""
