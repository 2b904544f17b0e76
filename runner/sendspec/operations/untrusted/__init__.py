"""Checks and plans specs that strangers wrote: what git tracks is copied, and a child process without anything works on the copy."""
