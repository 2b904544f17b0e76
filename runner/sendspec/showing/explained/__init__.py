"""The explanations of error codes, a module for each group."""
