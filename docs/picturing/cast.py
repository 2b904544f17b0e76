"""A session as a picture that moves: an SVG of text, which needs no script and no network. Without motion it shows the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from xml.etree import ElementTree

from picturing.screen import Run, Style
from picturing.session import COLUMNS, ROWS, Shown, plain

WIDE, HIGH = 8.4, 18
"""A character, in the picture's units; each run of text is made as wide as it has to be, whatever font there is."""
MARGIN, BAR = 16, 30
TYPED_SECONDS, READ_SECONDS, LINE_SECONDS = 0.045, 0.9, 0.05
"""A key, the pause after a command's output, and a line of it."""
SVG = "http://www.w3.org/2000/svg"
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"


@dataclass(frozen=True, slots=True)
class Palette:
    name: str
    ground: str
    frame: str
    text: str
    dim: str
    prompt: str
    colours: Mapping[str, str]


LIGHT = Palette(
    "light", "#ffffff", "#d0d7de", "#1f2328", "#59636e", "#0a7d33",
    {"red": "#b3261e", "green": "#0a7d33", "yellow": "#7a5200", "blue": "#0550ae", "magenta": "#7b2fa8", "cyan": "#0b6a75"},
)  # fmt: skip
DARK = Palette(
    "dark", "#0d1117", "#3d444d", "#f0f6fc", "#9198a1", "#56d364",
    {"red": "#ff7b72", "green": "#56d364", "yellow": "#e3b341", "blue": "#79c0ff", "magenta": "#d2a8ff", "cyan": "#76e3ea"},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the sheet, and when it comes: a command is typed, output is there at once."""

    runs: tuple[Run, ...]
    begins: float
    typed: int = 0


def cast(shown: Sequence[Shown], palette: Palette, title: str, description: str) -> str:
    """The SVG of a session."""
    rows = list(_rows(shown))
    width, height = 2 * MARGIN + COLUMNS * WIDE, BAR + 2 * MARGIN + ROWS * HIGH
    moves = list(_moves(rows))
    parts = [
        f'<svg xmlns="{SVG}" role="img" aria-labelledby="title about" viewBox="0 0 {width:g} {height}" '
        f'width="{width:g}" height="{height}" font-family="{escape(FONT)}" font-size="14">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="about">{escape(description)}</desc>',
        f"<style>{_style(rows, moves, palette)}</style>",
        f'<rect x="0.5" y="0.5" width="{width - 1:g}" height="{height - 1}" rx="8" fill="{palette.ground}" stroke="{palette.frame}"/>',
        *(f'<circle cx="{20 + 18 * n}" cy="16" r="5" fill="{palette.frame}"/>' for n in range(3)),
        f'<svg x="{MARGIN}" y="{BAR + MARGIN}" width="{COLUMNS * WIDE:g}" height="{ROWS * HIGH}">',
        '<g class="sheet">',
        *(_line(number, row) for number, row in enumerate(rows)),
        "</g>",
        "</svg>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def text_of(svg: str) -> str:
    """What a cast says, line by line."""
    lines: dict[int, str] = {}
    for group in ElementTree.fromstring(svg).iter(f"{{{SVG}}}g"):
        if group.get("class", "").startswith("line"):
            number = int(group.get("data-line", ""))
            runs = [
                Run(round(float(each.get("x", "0")) / WIDE), each.text or "", Style())
                for each in group.iter(f"{{{SVG}}}text")
            ]
            lines[number] = plain(runs)
    return "".join(f"{lines.get(number, '')}\n" for number in range(max(lines) + 1))


def _rows(shown: Sequence[Shown]) -> Iterator[Row]:
    now = 0.6
    for one in shown:
        prompt = Run(0, "$", Style(colour="prompt"))
        yield Row((prompt, Run(2, one.command, Style(is_bold=True))), now, len(one.command))
        now += len(one.command) * TYPED_SECONDS + 0.35
        for line in one.lines:
            yield Row(line, now)
            now += LINE_SECONDS
        now += READ_SECONDS


def _moves(rows: Sequence[Row]) -> Iterator[tuple[float, int]]:
    """When the sheet goes up, and how many lines of it are above the window then."""
    for number, row in enumerate(rows):
        if number >= ROWS:
            yield row.begins, number - ROWS + 1


def _style(rows: Sequence[Row], moves: Sequence[tuple[float, int]], palette: Palette) -> str:
    """All classes and motions. What isn't moving is as at the end: that is what people see who want no motion."""
    whole = rows[-1].begins + 1
    steps = "".join(f"{100 * at / whole:.2f}%{{transform:translateY({-HIGH * lines}px)}}" for at, lines in moves)
    last = moves[-1][1] if moves else 0
    colours = "".join(f".{name}{{fill:{value}}}" for name, value in palette.colours.items())
    begins = "".join(
        f".l{number}{{animation-delay:{row.begins:.2f}s"
        + (
            f";animation-duration:{row.typed * TYPED_SECONDS:.2f}s;animation-timing-function:steps({row.typed},end)"
            if row.typed
            else ""
        )
        + "}"
        for number, row in enumerate(rows)
    )
    return (
        f"text{{fill:{palette.text};white-space:pre}}.dim{{fill:{palette.dim}}}.prompt{{fill:{palette.prompt}}}"
        f".bold{{font-weight:600}}{colours}"
        f".sheet{{transform:translateY({-HIGH * last}px)}}"
        "@media (prefers-reduced-motion:no-preference){"
        f".sheet{{animation:up {whole:.2f}s step-end both}}@keyframes up{{0%{{transform:none}}{steps}}}"
        ".line{animation:come 1ms step-end backwards}@keyframes come{from{opacity:0}}"
        ".typed{animation-name:type}@keyframes type{from{clip-path:inset(0 100% 0 0)}to{clip-path:inset(0 0 0 0)}}"
        f"{begins}}}"
    )


def _line(number: int, row: Row) -> str:
    texts = "".join(_text(number, run) for run in row.runs)
    kind = " typed" if row.typed else ""
    return f'<g class="line{kind} l{number}" data-line="{number}">{texts}</g>'


def _text(number: int, run: Run) -> str:
    classes = [run.style.colour] if run.style.colour else []
    classes += ["bold"] if run.style.is_bold else []
    classes += ["dim"] if run.style.is_dim else []
    named = f' class="{" ".join(classes)}"' if classes else ""
    wide = len(run.text) * WIDE
    return (
        f'<text x="{run.column * WIDE:.6g}" y="{HIGH * number + 14}" textLength="{wide:.6g}" '
        f'lengthAdjust="spacingAndGlyphs" xml:space="preserve"{named}>{escape(run.text, quote=False)}</text>'
    )
