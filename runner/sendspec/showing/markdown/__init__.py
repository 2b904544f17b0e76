"""Markdown for reviewers and issues: bounded pages, in which foreign text is inert."""
