"""Makes all pictures in docs/pictures: `make pictures`. On one machine, a second run changes nothing.

Another version of the browser, or other fonts, draw other letters: then pictures of pages change though the pages didn't.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from picturing.cast import DARK, LIGHT, cast
from picturing.pages import page_pictures
from picturing.session import Shown, session, transcript
from picturing.timed_program import TimedProgram

PICTURES = Path(__file__).resolve().parents[1] / "pictures"
TITLE = "From nothing to a message that everybody got once"
DESCRIPTION = "A session in a terminal: sendspec init, plan, send, the same send again, and report. Its text follows."

README = PICTURES.parents[1] / "README.md"
TEXT = re.compile(r"(?<=```text\n)\$ sendspec init\n.*?(?=^```$)", re.MULTILINE | re.DOTALL)
"""Below the cast: the same, for readers and searches."""


def casts(shown: Sequence[Shown]) -> dict[str, str]:
    """The pictures of a session, by name."""
    return {f"cast-{palette.name}.svg": cast(shown, palette, TITLE, DESCRIPTION) for palette in (LIGHT, DARK)}


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        programs = Path(made, "programs")
        for folder in (programs, Path(made, "hello")):
            folder.mkdir()
        shown = session(TimedProgram(programs, step=0.001), Path(made, "hello"))
        for name, text in casts(shown).items():
            (PICTURES / name).write_text(text, encoding="utf-8")
        readme = README.read_text(encoding="utf-8")
        README.write_text(TEXT.sub(lambda _: transcript(shown), readme), encoding="utf-8")
        for name, png in page_pictures(TimedProgram(programs, step=0.01), Path(made, "shop")).items():
            (PICTURES / f"{name}.png").write_bytes(png)


if __name__ == "__main__":
    main()
