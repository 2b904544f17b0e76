"""Where a plan's messages go, in Markdown: each channel with its API, workspace and channel id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sendspec.planning.plan import Plan
from sendspec.reading.environment import SANDBOX
from sendspec.showing.markdown.foreign_text import code, name
from sendspec.showing.markdown.page import Section, more_of

ROOM = 4_000


def destination_section(plans: Sequence[Plan]) -> Section:
    """Each of them once, whatever specs use it."""
    items = list(dict.fromkeys(_items(plans)))
    return Section(
        head="### Where to\n\n" if items else "", parts=items, joint="\n", more=more_of("channel"), most=ROOM
    )


def _items(plans: Sequence[Plan]) -> Iterator[str]:
    for plan in plans:
        if plan.settings is not None:
            target = plan.settings.target
            where = "the sandbox, which reaches nobody"
            if target["api"] != SANDBOX:
                ids = f"workspace {code(target['workspace'])}, channel {code(target['channel'])}"
                where = f"{name(target['api'], 200)}, {ids}"
            yield f"- {name(plan.target.alias)} ({code(target['platform'])}): {where}"
