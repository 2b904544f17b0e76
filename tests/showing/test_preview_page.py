"""The page of a preview: its numbers are those of the JSON and of an independent count, and foreign text is shown, never obeyed."""

from __future__ import annotations

import json
import re
import stat
from collections import Counter
from html import unescape
from typing import Any

import pytest
from long_rows import long
from markupsafe import Markup
from project_dir import ProjectDir, project_dir
from sendspec.composing.filled_text import FilledPiece
from sendspec.composing.message_part import MessagePart
from sendspec.composing.platforms.sms_segments import forcing, measure, split
from sendspec.composing.taken_path import TakenPath
from sendspec.diagnostics.wording import grouped
from sendspec.operations.forcing_cause import ForcingSource
from sendspec.operations.live_page import MAX_EDIT
from sendspec.operations.plan_sample import SampleSource
from sendspec.operations.shown_message import ForcedAt, ShownMessage
from sendspec.showing.pages.coded import coded
from sendspec.showing.pages.message_text import MOST_MARKED, message_pieces, room_on
from sendspec.showing.pages.message_view import is_web_address, link_views
from sendspec.showing.pages.page import embedded_json, script_source
from sendspec.showing.pages.preview import LIVE_SCRIPTS

__all__ = ["project_dir"]

SPEC = """spec: 1
name: order-shipped
channel: sms
recipients: {file: people.csv, where: "{{ kind | default('') != 'none' }}"}
suppress: [off.csv]
message:
  body:
    type: text
    text:
      text: "{% if language == 'de' %}Hallo{% elif language == 'fr' %}Bonjour{% elif language == 'es' %}Hola{% else %}Hello{% endif %} {{ name | default('you') }}{% if kind | default('') == 'gold' %}, thank you for ten years with us, and for all that you have told us about what could be better in our shop, which we read with care{% endif %}: {{ order }}."
"""
PRICES = "country,currency,segment\nGB,EUR,0.04\n"
NAMES = ("Ann", "D’Arcy", "Zo😀", "Jürgen", "Łukasz", "“Bo”", "Núria", "Mia")
LANGUAGES = ("en", "de", "fr", "es")
GREETING = {"en": "Hello", "de": "Hallo", "fr": "Bonjour", "es": "Hola"}
GOLD = ", thank you for ten years with us, and for all that you have told us about what could be better in our shop, which we read with care"
NOT_GSM7 = frozenset("’😀Ł“”ú")
ROWS = 1_200
PLANTED = 777
"""The only row that is both gold and in Spanish."""


def table() -> list[dict[str, str]]:
    rows = []
    for number in range(ROWS):
        kind = "gold" if number % 40 == 1 else "none" if number % 25 == 0 else ""
        language = LANGUAGES[number % 4] if kind != "gold" else "de"
        name = NAMES[number % len(NAMES)] if number % 31 else ""
        values = (f"+4477009{number:05d}", name, kind, language, f"A{number}")
        rows.append(dict(zip(("phone", "name", "kind", "language", "order"), values, strict=True)))
    rows[PLANTED] |= {"kind": "gold", "language": "es", "name": "Sole"}
    return [*rows, rows[3], rows[4]]


