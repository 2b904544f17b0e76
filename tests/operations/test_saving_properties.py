"""Law: each saving is what is found when its characters are really replaced, or its text is really cut: in segments and in money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from project_dir import ProjectDir
from sendspec import plan
from sendspec.composing.platforms.gsm7 import BASIC, EXTENSION, REPLACEMENTS
from sendspec.operations.saving import Replacement, Saving, Shortening

SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv}
message:
  body:
    type: text
    text:
      text: "ROOT{{ a }}{% if lang == 'tr' %}TURKISH{% elif lang == 'fr' %}FRENCH{% else %}OTHER{% endif %}"
"""
PLAIN_END = "y" * 20
PLACES = {"tr": "TURKISH", "fr": "FRENCH", "de": "OTHER"}
LANGUAGE_OF = {(("lang == 'tr'",), True): "tr", (("lang == 'tr'", "lang == 'fr'"), True): "fr"}
PRICES = {"GB": ("0.04", "0.04"), "NL": ("0.08", "0.10")}
NUMBERS = {"GB": "+4477009{:05d}", "NL": "+316123{:05d}", "BE": "+324701{:05d}"}
CHUNKS = st.lists(
    st.sampled_from(["ı", "’", "“", "…", "™", "€", "😀", "abc", "x" * 17, "x" * 52, "x" * 61, "x" * 140]),
    min_size=1,
    max_size=8,
).map("".join)
ROWS = st.lists(st.tuples(st.sampled_from([*PLACES]), st.sampled_from([*NUMBERS]), CHUNKS), min_size=1, max_size=8)
Row = tuple[str, str, str]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(own=st.fixed_dictionaries({**dict.fromkeys(PLACES, CHUNKS), "ROOT": CHUNKS}), rows=ROWS)
@example(
    own={"tr": "z" * 30, "fr": "", "de": "€€", "ROOT": "z" * 80},
    rows=[("tr", "GB", "x" * 31), ("tr", "NL", "x" * 37 + "€"), ("fr", "BE", "x" * 65)],
)
@example(
    own={"tr": "’…", "fr": "’", "de": "…" * 46, "ROOT": ""},
    rows=[("tr", "GB", "x" * 60), ("tr", "NL", "x" * 61), ("de", "GB", "x" * 4), ("fr", "BE", "x" * 65)],
)
def test_a_saving_is_what_the_change_really_saves(
    project_dir: ProjectDir, own: Mapping[str, str], rows: Sequence[Row]
) -> None:
    texts = [own["ROOT"] + a + own[lang] + PLAIN_END for lang, _, a in rows]
    savings = savings_of(project_dir, own, rows)
    for saving in savings:
        after = changed(saving, texts, rows)
        if after is None:
            continue
        saved = [segments(old) - segments(new) for old, new in zip(texts, after, strict=True)]
        assert saving.segments == sum(saved)
        assert saving.messages == sum(each > 0 for each in saved)
        if isinstance(saving, Shortening):
            less = changed(replace(saving, characters=saving.characters - 1), texts, rows)
            assert sum(map(segments, less or ())) > sum(map(segments, after))
        assert_cost(saving, [(row[1], each) for row, each in zip(rows, saved, strict=True)])
    assert_none_is_missed(savings, texts)


def changed(saving: Saving, texts: Sequence[str], rows: Sequence[Row]) -> list[str] | None:
    """The texts with the change; None for the characters of one cause, which test_forcing_cause_properties replaces."""
    match saving:
        case Replacement(cause=None):
            listed = set(saving.characters)
            return [plainly(text) if outside(text) <= listed else text for text in texts]
        case Replacement():
            return None
        case Shortening(place=place, characters=characters):
            lang = LANGUAGE_OF.get((place.conditions, place.holds), "de")
            is_here = [place.bit is None or row[0] == lang for row in rows]
            return [text[: len(text) - characters] if here else text for text, here in zip(texts, is_here, strict=True)]


def assert_cost(saving: Saving, saved: Sequence[tuple[str, int]]) -> None:
    assert saving.cost is not None
    bounds = [
        sum((Decimal(PRICES[country][side]) * count for country, count in saved if country in PRICES), Decimal())
        for side in (0, 1)
    ]
    assert [(each.low, each.high) for each in saving.cost.amounts] in ([tuple(bounds)], [] if not any(bounds) else None)
    assert saving.cost.unknown_segments == sum(count for country, count in saved if country not in PRICES)


def assert_none_is_missed(savings: Sequence[Saving], texts: Sequence[str]) -> None:
    """Some cut of at most 20 characters is told if one saves anything, and all of them in the longest."""
    best = sum(segments(text[:-20]) < segments(text) for text in texts)
    cuts = [saving for saving in savings if isinstance(saving, Shortening)]
    assert (max((each.messages for each in cuts), default=0) == best) or any(
        each.place.bit is not None for each in cuts
    )
    assert bool(cuts) == bool(best)
    several = [text for text in texts if len(outside(text)) > 1 and outside(text) <= set(REPLACEMENTS)]
    is_worth = any(segments(plainly(text)) < segments(text) for text in several)
    whole = [saving for saving in savings if isinstance(saving, Replacement) and saving.cause is None]
    assert len(whole) <= is_worth


def outside(text: str) -> set[str]:
    return set(text) - set(BASIC + EXTENSION)


def plainly(text: str) -> str:
    return "".join(REPLACEMENTS.get(each, each) for each in text)


def segments(text: str) -> int:
    """Counted one character after the other."""
    is_ucs2 = bool(outside(text))
    alone, part = (70, 67) if is_ucs2 else (160, 153)
    widths = [1 + (each > "\uffff" if is_ucs2 else each in EXTENSION) for each in text]
    if sum(widths) <= alone:
        return 1
    count, filled = 1, 0
    for width in widths:
        if filled + width > part:
            count, filled = count + 1, 0
        filled += width
    return count


def savings_of(project: ProjectDir, own: Mapping[str, str], rows: Sequence[Row]) -> tuple[Saving, ...]:
    spec = SPEC.replace("ROOT", own["ROOT"])
    for lang, name in PLACES.items():
        spec = spec.replace(name, own[lang] + PLAIN_END)
    project.write("sendspec.yaml", "prices: prices.csv\n")
    lines = [f"{country},{low},{high},EUR\n" for country, (low, high) in PRICES.items()]
    project.write("prices.csv", "country,segment_low,segment_high,currency\n" + "".join(lines))
    project.write("hello.yaml", spec)
    table = [f"{NUMBERS[country].format(n)},{lang},{a}\n" for n, (lang, country, a) in enumerate(rows)]
    project.write("people.csv", "phone,lang,a\n" + "".join(table))
    return plan([project.folder / "hello.yaml"]).details[0].savings
