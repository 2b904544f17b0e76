import pytest
from sendspec.composing.identity import receiver_hash, suppression_hash
from sendspec.ledger.delivery.observation import FailureReason, StatusReport
from sendspec.ledger.delivery.opt_out import Ground, OptOutSignal, SignalKind
from sendspec.operations.opt_out_signal import NO_SIGNAL, SignalReading, failure_signals, signals_of
from sendspec.provider.incoming_message import IncomingMessage
from sendspec.provider.interaction_entry import InteractionEntry
from sendspec.provider.message_list import Sighting

SALT = b"s" * 32
PHONE, OTHER = "+31612345678", "+447700900123"
CHANNEL = "00000000-0000-4000-8000-00000000000c"


def reply(text: str, sender: str = PHONE, channel: str | None = CHANNEL) -> IncomingMessage:
    return IncomingMessage("in-1", channel, sender, text, 1_700_000_000.0)


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
        reply("STOP", "12345"),
        reply("STOP", "0612345678"),
        reply("please stop", "Acme"),
        interaction("unsubscribe-request"),
        interaction("unsubscribe-request", "0b7e3b1c-0000-4000-8000-000000000001"),
    ],
)
def test_an_opt_out_of_nobody_with_an_address_is_counted(entry: IncomingMessage | InteractionEntry) -> None:
    assert signals_of(entry, SALT, 0.0) == SignalReading(unaddressed=1)


def test_a_number_is_hashed_as_the_ledger_hashes_it() -> None:
    assert suppression_hash(SALT, PHONE) == receiver_hash(SALT, PHONE)


@pytest.mark.parametrize("identity", ["in:+31612345678", "3161-2345-678", "ANN@example.com"])
def test_an_id_that_repeats_the_address_is_not_kept(identity: str) -> None:
    sender = "ann@example.com" if "@" in identity else PHONE
    [kept] = signals_of(IncomingMessage(identity, CHANNEL, sender, "STOP", 1.0), SALT, 2.0).signals
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
