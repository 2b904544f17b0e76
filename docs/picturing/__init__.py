"""Pictures for the README and the docs, made from the real program: a session in a terminal, and pages in a browser."""
