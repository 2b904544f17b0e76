"""A compiled spec makes the same messages, byte for byte, as composing row by row, on every platform.

It returns None for any row that composing rejects.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from long_rows import all_but
from message_shapes import BODIES, FIELDS, with_leaves
from sendspec.composing.alternative import language_in
from sendspec.composing.block_result import BlockResult, RowResult, row_result_of
from sendspec.composing.compiled_spec import compile_spec
from sendspec.composing.compose_settings import ComposeSettings
from sendspec.composing.composer import GENERATE_FROM, Composer, compose_rows
from sendspec.composing.eligibility import EVERYONE, Eligibility
from sendspec.composing.identity import receiver_hash
from sendspec.composing.message import Filtered, Message
from sendspec.composing.platforms.platform import Platform
from sendspec.composing.platforms.registry import PLATFORMS
from sendspec.composing.platforms.sms_excess import excess_of
from sendspec.composing.record_part import RecordPart, moment_of, own_reference, parts_in
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.redaction import mask
from sendspec.reading.contacts.address_set import AddressSet
from sendspec.reading.limits import Limits
from sendspec.reading.schema.validator import load_schema
from sendspec.reading.spec import InlineRecipients, read_spec
from sendspec.reading.tables.inline_table import InlineTable
from sendspec.reading.tables.row import Row

UUID = "123e4567-e89b-12d3-a456-426614174000"
SALT = b"s" * 16
COLUMNS = ("phone", "email", "name", "n", "flag", "items", "url")
PHONES: list[Any] = [
    "+447700900001",
    "+31612345678",
    "07700 900002",
    "+1 (202) 555-0143",
    "nobody",
    "",
    None,
    447700900001,
]
EMAILS: list[Any] = [
    "ann@example.com",
    "Bob@Example.COM",
    "zoe.b+1@mail.example.org",
    "ann@localhost",
    "nobody",
    "",
    None,
    7,
]
TEXTS: list[Any] = [
    "Ann", "Zoë", "", " ", None, '"', "\\", "%b %s %%", "{{ name }}", "a\nb", "\u2028", "😀", "€[]", "x" * 170, "0", "007", "-3",
    "2.5", "3600", "promo", "a b_c", 0, 7, 2.5, 10**17, True, False, ["a", "b"], {"a": 1},
    "https://example.com/a.png", "http://10.0.0.1/x", "true", "#N/A", "#WAARDE!", "########", "#1001", "Ann ", "\u00a0Ann\t",
]  # fmt: skip
TEMPLATES = [
    "{{ name }}", "Hi {{ name }}!", "{{ name }}{{ n }}", "{{ name | default('you') }}", "Hi {{ row['name'] | default(shop) }}",
    "{{ name | upper }}", "{{ name | truncate(length=5, killwords=true) }}", "{{ n | int }}", "{{ n }}", "{{ n | decimals(2) }}",
    "{{ shop }} {{ generation }} {{ message_id }}", "{% if flag %}A{{ n }}{% else %}B{% endif %}",
    "{% if name == 'Ann' %}x{% elif n == '007' %}{{ n }}{% endif %}z", "{{ 'a' if name is defined else 'b' }}",
    "{{ row.name | lower }}", "{{ omit if n == '0' else name }}", "{% for each in items %}{{ each }}{% endfor %}", "{{ flag }}",
    '100 % "{{ name }}" \\ {{ n }}', "{{ name ~ n }}", "{{ name in ['Ann', 'Zoë'] }}", "{{ not flag }}", "{{ items }}",
    "{{ 1 < n | int <= 9 and flag }}", "{{ name | replace('n', 'm') | title }}", "{{ items | join(', ') }}", "{{ url }}",
    "{{ n | int | default(3) }}", "plain", "{{ phone }}", "{{ flag | upper }}", "{{ name | replace('n', flag) }}", "n={{ n ~ flag }}",
    "{{ items | sort | join }}", "{{ 'you' if name == '#N/A' else name }}", "{{ 'a' in items }}", "{{ name | trim('A') }}",
]  # fmt: skip


VARYING = [
    "{% if flag %}{{ name | default('x') }}{% elif n == '0' or name | default(n) == 'Ann' %}0{% endif %}",
    "{{ ('a' if flag else 'b') if n is defined else 'c' }}",
    "{{ omit if flag else n | default(name) }}",
    "{% for each in items %}{% if each == 'a' %}A{% else %}{{ url | default('u') }}{% endif %}{% else %}none{% endfor %}",
    "{{ name | default(replacement=n | default('7')) | upper }}",
    "{{ name | default(omit) }}",
    "{{ name | default }}",
    "{{ flag and name | default('x') }}",
    "{{ row.name | default(n | int) }}",
    "{{ name | default('a', true) }}",
]
"""Templates with alternatives: what a row takes of them is noted in its message."""


def templated(frame: Any) -> st.SearchStrategy[Any]:
    return with_leaves(frame, st.sampled_from(TEMPLATES + VARYING))


MESSAGES = st.tuples(
    st.sampled_from(BODIES[:1] * 4 + BODIES).flatmap(templated),
    st.fixed_dictionaries(
        {}, optional={key: st.sampled_from(values).flatmap(templated) for key, values in FIELDS.items()}
    ),
).flatmap(lambda drawn: st.permutations([("body", drawn[0]), *drawn[1].items()]).map(dict))


def recipients_of(platform: Platform) -> st.SearchStrategy[dict[str, Any]]:
    column = platform.address_kind.default_column
    options: dict[str, list[Any]] = {
        "to": ["{{ %s }}", "{{ row.%s }}", "{{ %s | trim }}", "{{ name }}"],
        "key": ["{{ name }}", "{{ n }}", "{{ %s }}-{{ n }}", "{{ %s }}", "{{ n | int }}"],
        "where": [
            "{{ flag }}",
            "{{ name != 'Ann' }}",
            "{{ name != '#N/A' }}",
            "{{ n is defined }}",
            True,
            "{{ name }}",
        ],
        "country": ["GB", "NL"],
    }
    return st.fixed_dictionaries(
        {},
        optional={
            name: st.sampled_from([one.replace("%s", column) if isinstance(one, str) else one for one in values])
            for name, values in options.items()
        },
    )


USUAL: dict[str, list[Any]] = {
    "phone": PHONES[:4], "email": EMAILS[:4],
    "name": ["Ann", "Zoë", '"', "\\", "%b", "€[]", "x" * 170, "😀", "x" * 5_000], "n": ["0", "007", "3600", 7],
    "flag": [True, False], "items": [["a", "b"]], "url": ["https://example.com/a.png"],
}  # fmt: skip
"""The usual values of a column; it also gets the unusual ones of `UNUSUAL`."""
UNUSUAL = TEXTS + PHONES + EMAILS
ROWS = st.lists(
    st.fixed_dictionaries(
        {name: st.one_of(st.sampled_from(USUAL[name]), st.sampled_from(USUAL[name] * 3 + UNUSUAL)) for name in COLUMNS}
    ),
    min_size=3,
    max_size=8,
)
LIMITS = st.sampled_from([Limits(), Limits(), Limits(segments=1), Limits(encoding="gsm7")])


PLATFORM_BY_RULES = {
    (platform.own_rules, platform.address_kind): platform for platform in reversed(list(PLATFORMS.values()))
}
"""One platform of those that treat every message alike."""


def composer_of(
    folder: Path, spec: dict[str, Any], limits: Limits, platform: Platform = PLATFORMS["sms"]
) -> tuple[Composer, list[Row]] | None:
    """The spec's composer and its rows; None where the spec can't be compiled at all."""
    path = folder / "spec.yaml"
    path.write_text(json.dumps(spec), encoding="utf-8")
    problems = Problems()
    read = read_spec(str(path), problems)
    if read is None:
        return None
    assert isinstance(read.recipients, InlineRecipients)
    at = read.recipients.at
    table = InlineTable(read.document, [((*at, n), row) for n, row in enumerate(read.recipients.rows)])
    compiled_spec = compile_spec(read, COLUMNS, platform, problems)
    if compiled_spec is None:
        return None
    compose_settings = ComposeSettings(
        platform=platform, salt=SALT, limits=limits, count_countries=True, keeps_records=True
    )
    composer = Composer(compiled_spec, table, compose_settings, load_schema("message"), platform.rules, problems)
    return composer, list(table.rows(problems))


def spec_of(message: dict[str, Any], rows: list[dict[str, Any]], **recipients: Any) -> dict[str, Any]:
    return {
        "spec": 1, "name": "hello", "channel": "sms", "vars": {"shop": 'The "Shop"'}, "message": message,
        "recipients": {"list": rows, **recipients},
    }  # fmt: skip


ELIGIBILITIES = st.builds(
    Eligibility,
    st.sampled_from([None, frozenset({"+447700900001", "+31612345678"})]),
    st.sampled_from([None, AddressSet(()), AddressSet(["+31612345678", "+447700900002", "ann@example.com"])]),
)


@pytest.mark.parametrize("platform", PLATFORM_BY_RULES.values(), ids=lambda platform: platform.name)
@pytest.mark.parametrize("examples", all_but([15], [15, settings().max_examples]))
def test_a_compiled_spec_makes_the_messages_that_composing_makes(
    tmp_path: Path, platform: Platform, examples: int
) -> None:
    @given(data=st.data(), message=MESSAGES, rows=ROWS, limits=LIMITS, eligibility=ELIGIBILITIES)
    @settings(max_examples=examples)
    def law(**drawn: Any) -> None:
        assert_equal(tmp_path, platform, **drawn)

    law()


def assert_equal(
    tmp_path: Path,
    platform: Platform,
    data: st.DataObject,
    message: dict[str, Any],
    rows: list[dict[str, Any]],
    limits: Limits,
    eligibility: Eligibility,
) -> None:
    recipients = data.draw(recipients_of(platform))
    made = composer_of(tmp_path, spec_of(message, rows, **recipients), limits, platform)
    if made is None:
        return
    composer, read = made
    for columns, listed in ((None, read), (COLUMNS, [as_cells(each) for each in read])):
        quick, many = composer.generate_for_rows(columns), composer.generate_for_blocks(columns, eligibility)
        assert (quick is None) == (many is None)
        if quick is None or many is None:
            continue
        twice = listed * 2  # what was learnt of the first ones is used for the others
        planned = by_row(many([row.content for row in twice]))
        for row, odd in zip(twice, planned, strict=True):
            quickly = quick(row)
            assert (quickly is None) == (odd is None)
            if quickly is not None:
                composed = composer.compose(row)
                assert quickly == composed
                assert odd == row_result_of(
                    composed,
                    eligibility,
                    composer.folded_of,
                    part_of,
                    own_reference="reference" in message,
                    count_countries=True,
                )


def part_of(message: Message) -> RecordPart:
    moment = moment_of(orjson.loads(message.body).get("scheduledFor"))
    return receiver_hash(SALT, message.receiver), mask(message.receiver), own_reference(message), moment


def by_row(found: BlockResult) -> list[RowResult]:
    *_, hashes, folded, records, others = found
    parts = list(parts_in(records))
    folded_at = dict(folded)
    rows: list[RowResult] = [
        (entry, hashes[at] if hashes else b"", 0, folded_at.get(at, b""), parts[at])
        for at, entry in enumerate(zip(*found[:5], strict=True))
    ]
    for at, result in others:
        rows.insert(at, result)
    return rows


def as_cells(row: Row) -> Row:
    """The row as a CSV table gives it: all of it text."""
    return Row(row.line, [str(row.values.get(name, "")) for name in COLUMNS], COLUMNS)


GOOD = {
    "phone": "+447700900001", "email": "ann@example.com", "name": "Ann", "n": "7", "flag": True, "items": ["a", "b"], "url": "https://example.com/a.png",
}  # fmt: skip


def quick_of(folder: Path, message: dict[str, Any], limits: Limits = Limits(), **recipients: Any) -> Any:  # noqa: B008
    made = composer_of(folder, spec_of(message, [GOOD], **recipients), limits)
    assert made is not None
    return made[0].generate_for_rows(None)


def row(**changed: Any) -> Row:
    return Row(1, {name: value for name, value in {**GOOD, **changed}.items() if value is not None})


@pytest.mark.parametrize("template", [t for t in TEMPLATES if t not in ("{{ items }}", "{{ n | int | default(3) }}")])
def test_sound_rows_are_made(tmp_path: Path, template: str) -> None:
    spec = spec_of({"body": {"type": "text", "text": {"text": f"{template}."}}}, [GOOD])
    made = composer_of(tmp_path, spec, Limits())
    assert made is not None
    quick, quick_with_cells = made[0].generate_for_rows(None), made[0].generate_for_rows(COLUMNS)
    assert quick is not None
    assert quick_with_cells is not None
    for changed in ({}, {"name": "Zoë"}, {"flag": False}, {"flag": False, "name": "Bob", "n": "007"}):
        each = row(**changed)
        assert quick(each) == made[0].compose(each)
        assert isinstance(quick(each), Message)
        cells = as_cells(row(**{**changed, "flag": "yes", "items": "a"}))
        assert quick_with_cells(cells) == made[0].compose(cells)
        assert isinstance(quick_with_cells(cells), Message) or "items" in template or "flag" in template


@pytest.mark.parametrize(
    "message",
    [
        {"body": {"type": "image", "image": {"images": [{"mediaUrl": "{{ url }}", "altText": '100 %b %% of "it"'}]}}},
        {
            "template": {
                "projectId": UUID,
                "version": UUID,
                "locale": "en",
                "variables": {"name": "{{ name }}", "%b": "a"},
            }
        },
        {
            "body": {"type": "text", "text": {"text": "the same for all"}},
            "tags": ["{{ name }}"],
            "reference": "a-{{ n }}",
        },
    ],
)
def test_what_stands_in_the_spec_is_taken_as_it_stands(tmp_path: Path, message: dict[str, Any]) -> None:
    made = composer_of(tmp_path, spec_of(message, [GOOD]), Limits())
    assert made is not None
    quick = made[0].generate_for_rows(None)
    assert quick is not None
    assert quick(row()) == made[0].compose(row())
    assert isinstance(quick(row()), Message)


def test_the_language_that_a_template_chooses_is_one_of_a_messages_alternatives(tmp_path: Path) -> None:
    template = {"projectId": UUID, "version": UUID, "locale": "{{ name | default('en') }}"}
    made = composer_of(tmp_path, spec_of({"template": template}, [GOOD]), Limits(), PLATFORMS["whatsapp"])
    assert made is not None
    quick = made[0].generate_for_rows(COLUMNS)
    assert quick is not None
    rows = [as_cells(row(name=name)) for name in ("de", "pt-BR", "")]
    composed = [made[0].compose(each) for each in rows]
    assert [quick(each) for each in rows] == composed
    languages = [language_in(each.alternatives, 2) for each in composed if isinstance(each, Message)]
    assert languages == ["de", "pt-BR", "en"]
    assert [each.alternatives & 3 for each in composed if isinstance(each, Message)] == [0, 0, 1]


@pytest.mark.parametrize(
    ("template", "without", "with_it"),
    [
        ("{{ 'a' if name is defined else 'b' }}", "b", "a"),
        ("{{ 'a' if name is undefined else 'b' }}", "a", "b"),
        ("{{ name | default('you') }}", "you", "Ann"),
        ("{{ row['name'] | default('you') }}", "you", "Ann"),
    ],
)
def test_a_value_may_be_absent_where_the_template_says_so(
    tmp_path: Path, template: str, without: str, with_it: str
) -> None:
    made = composer_of(tmp_path, spec_of({"body": {"type": "text", "text": {"text": template}}}, [GOOD]), Limits())
    assert made is not None
    quick, quick_with_cells = made[0].generate_for_rows(None), made[0].generate_for_rows(COLUMNS)
    for absent, text in ((True, without), (False, with_it)):
        each = row(name=None) if absent else row()
        for found in (quick and quick(each), quick_with_cells and quick_with_cells(as_cells(each))):
            assert isinstance(found, Message)
            assert found.text == text


TEXT = {"body": {"type": "text", "text": {"text": "{{ name }} {{ n }}"}}}


@pytest.mark.parametrize(
    ("message", "limits", "recipients", "changed"),
    [
        (TEXT, Limits(), {}, {"name": None}),
        (TEXT, Limits(), {}, {"phone": "nobody"}),
        (TEXT, Limits(), {}, {"name": {"a": 1}}),
        (TEXT, Limits(), {}, {"name": "x" * 100_001}),
        (TEXT, Limits(segments=1), {}, {"name": "x" * 170}),
        (TEXT, Limits(encoding="gsm7"), {}, {"name": "Zoë😀"}),
        (TEXT, Limits(), {"key": "{{ name }}"}, {"name": " "}),
        (TEXT, Limits(), {"where": "{{ flag }}"}, {"flag": "true"}),
        ({"body": {"type": "text", "text": {"text": "{{ name }}"}}}, Limits(), {}, {"name": " "}),
        ({**TEXT, "tags": ["{{ name }}"]}, Limits(), {}, {"name": "no/tag"}),
        (TEXT, Limits(), {}, {"name": "#N/A"}),
        ({**TEXT, "reference": "{{ url }}"}, Limits(), {}, {"url": "#REF!"}),
        (TEXT, Limits(), {"key": "{{ url }}"}, {"url": "#NAAM?"}),
        (TEXT, Limits(), {"where": "{{ url != 'x' }}"}, {"url": "########"}),
        ({**TEXT, "validity": "{{ n | int }}"}, Limits(), {}, {"n": "-3"}),
        ({**TEXT, "validity": "{{ n | int }}"}, Limits(), {}, {"n": "x"}),
        ({**TEXT, "reference": "{{ name }}"}, Limits(), {}, {"name": "to 447700900001"}),
        ({"body": {"type": "image", "image": {"images": [{"mediaUrl": "{{ url }}"}]}}}, Limits(), {}, {"url": "http://10.0.0.1"}),
    ],
)  # fmt: skip
def test_a_row_that_is_not_sound_is_left_alone(
    tmp_path: Path, message: dict[str, Any], limits: Limits, recipients: dict[str, Any], changed: dict[str, Any]
) -> None:
    quick = quick_of(tmp_path, message, limits, **recipients)
    assert isinstance(quick(row()), Message)
    assert quick(row(**changed)) is None
    if all(isinstance(value, str) for value in changed.values() if value is not None):
        made = composer_of(tmp_path, spec_of(message, [GOOD], **recipients), limits)
        with_cells = made and made[0].generate_for_rows(COLUMNS)
        assert with_cells is not None
        assert with_cells(as_cells(row(**changed))) is None


@pytest.mark.parametrize("name", ["Ann ", " Ann", "\u00a0Ann\u202f"])
def test_white_space_around_a_key_is_no_part_of_it(tmp_path: Path, name: str) -> None:
    made = composer_of(tmp_path, spec_of(TEXT, [GOOD], key="{{ name }}"), Limits())
    assert made is not None
    quick = made[0].generate_for_rows(None)
    assert quick is not None
    untidy, tidy = quick(row(name=name)), quick(row())
    assert isinstance(untidy, Message)
    assert isinstance(tidy, Message)
    assert untidy.id == tidy.id
    assert untidy == made[0].compose(row(name=name))


def test_a_row_that_where_leaves_out_is_told_from_one_that_is_not_sound(tmp_path: Path) -> None:
    quick = quick_of(tmp_path, TEXT, where="{{ flag }}")
    assert quick(row(flag=False)) == Filtered(1)


@pytest.mark.parametrize(
    "message",
    [
        {"body": {"type": "{{ name }}", "text": {"text": "Hi"}}},
        {**TEXT, "receiver": {"contacts": [{"identifierKey": "phonenumber", "identifierValue": "{{ phone }}"}]}},
    ],
)
def test_a_spec_whose_verdict_hangs_on_a_row_is_not_compiled(tmp_path: Path, message: dict[str, Any]) -> None:
    assert quick_of(tmp_path, message) is None


def test_a_spec_that_breaks_a_rule_for_every_row_is_not_compiled(tmp_path: Path) -> None:
    assert quick_of(tmp_path, {**TEXT, "capFrequency": True}) is None
    assert quick_of(tmp_path, {**TEXT, "capFrequency": True, "meta": {"extraInformation": {"useCase": "marketing"}}})


def test_a_long_list_comes_out_like_a_short_one(tmp_path: Path) -> None:
    made = composer_of(tmp_path, spec_of(TEXT, [GOOD]), Limits())
    assert made is not None
    rows = [
        row(phone=f"+4477009{n:05d}", name=None if n % 100 == 99 else f"Ann {n}") for n in range(GENERATE_FROM + 300)
    ]
    found = list(compose_rows(made[0], iter(rows)))
    assert found == [made[0].compose(each) for each in rows if "name" in each.values]
    assert len(found) == sum("name" in each.values for each in rows) > GENERATE_FROM


@pytest.mark.parametrize(
    "more",
    [
        {"tags": ["{{ name }}"]},
        {"tags": ["{{ name | default('you') }}", "{{ n }}"]},
        {"tags": ["{{ name }}{{ name ~ n }}"]},
        {"tags": ["{{ flag | default('x') }}", "{{ 'a' if name == 'Ann' else 'b' }}"]},
        {"tags": ["{{ name }}{{ message_id }}"]},
        {"tags": ["{{ name }}"], "meta": {"extraInformation": {"useCase": "{{ url }}"}}, "capFrequency": True},
        {"tags": ["{{ name }}"], "reference": "{{ name }}"},
        {"validity": "{{ n | int }}", "reference": "{{ message_id }}-{{ n }}"},
    ],
)
@pytest.mark.parametrize(
    "eligibility", [EVERYONE, Eligibility(frozenset({PHONES[0]})), Eligibility(None, AddressSet(PHONES[1:2]))]
)
def test_rows_that_share_cells_are_planned_like_composed_ones(
    tmp_path: Path, more: dict[str, Any], eligibility: Eligibility
) -> None:
    made = composer_of(tmp_path, spec_of({**TEXT, **more}, [GOOD]), Limits())
    assert made is not None
    many = made[0].generate_for_blocks(COLUMNS, eligibility)
    assert many is not None
    rows = [
        as_cells(row(phone=phone, name=name, n=n, url="marketing", flag="" if n == "2" else "yes"))
        for phone in PHONES[:2]
        for name in ("Ann", "Bob")
        for n in ("1", "2", "1")
    ]
    composed = [
        row_result_of(
            made[0].compose(each),
            eligibility,
            made[0].folded_of,
            part_of,
            own_reference="reference" in more,
            count_countries=True,
        )
        for each in rows
    ]
    assert by_row(many([each.content for each in rows])) == composed
    assert None not in composed


def test_a_text_that_is_a_little_too_long_is_planned_like_a_composed_one(tmp_path: Path) -> None:
    made = composer_of(tmp_path, spec_of({"body": {"type": "text", "text": {"text": "{{ name }}"}}}, [GOOD]), Limits())
    assert made is not None
    many = made[0].generate_for_blocks(COLUMNS, EVERYONE)
    assert many is not None
    names = ["x" * 160, "x" * 161, "x" * 180, "x" * 181, "€" * 81, "ş" * 71, "“…" * 40, "😀" * 36, "x" * 320, "😀" * 70]
    rows = [as_cells(row(name=name)) for name in names]
    composed = [
        row_result_of(
            made[0].compose(each), EVERYONE, made[0].folded_of, part_of, own_reference=False, count_countries=True
        )
        for each in rows
    ]
    assert by_row(many([each.content for each in rows])) == composed
    sizes = [each[0][1] for each in composed if each]
    assert list(map(excess_of, sizes)) == [0, 1, 20, 0, 2, 1, 10, 2, 14, 8]


def test_a_plan_leaves_rows_alone_that_are_not_sound(tmp_path: Path) -> None:
    made = composer_of(
        tmp_path, spec_of({**TEXT, "tags": ["{{ name }}"], "reference": "{{ url }}"}, [GOOD]), Limits(segments=1)
    )
    assert made is not None
    many = made[0].generate_for_blocks(COLUMNS, EVERYONE)
    assert many is not None
    changes = [
        {}, {"url": "to 447700900001"}, {"name": "no/tag"}, {"name": ""}, {"n": "x" * 170}, {"phone": "nobody"}, {"name": "Bob"},
    ]  # fmt: skip
    found = by_row(many([as_cells(row(**change)).content for change in changes]))
    assert [odd is None for odd in found] == [False, *[True] * 5, False]
