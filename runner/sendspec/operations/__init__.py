"""What one can do with specs: check, plan, send, reconcile. Functions that take values and return values."""
