"""The page of a report: its numbers are those of its data, whatever the API said; it is small, and says what it leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import islice

import pytest
from long_rows import all_but
from read_report import ReportRead
from sample_reports import (
    BEGUN,
    DOUBT_TEXT,
    PRICES,
    REFUSED_TEXT,
    delivered,
    many,
    message,
    rows_of_all,
    run,
    sample,
    totals,
    undelivered,
)
from sendspec.composing.identity import id_text
from sendspec.diagnostics.wording import grouped
from sendspec.ledger.delivery.observation import FailureReason
from sendspec.operations.found_rows import RecipientRow
from sendspec.operations.recipient_row import Absence
from sendspec.operations.report_speed import Bucket, Gap, PauseBand, PauseCause, Throughput
from sendspec.operations.run_report import Reason
from sendspec.operations.send_report import (
    Concern,
    Guard,
    MessageMove,
    Reasons,
    ReportedMessage,
    ReportedRecipients,
    SendReport,
    Verdict,
    Warned,
)
from sendspec.planning.cost import cost_of
from sendspec.planning.delivery_gate import DeliveryTally
from sendspec.planning.message_state import State
from sendspec.provider.failure_words import failure_words
from sendspec.reading.limits import Amount
from sendspec.reading.prices import Price, PriceTable
from sendspec.showing.account import accounting_line
from sendspec.showing.markdown.report import report_markdown
from sendspec.showing.pages.report import MAX_BYTES, ReportPlace, report_page
from sendspec.showing.pages.report_charts import accepted_line
from sendspec.showing.pages.report_plain import is_plain
from sendspec.showing.report import report_document
from sendspec.showing.report_text import report_text
from sendspec.showing.report_words import verdict_sentence
from sendspec.showing.terminal_style import PLAIN

LONG = "<&\u202e\U0001f600" * 250
PLACE = ReportPlace(
    command="sendspec report order-shipped", commands=["sendspec reconcile order-shipped"], made_at=BEGUN
)
HOSTILE = "</script><script>alert(1)</script> \u202e\x07 javascript:alert(1) \ud800 <!-- ]]> &amp; ⟨x⟩ \u2028"


def read(report: SendReport) -> ReportRead:
    return ReportRead(report_page(report, PLACE))


def number(text: str) -> int:
    return int(text.replace(" ", ""))


def test_the_numbers_of_the_page_are_those_of_its_data() -> None:
    report = sample()
    page, document = read(report), report_document(report)
    assert page.data == document
    totals = document["totals"]
    for name, count in totals.items():
        assert number(page.figures[name.replace("_", " ")][0]) == count
    assert accounting_line(report.account) in page.text
    guards = {row[0]: row[1:] for row in page.rows("guard-table")}
    assert len(guards) == len(document["guards"]) == 7
    assert guards["messages a run"] == ["5 000", "120", "4 880", "held"]
    assert guards["cost"] == ["EUR 5.00", "EUR 5.77", "-EUR 0.77", "exceeded"]
    assert guards["segments in all"] == ["no limit", "130", "", "–"]
    assert [row[:2] for row in page.rows("refusals-table")] == [[each["text"], grouped(each["count"])] for each in document["refusals"]]  # fmt: skip
    assert [row[:2] for row in page.rows("doubts-table")] == [[DOUBT_TEXT, "2"]]
    assert [[row[0], *map(number, row[1:4])] for row in page.rows("country-table")] == [list(each.values()) for each in document["countries"]]  # fmt: skip
    assert {row[0].replace(" ", "-"): number(row[1]) for row in page.rows("skip-reasons")} == document["skipped"]
    runs = [[row[0], *row[4:8]] for row in page.rows("run-table")]
    assert runs == [
        [str(each["run"]), "" if each["requests"] is None else str(each["requests"]), *(str(each["totals"][name]) for name in ("accepted", "refused", "in_doubt"))]
        for each in document["runs"]
    ]  # fmt: skip
    assert [row[1:] for row in page.rows("generations")][:2] == [["102", "135", "+33"], ["100", "109", "+9"]]
    assert ["segments accepted", "100", "118", "+18"] in page.rows("generations")
    rows = page.rows("rows")
    assert len(rows) == document["recipients"]["listed"] == 120
    by_id = {each["id"]: each for each in document["recipients"]["rows"]}
    ids = [
        each.attributes["id"].removeprefix("m-")
        for each in page.root.one("table", id="rows").all("tr")
        if "id" in each.attributes
    ]
    assert set(ids) == set(by_id)
    for row, identity in zip(rows, ids, strict=True):
        each = by_id[identity]
        is_plain = each["state"] == "accepted" and each["delivery"] == "delivered"
        assert row[7].startswith(each["attempts"][-1]["at"][11:19] if is_plain else "1 attempt" if each["attempt"] else "0 attempts")  # fmt: skip
        assert is_plain or f"message {identity}" in row[7]
        assert [row[3], row[4]] == [each["country"], str(each["segments"])]
        assert [row[5], row[6]] == [row[5] if each["delivery"] == "undelivered" else each["reason"] or "", each["remote_id"] or ""]  # fmt: skip
    assert sum("not delivered" in row[2] for row in rows) == document["delivery"]["undelivered"] == 4
    assert sum(row[2] == "refused" for row in rows) == totals["refused"]


def test_the_line_beside_the_account_is_of_the_accepted() -> None:
    report = sample()
    values = [each.accepted for each in report.throughput.buckets]
    assert len(values) >= 3
    line = read(report).root.one("div", class_="pace")
    assert [int(row[1]) for row in line.one("table").cells()[1:]] == values
    short = replace(report, throughput=replace(report.throughput, buckets=report.throughput.buckets[:2]))
    assert accepted_line(short.throughput) is None


def test_of_one_run_it_says_whom_it_never_claimed() -> None:
    report = sample()
    alone = replace(report, only_run=2, recipients=replace(report.recipients, unclaimed=480))
    assert "Run 2 claimed 120 of the 600 messages that it planned; segments" in read(alone).text
    assert "that it planned" not in read(report).text


def test_a_limit_says_what_it_can_t_tell_and_why() -> None:
    limit, found = Amount(Decimal(100), "EUR"), Amount(Decimal("30.60"), "EUR")
    unsure = (
        Guard(name="cost", limit=limit, found=found, at_least=True),
        Guard(name="total_segments", limit=5, found=9, together=2),
    )
    report = replace(sample(), guards=unsure)
    page = read(report)
    together = "exceeded by 2 runs together; it limits each alone"
    assert page.rows("guard-table") == [
        ["cost", "EUR 100.00", "at least EUR 30.60", "", "–"],
        ["segments in all", "5", "9", "", together],
    ]
    written = report_markdown(report, []).replace("`", "")
    assert f"| segments in all | 5 | 9 |  | {together} |" in written
    assert "| cost | EUR 100.00 | at least EUR 30.60 |  | unknown |" in written


def test_a_terminal_says_that_there_are_more_countries() -> None:
    report = sample()
    many_prices = PriceTable({f"{a}{b}": Price("EUR", Decimal(1), Decimal(1)) for a in "ABC" for b in "STUVW"}, "prices.csv", "ab" * 32)  # fmt: skip
    cost = cost_of(dict.fromkeys(many_prices.by_country, (1, 1)), many_prices, unmeasured=0)
    assert "and 3 more countries; `--format json` has all" in report_text(replace(report, cost=cost), PLAIN)


def test_the_first_screen_answers() -> None:
    """How it went, who must be called, who won't get it and why, what it cost: all of it before the first section."""
    page = read(sample())
    first = page.text[: page.text.index("Guards")]
    for said in (
        "Somebody has to look at it",
        "109 of 120 messages were accepted, 105 of them are known to be delivered and 4 were not; besides, 7 were refused, 2 are in doubt and 2 were not sent.",
        "run 2 has no end",
        "11 people",
        "Lines are those of today’s data/orders.csv.",
        "line 31 +44••••••30 order_id A1030 for the same reason",
        f"refused: {REFUSED_TEXT}",
        "And 6 more: refused not delivered",
        "2 more are in doubt",
        f"7 × {REFUSED_TEXT}",
        "4 × unknown subscriber: no active line has this number",
        "remove these numbers from the list",
        "12 × duplicate",
        "~ EUR 5.59 to 5.92 and 3 messages of unknown price",
        "sendspec reconcile order-shipped",
    ):
        assert said in first, said
    assert "<code>--retry refused</code>" in page.html


