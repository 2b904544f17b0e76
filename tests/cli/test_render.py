"""`render --key`: one recipient's message, or why there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sendspec.cli.main import run

SPEC = """spec: 1
name: {name}
channel: sms
suppress: [out.csv]
recipients: {{file: people.csv, key: "{{{{ order_id }}}}", where: "{{{{ status == 'shipped' }}}}"}}
message: {{body: {{type: text, text: {{text: "{name} {{{{ order_id }}}}"}}}}}}
"""
PEOPLE = """phone,order_id,status
+447700900001,A1001,shipped
+447700900002,A1002,packed
+447700900003,A1003,shipped
"""


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(SPEC.format(name=name), encoding="utf-8")
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    (tmp_path / "out.csv").write_text("phone\n+447700900003\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("key", "words", "fix"),
    [
        (
            "A10011",
            "no recipient has the key 'A10011' [recipient-unknown]",
            "write 'A1001', as in line 2 of people.csv",
        ),
        (
            "Zoe",
            "no recipient has the key 'Zoe' [recipient-unknown]",
            "take it from the column 'order_id' of people.csv",
        ),
        ("A1002", "'A1002' (people.csv:3) gets no message: `where` leaves its row out", "change the row, or `where`"),
        ("A1003", "'A1003' (people.csv:4) gets no message: its address is on a suppression list", "render another key"),
        ("+447700900009", "no recipient has the key '+44••••••••09'", "take it from"),
    ],
)
def test_a_key_without_a_message_says_why(
    orders: Path, key: str, words: str, fix: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["render", "one.yaml", "--key", key]) == 1
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert words in err.decode()
    assert f"fix: {fix}" in err.decode()


def test_a_near_miss_shows_no_address_and_in_ci_no_key(
    orders: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    by_phone = SPEC.format(name="one").replace('key: "{{ order_id }}", ', "")
    (orders / "phone.yaml").write_text(by_phone, encoding="utf-8")
    assert run(["render", "phone.yaml", "--key", "+447700900011"]) == 1
    assert b"fix: look at line 2 of people.csv" in capfdbinary.readouterr().err
    monkeypatch.setenv("CI", "1")
    assert run(["render", "one.yaml", "--key", "A10011"]) == 1
    assert b"fix: look at line 2 of people.csv" in capfdbinary.readouterr().err


def test_of_several_specs_one_is_enough(orders: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["render", "one.yaml", "two.yaml", "--key", "A1001"]) == 0
    lines = capfdbinary.readouterr().out.splitlines()
    assert [json.loads(line)["body"]["text"]["text"] for line in lines] == ["one A1001", "two A1001"]
    two = (orders / "two.yaml").read_text(encoding="utf-8").replace("people.csv", "others.csv")
    (orders / "two.yaml").write_text(two, encoding="utf-8")
    (orders / "others.csv").write_text(PEOPLE.replace("A1001", "B1"), encoding="utf-8")
    assert run(["render", "one.yaml", "two.yaml", "--key", "A1001"]) == 0
    said = capfdbinary.readouterr()
    assert len(said.out.splitlines()) == 1
    assert b"note: two.yaml: no recipient has the key 'A1001'" in said.err
    assert run(["render", "one.yaml", "two.yaml", "--key", "A1", "--format", "json"]) == 1
    codes = [diagnostic["code"] for diagnostic in json.loads(capfdbinary.readouterr().out)["diagnostics"]]
    assert codes == ["recipient-unknown", "recipient-unknown"]
