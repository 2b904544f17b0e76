"""A list of suppressed addresses is read again when its files change, and stops a run where it can't be used."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exceptions import SuppressionListUnreadable
from sendspec.diagnostics.position import FILE_START
from sendspec.reading.suppression_file import SuppressionFile
from sendspec.reading.suppression_list import CHECK_SECONDS, MAX_READINGS, SuppressionList, read_suppression_list

ANN, BOB, CY = (f"+44770090000{n}" for n in (1, 2, 3))


def opened(folder: Path, *names: str, column: str = "phone") -> SuppressionList:
    files = [
        SuppressionFile(written=name, declared_in=str(folder / "hello.yaml"), span=FILE_START, excerpt="", by_spec=True)
        for name in names
    ]
    problems = Problems()
    made = read_suppression_list(files, root=folder, column=column, country=None, problems=problems)
    assert not list(problems)
    return made


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A file with Ann in it."""
    path = tmp_path / "out.txt"
    path.write_text(f"{ANN}\n")
    return path


def test_somebody_added_is_blocked_after_the_next_look(tmp_path: Path, out: Path) -> None:
    listed = opened(tmp_path, "out.txt")
    assert (ANN in listed, BOB in listed, len(listed)) == (True, False, 1)
    assert not listed.refresh(100.0)
    out.write_text(f"{ANN}\n{BOB}\n")
    assert not listed.refresh(100.0 + CHECK_SECONDS - 0.01)  # too early for another look
    assert BOB not in listed
    assert listed.refresh(100.0 + CHECK_SECONDS)
    assert BOB in listed
    assert not listed.refresh(200.0)


def test_a_change_before_the_first_look_is_seen_at_once(tmp_path: Path, out: Path) -> None:
    listed = opened(tmp_path, "out.txt")
    out.write_text(f"{BOB}\n")
    assert listed.refresh(0.0)
    assert BOB in listed


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_text(""),
        lambda path: path.write_text(f"{BOB}\n"),
        lambda path: (path.with_name("new").write_text(f"{BOB}\n"), path.with_name("new").rename(path)),
    ],
    ids=["emptied", "rewritten", "replaced"],
)
def test_whoever_was_on_the_list_stays_on_it(tmp_path: Path, out: Path, change: Callable[[Path], Any]) -> None:
    listed = opened(tmp_path, "out.txt")
    change(out)
    assert listed.refresh(0.0)
    assert ANN in listed


def test_bytes_that_change_behind_the_same_size_and_time_are_seen(tmp_path: Path, out: Path) -> None:
    listed = opened(tmp_path, "out.txt")
    times = out.stat().st_atime_ns, out.stat().st_mtime_ns
    with out.open("r+") as file:
        file.write(f"{BOB}\n")
    os.utime(out, ns=times)
    assert listed.refresh(0.0)
    assert BOB in listed


def test_a_link_that_leads_elsewhere_since_is_seen(tmp_path: Path, out: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text(f"{BOB}\n")
    link = tmp_path / "now.txt"
    link.symlink_to(out)
    listed = opened(tmp_path, "now.txt")
    link.unlink()
    link.symlink_to(other)
    assert listed.refresh(0.0)
    assert BOB in listed


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda path: path.unlink(), "there is no file 'out.txt' [file-missing]"),
        (lambda path: path.write_text(f"{BOB}\n0770090000\n"), "out.txt:2: the entry can't be read as an address"),
        (lambda path: path.write_bytes(b"\xff\n"), "not-utf8"),
        (lambda path: (path.unlink(), path.symlink_to("/etc/hosts")), "outside-project"),
        (lambda path: (path.unlink(), path.mkdir()), "not-a-file"),
    ],
    ids=["gone", "an entry that is none", "not text", "a link out of the project", "a folder"],
)
def test_a_list_that_can_not_be_used_any_more_is_an_error_until_it_is_repaired(
    tmp_path: Path, out: Path, change: Callable[[Path], Any], said: str
) -> None:
    listed = opened(tmp_path, "out.txt")
    assert not listed.refresh(0.0)
    change(out)
    for now in (2.0, 2.1, 2.2):  # it doesn't wait for a second look to say so again
        with pytest.raises(SuppressionListUnreadable, match="a suppression list has changed") as caught:
            listed.refresh(now)
        assert said in caught.value.problem
        assert (caught.value.exit_code, caught.value.code) == (7, "suppress-unreadable")
        assert caught.value.fix.endswith("; then run the command again")
    assert ANN in listed
    assert BOB not in listed
    if out.is_dir():
        out.rmdir()
    else:
        out.unlink(missing_ok=True)
    out.write_text(f"{CY}\n")
    assert listed.refresh(2.3)
    assert CY in listed


