"""The charts of a report: messages over time with its pauses, how long the API took, and countries."""

from __future__ import annotations

from markupsafe import Markup

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.wording import counted, duration_text, grouped
from sendspec.operations.report_speed import Bucket, Latency, PauseBand, PauseCause, Throughput
from sendspec.showing.pages.charts import Band, Bar, Series, bars, histogram, sparkline, stacked_area
from sendspec.showing.pages.report_words import clipped, clock_times, seconds_text

BAND_LENGTH = 200
MAX_BARS = 15
SHORTEST_LINE = 3
_PAUSES = {PauseCause.THROTTLED: "throttled", PauseCause.BACK_OFF: "waiting after errors"}


@dataclass(frozen=True, slots=True)
class CountryShare:
    """A country with its bar: how long it is, and the words beside it."""

    country: str
    value: int
    shown: str


def throughput_chart(throughput: Throughput) -> Markup:
    """Attempts by outcome. A gap between two runs is two empty buckets and a band that says so."""
    buckets, bands = _spread(throughput)
    width = counted_seconds(throughput.seconds)
    series = [
        Series("accepted", "good", [each.accepted for each in buckets]),
        Series("refused", "bad", [each.refused for each in buckets]),
        Series("in doubt", "doubt", [each.in_doubt for each in buckets]),
        Series("not taken, tried again", "warn", [each.released for each in buckets]),
    ]
    series = [series[0], *(each for each in series[1:] if any(each.values))]
    most = max((each.total for each in buckets), default=0)
    pauses = counted(len(throughput.bands), "pause") if throughput.bands else "no pause"
    return stacked_area(
        f"Attempts by outcome, {width} at a time",
        clock_times([each.at for each in buckets]),
        series,
        bands=bands,
        description=f"At most {grouped(most)} in {width}; {pauses}. Times are in UTC.",
    )


def accepted_title(throughput: Throughput) -> str:
    return f"accepted, {counted_seconds(throughput.seconds)} at a time"


def accepted_line(throughput: Throughput) -> Markup | None:
    """How the accepted came in over time, the size of a word; None where it was over too soon to say."""
    values = [each.accepted for each in throughput.buckets]
    if len(values) < SHORTEST_LINE:
        return None
    stretches = ", without the time between two runs" if throughput.gaps else ""
    return sparkline(accepted_title(throughput), values, description=f"At most {grouped(max(values))}{stretches}.")


def _spread(throughput: Throughput) -> tuple[list[Bucket], list[Band]]:
    """The buckets with the gaps between runs in their places, and what happened when."""
    buckets: list[Bucket] = []
    bands: list[Band] = []
    places: list[int] = []
    gap_after = {gap.after: gap for gap in throughput.gaps}
    for index, bucket in enumerate(throughput.buckets):
        places.append(len(buckets))
        buckets.append(bucket)
        gap = gap_after.get(index)
        if gap is not None:
            first = bucket.at + throughput.seconds
            bands.append(Band(len(buckets), len(buckets) + 1, f"no run for {duration_text(gap.seconds)}"))
            buckets += [Bucket(at=first), Bucket(at=bucket.at + gap.seconds)]
    for pause in throughput.bands:
        bands.append(Band(places[pause.first], places[pause.last], _pause_words(pause)))
    return buckets, sorted(bands, key=lambda band: (band.first, band.last))


def _pause_words(pause: PauseBand) -> str:
    again = f", {counted(pause.released, 'message')} tried again" if pause.released else ""
    words = f": {clipped(pause.words, BAND_LENGTH)}" if pause.words else ""
    return f"{_PAUSES[pause.cause]}{again}{words}"


def latency_chart(latency: Latency) -> Markup:
    rows = [Bar(_bin_words(each.low, each.high), each.count, grouped(each.count)) for each in latency.histogram]
    return histogram(
        "Attempts by how long the API took",
        rows,
        description=f"Of {counted(latency.count, 'attempt')}: from the claim to the result, in seconds.",
    )


def _bin_words(low: float, high: float | None) -> str:
    if high is None:
        return f"≥ {seconds_text(low)}"
    return f"< {seconds_text(high)}"


def country_chart(title: str, shares: list[CountryShare], others: int) -> Markup:
    rows = [Bar(each.country, each.value, each.shown) for each in shares[:MAX_BARS]]
    more = f" and {counted(others, 'country', 'countries')} more in the table" if others else ""
    return bars(title, rows, description=f"{counted(len(rows), 'country', 'countries')}{more}.")


def counted_seconds(seconds: int) -> str:
    return "a second" if seconds == 1 else duration_text(seconds)
