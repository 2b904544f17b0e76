"""Credentials that somebody wrote into a project file or a spec, in whatever form, are shown nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from project_dir import ProjectDir
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.reading.project_reader import read_project
from sendspec.reading.spec import read_spec
from sendspec.showing.diagnostics import diagnostic_json, diagnostics_text
from sendspec.showing.terminal_style import PLAIN

ID = "0b0e5c1a-7c1f-4b0e-9d3c-2f7f1c6f8a01"
LEDGER = "ledger: {url: {env: LEDGER_URL}}"
PROJECT = f"""environments:
  live:
    access_key: {{env: LIVE_KEY}}
    {LEDGER}
    channels:
      sms: {{workspace: {ID}, channel: {ID}, platform: sms}}
"""
LOGIN = "kanuser:kanpass@kanhost/kandb"
LEDGERS = [
    rf'{{url: {{env: "postgresql:\/\/{LOGIN}"}}}}',
    rf'{{url: {{env: "postgresql:\x2f\u002f{LOGIN}"}}}}',
    r'{url: {env: "p\u006fstgresql:\/\/kanuser:kanpass\x40kanhost\/kandb"}}',
    *(f"{{url: {{env: '{kind}://{LOGIN}'}}}}" for kind in ("postgresql+psycopg", "postgresql+asyncpg", "mysql", "POSTGRESQL")),
    f"{{url: postgresql+psycopg2://{LOGIN}}}",
    f"{{url: {{file: 'postgresql+psycopg2://{LOGIN}'}}}}",
    f"{{url: {{command: [psql, 'ftp://{LOGIN}']}}}}",
    f"{{file: 'mysql://{LOGIN}'}}",
    f"{{postgresql+psycopg2://{LOGIN}: 1}}",
    "{url: 'host=kanhost password=kanpass'}",
    "'host=kanhost user=kanuser password=kanpass'",
    "\"host=kanhost passw\\u006frd = 'kan pass'\"",
    "{url: {env: 'host=kanhost password=kanpass'}}",
    f"{{url: {{env: '{LOGIN}'}}}}",
    f"{{url: {LOGIN}}}",
    f"{{url: &u {LOGIN}, schema: *u}}",
    "{url: {env: kanuser-kanpass-kanhost}}",
    "{url: {env: 'kan pass'}}",
    "{url: {env: '${LEDGER_URL:-kanpass}'}}",
    "{url: '${LEDGER_URL:-kanpass}'}",
    f"\n      url: >-\n        postgresql://\n        {LOGIN}",
    f"\n      url:\n        env: >-\n          postgresql://\n          {LOGIN}",
    f'\n      url: "postgresql:/\\\n        /{LOGIN}"',
]  # fmt: skip


def shows_none(problems: Problems) -> list[Diagnostic]:
    found = list(problems)
    assert found
    told = diagnostics_text(found, PLAIN, ending="") + str([diagnostic_json(each) for each in found])
    assert "kan" not in told, told
    return found


@pytest.mark.parametrize("written", LEDGERS)
def test_a_ledger_shows_none(tmp_path: Path, written: str) -> None:
    path = tmp_path / "sendspec.yaml"
    path.write_text(PROJECT.replace(LEDGER, f"ledger: {written}"))
    problems = Problems()
    assert read_project(str(path), tmp_path, problems) is None
    shows_none(problems)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("{env: 'kan pass'}", "bad-name"),
        ("{env: kan-pass}", "bad-name"),
        ("{env: kan-pass-0123456789}", "key-literal"),
        ("{env: 'AccessKey kanpass0123'}", "key-literal"),
        ("{env: '${LIVE_KEY:-kanpass}'}", "not-expanded"),
        ("${LIVE_KEY:-kanpass}", "not-expanded"),
        ("{command: [curl, 'https://kanuser:kanpass@vault/key']}", "key-literal"),
    ],
)
def test_what_is_no_variable_of_a_key_is_not_repeated(tmp_path: Path, written: str, code: str) -> None:
    path = tmp_path / "sendspec.yaml"
    path.write_text(PROJECT.replace("{env: LIVE_KEY}", written))
    problems = Problems()
    assert read_project(str(path), tmp_path, problems) is None
    assert {each.code for each in shows_none(problems)} == {code}


@pytest.mark.parametrize(
    "written",
    [
        rf'recipients: {{file: "https:\/\/{LOGIN}", format: 1}}',
        f"recipients: 'sftp://{LOGIN}'",
        "recipients: {file: people.csv, format: 'host=kanhost password=kanpass'}",
        f"recipients: {{'https://kanuser:{'x' * 60}kanpass@kanhost': 1}}",
    ],
)
def test_a_spec_shows_none(tmp_path: Path, written: str) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(
        f"spec: 1\nname: hello\nchannel: sms\n{written}\nmessage: {{body: {{type: text, text: {{text: Hi}}}}}}\n"
    )
    problems = Problems()
    assert read_spec(str(path), problems) is None
    shows_none(problems)


def test_a_file_with_credentials_for_a_name_is_not_named(project_dir: ProjectDir) -> None:
    project_dir.write(
        "hello.yaml",
        f"""spec: 1
name: hello
channel: sms
recipients: {{file: "postgresql://{LOGIN}"}}
message: {{body: {{type: text, text: {{text: Hi}}}}}}
""",
    )
    for form in ("text", "json"):
        done = project_dir.run("plan", "hello.yaml", "--format", form)
        assert done.code == 1
        assert "kan" not in done.out + done.err


@pytest.mark.parametrize(
    "word",
    [
        f"env:postgresql://{LOGIN}", f"env:postgresql://{LOGIN}:other", "env:kan-host", "env:LEDGER_URL:Kan", f"mysql://{LOGIN}",
        f"POSTGRESQL://{LOGIN}", f"file:postgresql+psycopg://{LOGIN}", LOGIN, "host=kanhost password=kanpass",
    ],
)  # fmt: skip
def test_a_place_to_copy_from_or_to_is_not_repeated(ready: ProjectDir, word: str) -> None:
    for words in ((word, "x.db"), ("x.db", word, "--format", "json")):
        done = ready.run("ledger", "copy", *words, "--env", "test")
        assert done.code == 2, done.err
        assert "kan" not in (done.out + done.err).lower()


@pytest.mark.parametrize("word", [f"postgresql://{LOGIN}", LOGIN, "password=kanpass"])
def test_an_environment_that_is_none_is_not_repeated(ready: ProjectDir, word: str) -> None:
    done = ready.run("doctor", "--env", word)
    assert done.code == 2, done.err
    assert "kanpass" not in done.out + done.err
