"""What was promised and what became of it, durable before anything depends on it."""
