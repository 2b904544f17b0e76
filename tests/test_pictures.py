"""The pictures of README and docs: the session in a terminal says what the program prints today, and every picture is there in both themes."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import pytest
from picturing.__main__ import PICTURES, README, TEXT
from picturing.cast import DARK, LIGHT, SVG, Palette, cast, text_of
from picturing.lean_png import SIGNATURE, lean_png
from picturing.pages import HIGH, MAX_BYTES, WIDE
from picturing.screen import Run, Screen, Style, UnknownEscape
from picturing.session import PLAN, plain, session, transcript
from picturing.timed_program import TimedProgram

CHECKOUT = Path(__file__).resolve().parent.parent
PICTURE = re.compile(r"<picture>\n(.*?)\n</picture>", re.DOTALL)
THEMED = re.compile(
    r'  <source media="\(prefers-color-scheme: dark\)" srcset="([\w./-]+)-dark\.(svg|png)">\n'
    r'  <img src="([\w./-]+)-light\.(svg|png)" alt="[^"]{20,}" width="\d+">'
)


def shown() -> str:
    (text,) = TEXT.findall(README.read_text(encoding="utf-8"))
    return str(text)


@pytest.mark.process
def test_the_text_below_the_cast_is_what_the_program_prints_in_a_terminal(tmp_path: Path) -> None:
    programs, project = tmp_path / "programs", tmp_path / "hello"
    programs.mkdir()
    project.mkdir()
    now = transcript(session(TimedProgram(programs, step=0.001), project))
    assert PLAN.sub("…", now) == PLAN.sub("…", shown()), "run `make pictures`"


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda palette: palette.name)
def test_the_cast_says_what_is_below_it_and_needs_no_script_and_no_network(palette: Palette) -> None:
    svg = (PICTURES / f"cast-{palette.name}.svg").read_text(encoding="utf-8")
    assert text_of(svg) == shown()
    root = ElementTree.fromstring(svg)
    assert [root.find(f"{{{SVG}}}{name}") is not None for name in ("title", "desc")] == [True, True]
    assert {each.tag.partition("}")[2] for each in root.iter()} <= {
        "svg", "title", "desc", "style", "rect", "circle", "g", "text",
    }  # fmt: skip
    assert not re.search(r"url\(|@import|href|\bon\w+=|https?:", svg.replace(f'xmlns="{SVG}"', ""))
    motion = svg.partition("@media (prefers-reduced-motion:no-preference){")[2]
    assert "animation" in motion
    assert "animation" not in svg.replace(motion, "")


def pages() -> list[Path]:
    return [
        CHECKOUT / "README.md",
        *sorted(page for page in (CHECKOUT / "docs").rglob("*.md") if "<picture>" in page.read_text(encoding="utf-8")),
    ]


def test_every_picture_is_there_for_light_and_dark_and_is_shown_somewhere() -> None:
    used = set()
    for page in pages():
        for picture in PICTURE.findall(page.read_text(encoding="utf-8")):
            found = THEMED.fullmatch(picture)
            assert found, f"{page}: {picture}"
            assert found.group(1, 2) == found.group(3, 4)
            used |= {(page.parent / f"{found[1]}-{theme}.{found[2]}").resolve() for theme in ("light", "dark")}
    assert used == set(PICTURES.iterdir())


def test_pictures_of_pages_are_small_and_of_one_size() -> None:
    for path in PICTURES.glob("*.png"):
        png = path.read_bytes()
        assert len(png) <= MAX_BYTES, path
        assert struct.unpack(">II", png[16:24]) == (WIDE, HIGH), path


def lines(written: str, columns: int = 20) -> list[str]:
    screen = Screen(columns)
    screen.write(written)
    return [plain(line) for line in screen.lines()]


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("one\r\ntwo\r\n", ["one", "two"]),
        ("0 sent\r\x1b[Kdone\r\n", ["done"]),
        ("0 of 10\r10", ["10of 10"]),
        ("abc\b\bX", ["aXc"]),
        ("a\r\nb\r\n\x1b[2A\x1b[Jc", ["c"]),
        ("x" * 25, ["x" * 20, "x" * 5]),
        ("\x1b[1mbold\x1b[0m  \r\n\r\n", ["bold"]),
        ("\x1b[?25lhidden\x1b[?25h", ["hidden"]),
    ],
)
def test_a_screen_shows_what_is_left_of_what_was_written(written: str, seen: list[str]) -> None:
    assert lines(written) == seen


def test_a_screen_knows_colours_and_asks_for_what_it_does_not_know() -> None:
    screen = Screen(40)
    screen.write("\x1b[1mhello\x1b[0m   \x1b[2mplan\x1b[22m \x1b[31mno\x1b[39m")
    assert screen.lines() == [
        (Run(0, "hello", Style(is_bold=True)), Run(8, "plan", Style(is_dim=True)), Run(13, "no", Style(colour="red")))
    ]
    for strange in ("\x1b[5m", "\x1b[3;4H", "\x1b]0;title\x07"):
        with pytest.raises(UnknownEscape):
            Screen(40).write(strange)


def test_what_a_terminal_shows_is_text_in_a_picture_whatever_it_is() -> None:
    from picturing.session import Shown

    line = (Run(0, '<script>&"\u202e', Style()), Run(20, "]]>", Style(colour="red")))
    svg = cast([Shown("sendspec <x>", (line, ()))], LIGHT, "a <b>", "c & d")
    assert text_of(svg) == f"$ sendspec <x>\n{plain(line)}\n\n"


def distance(one: int, other: int) -> int:
    return abs(one - other)


@pytest.mark.parametrize("kind", range(5))
def test_a_picture_is_made_smaller_and_stays_the_same(kind: int) -> None:
    """Each filter of PNG, against a writer of its own."""
    width, rows = 7, [bytes((at * at * (line + 3)) % 256 for at in range(21)) for line in range(4)]
    before, filtered = bytes(21), b""
    for row in rows:
        left, corner = bytes(3) + row[:-3], bytes(3) + before[:-3]
        paeth = [min((a, b, c), key=partial(distance, a + b - c)) for a, b, c in zip(left, before, corner, strict=True)]
        average = [(a + b) // 2 for a, b in zip(left, before, strict=True)]
        guesses: tuple[Sequence[int], ...] = (bytes(21), left, before, average, paeth)
        filtered += bytes([kind]) + bytes(
            (value - guess) % 256 for value, guess in zip(row, guesses[kind], strict=True)
        )
        before = row

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, len(rows), 8, 2, 0, 0, 0)
    png = (
        SIGNATURE
        + chunk(b"IHDR", header)
        + chunk(b"tEXt", bytes(500))
        + chunk(b"IDAT", zlib.compress(filtered, 0))
        + chunk(b"IEND", b"")
    )
    lean = lean_png(png)
    assert len(lean) < len(png) - 500
    size = struct.unpack(">I", lean[33:37])[0]
    assert (lean[37:41], zlib.decompress(lean[41 : 41 + size])) == (b"IDAT", b"".join(b"\0" + row for row in rows))
    with pytest.raises(ValueError, match="8-bit RGB"):
        lean_png(SIGNATURE + chunk(b"IHDR", header[:9] + b"\6" + header[10:]))