@pytest.mark.parametrize(
    ("delivered_count", "undelivered_count", "said"),
    [(105, 0, ", 105 of them are known to be delivered; 7 were refused, 2 are"),
     (1, 1, ", 1 of them is known to be delivered and 1 was not; besides, 7 were"),
     (0, 4, ", none of them is known to be delivered and 4 were not delivered; besides, 7 were"),
     (0, 0, ", none of them is known to be delivered yet; 7 were")],
)  # fmt: skip
def test_the_sentence_counts_the_undelivered_among_the_accepted(
    delivered_count: int, undelivered_count: int, said: str
) -> None:
    report = sample()
    assert report.delivery is not None
    tally = replace(report.delivery.tally, delivered=delivered_count, undelivered=undelivered_count)
    found = replace(report, delivery=replace(report.delivery, tally=tally))
    assert f"109 of 120 messages were accepted{said}" in verdict_sentence(found)


def test_every_country_has_its_part_of_the_cost_on_the_first_screen() -> None:
    """The dearest by themselves, the others together, and those without a price by name: the segments add up."""
    report = sample()
    segments = {"GB": 82, "NL": 33, "FR": 7, "BE": 6, "DE": 5, "PL": 4, "unknown": 3}
    prices = replace(
        PRICES, by_country={**PRICES.by_country, **dict.fromkeys(("FR", "BE", "DE"), PRICES.by_country["GB"])}
    )
    cost = cost_of({country: (count, count) for country, count in segments.items()}, prices, unmeasured=0)
    first = read(replace(report, cost=cost)).text
    first = first[first.index("What it cost") : first.index("By prices.csv")]
    for said in ("and 7 messages of unknown price", "GBEUR 3.28 82 segments", "FREUR 0.28 7 segments", "2 more countriesEUR 0.44 11 segments", "PL, unknown countryunknown price 7 segments"):  # fmt: skip
        assert said in first, said


