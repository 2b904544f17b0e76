"""Reads plan files, and believes nothing in them: the seal doesn't prove that sendspec wrote a file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from sendspec.diagnostics.redaction import printable
from sendspec.operations.plan_file import END, FORMAT, PAIRS_LINE, PlanFile, PlanUnreadable, seal_of
from sendspec.operations.plan_pairs_text import ENTRY_BYTES, LINE_BYTES, NotPairs, PairReader
from sendspec.operations.plan_staleness import Cause, PlanDifference, stale_plan
from sendspec.operations.temporary_store import TemporaryStore
from sendspec.planning.pair_set import BUCKETS, PAIR_BYTES, PairSet
from sendspec.planning.plan_digest import SpecSettings, digests
from sendspec.reading.files.confined_path import MAX_PATH
from sendspec.reading.files.text_file import open_regular
from sendspec.reading.schema.validator import load_schema

WHOLE_BYTES = 1_000_000
"""Up to this size a plan may be written in any form of JSON; a longer one has to be as sendspec wrote it."""
MAX_HEADER_BYTES = 10_000_000
OF_EACH_SPEC = ("generation", "left", "segments", "channel", "target", "policy", "path", "own_reference", "states")
"""What a plan file says of each spec, besides what the schema asks of any plan."""
EDITED = "the plan was changed after it was written"
NO_PLAN = "the file is not a plan, or only a part of one"
READABLE_YEARS = range(1970, 9_000)
_LINES_READ = 4_000


def read_plan_file(path: Path) -> PlanFile:
    """The plan in the file. Raises `PlanUnreadable` with the reason, and `PlanStale` for a plan of another format."""
    try:
        with os.fdopen(open_regular(str(path)), "rb") as file:
            return _read(str(path), file, os.fstat(file.fileno()).st_size)
    except FileNotFoundError:
        raise PlanUnreadable(f"there is no plan {printable(str(path))}") from None
    except OSError:
        raise PlanUnreadable(f"{printable(str(path))} is not a file that can be read") from None
    except NotPairs:
        raise PlanUnreadable(EDITED) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        if path.suffix.lower() in (".yaml", ".yml"):
            fix = f"run `sendspec plan {printable(str(path))} --out plan.json`, and name that file"
            raise PlanUnreadable("the file is not a plan; by its name, it is a spec", fix) from None
        raise PlanUnreadable(NO_PLAN) from None


def _read(path: str, file: BinaryIO, size: int) -> PlanFile:
    pairs = PairSet(ENTRY_BYTES, TemporaryStore())
    reader = PairReader(pairs)
    if size <= WHOLE_BYTES:
        header = _object(file.read(WHOLE_BYTES))
        _refuse_other_formats(header)
        lines = header.pop("pairs")
        reader.read("".join([f'"{line}",\n' for line in lines]).encode("ascii") if isinstance(lines, list) else b"?")
    else:
        header = _object(_header_text(file))
        _refuse_other_formats(header)
        header.pop("pairs")
        _read_pairs(file, size, reader)
    _check(header, reader.to_send, pairs)
    return PlanFile(path=path, header=header, pairs=pairs)


def _object(text: bytes) -> dict[str, Any]:
    content = json.loads(text, object_pairs_hook=_once)
    if not isinstance(content, dict):
        raise TypeError
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object without repeated keys: a reader may see one of two, and the seal the other."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise PlanUnreadable(f"{EDITED}: a key is in it twice")
    return found


def _refuse_other_formats(header: Mapping[str, Any]) -> None:
    if str(header["schema"]).startswith("sendspec.plan/") and header["format"] != FORMAT:
        raise stale_plan(
            [PlanDifference(Cause.FORMAT, f"it has format {header['format']}, and this sendspec reads format {FORMAT}")]
        )


def _header_text(file: BinaryIO) -> bytes:
    lines, size = [], 0
    while size < MAX_HEADER_BYTES:
        line = file.readline(MAX_HEADER_BYTES)
        lines.append(line)
        size += len(line)
        if line == PAIRS_LINE:
            return b"".join(lines) + END
        if not line:
            break
    raise TypeError


def _read_pairs(file: BinaryIO, size: int, reader: PairReader) -> None:
    left = size - file.tell() - len(END) + 1  # the last line has no comma
    if left % LINE_BYTES:
        raise TypeError
    while left:
        lines = file.read(min(left, _LINES_READ * LINE_BYTES))
        left -= len(lines)
        if not lines or len(lines) % LINE_BYTES:
            raise TypeError
        if not left:
            end = file.read()
            if not lines.endswith(b"\n]") or lines[-1:] + end != END:
                raise NotPairs
            lines = lines[:-2] + b",\n"
        reader.read(lines)


def _check(header: dict[str, Any], to_send: int, pairs: PairSet) -> None:
    """Raises `PlanUnreadable` unless the file is as it was written, and its digest is that of what it names."""
    if not load_schema("plan").accepts({**header, "pairs": []}):
        raise TypeError
    if not header["specs"] or any(name not in spec for spec in header["specs"] for name in OF_EACH_SPEC):
        raise TypeError
    paths = [spec["path"] for spec in header["specs"]]
    _check_texts([header["environment"], header["ledger"] or "", *paths])
    _check_paths([*paths, *([header["recipients"]] if "recipients" in header else [])])
    for moment in (header["created"], header["expires"]):
        datetime.fromisoformat(moment)  # a date that no calendar has is a ValueError
    _check_schedules(header["specs"])
    if header.pop("seal") != seal_of(header) or header["totals"]["send"] != to_send or not _adds_up(header):
        raise PlanUnreadable(EDITED)
    marked, others = (PairSet(store=TemporaryStore()) for _ in range(2))
    for number in range(BUCKETS):
        bucket = pairs.bucket(number)
        marked.add([entry[:PAIR_BYTES] for entry in bucket if entry.endswith(b"+")])
        others.add([entry[:PAIR_BYTES] for entry in bucket if entry.endswith(b"-")])
    settings = [
        SpecSettings(name=spec["name"], generation=spec["generation"], target=spec["target"], policy=spec["policy"])
        for spec in header["specs"]
    ]
    plan, content = digests(header["environment"], header["ledger"], settings, (marked,), (others,))
    if plan != header["digest"] or content != header.get("content_digest", content):
        raise PlanUnreadable(EDITED)


def _check_schedules(specs: Sequence[Mapping[str, Any]]) -> None:
    """Raises ValueError for a date that no calendar has, or that is too far away to be read as local time."""
    for schedule in (spec.get("schedule", {}) for spec in specs):
        by_row = schedule.get("by_row", {})
        moments = [schedule.get("scheduled_for"), schedule.get("not_after"), by_row.get("first"), by_row.get("last")]
        days = [day["day"] for day in by_row.get("days", ())]
        if any(
            datetime.fromisoformat(each).year not in READABLE_YEARS for each in (*moments, *days) if each is not None
        ):
            raise ValueError


def _adds_up(header: Mapping[str, Any]) -> bool:
    """Whether the numbers of the specs add up to those of the plan."""
    specs = header["specs"]
    return (
        len({spec["name"] for spec in specs}) == len(specs)
        and header["left"] == sum(spec["left"] for spec in specs)
        and all(
            number == sum(spec[group][name] for spec in specs)
            for group in ("totals", "segments")
            for name, number in header[group].items()
        )
        and all(
            each["totals"]["recipients"] == sum(each["totals"][n] for n in ("send", "skip"))
            for each in (header, *specs)
        )
        and all(map(_shapes_add_up, specs))
        and all(each["totals"]["skip"] == sum(each["skipped"].values()) for each in (header, *specs))
    )


def _shapes_add_up(spec: Mapping[str, Any]) -> bool:
    """Whether the shapes have all messages to send; plans of earlier versions name none."""
    if "shapes" not in spec:
        return True
    shapes = [*spec["shapes"], *([spec["other_shapes"]] if "other_shapes" in spec else [])]
    found = tuple(sum(shape[name] for shape in shapes) for name in ("messages", "segments"))
    return found == (spec["totals"]["send"], spec["segments"]["total"])


def _check_texts(texts: Sequence[str]) -> None:
    joined = "".join(texts)
    joined.encode()  # half a surrogate pair is no text: a ValueError
    if "\0" in joined:
        raise TypeError


def _check_paths(paths: Sequence[str]) -> None:
    _check_texts(paths)
    if len(set(paths)) < len(paths) or any(
        os.path.isabs(path) or len(path) > MAX_PATH  # noqa: PTH117 - as text
        for path in paths
    ):
        raise TypeError
