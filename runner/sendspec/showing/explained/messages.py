"""Codes about the request body, the values in it, its references, and the limits on a plan."""

from sendspec.showing.explained.entry import Explanation

EXPLAINED: dict[str, Explanation] = {
    "lost-character": Explanation(
        "a text looks as if a character in it was lost",
        (
            "Programs write U+FFFD or `?` for a character that an encoding lacks. What was lost can't be found again in the file: export "
            "it once more, as UTF-8. Links are left alone, and values behind the first 20,000 rows."
        ),
        wrong="+447700900001,Y?ld?z",
        right="+447700900001,Yıldız",
    ),
    "value-spaces": Explanation(
        "a value that the message uses has spaces around it",
        (
            "A warning: they are sent with the value, and in a condition `'de ' == 'de'` is false. The first 1,000 rows are looked "
            "at, and only for columns that some template uses without `trim`."
        ),
        wrong="Dear {{ name }}!",
        right="Dear {{ name | trim }}!",
    ),
    "value-filler": Explanation(
        "a word for nothing would become part of a message",
        (
            "A warning: `NULL`, `null`, `None`, `NaN`, `n/a` or `-` is the value of a column that the message uses, and people would "
            "read it. An empty cell counts as missing. Words that the spec itself compares with are not warned of."
        ),
        wrong="+31612345678,NULL",
        right="+31612345678,",
    ),
    "body-and-template": Explanation(
        "a message has both a body and a template",
        "The API's schema accepts both, but its documentation doesn't say which one is sent.",
    ),
    "body-type-unsupported": Explanation(
        "this body type can't be sent",
        (
            "The API lists `action` and `template` as body types, but its own schema rejects every request with one "
            "of them."
        ),
        wrong="body: {type: template, …}",
        right="template: {projectId: …}",
    ),
    "body-type-platform": Explanation(
        "the channel's platform can't send this body type",
        wrong="body: {type: carousel, …}   # on SMS",
        right="body: {type: text, text: {text: Hi}}",
    ),
    "too-many-images": Explanation(
        "a message has more than ten images",
        "The API's limit is ten media URLs.",
    ),
    "media-page": Explanation(
        "the address of media is that of a web page",
        (
            "The API fetches the media from its address; a link to share, a page or a folder gives it HTML. Dropbox gives the file where "
            "the link ends with `raw=1`. An address without a file's ending is warned of as well: check what it leads to."
        ),
        wrong="mediaUrl: https://www.dropbox.com/s/abc/poster.png?dl=0",
        right="mediaUrl: https://www.dropbox.com/s/abc/poster.png?raw=1",
    ),
    "mail-subject": Explanation(
        "an e-mail has no subject",
        "Mail without a subject is often taken for spam.",
        right='html: {html: "<p>…</p>", metadata: {subject: "We moved"}}',
    ),
    "mail-sender": Explanation(
        "an e-mail's `username` is a whole address",
        "It is the part before the @; the domain is the channel's.",
        wrong="emailFrom: {username: news@example.com}",
        right="emailFrom: {username: news}",
    ),
    "media-url": Explanation(
        "the API could not fetch a file from this URL",
        "The API downloads the file itself, so the URL must be public and https.",
        wrong="mediaUrl: http://localhost/a.png",
        right="mediaUrl: https://media.example.com/a.png",
    ),
    "cap-frequency": Explanation(
        "`capFrequency` is set on a message that isn't marked as marketing",
        wrong="capFrequency: true",
        right="capFrequency: true\nmeta: {extraInformation: {useCase: marketing}}",
    ),
    "one-receiver": Explanation(
        "an SMS has several receivers, or none",
        "Every receiver needs a message of its own.",
        wrong="contacts: [{…}, {…}]",
        right="two rows under recipients",
    ),
    "receiver-kind": Explanation(
        "a receiver has the wrong kind of address for the platform",
        wrong="identifierKey: emailaddress   # on SMS",
        right="identifierKey: phonenumber",
    ),
    "receiver-unnamed": Explanation(
        "a receiver has no address",
        "Nobody could tell who got the message.",
        wrong="contacts: [{type: to}]",
        right='contacts: [{identifierValue: "+31612345678"}]',
    ),
    "sender-name": Explanation(
        "phones can't show this sender",
        "A name has at most 11 characters.",
        wrong="identifierValue: Acme Flowers Inc",
        right="identifierValue: Acme",
    ),
    "empty-text": Explanation(
        "a message's text is empty",
        "Usually a condition leaves nothing for some rows.",
        wrong='text: "{% if vip is defined %}Hi {{ name }}{% endif %}"',
        right='where: "{{ vip is defined }}"',
    ),
    "scheduled-past": Explanation(
        "a message is scheduled in the past",
        "The API would send it at once.",
    ),
    "scheduled-far": Explanation(
        "a message is scheduled more than 35 days ahead",
        "The API refuses that.",
    ),
    "scheduled-late": Explanation(
        "a message is scheduled later than the spec's `not_after`",
        "It would arrive when it is too late for it.",
        wrong="not_after: 2030-03-01T18:00:00Z\nmessage: {scheduledFor: 2030-03-01T19:00:00Z, …}",
        right="not_after: 2030-03-01T20:00:00Z\nmessage: {scheduledFor: 2030-03-01T19:00:00Z, …}",
    ),
    "reference-holds-number": Explanation(
        "a reference contains the recipient's address",
        "References end up in logs.",
        wrong='reference: "{{ phone }}"',
        right='reference: "order-{{ order_id }}"',
    ),
    "reference-generation": Explanation(
        "a reference is the same in two generations",
        "After a lost answer, the message could not be told from the earlier one.",
        wrong='reference: "{{ order_id }}"',
        right='reference: "{{ order_id }}-{{ generation }}"',
    ),
    "reference-taken": Explanation(
        "another spec's message to the same receiver has the same reference",
        (
            "The API's list might show one where we look for the other: a message that was never sent would count as "
            "accepted."
        ),
        wrong='reference: "{{ order_id }}"',
        right='reference: "{{ order_id }}-shipped"',
    ),
    "reference-repeated": Explanation(
        "two messages have the same reference",
        "After a lost answer, one could not be told from the other.",
    ),
    "example-failed": Explanation(
        "an example's result differs from what it expects",
        "Either the message or the example was changed, but not both.",
        wrong='with: {phone: "+31612345678", name: Ada}\nexpect: {text: Hi Bob}',
        right="expect: {text: Hi Ada}",
    ),
    "short-links": Explanation(
        "the API shortens links after the text was measured",
        (
            "A warning: with `shortLinks`, a link that people get is shorter, or longer, than the one in the spec. The number "
            "of segments that a plan shows counts links as they are written."
        ),
    ),
    "limit-segments": Explanation(
        "a text needs more segments than `limits.segments` allows",
        (
            "One character outside GSM-7 shrinks every segment from 160 characters to 70. The API's own limit on a "
            "text is `too-long`; that on a template's result is `text-too-long`."
        ),
    ),
    "limit-encoding": Explanation(
        "a text isn't GSM-7, but the limits require it",
        wrong="It’s ready",
        right="It's ready",
    ),
    "limit-messages": Explanation(
        "a plan has more messages than `limits.messages` allows",
        "Check the table. If the number is right, raise the limit.",
        right="limits: {messages: 5000}",
    ),
    "limit-total-segments": Explanation(
        "a plan has more segments than `limits.total_segments` allows",
        "Check the table and the text. If the number is right, raise the limit.",
        right="limits: {total_segments: 8000}",
    ),
    "limit-cost": Explanation(
        "a run would cost more than `limits.cost` allows, or it may",
        (
            "Prices come from the table that `prices` in sendspec.yaml names. Where a price is unknown, the cost may be anything, so "
            "the limit stops the send. Amounts in different currencies are neither added nor compared."
        ),
        wrong="limits: {cost: EUR 100}   # without `prices` in sendspec.yaml",
        right="prices: prices.csv   # country,segment,currency",
    ),
}
