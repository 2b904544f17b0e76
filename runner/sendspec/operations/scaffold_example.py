"""The specs that `sendspec init` writes, each with its recipients: they can be sent to the sandbox as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

PLAIN = "hello"
DAYS_AHEAD = 14
"""How far ahead the reminder's message is scheduled; the API takes 35 days at most."""
_MODELINE = "# yaml-language-server: $schema=../schemas/spec.schema.json\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaffoldExample:
    """`data` is the path of the recipients' table; both paths are relative to the project. `shows` ends `it shows …`."""

    name: str
    shows: str
    spec: str
    data: str
    rows: str

    @property
    def spec_path(self) -> str:
        return f"specs/{self.name}.yaml"

    def files(self, now: datetime) -> Mapping[str, str]:
        """The texts by path. `now` dates what has to be in the future."""
        moment = (now + timedelta(days=DAYS_AHEAD)).strftime("%Y-%m-%dT09:00:00Z")
        return {self.spec_path: _MODELINE + self.spec, self.data: self.rows.replace("<moment>", moment)}


_HELLO = ScaffoldExample(
    name=PLAIN,
    shows="a text to each row of a table",
    spec="""\
spec: 1
name: hello
channel: sms
recipients:
  file: ../data/people.csv
message:
  body:
    type: text
    text:
      text: "Hi {{ first_name }}, this is a first message."
limits: {messages: 100, segments: 1}
examples:
  - with: {phone: "+447700900001", first_name: Ada}
    expect: {text: "Hi Ada, this is a first message.", segments: 1}
""",
    data="data/people.csv",
    rows="""\
phone,first_name
+447700900101,Ada
+447700900102,Grace
+447700900103,Linus
""",
)
_ORDERS = ScaffoldExample(
    name="orders",
    shows="one message for each order, of the rows that `where` keeps, with a default for an empty cell",
    spec="""\
# One message for each order that has shipped.
spec: 1
name: orders
channel: sms
recipients:
  file: ../data/orders.csv
  country: GB                            # reads numbers that don't begin with +
  key: "{{ order_id }}"                  # one message for each order, not for each number
  where: "{{ status == 'shipped' }}"     # the other rows get nothing
vars: {shop: Acme}
message:
  body:
    type: text
    text:
      text: "Hi {{ first_name | default('there') }}, your {{ shop }} order {{ order_id }} has shipped."
  tags: [orders]
limits: {messages: 5000, segments: 1}
examples:                                # run by `sendspec test`
  - with: {phone: "07700 900001", first_name: Ada, order_id: A1001, status: shipped}
    expect: {text: "Hi Ada, your Acme order A1001 has shipped.", segments: 1}
  - with: {phone: "07700 900001", order_id: A1002, status: shipped}
    expect: {text: "Hi there, your Acme order A1002 has shipped."}
""",
    data="data/orders.csv",
    rows="""\
phone,first_name,order_id,status
07700 900101,Ada,A1001,shipped
+447700900102,Grace,A1002,shipped
+447700900103,,A1003,shipped
+447700900101,Ada,A1004,packed
""",
)
_MMS = ScaffoldExample(
    name="mms",
    shows="an image with a text",
    spec="""\
# An image with a text. MMS needs a channel on a United States or Canadian number.
spec: 1
name: mms
channel: mms
recipients:
  file: ../data/guests.csv
message:
  body:
    type: image
    image:
      images:
        - mediaUrl: https://media.example.com/spring/poster.jpg     # the API fetches it: a public https address
      text: "Hi {{ first_name }}, see you at the opening."
examples:
  - with: {phone: "+12025550123", first_name: Ada}
    expect: {text: "Hi Ada, see you at the opening."}
""",
    data="data/guests.csv",
    rows="""\
phone,first_name
+12025550123,Ada
+12025550124,Grace
""",
)
_EMAIL = ScaffoldExample(
    name="email",
    shows="an e-mail with a subject, as HTML and as plain text",
    spec="""\
# An e-mail: HTML, the same as plain text, and a subject. Values are escaped in the HTML.
spec: 1
name: email
channel: email
recipients:
  file: ../data/readers.csv              # its column `email` holds the addresses
message:
  body:
    type: html
    html:
      text: "Hello {{ first_name }}, spring is here."
      html: "<p>Hello {{ first_name }}, <b>spring</b> is here.</p>"
      metadata:
        subject: "Spring is here, {{ first_name }}"
        emailFrom: {username: news, displayName: Example news}
examples:
  - with: {email: ada@example.com, first_name: Ada}
    expect:
      body: {html: {metadata: {subject: "Spring is here, Ada"}}}
""",
    data="data/readers.csv",
    rows="""\
email,first_name
ada@example.com,Ada
grace@example.com,Grace
""",
)
_REMINDER = ScaffoldExample(
    name="reminder",
    shows="a message that the API sends later, and gives up after a day",
    spec="""\
# A reminder of an appointment.
spec: 1
name: reminder
channel: sms
recipients:
  file: ../data/appointments.csv
  key: "{{ appointment }}"               # one message for each appointment
message:
  body:
    type: text
    text:
      text: "Hi {{ first_name }}, see you at {{ time }}. Can't come? Call 020 7946 0000."
  scheduledFor: "{{ send_at if send_at is defined else omit }}"     # at most 35 days ahead; without a moment, at once
  validity: 86400                        # seconds: a phone that is off for a day gets it no more
limits: {segments: 1}
examples:
  - with: {phone: "+447700900001", first_name: Ada, appointment: "1", time: "14:30"}
    expect: {text: "Hi Ada, see you at 14:30. Can't come? Call 020 7946 0000.", validity: 86400}
""",
    data="data/appointments.csv",
    rows="""\
phone,first_name,appointment,time,send_at
+447700900101,Ada,1001,09:30,<moment>
+447700900102,Grace,1002,14:00,
""",
)
_MULTILINGUAL = ScaffoldExample(
    name="multilingual",
    shows="a text in the language that a column names",
    spec="""\
# One spec, several languages: the text follows a column.
spec: 1
name: multilingual
channel: sms
recipients:
  file: ../data/members.csv
message:
  body:
    type: text
    text:
      text: >-
        {% if language == 'nl' %}Hallo {{ first_name }}, je tafel staat klaar.
        {%- elif language == 'fr' %}Bonjour {{ first_name }}, ta table est prête.
        {%- else %}Hi {{ first_name }}, your table is ready.{% endif %}
limits: {segments: 1}
examples:                                # one for each language
  - with: {phone: "+31612345678", first_name: Sanne, language: nl}
    expect: {text: "Hallo Sanne, je tafel staat klaar."}
  - with: {phone: "+33612345678", first_name: Zoé, language: fr}
    expect: {text: "Bonjour Zoé, ta table est prête."}
  - with: {phone: "+447700900001", first_name: Ada, language: en}
    expect: {text: "Hi Ada, your table is ready."}
""",
    data="data/members.csv",
    rows="""\
phone,first_name,language
+31612345678,Sanne,nl
+33612345678,Zoé,fr
+447700900103,Linus,en
""",
)
EXAMPLES: Mapping[str, ScaffoldExample] = {
    example.name: example for example in (_HELLO, _ORDERS, _MMS, _EMAIL, _REMINDER, _MULTILINGUAL)
}
