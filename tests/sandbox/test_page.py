"""The sandbox's page without sockets: what its addresses show, and what its forms do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sandbox_client import payload, payload_to
from sandbox_page import BASE, MAIL, SALT, TWO_UCS2, PageClient, paged, record
from sendspec.composing.identity import receiver_hash
from sendspec.planning.message_state import State
from sendspec.reading.contacts.country_codes import has_length_of_its_country
from sendspec.sandbox.comparison import Fingerprint
from sendspec.sandbox.ending import ENDINGS
from sendspec.sandbox.fault import WEBHOOK_KINDS
from sendspec.sandbox.fault_switch import MAX_FAULTS
from sendspec.sandbox.inbox import conversation_id
from sendspec.sandbox.store import KEPT_SECONDS

ADA = conversation_id("+447700900001")
HOSTILE = "</script><script>alert(1)</script> \u202egnp.exe \x07 ' onload=x \"> {{ 7 * 7 }} javascript:alert(1)"


@pytest.fixture
def client() -> Iterator[PageClient]:
    with paged() as found:
        yield found


def text(words: str, n: int = 1, **more: Any) -> dict[str, Any]:
    return payload(n, body={"type": "text", "text": {"text": words}}, **more)


def words(html: str) -> str:
    """What is to be read in a page."""
    return " ".join(
        unescape(re.sub(r"<style>.*?</style>|<script>.*?</script>|<[^>]+>", " ", html, flags=re.DOTALL)).split()
    )


def form(client: PageClient, place: str, body: str) -> tuple[int, str]:
    """The status of an answer to a form, and where it leads, or what it says."""
    reply = client.page.post(f"/_sandbox/{place}", body.encode())
    return reply.status, reply.headers.get("Location") or words(reply.body.decode())


def test_a_conversation_shows_each_message_its_size_its_life_and_what_was_written_back(client: PageClient) -> None:
    client.put(text("a" * 161), payload_to("+447700000004"))
    client.clock.now += 4
    client.put(text("It’s here"))
    page = words(client.html(f"with/{ADA}"))
    assert "3 messages in 2 conversations · 1 text from people" in page
    assert "aaa ┊1/2 aaaaaaaa" in page
    assert "GSM-7 · 161 characters · 2 segments" in page
    assert "UCS-2 · 9 characters · 1 segment" in page
    assert re.search(r"accepted 08:00:00 +processing 08:00:00 +sent 08:00:01 +delivered 08:00:03", page)
    assert 'title="\\u2019 forces UCS-2; &#39; would not">’</mark>' in client.html(f"with/{ADA}")
    other = words(client.html(f"with/{conversation_id('+447700000004')}"))
    assert "from this person opts out STOP" in other
    assert "the person opted out" in other
    assert f"SENDSPEC_SANDBOX_URL={client.url} sendspec sandbox event --from +447700000004 --text STOP" in other


def test_an_email_is_text_and_what_a_message_names_is_not_fetched(client: PageClient) -> None:
    image = {"images": [{"mediaUrl": "https://media.example.com/a/cat%20one.png"}]}
    client.put(MAIL, payload(2, body={"type": "image", "image": {**image, "text": "Look"}}))
    mail = client.html(f"with/{conversation_id('zoe@example.com')}")
    assert "Subject: Spring" in words(mail)
    assert "zoe@example.com 08:00:00 Spring accepted" in words(mail)
    assert "plain" in words(mail)
    assert "<pre>&lt;b&gt;fat&lt;/b&gt;</pre>" in mail
    assert "body.html" not in words(mail)
    assert "segment" not in words(mail).split("Life and ids")[0].split("zoe@example.com")[-1]
    picture = client.html("")
    assert "cat one.png body.image.images.0.mediaUrl https://media.example.com/a/cat%20one.png" in words(picture)
    for page in (mail, picture):
        assert "<img" not in page
        assert all(
            link.startswith((BASE, "#", "data:,")) for link in re.findall(r'(?:href|src|action)="([^"]*)"', page)
        )


def test_of_very_long_texts_the_page_shows_the_beginning(client: PageClient) -> None:
    long = "x" * 400_000
    client.put(text(long), {**MAIL, "body": {"type": "html", "html": {"text": long, "html": long}}})
    for place in (f"with/{ADA}", f"with/{conversation_id('zoe@example.com')}"):
        page = client.html(place)
        assert len(page) < 120_000
        assert "more characters" in words(page)
    assert "GSM-7 · 400 000 characters · 2 615 segments" in words(client.html(f"with/{ADA}"))


def test_foreign_text_is_shown_and_not_obeyed(client: PageClient) -> None:
    client.put(text(HOSTILE, reference=HOSTILE, tags=[HOSTILE]), {**MAIL, "reference": HOSTILE})
    client.clock.now += 1
    assert form(client, "text", "from=%2B447700900001&text=%3Cscript%3Ealert%281%29%3C%2Fscript%3E")[0] == 303
    for place in ("", f"with/{conversation_id('zoe@example.com')}", "planned", f"?q={'%3Cscript%3E'}"):
        page = client.html(place)
        assert page.count("<script") == 1
        assert "\u202e" not in page
        assert "\x07" not in page
    assert "\\u202egnp.exe \\u0007 ' onload=x \"> {{ 7 * 7 }}" in words(client.html("")).replace("\\n", " ")


def test_the_latest_and_single_messages_have_links(client: PageClient) -> None:
    def leads(place: str) -> tuple[int, str]:
        reply = client.page.get(f"/_sandbox/{place}")
        return reply.status, reply.headers.get("Location") or words(reply.body.decode())

    assert leads("latest") == (404, leads("latest")[1])
    assert "nothing has arrived yet" in leads("latest")[1]
    client.put(text("first"), text("second", 2), text("first again", reference="a/b ?#"))
    other = conversation_id("+447700900002")
    assert leads("latest") == (303, f"{BASE}with/{ADA}")
    assert leads("latest?q=second") == (303, f"{BASE}with/{other}?q=second")
    assert leads("latest?q=-again+-first") == (303, f"{BASE}with/{other}?q=-again+-first")
    assert leads("latest?q=nobody")[0] == 404
    assert leads("message/id-1") == (303, f"{BASE}with/{other}#m-id-1")
    assert leads("message/m2") == (303, f"{BASE}with/{other}#m-id-1")
    assert leads("message/a%2Fb%20%3F%23") == (303, f"{BASE}with/{ADA}#m-id-2")
    assert leads("message/x")[0] == leads("with/x")[0] == leads("nowhere")[0] == leads("planned/x")[0] == 404
    assert 'id="m-id-2"' in client.html("")


def test_it_is_green_only_where_all_is_known_and_as_planned(client: PageClient) -> None:
    client.put(payload(66, reference="m1"), payload(2))
    client.planned.records.append(record(1, reference="m1", state=State.IN_DOUBT))
    client.planned.records.append(record(2, reference="m2"))
    assert "1 to another address than planned" in words(client.html(""))
    page = words(client.html("planned"))
    assert "What arrived is not what was planned 1 to another address" in page
    assert "+447700900066 planned for +44••••••01 hello, row 2 in doubt" in page
    ours = words(client.html(f"with/{conversation_id('+447700900066')}"))
    assert "hello, row 2 planned it for +44••••••01" in ours
    client.planned.records[:] = [record(3, state=State.IN_DOUBT, updated_at=0.0), record(4, updated_at=0.0)]
    client.sandbox.store.forget(client.clock.now + KEPT_SECONDS + 1)
    client.planned.records.append(record(5, updated_at=0.0))
    assert "3 earlier ones can no longer be compared" in words(client.html(""))
    page = words(client.html("planned"))
    assert (
        "Nothing is left to compare 0 of 3 messages of the ledger are here as planned. 3 messages were sent before"
        in page
    )
    assert "1 in doubt from before what the sandbox still has" in page
    assert "Everything" not in page


def test_pages_stay_small_and_each_character_is_explained_once(client: PageClient) -> None:
    client.put(*(text("“q”" * 150) for _ in range(200)), text("’" * 60_000, 2), text("It’s “so”, isn’t it? 👍🏽", 3))
    page = client.html(f"with/{ADA}")
    assert len(page) < 1_000_000
    assert "only the first 40 places" in page
    assert len(client.html(f"with/{conversation_id('+447700900002')}")) < 1_000_000
    short = client.html(f"with/{conversation_id('+447700900003')}")
    assert re.findall(r'<mark class="forcing"[^>]*>(.+?)</mark>', short) == ["’", "“", "”", "’", "👍🏽"]
    assert short.count("forces UCS-2; &#39; would not") == 1
    client.put(*(text("x" * 30_000, 4) for _ in range(20)))
    assert "earlier ones are not shown" in client.html(f"with/{conversation_id('+447700900004')}")


def test_an_email_without_a_plain_text_shows_its_html_as_text(client: PageClient) -> None:
    html = {"html": "<p>Your code is 4711</p>", "metadata": {"subject": "Code"}}
    client.put({**MAIL, "body": {"type": "html", "html": html}})
    page = client.html("")
    assert re.search(r'<div class="bubble in"[^>]*><p>&lt;p&gt;Your code is 4711&lt;/p&gt;</p></div>', page)
    assert "this is its HTML" in page
    client.put({**MAIL, "body": {"type": "html", "html": {**html, "text": "plain"}}})
    assert "HTML, as text" in client.html("")


def test_a_search_leaves_out_and_says_how_much(client: PageClient) -> None:
    client.put(text("one"), text("two"), text("three", 2))
    found = words(client.html("?q=-two"))
    assert "Conversations +447700900002" in found
    assert "three" in found
    assert "1 that the search leaves out" in words(client.html(f"with/{ADA}?q=-two"))
    assert "No message matches the search" in words(client.html(f"with/{ADA}?q=three"))
    assert "Nothing matches nobody" in words(client.html("?q=nobody"))


def test_what_was_planned_is_beside_what_arrived(client: PageClient) -> None:
    client.planned.records += [record(1, reference="m1"), record(2, reference="m2", size=TWO_UCS2), record(3)]
    client.put(payload(1), payload(2), payload(9))
    assert "1 planned and not arrived · 1 arrived and not planned · 1 with other segments than planned" in words(
        client.html("")
    )
    assert "as planned by hello, row 2" in words(client.html(f"with/{ADA}"))
    assert "hello, row 2 planned 2 segments UCS-2" in words(client.html(f"with/{conversation_id('+447700900002')}"))
    page = words(client.html("planned"))
    assert "+447700900002 hello, row 2 accepted 2 segments UCS-2 1 segment GSM-7" in page
    assert "+44••••••03 hello, row 2 accepted 1 segment GSM-7 not arrived" in page
    assert "+447700900009 no spec not in the ledger – 1 segment GSM-7" in page
    client.planned.why_not = "this project has sent nothing"
    assert "this project has sent nothing" in words(client.html("planned"))
    assert "this project has sent nothing" in words(client.html(""))


def test_what_has_the_planned_size_and_other_content_is_told(client: PageClient) -> None:
    client.planned.records.append(record(1, reference="m1"))
    client.planned.fingerprints = {(1).to_bytes(16): Fingerprint(receiver_hash(SALT, "+447700900001"), bytes(24))}
    client.put(payload(1))
    assert "1 with other content than planned" in words(client.html(""))
    assert "hello, row 2 planned other content" in words(client.html(f"with/{ADA}"))
    assert "something in it is another one" in words(client.html("planned"))


def test_it_says_that_the_file_of_the_messages_is_another_one_by_now(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    with paged([record(1, reference="m1"), record(2, reference="m2")], path=path) as client:
        client.put(payload(1), payload(2))
        assert "2 messages arrived as planned" in words(client.html(""))
        path.unlink()
        client.clock.now += 60
        for place in ("", "planned", "faults", "numbers"):
            assert "was removed or replaced That was noticed at 08:01:00 . What had" in words(client.html(place))
        client.put(payload(1))
        client.put(payload(3))
        page = words(client.html("planned"))
        assert "1 arrived and not planned" in page
        assert "no longer kept 1 accepted before what the sandbox still has" in page
        assert "not arrived" not in page
        assert "1 arrived and not planned · 1 earlier one can no longer be compared" in words(client.html(""))


def test_what_is_accepted_while_the_page_is_made_is_not_missed(client: PageClient) -> None:
    def send() -> None:
        client.put(payload(1))
        client.planned.records.append(record(1, reference="m1"))

    client.planned.before_reading = send
    assert "1 message arrived as planned" in words(client.html(""))


def test_a_text_by_hand_comes_in_as_by_the_command(client: PageClient) -> None:
    client.put(payload(1))
    status, to = form(client, "text", "from=%2B447700900001&text=Don%27t%0D%0Astop%E2%80%AE&channel=")
    (stored,) = client.sandbox.store.incoming_after(0)
    assert (status, to) == (303, f"{BASE}with/{ADA}#m-{stored.id}")
    assert (stored.text, stored.answers) == ("Don't\nstop\u202e", "id-0")
    assert f"--text $'Don\\'t\\nstop\\u202e' --channel {stored.channel}" in words(client.html(""))
    for body, problem in (
        ("from=07700900001&text=x", "is not a phone number"), ("from=%2B447700900001&text=", "a text has 1 to 2000"),
        ("from=%2B447700900001&text=a%00", "none of them U+0000"),
        ("from=%2B31612345678&text=x", "no message here went to this number"), ("from=%2B447700900001", "a text has 1 to 2000"),
    ):  # fmt: skip
        status, said = form(client, "text", body)
        assert status == 422
        assert problem in said
    channel = client.sandbox.store.all()[0].channel
    assert form(client, "text", f"from=%2B31612345678&text=x&channel={channel}")[0] == 303
    assert len(client.sandbox.store.incoming_after(0)) == 2


def test_faults_are_switched_by_hand_and_show_their_command_line(client: PageClient) -> None:
    assert "None: every request is answered" in words(client.html("faults"))
    assert form(client, "faults/add", "kind=429&every=10&from=&retry-after=1&ms=") == (303, f"{BASE}faults")
    assert form(client, "faults/add", "kind=slow&ms=5") == (303, f"{BASE}faults")
    page = words(client.html("faults"))
    assert "The same from the start: sendspec sandbox --fault 429:every=10,retry-after=1" in page
    assert "All of them from the start: sendspec sandbox --fault 429:every=10,retry-after=1 --fault slow:ms=5" in page
    assert f"--fault slow:ms=5 --port {client.url.rpartition(':')[2]} " in page
    assert "So far: 0 POSTs, 0 lists." in page
    assert "Faults 2 on" in words(client.html(""))
    first = client.sandbox.faults.state().faults[0].id
    assert form(client, "faults/remove", f"id={first}") == (303, f"{BASE}faults")
    assert form(client, "faults/remove", "id=x") == form(client, "faults/remove", "id=%C2%B2") == (303, f"{BASE}faults")
    assert [each.fault.kind for each in client.sandbox.faults.state().faults] == ["slow"]
    for body, problem in (
        ("kind=nothing", "choose a fault"), ("", "choose a fault"), ("kind=429&every=0", "every=0 strikes nothing"),
        ("kind=429&ms=3", "takes no time"), ("kind=429&to=x%2Cevery%3D2", "is not an option of a fault"), ("kind=webhook-twice", "choose a fault"),
    ):  # fmt: skip
        status, said = form(client, "faults/add", body)
        assert (status, problem in said) == (422, True), said
    assert form(client, "faults/clear", "") == (303, f"{BASE}faults")
    for _ in range(MAX_FAULTS):
        form(client, "faults/add", "kind=slow")
    assert "remove one first" in form(client, "faults/add", "kind=slow")[1]
    assert not any(kind in words(client.html("faults")) for kind in WEBHOOK_KINDS)


def test_faults_of_events_are_offered_where_events_are_posted() -> None:
    with paged(has_webhook=True) as client:
        assert all(f"{kind}: " in words(client.html("faults")) for kind in WEBHOOK_KINDS)
        assert form(client, "faults/add", "kind=webhook-twice&every=2")[0] == 303
        page = words(client.html("faults"))
        assert page.count("sendspec sandbox --webhook URL --fault webhook-twice:every=2") == 2
        assert "0 lists, 0 messages." in page


@pytest.mark.parametrize("body", [b"\xff", b"a=%ff", b"&".join([b"a=1"] * 99)])
def test_what_is_no_form_is_refused(client: PageClient, body: bytes) -> None:
    assert client.page.post("/_sandbox/text", body).status == 400
    assert client.page.post("/_sandbox/nowhere", b"").status == 404


def test_the_table_of_numbers_is_the_one_that_the_sandbox_goes_by(client: PageClient) -> None:
    page = words(client.html("numbers"))
    example = re.search(r"such as (\+\d+) (\d+) \.", page)
    assert example is not None
    assert has_length_of_its_country(example[1] + example[2])
    assert example[2] in [f"0000{each.digits}" for each in ENDINGS]
    assert all(f"0000{each.digits} {each.does.replace('`', '')}" in page for each in ENDINGS)
