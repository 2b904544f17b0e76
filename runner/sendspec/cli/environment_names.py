"""The environments that a project file names, found without reading it as YAML: a key pressed in a shell can't wait for that.

A file that is broken gives the names that can be seen in it, or none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from sendspec.diagnostics.lazy_pattern import lazy_pattern

PROJECT_FILE = "sendspec.yaml"
MAX_BYTES = 1_000_000
_TOP = lazy_pattern(r"^environments[ \t]*:(.*)$", re.MULTILINE)
_KEY = lazy_pattern(r"( +)[\"']?([a-z0-9][a-z0-9-]{0,62})[\"']?[ \t]*:(?:[ \t{]|$)")
_FLOW_KEY = lazy_pattern(r"[{,]\s*[\"']?([a-z0-9][a-z0-9-]{0,62})[\"']?\s*:(?=[\s{])")


def environment_names(folder: Path) -> list[str]:
    """Those of the project that `folder` is in, and the built-in sandbox."""
    names = ["sandbox"]
    try:
        for place in (folder, *folder.parents):
            file = place / PROJECT_FILE
            if file.is_file():
                with file.open("rb") as opened:
                    names += _names(opened.read(MAX_BYTES).decode(errors="replace"))
                break
    except OSError:
        pass
    return list(dict.fromkeys(names))


def _names(text: str) -> Iterator[str]:
    top = _TOP.search(text)
    if top is None:
        return
    if top[1].lstrip().startswith("{"):
        yield from (found[1] for found in _FLOW_KEY.finditer(_outermost(text[top.start(1) :].lstrip())))
        return
    depth = None
    for line in text[top.end() + 1 :].splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not line.startswith(" "):
            return
        key = _KEY.match(line)
        if key is not None and depth in (None, key[1]):
            depth = key[1]
            yield key[2]


def _outermost(text: str) -> str:
    """The mapping in braces that `text` begins with, without what is in the braces and brackets inside it."""
    kept, depth = [], 0
    for character in text:
        depth -= character in "}]"
        if depth == 1 or character in "{[":
            kept.append(character if depth <= 1 else "")
        depth += character in "{["
        if depth == 0:
            break
    return "".join(kept)
