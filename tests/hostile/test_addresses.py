"""Media addresses that lead into a network instead of to the public; numbers shorter than others'."""

from __future__ import annotations

import json

import phonenumbers
import pytest
from phonenumbers.phonemetadata import PhoneMetadata
from project_dir import ProjectDir

HEAD = "spec: 1\nname: addresses\nchannel: sms\n"


@pytest.mark.parametrize(
    "host",
    [
        "[64:ff9b::7f00:1]", "[64:ff9b::a00:1]", "[64:ff9b:1::808:808]", "[2002:7f00:1::]", "[2002:c0a8:101::1]", "[::127.0.0.1]",
        "[::8.8.8.8]", "[::ffff:10.0.0.1]", "[fec0::1]", "[fc00::1]", "[3fff::1]", "[2001:db8::1]", "[5f00::1]",
        "[2606:4700::1111%25eth0]", "intranet", "localhost", "com", "router.home.arpa", "a.b.home.arpa", "nas.local", "host.lan",
        "db.internal", "x.localhost", "hidden.onion", "site.test", "10.in-addr.arpa", "foo.123", "foo.0x7f", "0x7f.1",
        "2130706433", "192.88.99.1", "100.64.0.1",
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
    assert validated(project_dir, ["+690729", "+69072901234", *good]) == [("phone-length", [2, 3])]
    assert validated(project_dir, ["7290", "+6907291"], "TK") == []


def test_niue_too_and_nobody_else(project_dir: ProjectDir) -> None:
    assert validated(project_dir, ["+6834001", "+6838884001"]) == []
    assert validated(project_dir, ["+3112345"]) == [("phone-length", [2])]


def test_no_other_country_has_mobile_numbers_that_are_too_short() -> None:
    """By the phone library; the five digits of South Africa's are services, of which nobody gets a message."""
    short = {}
    for region in phonenumbers.SUPPORTED_REGIONS:
        metadata = PhoneMetadata.metadata_for_region(region)
        assert metadata is not None
        code = str(phonenumbers.country_code_for_region(region))
        lengths = metadata.mobile.possible_length if metadata.mobile else ()
        if lengths and len(code) + min(lengths) < 8:
            short[code] = (min(lengths), max(lengths))
    assert short == {"683": (4, 7), "690": (4, 7), "27": (5, 9)}
