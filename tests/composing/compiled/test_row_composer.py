"""The example of generated code in the package's docstring is what the spec beside it compiles to."""

from __future__ import annotations

import textwrap
from pathlib import Path

from sendspec.composing import compiled
from sendspec.composing.compiled.message_code import MessageCode
from sendspec.composing.compiled.row_composer import row_composer_source
from sendspec.composing.compiled_spec import compile_spec
from sendspec.composing.compose_settings import ComposeSettings
from sendspec.composing.platforms.registry import PLATFORMS
from sendspec.diagnostics.diagnostic import Problems
from sendspec.reading.schema.validator import load_schema
from sendspec.reading.spec import read_spec

COLUMNS = ("phone", "name", "country")


def examples() -> list[str]:
    """The indented blocks of the package's docstring."""
    assert compiled.__doc__ is not None
    return [textwrap.dedent(block) for block in compiled.__doc__.split("\n\n") if block.startswith("    ")]


def test_the_example_of_generated_code_is_true(tmp_path: Path) -> None:
    written, expected = examples()
    path = tmp_path / "spec.yaml"
    path.write_text(written, encoding="utf-8")
    problems = Problems()
    spec = read_spec(str(path), problems)
    assert spec is not None, list(problems)
    sms = PLATFORMS["sms"]
    compiled_spec = compile_spec(spec, COLUMNS, sms, problems)
    assert compiled_spec is not None
    settings = ComposeSettings(platform=sms, salt=b"s" * 16, limits=spec.limits)
    message = MessageCode(compiled_spec, settings, load_schema("message"), sms.rules, COLUMNS)
    assert "\n".join(row_composer_source(message, compiled_spec)) == expected
