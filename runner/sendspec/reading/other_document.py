"""Recognises files that are no specs, but something else that sendspec reads or writes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import printable
from sendspec.reading.files.near_file import SPEC_EXTENSIONS, TABLE_EXTENSIONS, files_around

_CODE = "not-a-spec"


def table_named_as_spec(path: str) -> Problem | None:
    """What to do about a table in place of a spec; it is not read, and may be long. None for any other path."""
    if not path.lower().endswith(TABLE_EXTENSIONS) or not os.path.isfile(path):  # noqa: PTH113 - a path as typed
        return None
    shown = printable(path)
    spec = next(iter(files_around("", SPEC_EXTENSIONS, but=("sendspec.yaml",))), "SPEC")
    fix = (
        f"write a spec and `--recipients` before it: {spec} --recipients {shown}; or leave it out, if the spec names it"
    )
    return Problem(_CODE, f"'{shown}' is a table, not a spec", fix)


def other_document(data: Mapping[str, Any], path: str) -> Problem | None:
    """What the file is instead of a spec; None if it may be one."""
    if "spec" in data:
        return None
    schema = data.get("schema")
    shown = printable(path)
    if schema == "sendspec.plan/1":
        fix = f"send it with `sendspec send --plan {shown}`, or look at it with `sendspec show {shown}`"
        return Problem(_CODE, "this file is a plan, not a spec", fix)
    if isinstance(schema, str) and schema.startswith("sendspec."):
        fix = "write `spec: 1` in place of `schema: …`, if it is a spec" if "message" in data else spec_fix(path)
        return Problem(_CODE, f"this file is the output of a command ({printable(schema[:40])}), not a spec", fix)
    if "environments" in data and "message" not in data:
        return Problem(_CODE, "this file is a project file, not a spec", spec_fix(path))
    if "body" in data and "message" not in data and "recipients" not in data and "channel" not in data:
        fix = (
            "write `spec: 1`, `name: hello`, `channel: sms` and `recipients: {file: people.csv}`, each on a line and with your own"
            " names, then `message:` with this indented below it"
        )
        return Problem(_CODE, "this file is a request body, and a spec has that under `message`", fix)
    return None


def spec_fix(path: str) -> str:
    """Which specs there are to name instead of the file at `path`."""
    found = files_around(path, SPEC_EXTENSIONS, but=(os.path.basename(path), "sendspec.yaml"))  # noqa: PTH119
    return (
        f"name a spec, such as {' or '.join(found)}"
        if found
        else "name a spec, or write one with `sendspec init --example orders`"
    )
