"""What is opened as text, and what is refused instead of being waited for, filled up with, or shown."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.reading.files.text_file import MAX_SPEC_BYTES, TextFile, file_problem, read_text_file


def read(path: Path | str, **options: Any) -> tuple[TextFile | None, list[Diagnostic]]:
    problems = Problems()
    return read_text_file(str(path), problems, **options), list(problems)


def refused(path: Path | str, **options: Any) -> Diagnostic:
    source, problems = read(path, **options)
    assert source is None
    assert len(problems) == 1
    assert problems[0].path == str(path)
    assert problems[0].fix
    return problems[0]


def place(diagnostic: Diagnostic) -> tuple[int, int]:
    return diagnostic.span.start.line, diagnostic.span.start.column


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"a: 1\n", "a: 1\n"),
        (b"\xef\xbb\xbfa: 1\n", "a: 1\n"),
        (b"a: 1\r\nb: 2\r\n", "a: 1\nb: 2\n"),
        ("a: é 😀\t‘\n".encode(), "a: é 😀\t‘\n"),
        (b"", ""),
        (b"a", "a"),
    ],
)
def test_a_regular_utf8_file_is_text_with_plain_line_ends(tmp_path: Path, raw: bytes, text: str) -> None:
    path = tmp_path / "spec.yaml"
    path.write_bytes(raw)
    assert read(path) == (TextFile(str(path), text), [])


def test_a_link_to_a_regular_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("a: 1\n")
    (tmp_path / "link.yaml").symlink_to("spec.yaml")
    source, problems = read(tmp_path / "link.yaml")
    assert not problems
    assert source is not None
    assert source.path.endswith("link.yaml")


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(tmp_path / "socket"))
        for path in (
            tmp_path / "fifo",
            tmp_path / "loop",
            tmp_path / "folder",
            tmp_path / "socket",
            "/dev/zero",
            "/dev/null",
        ):
            assert refused(path).code == "not-a-file", path


@pytest.mark.parametrize("name", ["nothing.yaml", "spec.yaml/below", "n" * 5_000, "with\0nul"])
def test_a_path_that_leads_nowhere_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "spec.yaml").touch()
    found = refused(f"{tmp_path}/{name}")
    assert found.code == "file-missing"
    assert "\0" not in found.problem
    assert len(found.problem) < 400


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (PermissionError(errno.EACCES, "no"), "unreadable-file", "'spec.yaml' can't be read: permission denied"),
        (OSError(errno.EIO, "no"), "unreadable-file", "'spec.yaml' can't be read: input/output error"),
        (OSError(errno.ENXIO, "no"), "not-a-file", "'spec.yaml' is not a regular file"),
    ],
)
def test_the_reason_of_the_system_is_given(error: OSError, code: str, said: str) -> None:
    found = file_problem("spec.yaml", error)
    assert (found.code, found.problem) == (code, said)
    assert found.fix


def test_the_largest_file_is_read_and_one_byte_more_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_bytes(b"#" * MAX_SPEC_BYTES)
    assert read(path)[0] is not None
    path.write_bytes(b"#" * (MAX_SPEC_BYTES + 1))
    assert refused(path).code == "file-too-large"
    assert refused(path).problem == "the file is larger than 1 MB"


def test_a_huge_file_is_refused_without_reading_it_all(tmp_path: Path) -> None:
    with (tmp_path / "spec.yaml").open("wb") as file:
        file.truncate(50_000_000_000)
    assert refused(tmp_path / "spec.yaml").code == "file-too-large"


@pytest.mark.parametrize(
    ("raw", "at"),
    [
        ("a: é\n".encode("utf-16"), (1, 1)),
        ("a: é\n".encode("utf-16-le"), (1, 1)),
        ("a: é\n".encode("utf-16-be"), (1, 1)),
        ("a: é\n".encode("utf-32"), (1, 1)),
        ("a: 1\r\nb: caf\xe9\n".encode("latin-1"), (2, 7)),
        (b"\xef\xbb\xbfa: 1\nb: \xff\n", (2, 4)),
        (b"a: \xed\xa0\x80\n", (1, 4)),
        ("é".encode() + b"\xe9", (1, 2)),
    ],
)
def test_text_that_is_not_utf8_is_refused_where_it_breaks(tmp_path: Path, raw: bytes, at: tuple[int, int]) -> None:
    (tmp_path / "spec.yaml").write_bytes(raw)
    found = refused(tmp_path / "spec.yaml")
    assert found.code == "not-utf8"
    assert place(found) == at
    assert "save it as UTF-8" in found.fix


@pytest.mark.parametrize(
    "character",
    [
        "\0",
        "\x07",
        "\x0b",
        "\x1b",
        "\x7f",
        "\x85",
        "\u061c",
        "\u200e",
        "\u202e",
        "\u2066",
        "\u2028",
        "\u2029",
        "\ufffe",
    ],
)
def test_characters_that_act_are_refused_where_they_stand(tmp_path: Path, character: str) -> None:
    (tmp_path / "spec.yaml").write_text(f"a: 1\nphone: +31612345678 é{character}x\n", encoding="utf-8", newline="")
    found = refused(tmp_path / "spec.yaml")
    assert found.code == "forbidden-character"
    assert f"U+{ord(character):04X}" in found.problem
    assert place(found) == (2, 22)
    assert found.span.end.column == 23
    assert found.excerpt == "phone: +31•••••••78 é�x"


def test_a_carriage_return_of_its_own_can_hide_no_line(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_bytes(b"a: 1\r\n# only a comment\rb: 2\n")
    found = refused(tmp_path / "spec.yaml")
    assert (found.code, place(found)) == ("forbidden-character", (2, 17))


def test_an_access_key_beside_a_refused_character_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("access_key: 0aKd93kdXw \x1b\n")
    found = refused(tmp_path / "spec.yaml")
    assert "0aKd93kdXw" not in found.excerpt
    assert len(found.excerpt) == len("access_key: 0aKd93kdXw x")
