"""Phone numbers, e-mail addresses and countries."""
