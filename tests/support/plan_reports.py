"""Plans with all that a plan can have, made of texts that try to break out of what quotes them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st
from sendspec.composing.message_part import MessagePart
from sendspec.composing.platforms.sms_segments import Encoding, Measure
from sendspec.composing.taken_path import BranchOutcome, TakenBranch, TakenPath, UsedDefault
from sendspec.composing.text_place import TextPlace
from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.position import Position, Span
from sendspec.operations.absent_audience import AbsentAudience, AbsentText
from sendspec.operations.forcing_cause import ForcingCause, ForcingSource
from sendspec.operations.plan_detail import PlanDetail
from sendspec.operations.plan_report import PlanReport
from sendspec.operations.plan_sample import SampleSource, ShapeSample
from sendspec.operations.saving import Replacement, Shortening
from sendspec.operations.unmatched_value import UnmatchedValues
from sendspec.planning.base_change import (
    BaseComparison,
    Piece,
    PieceKind,
    RemovedSpec,
    SpecChange,
    SpecChangeKind,
    TextChange,
)
from sendspec.planning.cost import cost_of
from sendspec.planning.decision import Skip
from sendspec.planning.plan import Plan, Segments, Suppression, Target
from sendspec.planning.saved_cost import SavedCost
from sendspec.planning.schedule import RowMoments, Schedule
from sendspec.planning.shape import Shape
from sendspec.reading.prices import Price, PriceTable

CHUNKS = [
    "`", "``", "```", "~~~", "```` ````", "|", "\\", "\\|", "\\\\|", "*", "**", "_", "[a](http://x.example)", "![i](//x)", "<b>",
    "</details>", "</summary>", "<script>alert(1)</script>", "<!--", "-->", "&amp;", "&#124;", "@everyone", "@octocat", "#123", "GH-7",
    "a/b#1", "http://x.example", "www.x.example", "a@b.example", "::error::x", "::", ":smile:", "[^1]", "[^1]: x", "$x$", "$", "$`x`$",
    "- [ ] x", "1. x", "# x", "> x", "---", "===", "    x", "\n", "\n\n", "\r\n", "\t", " ", "  ", "\u202e", "\u200b", "\x1b[31m", "\x00",
    "שלום", "مرحبا", "👩‍👩‍👧", "🏳️‍🌈", "e\u0301", "日本", "a", "Ab", "0", chr(0xD800), "\u2028", "##[error]", "<br>", "&lt;", "^", "~", "=", "%", "'", '"',
]  # fmt: skip
"""Of these texts are made: what is code, HTML, a table, or something of GitHub's or GitLab's own."""
texts = st.lists(st.sampled_from(CHUNKS), max_size=12).map("".join)
names = st.lists(st.sampled_from(CHUNKS), min_size=1, max_size=8).map("".join)
spec_names = st.from_regex(r"[a-z][a-z0-9-]{0,9}", fullmatch=True)
counts = st.integers(0, 3_000)
PRICES = PriceTable({"GB": Price("EUR", Decimal("0.0625"), Decimal("0.07"))}, "prices.csv", "0" * 64)


parts = st.lists(
    st.builds(MessagePart, names, texts, st.integers(0, 2), st.lists(names, max_size=2).map(tuple), st.integers(0, 2)),
    max_size=3,
).map(tuple)


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    each = draw(st.integers(0, 3))
    messages = draw(st.integers(1, 900))
    path = TakenPath(
        branches=tuple(
            TakenBranch("message.body", text, BranchOutcome.TRUE) for text in draw(st.lists(texts, max_size=2))
        ),
        defaults=tuple(UsedDefault("message.body", text) for text in draw(st.lists(texts, max_size=2))),
        language=draw(texts),
    )
    return Shape(
        id=f"{draw(st.integers(0, 2**40)):012x}", messages=messages, segments=each * messages, segments_each=each,
        encoding=Encoding.UCS2 if each else None, path=path, line=draw(counts), alternatives=0,
    )  # fmt: skip


@st.composite
def details(draw: st.DrawFn) -> PlanDetail:
    found = tuple({shape.id: shape for shape in draw(st.lists(shapes(), max_size=6))}.values())
    samples = {
        shape.id: ShapeSample(draw(texts), draw(st.sampled_from(SampleSource)), draw(parts))
        for shape in found
        if draw(st.booleans())
    }
    cause = ForcingCause(
        character=draw(st.sampled_from("’`|<😀")), source=ForcingSource.BOTH, messages=3, segments_saved=2, lines=(2, 3), columns=(draw(names),),
    )  # fmt: skip
    cost = SavedCost(amounts=(Price("EUR", Decimal("0.08"), Decimal("0.10")),), unknown_segments=draw(counts))
    place = TextPlace(bit=1, length=30, conditions=tuple(draw(st.lists(texts, max_size=3))), holds=draw(st.booleans()))
    savings = (
        Replacement(characters="’`|<", messages=3, segments=4, cost=cost),
        Replacement(characters=cause.character, messages=3, segments=4, cost=None, cause=cause),
        Shortening(characters=7, messages=1_104, segments=1_104, cost=cost, place=place, is_own=True, shapes=tuple(shape.id for shape in found)),
    )[: draw(st.integers(0, 3))]  # fmt: skip
    values = {shape.id: (UnmatchedValues(draw(names), ((draw(texts), 3),), 20_000),) for shape in found}
    return PlanDetail(
        found, samples, (cause,) * draw(st.integers(0, 5)), values, names_values=draw(st.booleans()), savings=savings
    )


@st.composite
def plans(draw: st.DrawFn, name: str) -> Plan:
    send = draw(counts)
    skipped = draw(st.dictionaries(st.sampled_from(Skip), st.integers(1, 900), max_size=4))
    now = datetime(2026, 12, 1, 9, tzinfo=UTC)
    moments = RowMoments(first=now, last=now + timedelta(1), by_day=((date(2026, 12, 1), send),), at_once=1)
    schedule = Schedule(
        scheduled_for=now, ahead=timedelta(1), moments=moments, not_after=now, validity_seconds=60, per_second=5
    )
    return Plan(
        target=Target(
            environment="production", alias=draw(names), name=name, generation=draw(st.integers(1, 3)), workspace="w", channel="c",
            batch=draw(st.sampled_from([None, 100])),
        ),
        recipients=send + sum(skipped.values()), send=send, skipped=skipped, segments=Segments(total=send, gsm7=send, ucs2=0),
        sent_digest=bytes(32), composed_digest=bytes(32), skipped_lines=dict.fromkeys(skipped, (2, 5)),
        messages_by_country={"GB": 3, "NL": 1}, country="GB", left=draw(st.integers(0, 2)), text_digest="0" * 16, digest="v1:" + "a0" * 32,
        content_digest="v1:" + "b1" * 32, suppression=Suppression(files=(draw(names),), addresses=3), schedule=schedule,
        cost=cost_of({"GB": (send, send), "NL": (1, 1)}, PRICES, unmeasured=0),
    )  # fmt: skip


@st.composite
def text_changes(draw: st.DrawFn) -> TextChange:
    pieces = tuple(draw(st.lists(st.builds(Piece, st.sampled_from(PieceKind), texts), max_size=6)))
    return TextChange(
        messages=draw(counts), line=draw(counts), before=version(pieces, PieceKind.ADDED), after=version(pieces, PieceKind.REMOVED),
        pieces=pieces, segments_before=1, segments_after=draw(st.integers(1, 2)), different=draw(st.integers(1, 2)),
    )  # fmt: skip


def version(pieces: tuple[Piece, ...], without: PieceKind) -> str:
    return "".join(piece.text for piece in pieces if piece.kind is not without)


@st.composite
def changes(draw: st.DrawFn) -> SpecChange:
    return SpecChange(
        kind=draw(st.sampled_from(SpecChangeKind)), added=draw(counts), dropped=draw(counts), changed=draw(counts), same=draw(counts),
        segments_before=draw(counts), segments_after=draw(counts), cost_after=cost_of({"GB": (1, 1)}, PRICES, unmeasured=0),
        texts=tuple(draw(st.lists(text_changes(), max_size=4))), other_texts=draw(st.integers(0, 1)), other_messages=3,
        fields=tuple(draw(st.lists(names, max_size=2))), name_before=draw(spec_names), path_before=draw(names), problem=draw(st.one_of(st.just(""), texts)),
    )  # fmt: skip


@st.composite
def diagnostics(draw: st.DrawFn) -> Diagnostic:
    excerpt = draw(texts).replace("\n", " ")
    line = draw(st.integers(1, 9))
    return Diagnostic(
        code="unknown-name", path=draw(names), span=Span(Position(line, 1), Position(line, 3)), problem=draw(texts), fix=draw(texts),
        severity=draw(st.sampled_from(Severity)), excerpt=excerpt, also=(draw(texts),), rows=(3, 4), row_count=7,
    )  # fmt: skip


@st.composite
def absents(draw: st.DrawFn) -> AbsentAudience:
    """A spec whose recipients aren't in the repository."""
    return AbsentAudience(
        name=draw(spec_names),
        path=draw(names),
        channel=draw(names),
        file=draw(names),
        why=draw(names),
        texts=tuple(
            AbsentText(
                text=draw(texts),
                source=draw(st.sampled_from(SampleSource)),
                path=draw(shapes()).path,
                measure=draw(st.none() | st.builds(Measure, st.sampled_from(Encoding), counts, counts, counts)),
            )
            for _ in range(draw(st.integers(0, 3)))
        ),
        more=draw(st.booleans()),
        before=draw(st.none() | st.lists(texts, max_size=3).map(tuple)),
    )


