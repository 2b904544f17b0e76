"""sendspec: message sends declared in git, rendered, validated, planned, and sent at most once."""

__version__ = "0.1.0"
