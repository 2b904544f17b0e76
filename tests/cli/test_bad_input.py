"""What a user can get wrong, each with the exact code and place, all of it at once, with nothing sent and nothing changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.cli.main import run

PEOPLE = "phone,first_name,order_id\n+31612345678,Robert,A1\n+31687654321,Ann,A2\n"
SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv}
message:
  body:
    type: text
    text:
      text: "Hi {{ first_name }}"
"""
UUID = "123e4567-e89b-12d3-a456-426614174000"
PROJECT = f"""environments:
  live:
    api_url: https://api.bird.com
    access_key: {{env: KEY}}
    ledger: {{file: .sendspec/live.db}}
    channels:
      sms: {{workspace: {UUID}, channel: {UUID}, rate: 50/s}}
"""
CANARIES = ("+31612345678", "31612345678", "+31687654321", "612345678", "canary-key")


class Found:
    """What `validate` said of a folder of files."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def __call__(self, *, env: str = "sandbox", **files: str | bytes) -> list[tuple[str, str, int, int]]:
        for name, content in {"hello_yaml": SPEC, "people_csv": PEOPLE, **files}.items():
            path = self.folder / ".".join(name.rsplit("_", 1))
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        code = run(["validate", "hello.yaml", "--env", env, "--format", "json"])
        captured = self._capsys.readouterr()
        document = json.loads(captured.out)
        assert code == (1 if any(d["severity"] == "error" for d in document["diagnostics"]) else 0)
        text_code = run(["validate", "hello.yaml", "--env", env])
        text = self._capsys.readouterr()
        assert text_code == code
        if code:
            assert text.err.rstrip().endswith("nothing was sent")
        for canary in CANARIES:
            assert canary not in captured.out + captured.err + text.out + text.err
        assert not (self.folder / ".sendspec").exists()
        self.document = document
        return [(d["code"], d["path"], d["line"], d["column"]) for d in document["diagnostics"]]


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Found:
    monkeypatch.chdir(tmp_path)
    return Found(tmp_path, capsys)


def spec(text: str, **more: str) -> str:
    """The spec with another text and further top-level keys."""
    written = SPEC.replace('"Hi {{ first_name }}"', text)
    return written + "".join(f"{key}: {value}\n" for key, value in more.items())


TEXTS: list[tuple[str, str, list[tuple[str, str, int, int]]]] = [
    ("an unknown name", '"Hi {{ first_nmae }}"', [("unknown-name", "hello.yaml", 9, 20)]),
    (
        "two unknown names",
        '"{{ a }} {{ b }}"',
        [("unknown-name", "hello.yaml", 9, 17), ("unknown-name", "hello.yaml", 9, 25)],
    ),
    ("an unclosed template", '"Hi {{ first_name"', [("template-syntax", "hello.yaml", 9, 14)]),
    ("an unknown filter", '"Hi {{ first_name | uper }}"', [("unknown-filter", "hello.yaml", 9, 33)]),
    ("a call", '"{{ first_name.upper() }}"', [("template-forbidden", "hello.yaml", 9, 28)]),
    ("an escape from the sandbox", "\"{{ ''.__class__ }}\"", [("template-forbidden", "hello.yaml", 9, 20)]),
    ("chance", '"{{ [1, 2] | random }}"', [("unknown-filter", "hello.yaml", 9, 26)]),
    ("an include", '"{% include first_name %}"', [("template-forbidden", "hello.yaml", 9, 17)]),
    ("an empty text", "\"{{ ' ' }}\"", [("empty-text", "hello.yaml", 9, 13)]),
    ("a number that is none", '"{{ first_name | int }}"', [("not-a-number", "hello.yaml", 9, 14)]),
    ("a template without quotes", "{{ first_name }}", [("unquoted-template", "hello.yaml", 9, 13)]),
    ("a number without quotes", "0612345678", [("unquoted-number", "hello.yaml", 9, 13)]),
]


@pytest.mark.parametrize(("what", "text", "expected"), TEXTS, ids=[what for what, _, _ in TEXTS])
def test_a_text(found: Found, what: str, text: str, expected: list[tuple[str, str, int, int]]) -> None:
    assert found(hello_yaml=spec(text)) == expected


def test_a_value_that_some_rows_lack_names_the_rows(found: Found) -> None:
    people = "phone,first_name\n+31612345678,\n+31687654321,Ann\n+31611111111,\n"
    assert found(people_csv=people) == [("empty-value", "hello.yaml", 9, 20)]
    assert found.document["diagnostics"][0]["rows"] == [2, 4]
    assert found(hello_yaml=spec("\"Hi {{ first_name | default('there') }}\""), people_csv=people) == []


def test_a_text_that_is_empty_for_some_rows_names_them(found: Found) -> None:
    people = "phone,first_name\n+31612345678,\n+31687654321,Ann\n"
    assert found(hello_yaml=spec("\"{{ first_name | default('') }}\""), people_csv=people) == [
        ("empty-text", "hello.yaml", 9, 13)
    ]
    assert found.document["diagnostics"][0]["rows"] == [2]


def test_a_recipient_that_looks_like_a_template_is_sent_as_it_stands(
    found: Found, capsys: pytest.CaptureFixture[str]
) -> None:
    assert found(people_csv="phone,first_name\n+31612345678,{{ 7*7 }}\n") == []
    assert run(["render", "hello.yaml"]) == 0
    assert "Hi {{ 7*7 }}" in capsys.readouterr().out


def test_a_column_with_a_space_is_reached_through_row(found: Found) -> None:
    assert (
        found(hello_yaml=spec("'Hi {{ row[\"First Name\"] }}'"), people_csv="phone,First Name\n+31612345678,Ann\n")
        == []
    )
    assert found(
        hello_yaml=spec("'Hi {{ row[\"Frist Name\"] }}'"), people_csv="phone,First Name\n+31612345678,Ann\n"
    ) == [("unknown-name", "hello.yaml", 9, 24)]


def test_a_missing_name_under_default_is_only_warned_of_when_it_is_nearly_another(found: Found) -> None:
    assert found(hello_yaml=spec("\"{{ first_nmae | default('you') }}\"")) == [("unknown-name", "hello.yaml", 9, 17)]
    assert found.document["diagnostics"][0]["severity"] == "warning"
    assert found(hello_yaml=spec("\"{{ quite_different | default('you') }}\"")) == []


def test_the_same_row_twice_is_warned_of_and_sent_once(found: Found, capsys: pytest.CaptureFixture[str]) -> None:
    people = PEOPLE + "+31 6 1234 5678,Robert,A1\n"
    assert found(people_csv=people) == [("duplicate-rows", "people.csv", 4, 1)]
    run(["plan", "hello.yaml", "--format", "json"])
    assert json.loads(capsys.readouterr().out)["skipped"] == {"duplicate": 1}


def test_the_same_recipient_with_another_message_is_an_error_unless_a_key_tells_them_apart(found: Found) -> None:
    people = PEOPLE + "+31 6 1234 5678,Rob,A3\n"
    assert found(people_csv=people) == [("conflicting-rows", "people.csv", 4, 1)]
    keyed = SPEC.replace("{file: people.csv}", '{file: people.csv, key: "{{ order_id }}"}')
    assert found(hello_yaml=keyed, people_csv=people) == []


def test_rows_that_are_filtered_out_are_checked_for_their_shape_only(found: Found) -> None:
    where = SPEC.replace("{file: people.csv}", "{file: people.csv, where: \"{{ order_id != 'A2' }}\"}")
    assert found(hello_yaml=where, people_csv="phone,first_name,order_id\n+31612345678,Bob,A1\nnonsense,,A2\n") == []
    number = SPEC.replace("{file: people.csv}", '{file: people.csv, where: "{{ order_id }}"}')
    assert found(hello_yaml=number) == [("where-not-boolean", "hello.yaml", 4, 39)]


def test_a_table_without_the_address_says_which_columns_there_are(found: Found) -> None:
    assert found(people_csv="mobile,first_name\n+31612345678,Bob\n") == [("missing-column", "hello.yaml", 4, 1)]
    assert "mobile, first_name" in found.document["diagnostics"][0]["problem"]


def test_a_constant_that_is_also_a_column_is_an_error(found: Found) -> None:
    assert found(hello_yaml=spec('"Hi {{ first_name }}"', vars="{first_name: x}")) == [
        ("name-clash", "hello.yaml", 10, 8)
    ]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("0612345678", "phone-country"), ("+1-800-FLOWERS", "phone-letters"), ("３１６１２３４５６７８", "phone-digits"),
        ("+31612345678 ext 2", "phone-extension"), ("+3161", "phone-length"), ("+999612345678", "phone-unassigned"),
        ("3.16123E+10", "spreadsheet-number"),
    ],
)  # fmt: skip
def test_a_number_that_can_not_be_reached_is_shown_in_its_cell(found: Found, cell: str, code: str) -> None:
    assert found(people_csv=f"first_name,phone\nBob,+31612345678\nAnn,{cell}\n") == [(code, "people.csv", 3, 5)]


def test_one_fault_on_many_rows_is_one_error_with_a_count(found: Found) -> None:
    people = "phone,first_name\n" + "".join(f"06123456{n:02d},Bob\n" for n in range(40))
    assert found(people_csv=people) == [("phone-country", "people.csv", 2, 1)]
    assert found.document["diagnostics"][0]["row_count"] == 40
    assert (
        found(hello_yaml=SPEC.replace("{file: people.csv}", "{file: people.csv, country: NL}"), people_csv=people) == []
    )


LIMITS: list[tuple[str, str, str, tuple[int, int]]] = [
    ("{messages: 1}", "Hi {{ first_name }}", "limit-messages", (10, 20)),
    ("{total_segments: 1}", "Hi {{ first_name }}", "limit-total-segments", (10, 26)),
    ("{segments: 1}", "Hi {{ first_name }}" + "x" * 160, "limit-segments", (9, 13)),
    ("{segments: 1}", "Hi {{ first_name }} ж" + "x" * 69, "limit-segments", (9, 13)),
    ("{encoding: gsm7}", "Hi {{ first_name }}’s", "limit-encoding", (9, 13)),
    ("{cost: 5}", "Hi {{ first_name }}", "limit-cost", (10, 16)),
]


@pytest.mark.parametrize(
    ("limits", "text", "code", "place"), LIMITS, ids=[code + limits for limits, _, code, _ in LIMITS]
)
def test_a_limit(found: Found, limits: str, text: str, code: str, place: tuple[int, int]) -> None:
    assert found(hello_yaml=spec(f'"{text}"', limits=limits)) == [(code, "hello.yaml", *place)]


MESSAGES: list[tuple[str, str, list[tuple[str, int, int]]]] = [
    ("a body and a template", "{body: {type: text, text: {text: a}}, template: {name: a}}", [("body-and-template", 5, 48)]),
    ("an unknown key", "{body: {type: text, txt: {text: a}}}", [("unknown-key", 5, 30)]),
    ("a missing key", "{body: {type: text, text: {}}}", [("missing-key", 5, 30)]),
    ("an unknown body type", "{body: {type: vidoe}}", [("wrong-value", 5, 24)]),
    ("a body type that can't be sent", "{body: {type: action}}", [("body-type-unsupported", 5, 24)]),
    ("a body that SMS can't send", "{body: {type: gif, gif: {mediaUrl: \"https://example.com/a.gif\"}}}", [("body-type-platform", 5, 24)]),
    ("eleven images", "{body: {type: image, image: {images: [" + ", ".join(["{mediaUrl: \"https://example.com/a.png\"}"] * 11) + "]}}}", [("too-many-images", 5, 39)]),
    ("a media address that is not https", "{body: {type: image, image: {images: [{mediaUrl: \"http://example.com/a.png\"}]}}}", [("media-url", 5, 59)]),
    ("a media address in a private network", "{body: {type: image, image: {images: [{mediaUrl: \"https://10.0.0.1/a.png\"}]}}}", [("media-url", 5, 59)]),
    ("a media address that is data", "{body: {type: image, image: {images: [{mediaUrl: \"data:image/png;base64,AAAA\"}]}}}", [("media-url", 5, 59)]),
    ("a media address without end", "{body: {type: image, image: {images: [{mediaUrl: \"https://example.com/" + "a" * 3_000 + "\"}]}}}", [("media-url", 5, 59)]),
    ("two receivers", "{receiver: {contacts: [{identifierValue: \"+447700900001\"}, {identifierValue: \"+447700900002\"}]}, body: {type: text, text: {text: a}}}", [("one-receiver", 5, 22)]),
    ("a receiver of another kind", "{receiver: {contacts: [{identifierKey: emailaddress, identifierValue: a@b.example}]}, body: {type: text, text: {text: a}}}", [("receiver-kind", 5, 49)]),
    ("a long sender", "{sender: {connector: {identifierValue: Acme Flowers}}, body: {type: text, text: {text: a}}}", [("sender-name", 5, 49)]),
    ("a date in the past", "{body: {type: text, text: {text: a}}, scheduledFor: \"2020-01-01T00:00:00Z\"}", [("scheduled-past", 5, 62)]),
    ("a date too far ahead", "{body: {type: text, text: {text: a}}, scheduledFor: \"2099-01-01T00:00:00Z\"}", [("scheduled-far", 5, 62)]),
    ("a wrong kind", "{body: {type: text, text: {text: a}}, validity: soon}", [("wrong-type", 5, 58)]),
    ("a wrong rendered kind", "{body: {type: text, text: {text: a}}, validity: \"{{ first_name }}\"}", [("wrong-type", 5, 58)]),
    ("a reference that holds the number", "{body: {type: text, text: {text: a}}, reference: \"x{{ phone }}\"}", [("reference-holds-number", 5, 59)]),
    ("a reference that repeats", "{body: {type: text, text: {text: a}}, reference: same}", [("reference-repeated", 3, 1)]),
    ("a marketing cap without marketing", "{body: {type: text, text: {text: a}}, capFrequency: true}", [("cap-frequency", 5, 48)]),
    ("tags that are too long and of wrong characters", "{body: {type: text, text: {text: a}}, tags: [\"" + "a" * 51 + "\", \"a!\"]}", [("too-long", 5, 55), ("wrong-format", 5, 110)]),
]  # fmt: skip


@pytest.mark.parametrize(("what", "message", "expected"), MESSAGES, ids=[what for what, _, _ in MESSAGES])
def test_a_message(found: Found, what: str, message: str, expected: list[tuple[str, int, int]]) -> None:
    text = SPEC.split("message:")[0] + f"message: {message}\n"
    assert [(code, line, column) for code, _, line, column in found(hello_yaml=text)] == expected


def test_a_reference_of_ones_own_must_differ_between_generations(found: Found) -> None:
    text = SPEC.replace("name: hello", "name: hello\ngeneration: 2").replace(
        "message:", 'message:\n  reference: "{{ order_id }}"'
    )
    assert found(hello_yaml=text) == [("reference-generation", "hello.yaml", 7, 14)]
    assert found(hello_yaml=text.replace("order_id }}", "order_id }}-{{ generation }}")) == []


PROJECTS: list[tuple[str, tuple[str, str], tuple[str, int, int]]] = [
    ("a key in the file", ("{env: KEY}", "canary-key-0123456789"), ("key-literal", 4, 5)),
    ("no source of the key", ("{env: KEY}", "{scheme: Bearer}"), ("key-source", 4, 5)),
    ("two sources of the key", ("{env: KEY}", "{env: KEY, file: key.txt}"), ("key-source", 4, 5)),
    ("an unknown scheme", ("{env: KEY}", "{env: KEY, scheme: Basic}"), ("wrong-value", 4, 36)),
    ("a workspace that is no UUID", (f"workspace: {UUID}", "workspace: ws_123"), ("not-a-uuid", 7, 24)),
    ("a path as a channel", (f"channel: {UUID}", "channel: ../../admin"), ("not-a-uuid", 7, 71)),
    ("an unknown key", ("rate:", "raet:"), ("unknown-key", 7, 109)),
    ("a rate that is a word", ("50/s", "fast"), ("wrong-format", 7, 115)),
    ("a rate of nothing", ("50/s", "0/s"), ("out-of-range", 7, 115)),
    ("a rate below nothing", ("50/s", "-1/s"), ("wrong-format", 7, 115)),
    ("a rate beyond reason", ("50/s", "1000000000/s"), ("wrong-format", 7, 115)),
    ("a rate that is too high", ("50/s", "20000/s"), ("out-of-range", 7, 115)),
    ("no connections", ("rate: 50/s", "concurrency: 0"), ("out-of-range", 7, 122)),
    ("too many connections", ("rate: 50/s", "concurrency: 257"), ("out-of-range", 7, 122)),
    ("no time", ("rate: 50/s", "timeout: 0"), ("out-of-range", 7, 118)),
    ("an unknown platform", ("rate: 50/s", "platform: fax"), ("wrong-value", 7, 119)),
    ("plain http", ("https://api.bird.com", "http://api.bird.com"), ("url-scheme", 3, 14)),
    ("a user before the host", ("https://api.bird.com", "https://api.bird.com@evil.example"), ("url-part", 3, 14)),
    ("a fragment", ("https://api.bird.com", "https://api.bird.com/#x"), ("url-part", 3, 14)),
    ("a query", ("https://api.bird.com", "https://api.bird.com/?x=1"), ("url-part", 3, 14)),
    ("another host", ("https://api.bird.com", "https://api.bird.com.evil.example"), ("url-host", 3, 14)),
    ("a letter of another script", ("https://api.bird.com", "https://аpi.bird.com"), ("url-host", 3, 14)),
    ("a port that can't be", ("https://api.bird.com", "https://api.bird.com:99999"), ("url-part", 3, 14)),
    ("a link-local address", ("https://api.bird.com", "https://169.254.169.254"), ("url-host", 3, 14)),
    ("an address as one number", ("https://api.bird.com", "https://2852039166"), ("url-host", 3, 14)),
    ("an address in hexadecimal", ("https://api.bird.com", "https://0xa9fea9fe"), ("url-host", 3, 14)),
    ("a mapped address", ("https://api.bird.com", "'https://[::ffff:169.254.169.254]'"), ("url-host", 3, 14)),
    ("a file", ("https://api.bird.com", "file:///etc/passwd"), ("url-scheme", 3, 14)),
    ("ftp", ("https://api.bird.com", "ftp://api.bird.com"), ("url-scheme", 3, 14)),
    ("gopher", ("https://api.bird.com", "gopher://api.bird.com"), ("url-scheme", 3, 14)),
    ("a path that climbs", ("https://api.bird.com", "https://api.bird.com/../x"), ("url-part", 3, 14)),
    ("http to a name that is not written as loopback", ("https://api.bird.com", "http://localhost.example"), ("url-scheme", 3, 14)),
    ("the sandbox defined again", ("  live:", "  sandbox:"), ("bad-name", 2, 3)),
]  # fmt: skip


@pytest.mark.parametrize(("what", "change", "expected"), PROJECTS, ids=[what for what, _, _ in PROJECTS])
def test_a_project_file(found: Found, what: str, change: tuple[str, str], expected: tuple[str, int, int]) -> None:
    assert change[0] in PROJECT
    found.folder.joinpath("sendspec.yaml").write_text(PROJECT.replace(*change, 1), encoding="utf-8")
    [(code, path, line, column)] = found()
    assert path == "sendspec.yaml"
    assert (code, line, column) == expected


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:8080", "http://localhost:1", "'http://[::1]:8080'", "http://127.1.2.3", "https://localhost"],
)
def test_a_loopback_address_needs_no_flag(found: Found, address: str) -> None:
    found.folder.joinpath("sendspec.yaml").write_text(
        PROJECT.replace("https://api.bird.com", address), encoding="utf-8"
    )
    assert found() == []


def test_another_host_is_allowed_when_it_is_named_twice(found: Found) -> None:
    other = PROJECT.replace("https://api.bird.com", "https://proxy.example:8443/bird\n    allow_host: proxy.example")
    found.folder.joinpath("sendspec.yaml").write_text(other, encoding="utf-8")
    assert found() == []


def test_a_channel_that_the_environment_lacks_is_shown_in_the_spec(found: Found) -> None:
    found.folder.joinpath("sendspec.yaml").write_text(PROJECT, encoding="utf-8")
    assert found(env="live", hello_yaml=SPEC.replace("channel: sms", "channel: smss")) == [
        ("unknown-channel", "hello.yaml", 3, 10)
    ]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("missing", None, "KEY is not set"),
        ("empty", "", "KEY is empty"),
        ("a line end", "canary-key\n", "position 11"),
        ("a space", "canary key", "position 7"),
        ("not ASCII", "canary-kéy", "position 9"),
        ("a control character", "canary-key\x7f", "position 11"),
    ],
)
def test_a_key_that_can_not_be_used_is_never_shown(
    project: Any, server: Any, helpers: Any, name: str, value: str | None, words: str
) -> None:
    project.write("hello.yaml", helpers.SPEC)
    project.write("people.csv", helpers.numbers(2))
    project.environ.pop("TEST_KEY")
    if value is not None:
        project.environ["TEST_KEY"] = value
    done = project.run("send", "hello.yaml", "--env", "test", "--yes", "--format", "json")
    assert done.code == 1
    [diagnostic] = done.json["diagnostics"]
    assert diagnostic["code"] == "key-unusable"
    assert words.replace("KEY", "TEST_KEY") in diagnostic["problem"]
    assert "canary" not in done.out + done.err
    assert server.requests == []


def test_a_key_file_that_others_can_read_is_refused_with_the_command_that_mends_it(
    project: Any, server: Any, helpers: Any
) -> None:
    text = (project.folder / "sendspec.yaml").read_text()
    project.write("sendspec.yaml", text.replace("{env: TEST_KEY}", "{file: key.txt}"))
    project.write("hello.yaml", helpers.SPEC)
    project.write("people.csv", helpers.numbers(2))
    key = project.write("key.txt", helpers.SECRET)
    key.chmod(0o644)
    done = project.run("send", "hello.yaml", "--env", "test", "--yes")
    assert done.code == 1
    assert "chmod 600 key.txt" in done.err
    key.chmod(0o600)
    assert project.run("send", "hello.yaml", "--env", "test", "--yes").code == 0
    assert len(server.posts) == 2
