"""Encodings that are read through, and where in a text the decoded characters come from."""

from __future__ import annotations

import html
import json
import quopri
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.provider.encoded_text import MAX_VIEWS, decodings, unescaped_views

RUSSIAN = "Здравствуйте, пароль 42 😀"


def each_byte(shape: str) -> Callable[[str], str]:
    return lambda text: "".join(shape.format(byte) for byte in text.encode())


def each_character(shape: str) -> Callable[[str], str]:
    return lambda text: "".join(shape.format(ord(character)) for character in text)


def each_unit(shape: str) -> Callable[[str], str]:
    """Each UTF-16 code unit."""

    def escaped(text: str) -> str:
        raw = text.encode("utf-16-be")
        return "".join(shape.format(int.from_bytes(raw[n : n + 2], "big")) for n in range(0, len(raw), 2))

    return escaped


ENCODINGS: dict[str, Callable[[str], str]] = {
    "a URL": lambda text: quote(text, safe=""),
    "a URL in a URL": lambda text: quote(quote(text, safe=""), safe=""),
    "JSON": json.dumps,
    "JSON in a URL in JSON": lambda text: json.dumps(quote(json.dumps(text))),
    "Python bytes": lambda text: repr(text.encode()),
    "Python bytes in JSON": lambda text: json.dumps(repr(text.encode())),
    "hexadecimal escapes": each_byte("\\x{:02x}"),
    "braced hexadecimal escapes": each_character("\\x{{{:x}}}"),
    "octal escapes": each_byte("\\{:03o}"),
    "short octal escapes": lambda text: "".join(f"\\{byte:o}" for byte in text.encode()),
    "braced escapes": each_character("\\u{{{:x}}}"),
    "long escapes": each_character("\\U{:08X}"),
    "old JavaScript": each_unit("%u{:04X}"),
    "style sheets": each_character("\\{:x} "),
    "style sheets of six digits": each_character("\\{:06x}"),
    "quoted-printable": lambda text: quopri.encodestring(text.encode()).decode(),
    "all quoted-printable": each_byte("={:02X}"),
    "quoted-printable lines": lambda text: "".join(f"={byte:02X}=\r\n" for byte in text.encode()),
    "decimal entities": each_character("&#{};"),
    "hexadecimal entities": each_character("&#x{:x};"),
    "entities without semicolons": each_character("&#{}"),
    "named entities": lambda text: html.escape(text).replace(",", "&comma;"),
    "code points": lambda text: " ".join(f"U+{ord(character):04X}" for character in text),
    "numbers of C": lambda text: ", ".join(f"0x{byte:02x}" for byte in text.encode()),
    "bytes with colons": lambda text: text.encode().hex(":"),
    "bytes with spaces": lambda text: text.encode().hex(" ").upper(),
    "bytes in pairs": lambda text: text.encode().hex(" ", 2),
    "byte values": lambda text: str(list(text.encode())),
    "signed byte values": lambda text: str([byte - 256 * (byte > 127) for byte in text.encode()]),
    "code values": lambda text: str(list(map(ord, text))),
    "Latin-1": lambda text: text.encode().decode("latin-1"),
    "Latin-1, twice": lambda text: text.encode().decode("latin-1").encode().decode("latin-1"),
    "Latin-1 in JSON": lambda text: json.dumps(text.encode().decode("latin-1")),
    "half Windows-1252": lambda text: text.encode().decode("latin-1").replace("\x97", "—").replace("\x80", "€"),
}


@pytest.mark.parametrize("what", ENCODINGS)
def test_an_encoding_is_read_through(what: str) -> None:
    encoded = ENCODINGS[what](RUSSIAN)
    assert any(RUSSIAN in view for view, _ in unescaped_views(f"got {encoded}!")), list(unescaped_views(encoded))


