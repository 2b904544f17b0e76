import pytest
from sendspec.composing.identity import receiver_hash, suppression_hash
from sendspec.ledger.delivery.observation import FailureReason, StatusReport
from sendspec.ledger.delivery.opt_out import Ground, OptOutSignal, SignalKind
from sendspec.operations.opt_out_signal import NO_SIGNAL, NOBODY, SignalReading, failure_signals, signals_of
from sendspec.provider.incoming_message import IncomingMessage
from sendspec.provider.interaction_entry import InteractionEntry
from sendspec.provider.message_list import Sighting

SALT = b"s" * 32
PHONE, OTHER = "+31612345678", "+447700900123"
CHANNEL = "00000000-0000-4000-8000-00000000000c"


def reply(text: str, sender: str = PHONE, channel: str | None = CHANNEL) -> IncomingMessage:
    return IncomingMessage("in-1", channel, (sender,), (text,), 1_700_000_000.0)


def interaction(kind: str, *receivers: str, by_keyword: bool | None = None, is_bot: bool = False) -> InteractionEntry:
    return InteractionEntry(
        "act-1", kind, "out-1", "", CHANNEL, frozenset(receivers), 1_700_000_000.0, False, is_bot, by_keyword
    )


def signal(
    kind: SignalKind, ground: Ground, evidence: str, address: str = PHONE, channel: str | None = CHANNEL
) -> OptOutSignal:
    return OptOutSignal(
        suppression_hash(SALT, address), kind, ground, 1_700_000_000.0, channel, evidence, 1_700_000_009.0
    )


OUT, IN, MAYBE = SignalKind.OUT, SignalKind.IN, SignalKind.MAYBE


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (reply("STOP"), [signal(OUT, Ground.KEYWORD, "in-1")]),
        (reply(" Stop. "), [signal(OUT, Ground.KEYWORD, "in-1")]),
        (reply("START"), [signal(IN, Ground.KEYWORD, "in-1")]),
        (reply("please do not stop"), [signal(MAYBE, Ground.KEYWORD, "in-1")]),
        (reply("Thanks!"), []),
        (reply("STOP", "  +31 6 1234 5678"), [signal(OUT, Ground.KEYWORD, "in-1")]),
        (reply("STOP", "Ann@EXAMPLE.com"), [signal(OUT, Ground.KEYWORD, "in-1", "ann@example.com")]),
        (reply("STOP", channel=None), [signal(OUT, Ground.KEYWORD, "in-1", channel="given")]),
        (interaction("unsubscribe-request", PHONE), [signal(OUT, Ground.LINK, "act-1")]),
        (interaction("unsubscribe-request", PHONE, by_keyword=True), [signal(OUT, Ground.KEYWORD, "act-1")]),
        (interaction("unsubscribe-request", PHONE, is_bot=True), [signal(OUT, Ground.LINK, "act-1")]),
        (interaction("subscribe-consent", PHONE, by_keyword=True), [signal(IN, Ground.KEYWORD, "act-1")]),
        (interaction("clicked", PHONE), []),
        (
            interaction("unsubscribe-request", OTHER, PHONE, "0b7e3b1c-0000-4000-8000-000000000001"),
            [signal(OUT, Ground.LINK, "act-1"), signal(OUT, Ground.LINK, "act-1", OTHER)],
        ),
    ],
)
def test_what_a_reply_or_an_interaction_says_of_further_messages(
    entry: IncomingMessage | InteractionEntry, expected: list[OptOutSignal]
) -> None:
    read = signals_of(entry, SALT, 1_700_000_009.0, "given")
    assert (list(read.signals), read.unaddressed) == (expected, 0)
    assert [suppression_hash(SALT, address) for address in read.addresses] == [one.receiver for one in expected]


@pytest.mark.parametrize(
    "entry",
    [
        interaction("unsubscribe-request"),
        interaction("unsubscribe-request", "0b7e3b1c-0000-4000-8000-000000000001"),
    ],
)
def test_an_opt_out_of_nobody_with_an_address_is_counted(entry: IncomingMessage | InteractionEntry) -> None:
    assert signals_of(entry, SALT, 0.0) == SignalReading(unaddressed=1)


@pytest.mark.parametrize(
    "written",
    [
        "31612345678", "0031612345678", "tel:+31612345678", "TEL:+31-6-1234-5678;ext=1", "+３１６１２３４５６７８",
        "\u200f+31612345678", "whatsapp:+31612345678",
    ],
)  # fmt: skip
def test_a_number_is_read_however_a_network_writes_it(written: str) -> None:
    assert signals_of(reply("STOP", written), SALT, 1_700_000_009.0).signals == (signal(OUT, Ground.KEYWORD, "in-1"),)


