"""A plan on disk: what was looked at and approved, as a set of messages and the settings that they go out under.

The file is one JSON document. Its pairs come last, one a line, so that a long plan is read line by line. It holds no text and no
number. Its seal finds accidents and careless edits; it is no signature.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from sendspec.diagnostics.exceptions import FileUnwritable
from sendspec.diagnostics.redaction import printable
from sendspec.operations.output_file import check_writable, write_pieces
from sendspec.operations.plan_pairs_text import ENTRY_BYTES, LINE_BYTES, NotPairs, PairReader, pair_lines
from sendspec.operations.plan_staleness import Cause, PlanDifference, stale_plan
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.temporary_store import TemporaryStore
from sendspec.planning.decision import Retry
from sendspec.planning.pair_set import BUCKETS, PAIR_BYTES, PairSet
from sendspec.planning.plan import Plan
from sendspec.planning.plan_digest import SpecSettings, canonical_json, digests
from sendspec.reading.files.confined_path import MAX_PATH
from sendspec.reading.files.text_file import open_regular
from sendspec.reading.schema.validator import load_schema

FORMAT = 2
"""Files of another format are stale: they name what they approve in another way."""
WHOLE_BYTES = 1_000_000
"""Up to this size a plan may be written in any form of JSON; a longer one has to be as sendspec wrote it."""
MAX_HEADER_BYTES = 10_000_000
BEGINNING, SIGN = 4_096, b"sendspec.plan/"
"""A plan names its schema within its first bytes."""
OF_EACH_SPEC = ("generation", "left", "segments", "channel", "target", "policy", "path", "own_reference", "states")
"""What a plan file says of each spec, besides what the schema asks of any plan."""
_PAIRS_LINE = b'  "pairs": [\n'
_END = b"]\n}\n"
_LINES_READ = 4_000


class PlanUnreadable(Exception):
    """The file is not a plan, or was changed after it was written."""


EDITED = "the plan was changed after it was written"
NO_PLAN = "the file is no plan, or only a part of one"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """A plan that was read from the file at `path`. `header` is all of it but its pairs, which carry marks (`plan_pairs_text`)."""

    path: str
    header: Mapping[str, Any]
    pairs: PairSet

    @property
    def environment(self) -> str:
        return str(self.header["environment"])

    @property
    def ledger(self) -> str | None:
        """The id of the ledger that it was made against; None if there was none yet."""
        ledger: str | None = self.header["ledger"]
        return ledger

    @property
    def digest(self) -> str:
        return str(self.header["digest"])

    @property
    def send(self) -> int:
        """How many messages it names to be sent."""
        return int(self.header["totals"]["send"])

    @property
    def created(self) -> str:
        return str(self.header["created"])

    @property
    def expires(self) -> str:
        return str(self.header["expires"])

    def has_expired(self, now: float) -> bool:
        """`now` is in Unix seconds."""
        return datetime.fromisoformat(self.expires).timestamp() <= now

    @property
    def moves(self) -> int:
        """How many moves the ledger had recorded when the plan was made."""
        return int(self.header["moves"])

    @property
    def retry(self) -> Retry | None:
        """What it tries again, and nothing else; the same for all of its specs."""
        found = self.specs[0]["policy"].get("retry")
        return None if found is None else Retry(found)

    def recipients_in(self, context: ProjectContext) -> str | None:
        """The table that takes the place of the specs' own, relative to the working directory."""
        recipients = self.header.get("recipients")
        return None if recipients is None else os.path.relpath(context.root / recipients)

    @property
    def specs(self) -> Sequence[Mapping[str, Any]]:
        specs: Sequence[Mapping[str, Any]] = self.header["specs"]
        return specs


def check_place(path: Path) -> None:
    """Raises `FileUnwritable` if no plan can be written, or if it would replace a file that is not a plan."""
    check_writable(path)
    with suppress(OSError), os.fdopen(open_regular(str(path)), "rb") as file:
        begun = file.read(BEGINNING)
        if begun.strip() and SIGN not in begun:
            shown = printable(str(path))
            raise FileUnwritable(
                str(path), f"'{shown}' is there already, and is no plan", "name another file for the plan"
            )


def write_plan_file(path: Path, header: Mapping[str, Any], plans: Sequence[Plan]) -> None:
    """Writes the plan, whole or not at all; `header` is all of it but format, seal and pairs. Raises `FileUnwritable`."""
    marked, others = [plan.pairs.to_send for plan in plans], [plan.pairs.others for plan in plans]
    content = {**header, "format": FORMAT}
    write_pieces(path, _file_pieces({**content, "seal": _seal(content)}, pair_lines(marked, others)))


def _file_pieces(header: Mapping[str, Any], lines: Iterator[list[str]]) -> Iterator[bytes]:
    yield json.dumps(header, indent=2).removesuffix("\n}").encode() + b",\n" + _PAIRS_LINE
    between = b""
    for some in lines:
        yield between + ",\n".join([f'"{line}"' for line in some]).encode()
        between = b",\n"
    yield (b"\n" if between else b"") + _END


def read_plan_file(path: Path) -> PlanFile:
    """The plan in the file. Raises `PlanUnreadable` with the reason, and `PlanStale` for a plan of another format."""
    try:
        with os.fdopen(open_regular(str(path)), "rb") as file:
            return _read(str(path), file, os.fstat(file.fileno()).st_size)
    except FileNotFoundError:
        raise PlanUnreadable(f"there is no plan {printable(str(path))}") from None
    except OSError:
        raise PlanUnreadable(f"{printable(str(path))} is no file that can be read") from None
    except NotPairs:
        raise PlanUnreadable(EDITED) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
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
        if line == _PAIRS_LINE:
            return b"".join(lines) + _END
        if not line:
            break
    raise TypeError


def _read_pairs(file: BinaryIO, size: int, reader: PairReader) -> None:
    left = size - file.tell() - len(_END) + 1  # the last line has no comma
    if left % LINE_BYTES:
        raise TypeError
    while left:
        lines = file.read(min(left, _LINES_READ * LINE_BYTES))
        left -= len(lines)
        if not lines or len(lines) % LINE_BYTES:
            raise TypeError
        if not left:
            end = file.read()
            if not lines.endswith(b"\n]") or lines[-1:] + end != _END:
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
    if header.pop("seal") != _seal(header) or header["totals"]["send"] != to_send or not _adds_up(header):
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
        and all(each["totals"]["skip"] == sum(each["skipped"].values()) for each in (header, *specs))
    )


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


def _seal(header: Mapping[str, Any]) -> str:
    """A digest over the header, and so over the whole file: the header holds the digests of the pairs."""
    return sha256(canonical_json(header)).hexdigest()
