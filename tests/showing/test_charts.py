"""Charts: what is drawn is what their tables say, and texts of others stay texts."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from markupsafe import Markup
from sendspec.showing.pages.charts import Band, Bar, Series, bars, histogram, sparkline, stacked_area

HOSTILE = "</title><script>alert(1)</script>\u202e\ud800\n"
NAMES = ["0 ms", HOSTILE, "100 ms"]
ROWS = [Bar(name, value, f"{value} messages") for name, value in zip(NAMES, (1, 4, 2), strict=True)]
SERIES = [Series("accepted", "good", [3, 0, 1]), Series(HOSTILE, "bad", [1, 2, 0])]
BANDS = [Band(1, 1, HOSTILE), Band(0, 9, "throttled")]
CHARTS: dict[str, Callable[[str], Markup]] = {
    "stacked_area": lambda title: stacked_area(title, NAMES, SERIES, bands=BANDS, description=HOSTILE),
    "bars": lambda title: bars(title, ROWS, description=HOSTILE),
    "histogram": lambda title: histogram(title, ROWS, description=HOSTILE),
    "sparkline": lambda title: sparkline(title, [1, 4, 2.5], description=HOSTILE),
}


def parsed(chart: Markup) -> ElementTree.Element:
    chart.encode()
    return ElementTree.fromstring(f"<div>{chart}</div>")


def cells(chart: ElementTree.Element) -> list[list[str]]:
    return [["".join(cell.itertext()) for cell in row] for row in chart.iter("tr")]


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_has_a_name_a_description_and_nothing_of_a_foreign_text_is_markup(name: str) -> None:
    chart = parsed(CHARTS[name](HOSTILE))

    (drawing,) = (svg for svg in chart.iter("svg") if svg.get("role") == "img")
    said = [drawing.findtext("title"), drawing.findtext("desc")]
    assert said == ["</title><script>alert(1)</script>\\u202e\\ud800\\n"] * 2
    assert not [*chart.iter("script")]
    assert not re.search(r"style=|\son\w+=", CHARTS[name](HOSTILE))


def test_each_number_is_in_the_table() -> None:
    shown = HOSTILE.encode("unicode_escape").decode()
    assert cells(parsed(CHARTS["bars"]("t")))[1:] == [[name if name != HOSTILE else shown, f"{value} messages"] for name, value in zip(NAMES, (1, 4, 2), strict=True)]  # fmt: skip
    assert cells(parsed(CHARTS["histogram"]("t"))) == cells(parsed(CHARTS["bars"]("t")))
    assert cells(parsed(CHARTS["sparkline"]("t")))[1:] == [["1", "1"], ["2", "4"], ["3", "2.5"]]
    area = cells(parsed(CHARTS["stacked_area"]("t")))
    assert area[:4] == [["", "accepted", shown], ["0 ms", "3", "1"], [shown, "0", "2"], ["100 ms", "1", "0"]]
    assert area[4:] == [["When", "What happened"], [shown, shown], ["0 ms to 100 ms", "throttled"]]


def test_bars_are_as_long_as_their_values() -> None:
    drawn = [bar.get("width") for bar in parsed(CHARTS["bars"]("t")).iter("rect") if bar.get("class") == "bar"]
    assert drawn == ["25.00%", "100.00%", "50.00%"]
    columns = [bar.get("height") for bar in parsed(CHARTS["histogram"]("t")).iter("rect") if bar.get("class") == "bar"]
    assert [float(height or 0) / 180 for height in columns] == [0.2, 0.8, 0.4]  # the axis ends at 5


def test_areas_lie_on_each_other() -> None:
    areas = [each.get("points", "").split() for each in parsed(CHARTS["stacked_area"]("t")).iter("polygon")]
    heights = [[round((1 - float(point.split(",")[1]) / 180) * 5, 2) for point in area] for area in areas]
    assert heights == [[3, 0, 1, 0, 0, 0], [4, 2, 1, 1, 0, 3]]


@pytest.mark.parametrize("values", [[], [0], [7], [0, 0], [0.001, 1_234_567]])
def test_few_no_and_extreme_values_are_charts_too(values: list[float]) -> None:
    names = [str(value) for value in values]
    rows = [Bar(name, value, name) for name, value in zip(names, values, strict=True)]
    for chart in (
        stacked_area("t", names, [Series("a", "good", values)], description="d"),
        stacked_area("t", names, [], description="d"),
        bars("t", rows, description="d"),
        histogram("t", rows, description="d"),
        sparkline("t", values, description="d"),
    ):
        assert "nan" not in "".join(parsed(chart).itertext())
        assert ("nothing to show" in chart) == ("<svg" not in chart)
    assert "1 234 567" in sparkline("t", [1_234_567], description="d")


def test_two_charts_share_no_pattern() -> None:
    one, other = (stacked_area(title, ["x"], [Series("a", "good", [1])], description="d") for title in ("one", "other"))
    ids = [set(re.findall(r' id="([^"]+)"', chart)) for chart in (one, other)]
    assert ids[0]
    assert not ids[0] & ids[1]
