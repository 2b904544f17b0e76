"""How many segments messages take, by encoding."""

from __future__ import annotations

from sendspec.diagnostics.wording import counted, grouped


def segment_words(*, total: int, gsm7: int, ucs2: int) -> str:
    """`1 240 segments   GSM-7 1 121 · UCS-2 41`; empty where nothing is measured."""
    if not total:
        return ""
    by_encoding = [f"{name} {grouped(n)}" for name, n in (("GSM-7", gsm7), ("UCS-2", ucs2)) if n]
    return f"{counted(total, 'segment')}   {' · '.join(by_encoding)}"