def test_reasons_with_different_advice_have_each_their_own() -> None:
    report = sample()
    assert report.delivery is not None
    [known] = report.delivery.reasons
    other = FailureReason("unknown subscriber", 15006, "sms-messagebird", "9")
    reasons = [
        known,
        replace(
            known, reason=other, words=failure_words("delivery_failed", FailureReason("x", 30006, "twilio", "30006"))
        ),
    ]
    first = read(replace(report, delivery=replace(report.delivery, reasons=reasons))).text
    assert "4 × unknown subscriber: no active line has this number → remove these numbers from the list" in first
    assert re.search(r"4 × unknown subscriber → (?!remove)", first)


def test_every_link_on_the_page_leads_somewhere() -> None:
    page = read(sample())
    targets = set(re.findall(r'href="#([^"=]*)"', page.html))
    assert {"guards", "refusals", "doubts", "deliveries", "runs", "recipients"} <= targets
    assert targets - set(page.ids) == set()
    assert len(page.ids) == len(set(page.ids))


def hostile_rows(count: int) -> Iterator[ReportedMessage]:
    """Refused, in doubt, and not delivered: each for a reason of its own, as long and as odd as the ledger keeps one."""
    for n in range(count):
        text = f"{n} {HOSTILE} {LONG}"[:1_000]
        if n % 3:
            yield message(n, State.REFUSED if n % 3 == 1 else State.IN_DOUBT, text)
        else:
            yield message(n, delivery=undelivered(BEGUN, FailureReason(text[:200], 1, text[:60], text[:30])))


