"""The fast path: a spec compiled into Python functions. Nothing outside depends on how."""