@st.composite
def reports(draw: st.DrawFn) -> tuple[PlanReport, list[str]]:
    """A report, and the paths of its specs."""
    found = draw(st.lists(spec_names, min_size=1, max_size=6, unique=True))
    exceeded = draw(st.lists(diagnostics(), max_size=2))
    report = PlanReport(
        environment=draw(names),
        plans=[draw(plans(name)) for name in found],
        details=[draw(details()) for _ in found],
        exceeded=exceeded,
        warnings=[*exceeded, *draw(st.lists(diagnostics(), max_size=3))],
        base=draw(
            st.one_of(
                st.none(),
                st.builds(
                    BaseComparison,
                    ref=names,
                    commit=st.just("a1" * 20),
                    specs=st.fixed_dictionaries({name: changes() for name in found}),
                    removed=st.lists(st.builds(RemovedSpec, name=spec_names, path=names), max_size=3).map(tuple),
                ),
            )
        ),
        absent=draw(st.lists(absents(), max_size=2)),
    )
    return report, [draw(names) for _ in found]


def plan(name: str = "hello", *, send: int = 0, skipped: dict[Skip, int] | None = None, segments: int = 0) -> Plan:
    """A small plan; with segments, it has a cost."""
    skips = skipped or {}
    return Plan(
        target=Target(environment="production", alias="sms", name=name, generation=1, workspace="w", channel="c"),
        recipients=send + sum(skips.values()), send=send, skipped=skips, segments=Segments(total=segments, gsm7=segments, ucs2=0),
        sent_digest=bytes(32), composed_digest=bytes(32), digest="v1:" + "a0" * 32,
        cost=cost_of({"GB": (send, segments)}, PRICES, unmeasured=0) if segments else None,
    )  # fmt: skip


def many_specs(report: PlanReport, paths: list[str], count: int) -> tuple[PlanReport, list[str]]:
    """As many specs, each like one of the report's, under names of their own."""
    plans, details, listed = [], [], []
    changes: dict[str, SpecChange] = {}
    for number in range(count):
        at = number % len(report.plans)
        plan = report.plans[at]
        target = replace(plan.target, name=f"{plan.target.name}-{number}")
        plans.append(replace(plan, target=target))
        details.append(report.details[at])
        listed.append(paths[at])
        if report.base is not None:
            changes[target.name] = report.base.specs[plan.target.name]
    base = None if report.base is None else replace(report.base, specs=changes)
    return replace(report, plans=plans, details=details, base=base), listed
