"""The plain script to beat."""
