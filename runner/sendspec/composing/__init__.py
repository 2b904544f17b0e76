"""Composing: one row becomes one message. Templates, payload checks, SMS measuring."""
