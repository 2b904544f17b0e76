"""Charts of a page, as SVG that needs neither style nor script: each with a title, a description, and its numbers in a table below.

A plot is as wide as the page, and its texts keep their size: shapes are in coordinates that stretch, texts at shares of the width.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Literal

from markupsafe import Markup

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.showing.pages.element import element, joined, number, table

Tone = Literal["good", "warn", "bad", "doubt", "soft"]

_WIDTH, _HEIGHT = 640, 180
"""Of a plot; its texts are above and below."""
_TEXT = 18
_BAR, _BAR_STEP = 10, 38
_LABEL_LENGTH = 40
"""Characters of a label that fit beside a number on a telephone. The table has all of it."""
_X_LABELS = 4
_DARK, _LIGHT = "#1c2430", "#ffffff"
_COLOURS = {"good": "#1a6b3a", "warn": "#b26a00", "bad": "#b3202a", "doubt": "#6b3fa0", "soft": "#66738a"}
_LINES = {"good": "", "warn": "M0 8 L8 0", "bad": "M0 0 L8 8 M0 8 L8 0", "doubt": "M3 4 H5", "soft": "M0 4 H8"}
"""What makes a tone differ without its colour, on a field of eight by eight."""


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    tone: Tone
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of the x axis, from one of its indices to another, and what happened there."""

    first: int
    last: int
    label: str


@dataclass(frozen=True, slots=True)
class Bar:
    """`shown` is the value as people read it, with its unit."""

    label: str
    value: float
    shown: str


def stacked_area(
    title: str, x: Sequence[str], series: Sequence[Series], *, bands: Sequence[Band] = (), description: str
) -> Markup:
    """What adds up over time, the first of the series at the bottom. Each has a value for every `x`."""
    if not x or not series:
        return _nothing(title)
    kind = sha256(repr((title, x, series)).encode("utf-8", "replace")).hexdigest()[:8]  # no pattern of another chart
    top = _round_top(max(map(sum, zip(*(each.values for each in series), strict=True))))
    shapes = [*_band_shapes(bands, len(x)), *_areas(kind, series, len(x), top)]
    plot = element(
        "svg", *shapes, y=_TEXT, width="100%", height=_HEIGHT, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", preserveAspectRatio="none"
    )  # fmt: skip
    parts = [_patterns(kind, series), *_gridlines(), plot, *_marks(top), *_band_labels(bands, len(x)), *_x_labels(x)]
    cells = zip(x, *(map(number, each.values) for each in series), strict=True)
    tables = [table(["", *(each.name for each in series)], [*cells])]
    if bands:
        tables.append(table(["When", "What happened"], [[_when(x, band), band.label] for band in bands]))
    legend = element("ul", *(_key(kind, each) for each in series), class_="legend")
    return _figure(title, description, _HEIGHT + 2 * _TEXT, parts, tables, legend)


def bars(title: str, rows: Sequence[Bar], *, description: str) -> Markup:
    """One bar below the other, each under its label."""
    if not rows:
        return _nothing(title)
    most = max(row.value for row in rows) or 1
    parts: list[Markup] = []
    for place, row in enumerate(rows):
        y = place * _BAR_STEP + _TEXT
        parts += [_text(0, y - 4, _cut(row.label)), _text(1, y - 4, row.shown, anchor="end")]
        parts.append(element("rect", class_="track", y=y, width="100%", height=_BAR, fill="#e3e8ef"))
        parts.append(_bar(0, y, max(row.value, 0) / most, _BAR))
    return _figure(title, description, len(rows) * _BAR_STEP, parts, [_bar_table(rows)])


def histogram(title: str, bins: Sequence[Bar], *, description: str) -> Markup:
    """Columns side by side, one a bin, in the order of the bins."""
    if not bins:
        return _nothing(title)
    top = _round_top(max(each.value for each in bins))
    width = 1 / len(bins)
    parts = [*_gridlines()]
    for place, each in enumerate(bins):
        height = max(each.value, 0) / top * _HEIGHT
        parts.append(_bar((place + 0.06) * width, _TEXT + _HEIGHT - height, 0.88 * width, height))
    parts += [*_marks(top), *_x_labels([each.label for each in bins])]
    return _figure(title, description, _HEIGHT + 2 * _TEXT, parts, [_bar_table(bins)])


def sparkline(title: str, values: Sequence[float], *, description: str) -> Markup:
    """A line the size of a word."""
    if not values:
        return _nothing(title)
    low, high = min(values), max(values)
    drawn = [22 - (value - low) / (high - low or 1) * 20 for value in values]
    if len(drawn) == 1:
        drawn *= 2
    points = " ".join(f"{place * 100 / (len(drawn) - 1):.1f},{y:.1f}" for place, y in enumerate(drawn))
    line = element("polyline", class_="line", points=points, fill="none", stroke=_DARK, stroke_width=2)
    said = element("title", title), element("desc", description)
    svg = element("svg", *said, line, class_="spark", role="img", width=100, height=24, viewBox="0 0 100 24")
    return svg + _numbers(title, [table(["", "Value"], [[str(n), number(value)] for n, value in enumerate(values, 1)])])


def _round_top(most: float) -> float:
    """The next number from `most` on that reads well on an axis."""
    if most <= 0:
        return 1
    step = 10.0 ** math.floor(math.log10(most))
    return next(factor * step for factor in (1, 2, 2.5, 5, 10, 20) if factor * step >= most)


