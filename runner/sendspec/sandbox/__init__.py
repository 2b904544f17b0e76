"""A local server that behaves like the documented API."""
