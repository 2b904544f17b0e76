"""Media addresses that lead into a network instead of to the public; numbers shorter than others'."""

from __future__ import annotations

import json

import pytest
from project_dir import ProjectDir
from sendspec.reading.contacts.country_codes import LENGTHS

ID = "0b0e5c1a-7c1f-4b0e-9d3c-2f7f1c6f8a01"
HEAD = "spec: 1\nname: addresses\nchannel: sms\n"


@pytest.mark.parametrize(
    "host",
    [
        "[64:ff9b::7f00:1]", "[64:ff9b::a00:1]", "[64:ff9b:1::808:808]", "[2002:7f00:1::]", "[2002:c0a8:101::1]", "[::127.0.0.1]",
        "[::8.8.8.8]", "[::ffff:10.0.0.1]", "[fec0::1]", "[fc00::1]", "[3fff::1]", "[2001:db8::1]", "[5f00::1]",
        "[2606:4700::1111%25eth0]", "intranet", "localhost", "com", "router.home.arpa", "a.b.home.arpa", "nas.local", "host.lan",
        "db.internal", "x.localhost", "hidden.onion", "site.test", "10.in-addr.arpa", "foo.123", "foo.0x7f", "0x7f.1",
        "2130706433", "192.88.99.1", "100.64.0.1", "[v1.a]", "media.example.com:0",
    ],
)  # fmt: skip
def test_a_host_that_no_public_server_has_is_refused(project_dir: ProjectDir, host: str) -> None:
    for url, row in ((f"https://{host}/a.png", "x"), ("{{ url }}", f"https://{host}/a.png")):
        project_dir.write("people.csv", f'phone,url\n+447700900001,"{row}"\n')
        message = json.dumps({"body": {"type": "image", "image": {"images": [{"mediaUrl": url}]}}})
        project_dir.write("media.yaml", HEAD + f"recipients: {{file: people.csv}}\nmessage: {message}\n")
        done = project_dir.run("validate", "media.yaml", "--format", "json")
        assert done.code == 1, (host, done.out)
        assert [each["code"] for each in json.loads(done.out)["diagnostics"]] == ["media-url"]


@pytest.mark.parametrize(
    "host",
    ["example.com", "cdn.example.co.uk", "1.1.1.1", "[2606:4700::1111]", "[64:ff9b::808:808]", "home.arpa.example.com"],
)
def test_a_public_host_passes(project_dir: ProjectDir, host: str) -> None:
    message = json.dumps({"body": {"type": "image", "image": {"images": [{"mediaUrl": f"https://{host}/a.png"}]}}})
    project_dir.write("media.yaml", HEAD + f'recipients:\n  - {{phone: "+447700900001"}}\nmessage: {message}\n')
    assert project_dir.run("validate", "media.yaml").code == 0


def validated(project_dir: ProjectDir, numbers: list[str], country: str | None = None) -> list[tuple[str, list[int]]]:
    project_dir.write("people.csv", "phone\n" + "".join(f"{number}\n" for number in numbers))
    where = "" if country is None else f", country: {country}"
    message = "message: {body: {type: text, text: {text: Hi}}}\n"
    project_dir.write("phones.yaml", HEAD + f"recipients: {{file: people.csv{where}}}\n{message}")
    return [
        (each["code"], each["rows"])
        for each in json.loads(project_dir.run("validate", "phones.yaml", "--format", "json").out)["diagnostics"]
    ]


def test_numbers_of_tokelau_have_four_to_seven_digits(project_dir: ProjectDir) -> None:
    good = [f"+690{digits}" for digits in ("7290", "72901", "729012", "7290123")]
    assert validated(project_dir, [*good, "+690 7291"]) == []
    assert validated(project_dir, ["+690729", "+69072901234", *good]) == [("phone-length", [2]), ("phone-length", [3])]
    assert validated(project_dir, ["7290", "+6907291"], "TK") == []


def test_niue_too_and_nobody_else(project_dir: ProjectDir) -> None:
    assert validated(project_dir, ["+6838884001"]) == []
    assert validated(project_dir, ["+6834001"]) == [("phone-landline", [2])]
    assert validated(project_dir, ["+3112345"]) == [("phone-length", [2])]


def test_no_other_country_has_numbers_of_less_than_eight_digits() -> None:
    """By the phone library; a number of seven may be a number of Niue, Tokelau or Saint Helena."""
    short = {code: min(lengths) for code, lengths in LENGTHS.items() if min(lengths) < 8}
    assert short == {"290": 7, "683": 7, "690": 7}


@pytest.mark.parametrize("rows", [3, 600], ids=["few rows", "so many that the spec is compiled"])
def test_landlines_are_one_warning_that_names_its_rows(project_dir: ProjectDir, rows: int) -> None:
    mobiles = [f"+3161234{n:04}" for n in range(rows)]
    numbers = [*mobiles[:2], "+31201234567", *mobiles[2:], "+442079460958", "+12025550130"]
    assert validated(project_dir, numbers) == [("phone-landline", [4, rows + 3])]
    assert project_dir.run("validate", "phones.yaml").code == 0


def test_a_landline_is_no_warning_elsewhere(project_dir: ProjectDir) -> None:
    project_dir.write("people.csv", "phone\n+31201234567\n")
    message = "message: {body: {type: text, text: {text: Hi}}}\n"
    whatsapp = HEAD.replace("channel: sms", "channel: wa") + "recipients: {file: people.csv}\n" + message
    channel = f"{{workspace: {ID}, channel: {ID}, platform: whatsapp}}"
    live = f"{{access_key: {{env: KEY}}, ledger: {{file: live.db}}, channels: {{wa: {channel}}}}}"
    project_dir.write("sendspec.yaml", f"environments: {{live: {live}}}\n")
    project_dir.write("phones.yaml", whatsapp)
    assert json.loads(project_dir.run("validate", "phones.yaml", "--format", "json").out)["diagnostics"] == []


@pytest.mark.parametrize("check", ["length", "valid", "none"])
def test_a_receiver_in_the_message_is_checked_for_its_length(project_dir: ProjectDir, check: str) -> None:
    receiver = 'receiver: {contacts: [{identifierKey: phonenumber, identifierValue: "{{ phone }}"}]}'
    project_dir.write("people.csv", "phone\n+31112345678\n+120255501\n")
    message = f"message:\n  {receiver}\n  body: {{type: text, text: {{text: Hi}}}}\n"
    project_dir.write("phones.yaml", f"{HEAD}recipients: {{file: people.csv, check: {check}}}\n{message}")
    diagnostics = json.loads(project_dir.run("validate", "phones.yaml", "--format", "json").out)["diagnostics"]
    assert [(each["code"], each["rows"]) for each in diagnostics] == [("phone-length", [3])]
