"""When a send paused because the API, or the way to it, gave messages back: by the evidence of released attempts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.report_buckets import index_at
from sendspec.operations.report_speed import Bucket, PauseBand, PauseCause
from sendspec.sending.settlement import NOT_PROCESSED

MAX_KEPT = 2_048
MAX_BANDS = 60
Kind = tuple[PauseCause, str]


@dataclass(slots=True)
class _Pause:
    kind: Kind
    begin: float
    end: float
    released: int


class PauseCount:
    """The pauses of each run: from the first released attempt to the run's next claim. Pauses in the same few seconds are one."""

    def __init__(self) -> None:
        self._open: dict[int | None, _Pause] = {}
        self._ended: list[_Pause] = []
        self._apart = 1.0

    def released(self, run: int | None, at: float, evidence: str | None) -> None:
        """An attempt of a run was proved unsent. Without evidence, which is erased in time, nobody knows why."""
        if evidence is None:
            return
        cause = PauseCause.THROTTLED if evidence.endswith(NOT_PROCESSED) else PauseCause.BACK_OFF
        kind = (cause, evidence)
        pause = self._open.get(run)
        if pause is None or pause.kind != kind:
            self._end(run, at)
            self._open[run] = _Pause(kind, at, at, 1)
        else:
            pause.end, pause.released = at, pause.released + 1

    @property
    def is_any_open(self) -> bool:
        return bool(self._open)

    def claimed(self, run: int | None, at: float) -> None:
        """The run goes on. A claim in the commit of the release itself is no sign of that."""
        pause = self._open.get(run)
        if pause is not None and at > pause.end:
            self._end(run, at)

    def _end(self, run: int | None, at: float) -> None:
        pause = self._open.pop(run, None)
        if pause is None:
            return
        pause.end = max(pause.end, at)
        last = next((each for each in reversed(self._ended[-4:]) if each.kind == pause.kind), None)
        if last is not None and pause.begin - last.end <= self._apart:
            _join(last, pause)
            return
        self._ended.append(pause)
        if len(self._ended) > MAX_KEPT:
            self._apart *= 4
            self._ended = _joined(self._ended, self._apart)

    def bands(self, buckets: Sequence[Bucket], width: int) -> tuple[PauseBand, ...]:
        """The pauses on these buckets, in the order of time: those with the most released attempts, if there are too many."""
        for run in list(self._open):
            self._end(run, self._open[run].end)
        apart = self._apart
        while len(self._ended) > MAX_BANDS and apart < 2 * width:
            apart *= 4
            self._ended = _joined(self._ended, apart)
        found = list(_banded(self._ended, buckets, width)) if buckets else []
        most = sorted(found, key=lambda band: -band.released)[:MAX_BANDS]
        return tuple(sorted(most, key=lambda band: (band.first, band.last, band.words)))


def _join(first: _Pause, other: _Pause) -> None:
    first.begin, first.end = min(first.begin, other.begin), max(first.end, other.end)
    first.released += other.released


def _joined(pauses: Sequence[_Pause], apart: float) -> list[_Pause]:
    """The pauses with those of a kind joined that are no further apart."""
    found: list[_Pause] = []
    last_of_kind: dict[Kind, _Pause] = {}
    for pause in sorted(pauses, key=lambda each: each.begin):
        last = last_of_kind.get(pause.kind)
        if last is not None and pause.begin - last.end <= apart:
            _join(last, pause)
        else:
            found.append(pause)
            last_of_kind[pause.kind] = pause
    return found


def _banded(pauses: Sequence[_Pause], buckets: Sequence[Bucket], width: int) -> Iterator[PauseBand]:
    """The pauses in buckets, with those of a kind joined that touch there."""
    last_of_kind: dict[Kind, PauseBand] = {}
    for pause in sorted(pauses, key=lambda each: each.begin):
        first, last = index_at(buckets, width, pause.begin), index_at(buckets, width, pause.end)
        band = PauseBand(first, last, *pause.kind, pause.released)
        before = last_of_kind.get(pause.kind)
        if before is not None and first <= before.last + 1:
            band = PauseBand(before.first, max(before.last, last), *pause.kind, before.released + pause.released)
        elif before is not None:
            yield before
        last_of_kind[pause.kind] = band
    yield from last_of_kind.values()