def _gridlines() -> Iterator[Markup]:
    for share in (1, 0.5, 0):
        y = _TEXT + _HEIGHT * (1 - share)
        yield element("line", class_="grid", x2="100%", y1=y, y2=y, stroke="#cfd6e0")


def _marks(top: float) -> Iterator[Markup]:
    """What the gridlines stand for."""
    for share in (1, 0.5):
        yield _text(0, _TEXT + _HEIGHT * (1 - share) - 4, number(top * share))


def _areas(kind: str, series: Sequence[Series], count: int, top: float) -> Iterator[Markup]:
    below = [0.0] * count
    for each in series:
        above = [low + value for low, value in zip(below, each.values, strict=True)]
        edge = " ".join([*_corners(above, top), *reversed([*_corners(below, top)])])
        yield element("polygon", points=edge, fill=f"url(#{kind}-{each.tone})")
        below = above


def _corners(values: Sequence[float], top: float) -> Iterator[str]:
    """The corners of a line. A single value is a line across the plot."""
    shown = [*values, *values] if len(values) == 1 else values
    for place, value in enumerate(shown):
        yield f"{place * _WIDTH / (len(shown) - 1):.1f},{_HEIGHT * (1 - value / top):.1f}"


def _span(band: Band, count: int) -> tuple[float, float]:
    """Where a band begins, and its width, as shares of the plot's."""
    if count == 1:
        return 0, 1
    first, last = (min(max(index, 0), count - 1) / (count - 1) for index in (band.first, band.last))
    return first, max(last - first, 0.004)


def _band_shapes(bands: Sequence[Band], count: int) -> Iterator[Markup]:
    for band in bands:
        first, width = _span(band, count)
        yield element("rect", class_="band", x=first * _WIDTH, width=width * _WIDTH, height=_HEIGHT, fill="#f0d9a8")


def _band_labels(bands: Sequence[Band], count: int) -> Iterator[Markup]:
    """Each label above its band, as far as the one before leaves room: the table has all of them."""
    free = 0.3  # behind the number at the axis
    for band in sorted(bands, key=lambda each: each.first):
        first, width = _span(band, count)
        middle = first + width / 2
        if free <= middle <= 0.8:
            yield _text(middle, _TEXT - 4, _cut(band.label, 18), anchor="middle")
            free = middle + 0.4


def _x_labels(labels: Sequence[str]) -> Iterator[Markup]:
    """The first, the last, and some between them."""
    last = len(labels) - 1
    for index in sorted({round(place * last / (_X_LABELS - 1)) for place in range(_X_LABELS)}):
        anchor = "start" if index == 0 else "end" if index == last else "middle"
        yield _text(index / (last or 1), 2 * _TEXT + _HEIGHT - 4, _cut(labels[index], 12), anchor=anchor)


def _when(x: Sequence[str], band: Band) -> str:
    first, last = (x[min(max(index, 0), len(x) - 1)] for index in (band.first, band.last))
    return first if first == last else f"{first} to {last}"


def _bar(x: float, y: float, width: float, height: float) -> Markup:
    return element("rect", class_="bar", x=f"{x:.2%}", y=y, width=f"{width:.2%}", height=height, fill="#0b57b0")


def _text(share: float, y: float, text: str, *, anchor: str = "start") -> Markup:
    """Text at a share of the width, with an edge of the page's colour: it can be above a shape."""
    return element(
        "text", text, x=f"{share:.2%}", y=y, text_anchor=anchor, font_size=13, font_family="system-ui, sans-serif", fill=_DARK,
        stroke=_LIGHT, stroke_width=3, stroke_linejoin="round", paint_order="stroke",
    )  # fmt: skip


def _patterns(kind: str, series: Sequence[Series]) -> Markup:
    drawn = []
    for tone in dict.fromkeys(each.tone for each in series):
        field = element("rect", class_=f"tone {tone}", width=8, height=8, fill=_COLOURS[tone])
        cut = element("path", class_="cut", d=_LINES[tone], stroke=_LIGHT, stroke_width=1.5) if _LINES[tone] else ""
        drawn.append(element("pattern", field, cut, id=f"{kind}-{tone}", width=8, height=8, patternUnits="userSpaceOnUse"))  # fmt: skip
    return element("defs", *drawn)


def _key(kind: str, series: Series) -> Markup:
    box = element("rect", width=16, height=16, fill=f"url(#{kind}-{series.tone})")
    return element("li", element("svg", box, width=16, height=16, aria_hidden="true"), f" {series.name}")


def _figure(
    title: str, description: str, height: int, parts: Sequence[Markup], tables: Sequence[Markup], legend: Markup | str = ""
) -> Markup:  # fmt: skip
    said = element("title", title), element("desc", description)
    svg = element("svg", *said, *parts, class_="plot", role="img", width="100%", height=height)
    return element("figure", element("figcaption", title), svg, legend, _numbers(title, tables), class_="chart")


def _numbers(title: str, tables: Sequence[Markup]) -> Markup:
    whose = element("span", f" of {title}", class_="unseen")
    return element("details", element("summary", "Numbers", whose), joined(tables), class_="numbers")


def _bar_table(rows: Sequence[Bar]) -> Markup:
    return table(["", "Value"], [[row.label, row.shown] for row in rows])


def _nothing(title: str) -> Markup:
    return element("p", f"{title}: nothing to show", class_="nothing")


def _cut(text: str, most: int = _LABEL_LENGTH) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