@pytest.mark.parametrize(
    ("text", "sender", "kinds"),
    [
        ("STOP", "12345", [MAYBE]),
        ("STOP", "0612345678", [MAYBE]),
        ("please stop", "Acme", [MAYBE]),
        ("START", "Acme", []),
        ("Hello", "Acme", []),
        ("STOP", "4791234567", [OUT, MAYBE]),
        ("START", "4791234567", [IN]),
    ],
)
def test_a_reply_of_nobody_who_can_be_told_for_sure_is_for_a_person(
    text: str, sender: str, kinds: list[SignalKind]
) -> None:
    read = signals_of(reply(text, sender), SALT, 0.0)
    assert [one.kind for one in read.signals] == kinds
    assert [one.receiver for one in read.signals if one.kind is MAYBE] == [NOBODY for kind in kinds if kind is MAYBE]
    assert read.unaddressed == (text != "Hello")
    assert len(read.addresses) == len(read.signals)


def test_everybody_whom_the_api_names_as_the_sender_opts_out() -> None:
    both = IncomingMessage("in-1", CHANNEL, ("ann@example.com", PHONE, "c-1"), ("Leave", "STOP"), 1_700_000_000.0)
    assert signals_of(both, SALT, 1_700_000_009.0).signals == (
        signal(OUT, Ground.KEYWORD, "in-1"),
        signal(OUT, Ground.KEYWORD, "in-1", "ann@example.com"),
    )


@pytest.mark.parametrize(("text", "at"), [("STOP", 5.0), ("please stop", 5.0), ("START", 0.0)])
def test_a_reply_without_a_time_is_of_now_but_an_opt_in_of_never(text: str, at: float) -> None:
    read = signals_of(IncomingMessage("", CHANNEL, (PHONE,), (text,), None), SALT, 5.0)
    later = signals_of(IncomingMessage("", CHANNEL, (PHONE,), (text,), None), SALT, 9.0)
    [one], [again] = read.signals, later.signals
    assert (one.at, read.is_undated, one.evidence) == (at, True, again.evidence)
    assert one.evidence.startswith("unnamed:")


def test_a_number_is_hashed_as_the_ledger_hashes_it() -> None:
    assert suppression_hash(SALT, PHONE) == receiver_hash(SALT, PHONE)


@pytest.mark.parametrize("identity", ["in:+31612345678", "3161-2345-678", "ANN@example.com"])
def test_an_id_that_repeats_the_address_is_not_kept(identity: str) -> None:
    sender = "ann@example.com" if "@" in identity else PHONE
    [kept] = signals_of(IncomingMessage(identity, CHANNEL, (sender,), ("STOP",), 1.0), SALT, 2.0).signals
    assert kept.evidence == f"hidden:{suppression_hash(SALT, identity).hex()}"


OPTED_OUT, DEAD = FailureReason("the contact has opted out", 14000, "contact"), FailureReason("unknown subscriber")


def failed(
    reason: FailureReason | None, *receivers: str, status: str = "sending_failed", at: float | None = 1_700_000_000.0
) -> Sighting:
    return Sighting("out-1", "", frozenset(receivers), False, 1_600_000_000.0, StatusReport(status, at, reason))


@pytest.mark.parametrize(
    ("sighting", "expected"),
    [
        (failed(OPTED_OUT, PHONE), [signal(MAYBE, Ground.FAILURE, "out-1")]),
        (failed(FailureReason("Unsubscribed"), PHONE), [signal(MAYBE, Ground.FAILURE, "out-1")]),
        (failed(OPTED_OUT, "Ann@EXAMPLE.com"), [signal(MAYBE, Ground.FAILURE, "out-1", "ann@example.com")]),
        (failed(OPTED_OUT, OTHER, PHONE, "0b7e3b1c-0000-4000-8000-000000000001"),
         [signal(MAYBE, Ground.FAILURE, "out-1"), signal(MAYBE, Ground.FAILURE, "out-1", OTHER)]),
        (failed(DEAD, PHONE), []),
        (failed(None, PHONE), []),
        (failed(OPTED_OUT, PHONE, status="delivered"), []),
        (failed(OPTED_OUT, PHONE, status="sent"), []),
        (failed(OPTED_OUT), []),
        (Sighting("out-1", "", frozenset({PHONE}), False, 1.0, None), []),
    ],
)  # fmt: skip
def test_a_message_that_failed_for_an_opt_out_is_for_a_person_to_look_at(
    sighting: Sighting, expected: list[OptOutSignal]
) -> None:
    read = failure_signals(sighting, SALT, 1_700_000_009.0, CHANNEL)
    assert list(read.signals) == expected
    assert expected or read in (NO_SIGNAL, SignalReading())


def test_a_failure_without_a_time_is_of_when_its_message_was_made() -> None:
    [read] = failure_signals(failed(OPTED_OUT, PHONE, at=None), SALT, 1_700_000_009.0, CHANNEL).signals
    assert read.at == 1_600_000_000.0