def hostile(count: int, total: int) -> SendReport:
    reasons = Reasons(listed=tuple(Reason(text=f"{n} {HOSTILE * 9}"[:1_000], count=9, first=id_text(n.to_bytes(16, "big"))) for n in range(200)), others=90, other_kinds=70)  # fmt: skip
    report = replace(
        sample(),
        warnings=(Warned(Concern.STOPPED, 1, HOSTILE * 20),),
        refusals=reasons,
        doubts=reasons,
        runs=tuple(run(n, BEGUN, 1.0, HOSTILE * 10, totals(1)) for n in range(300)),
    )
    assert report.delivery is not None
    [known] = report.delivery.reasons
    lost = [replace(known, reason=FailureReason(f"{n} {HOSTILE}", n, HOSTILE[:60], HOSTILE[:30])) for n in range(200)]
    rows = sorted(
        hostile_rows(count), key=lambda each: each.message.state.value
    )  # so that one kind alone would fill the page
    return replace(many(report, tuple(rows), total), delivery=replace(report.delivery, reasons=lost))


@pytest.mark.parametrize("listed", all_but([600], [600, 5_000]))
def test_the_page_of_a_million_stays_small_and_says_what_it_leaves_out(listed: int) -> None:
    report = hostile(listed, 1_000_000)
    page = read(report)
    shown = page.rows("rows")
    assert len(page.html.encode()) <= MAX_BYTES
    assert len(page.html.encode()) > MAX_BYTES * 0.95  # and it is made use of
    assert 50 < len(shown) < listed
    assert len(shown) == page.data["recipients"]["listed"]
    in_data = len(page.data["recipients"]["rows"])
    assert f"Of the {len(shown)} recipients listed here, the data has {in_data}; sendspec report order-shipped --format json has {grouped(listed)} of them." in page.text  # fmt: skip
    kinds = [row[2] for row in shown]
    assert {kinds.count(kind) for kind in ("refused", "in doubt", "not delivered")} <= {len(shown) // 3, len(shown) // 3 + 1}  # fmt: skip
    assert (
        f"Of 1 000 000 messages, the page lists {len(shown)} of {grouped(listed)} messages that were refused"
        in page.text
    )
    assert "sendspec report order-shipped --rows FILE.jsonl" in page.text
    assert page.rows("refusals-table")[-1] == ["240 other reasons", grouped(90 + 9 * 170), ""]
    assert len(page.data["refusals"]) == 30
    assert page.data["other_refusals"] == {"count": 90 + 9 * 170, "reasons": 240}
    assert "270 earlier runs are not listed here" in page.text
    assert [row[0] for row in page.rows("run-table")] == [str(n) for n in range(270, 300)]
    data = page.data
    texts = [each["text"] for each in data["refusals"]] + [each["ending"] for each in data["runs"]]
    texts += [each["reason"] or "" for each in data["recipients"]["rows"]]
    assert max(map(len, texts)) == 300


def typical(count: int) -> SendReport:
    """Some of `count` failed, as in `rows_of_all`, the most urgent first."""
    rows = sorted(rows_of_all(count), key=lambda each: each.message.state is State.ACCEPTED)
    return replace(sample(), recipients=ReportedRecipients(total=count, are_all=True, failures=0, rows=tuple(rows)))


@pytest.mark.parametrize(
    ("count", "most"), all_but([(409, 250_000), (5_000, MAX_BYTES)], [(20, 110_000), (409, 250_000), (1_000, 500_000), (5_000, MAX_BYTES)])
)  # fmt: skip
def test_everybody_of_up_to_thousands_is_listed_on_a_small_page(count: int, most: int) -> None:
    """A tenth of them failed, and is there whole; of those who were simply accepted, the data has none if they are many."""
    report = typical(count)
    page = read(report)
    assert len(page.html.encode()) <= most
    rows, people = page.rows("rows"), page.data["recipients"]
    assert len(rows) == people["listed"] == count if count < 5_000 else 4_000 < len(rows) == people["listed"] < count
    told = [each for each in report.recipients.rows if not is_plain(each)]
    assert [row[7].splitlines()[0] for row in rows[: len(told)]] == [f"{each.message.attempt} attempt{'' if each.message.attempt else 's'}" for each in told]  # fmt: skip
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d", row[7]) for row in rows[len(told) :])
    assert len(people["rows"]) == count if count == 20 else len(people["rows"]) <= len(told)
    assert "A time in place of attempts: the first attempt was accepted then." in page.text
    assert ("The API’s ids of these don’t fit" in page.text) is (rows[-1][6] == "") is (count == 5_000)
    if len(rows) < count:
        assert f"{grouped(len(rows))} of {grouped(count)} messages fit on a page" in page.text


def test_what_others_have_said_is_shown_and_not_obeyed() -> None:
    report = replace(hostile(12, 12), name="odd", environment=HOSTILE)
    odd = message(99)
    assert isinstance(odd.row, RecipientRow)
    odd = replace(odd, message=replace(odd.message, masked=f"m{HOSTILE}", remote_id=f"a{HOSTILE}"), row=replace(odd.row, key=f"👩‍👧 k{HOSTILE}"))  # fmt: skip
    rows = (*report.recipients.rows, odd)
    page = read(replace(report, recipients=replace(report.recipients, are_all=True, rows=rows)))
    assert "order_id 👩‍👧 k<" in page.text
    for mark in "mak":
        assert f"{mark}</script><script>alert(1)</script> \\u202e" in page.text
    assert [each.attributes for each in page.root.all("script")] == [
        {"type": "application/json", "id": "data"},
        {},
    ]  # ours
    assert page.html.count("</script>") == 2
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2028\u2029\ud800-\udfff]", page.html)
    assert "\\u202e\\u0007 javascript:alert(1) \\ud800" in page.text
    assert not re.search(r"(?i)(href|src)=\"?\s*javascript", page.html)