def test_one_bad_file_adds_nobody_of_another(tmp_path: Path, out: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text(f"phone,since\n{BOB},2025\n")
    listed = opened(tmp_path, "out.txt", "other.csv")
    assert BOB in listed
    out.write_text(f"{CY}\n")
    other.write_text("nothing\nof use\n")
    with pytest.raises(SuppressionListUnreadable):
        listed.refresh(0.0)
    assert CY not in listed


@pytest.mark.parametrize("times", [1, MAX_READINGS - 1, MAX_READINGS])
def test_a_file_that_is_written_to_while_it_is_read_is_read_again(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    listed = opened(tmp_path, "out.txt")
    out.write_text(f"{ANN}\n{BOB}\n")
    real, left = os.pread, times

    def pread(descriptor: int, most: int, offset: int) -> bytes:
        nonlocal left
        if left and not offset:
            left -= 1
            with out.open("a") as file:
                file.write("# and on\n" * 2)
        return real(descriptor, most, offset)

    monkeypatch.setattr(os, "pread", pread)
    if times < MAX_READINGS:
        assert listed.refresh(0.0)
        assert BOB in listed
        return
    left = 2 * MAX_READINGS  # the head, then the rest
    with pytest.raises(SuppressionListUnreadable, match="file-changed"):
        listed.refresh(0.0)


def test_e_mail_addresses_are_held_as_recipients_write_them(tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("email,phone\nAnn@Example.COM,+447700900001\n")
    listed = opened(tmp_path, "out.csv", column="email")
    assert "Ann@example.com" in listed
    assert "ann@example.com" in listed
    assert ANN not in listed


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("out.csv", f"\ufeff Phone ;Since;;\r\n{ANN};2025;;\r\n;;;\r\n\u00a0{BOB} ;;;\r\n"),
        ("out.csv", f"sep=;\nname;phone\nAnn;{ANN}\nBob; {BOB}\n"),
        ("out.tsv", f"phone,since\n{ANN},2025\n\n{BOB},2026\n"),
        ("out.txt", f"\ufeffphone\r\n{ANN};\r\n  \r\n;;\r\n {BOB}\u00a0\r\n"),
    ],
)
def test_a_list_from_a_spreadsheet_is_read_as_it_is(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    files = [
        SuppressionFile(written=name, declared_in=str(tmp_path / "s.yaml"), span=FILE_START, excerpt="", by_spec=True)
    ]
    problems = Problems()
    listed = read_suppression_list(files, root=tmp_path, column="phone", country=None, problems=problems)
    assert not problems.has_errors, list(problems)
    assert (ANN in listed, BOB in listed, len(listed)) == (True, True, 2)


def fixes_of(folder: Path, name: str, column: str = "phone") -> list[str]:
    file = SuppressionFile(
        written=name, declared_in=str(folder / "hello.yaml"), span=FILE_START, excerpt="", by_spec=True
    )
    problems = Problems()
    read_suppression_list([file], root=folder, column=column, country=None, problems=problems)
    return [diagnostic.fix for diagnostic in problems]


@pytest.mark.parametrize(
    ("there", "written", "fix"),
    [
        ("optouts.csv", "opt-outs.csv", "write 'optouts.csv'"),
        ("opt-outs.txt", "opt-outs.csv", "write 'opt-outs.txt'"),
        ("lists/stop.csv", "stop.csv", "write 'lists/stop.csv'"),
        ("people.csv", "peopl.csv", "check the path of the list"),
        ("people.csv", "stop.csv", "check the path of the list"),
    ],
)
def test_a_missing_file_is_answered_with_the_list_that_is_meant(
    tmp_path: Path, there: str, written: str, fix: str
) -> None:
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_text(f"{ANN}\n")
    assert fixes_of(tmp_path, written) == [fix]


@pytest.mark.parametrize(
    ("header", "column", "meant"),
    [
        ("Mobile,name", "phone", "the column 'Mobile'"),
        ("e-mail,name", "email", "the column 'e-mail'"),
        ("phnoe,name", "phone", "the column 'phnoe'"),
        ("mobile,tel", "phone", "the column with the addresses"),
        ("who,name", "phone", "the column with the addresses"),
    ],
)
def test_a_column_of_another_name_is_named(tmp_path: Path, header: str, column: str, meant: str) -> None:
    (tmp_path / "out.csv").write_text(f"{header}\nx,y\n")
    assert fixes_of(tmp_path, "out.csv", column) == [f"call {meant} '{column}', or remove all other columns"]
