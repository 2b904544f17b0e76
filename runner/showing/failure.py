"""A foreseen failure as it stands in a JSON document."""

from __future__ import annotations

from runner.errors import SendspecError


def error_json(error: SendspecError) -> dict[str, str]:
    return {"code": error.code, "problem": error.problem, "fix": error.fix}