def test_a_page_without_anything_is_a_page() -> None:
    never = SendReport(
        environment="sandbox",
        name="hello",
        generation=None,
        path=None,
        verdict=Verdict.UNFINISHED,
        warnings=(Warned(Concern.NEVER_SENT),),
    )
    page = read(never)
    assert "It was never sent." in page.text
    assert "The ledger has no messages of this send." in page.text
    assert "Nobody." in page.text
    assert "Nobody was sent anything." in page.text
    assert page.figures["recipients"] == ["0"]
    assert page.root.all("table") == []
    assert page.data["totals"]["recipients"] == 0


def test_accepted_is_not_delivered() -> None:
    rows = (message(1, delivery=delivered(BEGUN)), message(2))
    fine = replace(
        sample(), warnings=(), account=totals(2), recipients=ReportedRecipients(total=2, are_all=True, rows=rows)
    )
    assert fine.delivery is not None
    for known, words in ((1, "Everybody was accepted; not all are known to have it."), (2, "Everybody got it.")):
        account = replace(fine.delivery, tally=DeliveryTally(accepted=2, delivered=known), reasons=())
        assert words in read(replace(fine, delivery=account)).text
    assert "not all are known to have it" in read(replace(fine, delivery=None)).text
    unknown = replace(fine, delivery=replace(fine.delivery, tally=DeliveryTally(accepted=2), reasons=()))
    assert "Both messages were accepted, none of them is known to be delivered yet." in read(unknown).text


