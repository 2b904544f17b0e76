"""What is done with each message, and why: pure functions, no disk, no network."""