def segments_of(text: str) -> tuple[str, int]:
    """As a telephone counts them: 160 and 153, or 70 and 67. None of the texts has a character that takes two units but the emoji."""
    if not NOT_GSM7.intersection(text):
        return "GSM-7", 1 if len(text) <= 160 else -(-len(text) // 153)
    units = len(text) + text.count("😀")
    return "UCS-2", 1 if units <= 70 else -(-units // 67)


def text_of(row: dict[str, str]) -> str:
    gold = GOLD if row["kind"] == "gold" else ""
    return f"{GREETING[row['language']]} {row['name'] or 'you'}{gold}: {row['order']}."


@pytest.fixture
def shop(project_dir: ProjectDir) -> ProjectDir:
    rows = table()
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    project_dir.write("hello.yaml", SPEC)
    project_dir.write("people.csv", "\n".join(lines) + "\n")
    project_dir.write("off.csv", "phone\n+447700900005\n+447700900006\n")
    project_dir.write("prices.csv", PRICES)
    project_dir.write("sendspec.yaml", "prices: prices.csv\n")
    return project_dir


def text_in(html: str) -> str:
    """What is to be read, with one space between any two elements."""
    body = re.sub(r"<(script|style).*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def embedded(html: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_page_json_and_text_have_the_numbers_of_an_independent_count(shop: ProjectDir) -> None:
    done = shop.run("preview", "hello.yaml", "--html", "page.html", "--format", "json")
    assert done.code == 0, done.err
    document, page = json.loads(done.out), (shop.folder / "page.html").read_text(encoding="utf-8")
    assert embedded(page) == document
    rows = table()
    sent = [
        row for row in rows[:ROWS] if row["kind"] != "none" and row["phone"] not in ("+447700900005", "+447700900006")
    ]
    sizes = [segments_of(text_of(row)) for row in sent]
    segments, by_encoding = sum(size for _, size in sizes), Counter(encoding for encoding, _ in sizes)
    filtered = sum(row["kind"] == "none" for row in rows)
    assert document["totals"] == {"recipients": ROWS + 2, "send": len(sent), "skip": ROWS + 2 - len(sent)}
    assert document["skipped"] == {"duplicate": 2, "filtered": filtered, "suppressed": 2}
    assert document["segments"] == {"total": segments, "gsm7": by_encoding["GSM-7"], "ucs2": by_encoding["UCS-2"]}
    cost = f"{segments * 4 / 100:.2f}"
    text = text_in(page)
    spec = document["specs"][0]
    shapes = spec["shapes"]
    first = spec["savings"][0]
    assert [shape["messages"] for shape in shapes if shape["sample"]["line"] == PLANTED + 2] == [1]
    for wanted in (
        f"Who gets it {grouped(len(sent))} of {grouped(ROWS + 2)} recipients",
        f"Who won’t, and why {ROWS + 2 - len(sent)} 2 duplicate (repeated rows, each sent once) · {filtered} filtered (",
        f"What it costs EUR {cost} {grouped(segments)} segments; messages: {by_encoding['GSM-7']} GSM-7, {by_encoding['UCS-2']} UCS-2",
        f"Which character costs most {first['characters'][0]['character']} ({first['characters'][0]['code_point']})",
        f"saves {first['segments_saved']} segments (EUR {float(first['cost_saved']['low']):.2f})",
        f"{len(shapes)} of {len(shapes)} shapes, {grouped(len(sent))} of {grouped(len(sent))} messages",
        f"duplicate the same recipient, with the same message, as an earlier row: each is sent once 2 {ROWS + 2}, {ROWS + 3}",
        f"Hola Sole {GOLD}: A{PLANTED} .",
    ):  # fmt: skip
        assert wanted in text, wanted
    articles = re.findall(r'<article .*?data-row="(\d+)".*?<h3><a [^>]*>([\d ]+) messages?</a>', page, re.DOTALL)
    assert articles == [(str(each["sample"]["line"]), grouped(each["messages"])) for each in shapes]


def test_the_page_is_private_and_replaces_nothing_but_a_page(shop: ProjectDir) -> None:
    for _ in range(2):
        assert shop.run("preview", "hello.yaml", "--html", "page.html").code == 0
    page = shop.folder / "page.html"
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    before = (shop.folder / "people.csv").read_bytes()
    assert shop.run("preview", "hello.yaml", "--html", "people.csv").code == 1
    assert (shop.folder / "people.csv").read_bytes() == before
    shop.write("hello.yaml", SPEC.replace("language ==", "langauge =="))
    page.unlink()
    assert shop.run("preview", "hello.yaml", "--html", "page.html").code == 1
    assert not page.exists()


def test_with_ci_set_the_page_has_nobody_s_values(shop: ProjectDir) -> None:
    shop.environ["CI"] = "true"
    assert shop.run("preview", "hello.yaml", "--html", "page.html").code == 0
    page = (shop.folder / "page.html").read_text(encoding="utf-8")
    assert "⟨name⟩" in page
    assert not [
        value for row in table() for value in (row["name"], row["order"]) if len(value) > 2 and f">{value}<" in page
    ]
    assert not re.search(r"Łukasz|D’Arcy|\+44\d", page)


@long
def test_pages_of_long_texts_stay_below_a_megabyte(shop: ProjectDir) -> None:
    """With a mark of its own for each of 60,000 characters, such a page had eight. What was asked for is shown whole."""
    texts = ["😀é“x” " * (20 + 12 * number) + "end" for number in range(45)]
    rows = [{"phone": f"+4477009{number:05d}", "t": text} for number, text in enumerate(texts)]
    shop.write(
        "long.yaml",
        'spec: 1\nname: long\nchannel: sms\nrecipients: {file: long.jsonl}\nmessage: {body: {type: text, text: {text: "{{ t }}"}}}\n',
    )
    shop.write("long.jsonl", "\n".join(map(json.dumps, rows)) + "\n")
    sizes = {}
    for name, arguments in {"all": [], "one": ["--row", "45"], "many": [f"copy{n}.yaml" for n in range(4)]}.items():
        for argument in arguments:
            if argument.endswith("yaml"):
                source = (shop.folder / "long.yaml").read_text(encoding="utf-8")
                shop.write(argument, source.replace("name: long", f"name: {argument[:-5]}"))
        assert shop.run("preview", "long.yaml", *arguments, "--html", f"{name}.html").code == 0
        sizes[name] = (shop.folder / f"{name}.html").stat().st_size
    assert sizes["all"] < 1_000_000
    assert sizes["many"] < 2 * sizes["all"]
    whole, one = (text_in((shop.folder / f"{name}.html").read_text(encoding="utf-8")) for name in ("all", "one"))
    left = len(texts[-1]) - 1_500
    assert f"… and {grouped(left)} more characters: --row 45" in whole
    forced = 3 * texts[-1].count("x")
    assert f"marked are the first 60 of {grouped(forced)}" in whole
    assert "sendspec preview --format json prints it" in whole
    assert "end" in one
    assert "more characters" not in one


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--port", "80"], "--port is for --watch"), (["--watch", "--html", "x"], "--watch and --html"),
     (["--all", "--html", "x"], "--all and --html"), (["--watch", "--all"], "--all and --watch"),
     (["--watch", "--format", "json"], "leave out --format json"), (["--watch", "--recipients", "-"], "can be read once")],
)  # fmt: skip
def test_flags_that_contradict_each_other_are_refused(shop: ProjectDir, arguments: list[str], said: str) -> None:
    done = shop.run("preview", "hello.yaml", *arguments)
    assert (done.code, said in done.err) == (2, True), done.err


def test_what_can_be_read_once_is_not_followed(shop: ProjectDir) -> None:
    shop.write("hello.yaml", SPEC.replace("file: people.csv", "file: '-'"))
    done = shop.run("preview", "hello.yaml", "--watch", stdin="phone\n")
    assert (done.code, "can be read once" in done.err) == (2, True), done.err


def shown(
    *pieces: FilledPiece, parts: tuple[MessagePart, ...] = (), source: SampleSource = SampleSource.RECIPIENTS
) -> ShownMessage:
    text = "".join(piece.text for piece in pieces)
    found = [
        ForcedAt(each.index, each.character, each.replacement, ForcingSource.DATA, "name") for each in forcing(text)
    ]
    measured = measure(text)
    return ShownMessage(
        shape=None, id=b"x", line=2, pieces=pieces, text=text, measure=measured, segments=split(text), forcing=tuple(found),
        parts=parts, source=source, path=TakenPath(),
    )  # fmt: skip


ROW = ("name",)


@pytest.mark.parametrize(
    ("pieces", "marked"),
    [
        ([FilledPiece("Hi "), FilledPiece("D’Arcy", True, ROW)],
         [("Hi ", ""), ("D", "filled"), ("’", "filled forcing"), ("Arcy", "filled")]),
        ([FilledPiece("a\n\r\nb\t\u202ec")], [("a\n\nb", ""), ("\\u0009\\u202e", "forcing shown"), ("c", "")]),
        ([FilledPiece("👩\u200d👧", True, ROW), FilledPiece("a\u200db")],
         [("👩\u200d👧", "filled forcing"), ("a", ""), ("\\u200d", "forcing shown"), ("b", "")]),
        ([FilledPiece("a😀’b’", True, ROW)],
         [("a", "filled"), ("😀’", "filled forcing"), ("b", "filled"), ("’", "filled forcing")]),
        ([FilledPiece("❤\ufe0f\u200d🔥 1\ufe0f\u20e3 x\ufe0f")], [("❤\ufe0f\u200d🔥", "forcing"), (" ", ""), ("1\ufe0f\u20e3", "forcing"), (" x", ""), ("\\ufe0f", "forcing shown")]),
        ([FilledPiece("Zoe\u0301"), FilledPiece("\u0301", True, ROW)], [("Zo", ""), ("e\u0301", "forcing"), ("\u0301", "filled forcing")]),
        ([FilledPiece("C:\\new ⟨x⟩")], [("C:\\u005cnew ", ""), ("\\u27e8", "forcing"), ("x", ""), ("\\u27e9", "forcing")]),
        ([FilledPiece("whole", True, (), "why")], [("whole", "")]),
    ],
)  # fmt: skip
def test_the_text_is_marked_and_nothing_in_it_is_lost(pieces: list[FilledPiece], marked: list[tuple[str, str]]) -> None:
    found = list(message_pieces(shown(*pieces)))
    assert [(str(Markup(each.text).unescape()), each.kind) for each in found] == marked


def test_forcing_characters_in_a_row_are_marked_once() -> None:
    """Each mark is a stop for the keyboard: nobody wants thirty of them. Nor may one end inside of an emoji."""
    curly, emoji = (
        list(message_pieces(shown(FilledPiece(text, True, ROW)))) for text in ("’" * 30 + "“’", "“😀\u200d😀”")
    )
    assert [len(Markup(each.text).unescape()) for each in (*curly, *emoji)] == [32, 5]
    assert curly[0].note == "from name; U+2019 forces UCS-2: write '; U+201C forces UCS-2: write \""


def test_where_a_segment_ends_is_marked_inside_of_what_was_filled_in() -> None:
    found = list(message_pieces(shown(FilledPiece("a" * 150), FilledPiece("b" * 200, True, ROW))))
    assert [(each.text, each.kind) for each in found] == [
        ("a" * 150, ""), ("bbb", "filled"), ("2", "cut"), ("b" * 153, "filled"), ("3", "cut"), ("b" * 44, "filled"),
    ]  # fmt: skip
    assert found[2].note == "segment 2 of 3 begins here"


@pytest.mark.parametrize(
    ("link", "is_one"),
    [("https://a.example/x?y=1&z", True), ("HTTP://a.example", True), ("javascript:alert(1)", False), ("data:text/html,x", False),
     ("//a.example", False), ("www.a.example", False), ("mailto:a@b.example", False), ("https://", False), ("https://[", False),
     ("https://a.example/\u202e", False), ("https://a.example/ x", False), ("java\nscript:x", False), ("https://ä.example", False)],
)  # fmt: skip
def test_only_addresses_of_web_pages_become_links(link: str, is_one: bool) -> None:
    assert is_web_address(link) is is_one
    assert bool(link_views([link])[0].href) is is_one


def test_hostile_values_are_text_everywhere_on_the_page(project_dir: ProjectDir) -> None:
    hostile = '</script><script>alert(1)</script><img src=x onerror=alert(1)>" onmouseover="alert(1) {{ 7*7 }}'
    project_dir.write("hello.yaml", SPEC.replace("suppress: [off.csv]\n", ""))
    quoted = hostile.replace('"', '""')
    project_dir.write("people.csv", f'phone,name,kind,language,order,<i>\n+447700900001,"{quoted}",,de,x,1\n')
    assert project_dir.run("preview", "hello.yaml", "--html", "page.html").code == 0
    page = (project_dir.folder / "page.html").read_text(encoding="utf-8")
    assert page.count("<script") == 2
    assert "<img" not in page
    assert hostile in text_in(page.replace("<b>name</b>", ""))
    assert embedded(page)["specs"][0]["shown"][0]["text"] == f"Hallo {hostile}: x."
    assert "</" not in embedded_json({"a": hostile, "\u2028": "<!--"})


def test_a_sender_of_a_message_s_own_is_named_and_an_empty_list_makes_a_page(project_dir: ProjectDir) -> None:
    rows = "recipients:\n  - {phone: '+447700900001', by: Shop}\n  - {phone: '+447700900002', by: Store}\n"
    text = "{% if by == 'Shop' %}a{% else %}b{% endif %}"
    sender = 'sender: {connector: {identifierValue: "{{ by }}"}}'
    body = f'message:\n  {sender}\n  body: {{type: text, text: {{text: "{text}"}}}}\n'
    project_dir.write("two.yaml", f"spec: 1\nname: two\nchannel: sms\n{rows}{body}")
    project_dir.write(
        "none.yaml",
        SPEC.replace("file: people.csv", "file: people.csv, allow_empty: true").replace("suppress: [off.csv]\n", ""),
    )
    project_dir.write("people.csv", "phone,name,kind,language,order\n")
    done = project_dir.run("preview", "two.yaml", "none.yaml", "--html", "page.html")
    assert done.code == 0, done.err
    text = text_in((project_dir.folder / "page.html").read_text(encoding="utf-8"))
    assert [
        text.count(each) for each in ("From Shop", "From Store", "Who gets it 0 of 0 recipients", "Who gets it 2 of 2")
    ] == [1, 1, 1, 2]
    assert text.count("A segment is a part of a text") == 1


SHORT = """spec: 1
name: sale
channel: sms
recipients: {file: people.csv, where: "{{ kind != `no` }}"}
suppress: [off.csv]
message: {body: {type: text, text: {text: "Hi {{ name }}, TEXT"}}}
"""


def first_screen(project_dir: ProjectDir, text: str, names: list[str], *, prices: str = PRICES) -> str:
    project_dir.write("sale.yaml", SHORT.replace("`", "'").replace("TEXT", text))
    rows = [f"+4477009{number:05d},{name},{'no' if name == 'None' else 'yes'}" for number, name in enumerate(names)]
    project_dir.write("people.csv", "\n".join(["phone,name,kind", *rows, "+48512345678,Ola,yes"]) + "\n")
    project_dir.write("off.csv", "phone\n+447700900000\n")
    project_dir.write("prices.csv", prices)
    project_dir.write("sendspec.yaml", "prices: prices.csv\n")
    done = project_dir.run("preview", "sale.yaml", "--html", "page.html")
    assert done.code == 0, done.err
    return (project_dir.folder / "page.html").read_text(encoding="utf-8")


def test_the_first_screen_says_what_to_do_in_the_order_of_doing_it(project_dir: ProjectDir) -> None:
    """A character is there once, with what to type instead; then the price that is missing, by the country's name; then the plan."""
    page = first_screen(
        project_dir, "we won’t wait for you, so come " + "x" * 60, ["Off", "Ann", "Ann", "D’Arcy", "Zoë", "None"]
    )
    (advice,) = re.findall(r'<ol class="advice">(.*?)</ol>', page, re.DOTALL)
    assert [text_in(each) for each in re.split(r"<li>", advice)[1:]] == [
        "’ (U+2019) in the spec's own text: writing ' instead saves 3 segments (EUR 0.08 + 1 segment of unknown price)",
        "in 1 further message: ’ (U+2019) in the spec's own text and in column name (row 5): writing ' instead in both saves 1 segment (EUR 0.04)",
        "Add the missing price to prices.csv, to know the whole cost: 1 message of unknown price (PL)",
        "Run sendspec plan sale.yaml : it leaves out whoever has it already or has opted out, and shows what there is to approve",
    ]  # fmt: skip
    text = text_in(page)
    for said in (
        "Who gets it 5 of 7 recipients, if nothing was sent before; opt-outs at the provider are not looked up",
        "1 filtered (left out by the spec’s where ) · 1 suppressed (on a suppression list)",
        "filtered the spec’s where: {{ kind != 'no' }} leaves them out",
        "suppressed their address is on a suppression list: off.csv",
        "What they will see Hi Ann , we won ’ t wait for you",
    ):
        assert said in text, said
    assert (
        page.index("A segment is a part")
        < page.index('class="advice"')
        < page.index("Who won’t get it, and why</caption>")
    )
    assert "`" not in text


@pytest.mark.parametrize(
    ("text", "said"),
    [("short", "Which character costs most none: every text is GSM-7"),
     ("short 😀", "Which character costs most none that saves without it, no text would take fewer segments")],
)  # fmt: skip
def test_where_no_character_costs_anything_it_is_said_why(project_dir: ProjectDir, text: str, said: str) -> None:
    page = text_in(first_screen(project_dir, text, ["Off", "Ann"], prices=f"{PRICES}PL,EUR,0.1\n"))
    assert said in page
    assert "What to do next Run sendspec plan sale.yaml : it leaves out" in page


def test_repeated_rows_are_no_warning_on_the_page(shop: ProjectDir) -> None:
    """They are among those who won't get it; what the check says of them is there for whoever opens it."""
    assert shop.run("preview", "hello.yaml", "--html", "page.html").code == 0
    page = (shop.folder / "page.html").read_text(encoding="utf-8")
    assert "Warnings" not in text_in(page)
    assert re.search(r"<details><summary>Repeated rows.*?\[duplicate-rows\].*?</details>", page, re.DOTALL)


@pytest.mark.parametrize(
    ("text", "html"),
    [("add `country: NL` or `<b>`", "add <code>country: NL</code> or <code>&lt;b&gt;</code>"), ("a ` b", "a ` b"), ("`a` b` <", "<code>a</code> b` &lt;"),
     ("``", "``"), ("", ""), ("`\u202e`", "<code>\\u202e</code>")],
)  # fmt: skip
def test_what_stands_between_backticks_is_code(text: str, html: str) -> None:
    assert str(coded(text)) == html
    assert coded(coded(text)) == html


def test_the_script_sends_no_edit_that_the_server_refuses() -> None:
    assert f"MOST_BYTES = {MAX_EDIT:_};" in script_source(LIVE_SCRIPTS)


def test_of_a_long_text_the_first_stretches_are_marked() -> None:
    message = shown(FilledPiece("a😀" * 2_000, True, ROW))
    kinds = [each.kind for each in message_pieces(message)]
    assert kinds.count("filled forcing") - kinds.count("cut") <= MOST_MARKED
    assert (
        "".join(str(Markup(each.text).unescape()) for each in message_pieces(message) if each.kind != "cut")
        == message.text
    )
    cut = list(message_pieces(message, room_on(400)))
    assert sum(len(str(Markup(each.text).unescape())) for each in cut if each.kind != "cut") == 160
    assert room_on(40) == room_on(1) == (1_500, 60)
    assert room_on(80) == (750, 30)