def test_a_send_that_goes_on_is_told_as_one() -> None:
    claimed = MessageMove(at=BEGUN, run=3, attempt=1, origin="planned", target="sending", evidence=None)
    rows = (message(1), message(2, State.SENDING, attempts=[claimed]), message(3, State.PLANNED))
    going = replace(
        sample(),
        verdict=Verdict.UNFINISHED,
        warnings=(Warned(Concern.UNDER_WAY, 1),),
        account=totals(1, 0, 1, 1),
        under_way=1,
        delivery=None,
        recipients=ReportedRecipients(total=3, are_all=True, failures=2, rows=rows),
    )
    page = read(going)
    assert "1 accepted + 0 refused + 0 in doubt + 1 under way + 1 not sent" in page.text
    assert "a run is sending" in page.text
    assert [row[2] for row in page.rows("rows")] == ["under way", "not sent", "accepted"]
    assert "may have it" not in page.text
    assert page.figures["in doubt"] == ["0"]
    assert "run 3, attempt 1: no result yet" in page.text
    ended = read(replace(going, under_way=None, warnings=()))
    assert [row[2] for row in ended.rows("rows")] == ["in doubt", "not sent", "accepted"]


def test_a_pause_behind_a_gap_is_where_it_was() -> None:
    """A gap is two empty buckets on the chart; what comes later moves, and keeps its time."""
    buckets = tuple(Bucket(int(BEGUN) + 5 * n + (600 if n > 1 else 0), accepted=n + 1) for n in range(4))
    bands = (PauseBand(2, 3, PauseCause.BACK_OFF, "503: later", 7),)
    found = Throughput(seconds=5, buckets=buckets, gaps=(Gap(1, 600),), bands=bands)
    [plain, happened] = [each.cells()[1:] for each in read(replace(sample(), throughput=found)).root.one("section", id="pace").all("table")]  # fmt: skip
    assert [row[1] for row in plain] == ["1", "2", "0", "0", "3", "4"]
    times = [row[0] for row in plain]
    assert happened == [
        [f"{times[2]} to {times[3]}", "no run for 10 min"],
        [f"{times[4]} to {times[5]}", "waiting after errors, 7 messages tried again: 503: later"],
    ]


def test_rows_that_nobody_finds_any_more_have_the_line_that_was_planned() -> None:
    rows = (
        message(1, State.REFUSED, REFUSED_TEXT, row=Absence.UNKNOWN),
        message(2, row=Absence.GONE),
        message(3, delivery=delivered(BEGUN)),
        message(4, State.SKIPPED, "by-hand: called her"),
    )
    page = read(replace(sample(), recipients=ReportedRecipients(total=4, are_all=True, failures=1, rows=rows)))
    assert [row[0] for row in page.rows("rows")] == ["2", "5", "gone", "4"]
    assert page.rows("rows")[1][5] == "by-hand: called her"
    assert "line 2 when it was planned" in page.text


def test_no_number_is_on_the_page() -> None:
    """Of the rows' own cells nothing is: not even what the table calls a recipient, with `CI` set."""
    report = sample()
    hidden = tuple(
        replace(each, row=each.row if isinstance(each.row, Absence) else replace(each.row, key=None, cells={"phone": "+447700900123", "name": "Ada"}))
        for each in report.recipients.rows
    )  # fmt: skip
    html = report_page(replace(report, recipients=replace(report.recipients, rows=hidden)), PLACE)
    assert not re.search("7700900123|Ada|A1030", html)
    assert "+44••••••30" in html


def test_many_countries_are_cut() -> None:
    report = sample()
    assert report.countries is not None
    [first, *_] = report.countries
    codes = [a + b for a in "ABCDEFGHIJKLMNOPQRST" for b in "ABCDEFGHIJKLMNOPQRST"]
    page = read(replace(report, countries=tuple(replace(first, country=code) for code in islice(codes, 310))))
    assert len(page.rows("country-table")) == 300
    assert "10 more countries are not listed here" in page.text
