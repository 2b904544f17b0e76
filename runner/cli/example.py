"""Runs the examples of one spec: each `with` is composed like a row, and held against its `expect`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from runner.cli.workspace import Workspace
from runner.composing.compose import Composer, Setting
from runner.composing.message import Filtered, Message
from runner.composing.program import compile_program
from runner.composing.rules import rules_for
from runner.reading.diagnostic import Problems
from runner.reading.document import Path
from runner.reading.mask import mask_in_place, printable
from runner.reading.schema import load_schema
from runner.reading.spec import Example, InlineRecipients, Limits, Spec
from runner.reading.table import Row, open_table

MEASURED = ("text", "segments", "encoding")


def run_examples(spec: Spec, workspace: Workspace, problems: Problems) -> bool:
    """True when every example of `spec` gives what it expects; otherwise why not is among `problems`."""
    own = Problems()
    channel = workspace.channel(spec.channel)
    platform = "sms" if channel is None else channel.platform
    program = compile_program(spec, _columns(spec, workspace), platform, own)
    if program is not None:
        setting = Setting(platform=platform, salt=workspace.salt, limits=Limits())
        for example in spec.examples:
            rows = InlineRecipients(rows=(example.with_,), at=(*example.at, "with"))
            table = rows.table(spec)
            composer = Composer(program, table, setting, load_schema("message"), rules_for(platform), own)
            row = Row(table.locate_line(), example.with_)
            _judge(spec, example, composer.compose(row), own)
    for diagnostic in own:
        problems.add(diagnostic)
    return not own.has_errors