@pytest.mark.parametrize("what", ENCODINGS)
def test_each_character_of_a_view_has_its_place_in_the_text(what: str) -> None:
    text = f"got <{ENCODINGS[what](RUSSIAN)}> here"
    for view, origins in unescaped_views(text):
        assert len(view) == len(origins)
        assert list(origins) == sorted(origins)
        assert all(0 <= start < end <= len(text) for start, end in origins)
        if RUSSIAN in view:
            start = view.index(RUSSIAN)
            found = text[origins[start][0] : origins[start + len(RUSSIAN) - 1][1]]
            assert found.strip("[]' ") in ENCODINGS[what](RUSSIAN)


@pytest.mark.parametrize(
    "text",
    [
        "", "no such channel", "50 % of it", "a = b, c=d; e\\", "the 1st of 2, 3 and 4", "café: élan Ã", "U+ 0x &# & %u",
        "2026-01-02T10:00:00Z", "at 10:20:30.5", "\\", "\\ud800 alone"[6:],
    ],
)  # fmt: skip
def test_an_ordinary_text_has_one_view(text: str) -> None:
    assert [view for view, _ in unescaped_views(text)] == [text]


@pytest.mark.parametrize(
    ("text", "view"),
    [
        ("\\xe9t\\xe9", "été"),
        ("%E9t%E9", "été"),
        ("&#1114112;&#xfffffff;&eacute;", "\ufffd\ufffdé"),
        ("\\U00110000", "\ufffd"),
        ("\\u{110000}", "\ufffd"),
        ("à\x80\x80", "à\x80\x80"),
        ("\\ud83d!", "\ud83d!"),
        ("\\n\\t\\/\\\\", "\n\t/\\"),
        ("1, 2, 3, 4, 9999999, 6", "\x01\x02\x03\x04\ufffd\x06"),
    ],
)
def test_what_is_no_character_is_none(text: str, view: str) -> None:
    assert list(unescaped_views(text))[-1][0] == view


def test_layers_of_escapes_are_bounded() -> None:
    text = "+"
    for _ in range(4):
        text = quote(text, safe="")
    assert [view for view, _ in unescaped_views(text)] == ["%2525252B", "%25252B", "%252B", "%2B"]


HOSTILE = {
    "backslashes": "\\" * 2_048,
    "percent signs": "%" * 2_048,
    "percent signs in a URL": "%25" * 682,
    "a number": "1" * 2_048,
    "numbers": "43, " * 512,
    "bytes": "2b " * 682,
    "hexadecimal digits": "a" * 2_047,
    "braces": "\\u{" * 682,
    "ampersands": "&#" * 1_024,
    "a long name": "&" + "a" * 2_047,
    "lead bytes": "Ã" * 2_048,
    "all of them": "\\u0025%5cx5C\\5c =3D&#37 43, 51, 51, 49, 54, 49 2b:33:31:36:31:32 Ã— %25\\134\\75 3D &amp" * 20,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_text_has_few_views_and_takes_little_time(what: str) -> None:
    begun = time.process_time()
    views = list(unescaped_views(HOSTILE[what]))
    assert time.process_time() - begun < 1.0
    assert len(views) <= MAX_VIEWS


@given(st.lists(st.sampled_from([*"\\%&#;xuU{}=+-, :0123456789abcdefÐ\x97€\ud83d\ude00\r\n", "&#x", "\\u00", "0x"])))
def test_any_text_has_views_of_its_own_characters(chunks: list[str]) -> None:
    """Law: views are bounded in number and size, and their characters come from the text in order."""
    text = "".join(chunks)
    views = list(unescaped_views(text))
    assert views[0][0] == text
    assert len(views) <= MAX_VIEWS
    for view, origins in views:
        assert len(view) == len(origins) <= max(1, len(text))
        assert list(origins) == sorted(origins)


def test_a_word_is_decoded_from_hexadecimal_and_base64() -> None:
    assert "+447700900817" in list(decodings("2b343437373030393030383137"))
    assert "447700900817" in list(decodings("NDQ3NzAwOTAwODE3"))
