"""Codes about the request body, the values in it, its references, and the limits on a plan."""

from sendspec.showing.explained.entry import Explanation

EXPLAINED: dict[str, Explanation] = {
    "lost-character": Explanation(
        "a text looks as if a character in it was lost",
        (
            "Some programs write U+FFFD or `?` for a character that their encoding lacks. The file no longer has that "
            "character: export it again, as UTF-8. sendspec checks the first 20,000 rows, and no links."
        ),
        wrong="+447700900001,Y?ld?z",
        right="+447700900001,Yıldız",
    ),
    "value-spaces": Explanation(
        "a value that the message uses has spaces around it",
        (
            "A warning: people get the spaces too, and in a condition `'de ' == 'de'` is false. Remove the spaces from "
            "the table, or write `trim`. sendspec checks the first 1,000 rows of columns that a template uses without "
            "`trim`."
        ),
        wrong="Dear {{ name }}!",
        right="Dear {{ name | trim }}!",
    ),
    "value-filler": Explanation(
        "a filler such as NULL would become part of a message",
        (
            "A warning: people would read the `NULL`, `null`, `None`, `NaN`, `n/a` or `-` in the cell. Empty the cell: "
            "then it counts as missing. There is no warning about a word that the spec compares with."
        ),
        wrong="+31612345678,NULL",
        right="+31612345678,",
    ),
    "body-and-template": Explanation(
        "a message has both a body and a template",
        "The API's documentation doesn't say which one it would send. Remove one of the two.",
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
        "Each channel sends some types of messages only: SMS sends texts, images and files, for example. The fix lists those of this channel.",
        wrong="body: {type: carousel, …}   # on SMS",
        right="body: {type: text, text: {text: Hi}}",
    ),
    "too-many-images": Explanation(
        "a message has more than ten images",
        "The API allows ten.",
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
        "The API limits how often a person gets marketing, and counts only messages that are marked as such. Mark the message, or remove `capFrequency`.",
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
        "SMS and other messages to telephones go to numbers, e-mail to addresses. Write the kind that the channel's platform uses, or choose another channel.",
        wrong="identifierKey: emailaddress   # on SMS",
        right="identifierKey: phonenumber",
    ),
    "receiver-unnamed": Explanation(
        "a receiver has no address",
        "Nobody could say who got the message.",
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
        "People would get it after the moment in `not_after`. Schedule it earlier, or write a later `not_after`.",
        wrong="not_after: 2030-03-01T18:00:00Z\nmessage: {scheduledFor: 2030-03-01T19:00:00Z, …}",
        right="not_after: 2030-03-01T20:00:00Z\nmessage: {scheduledFor: 2030-03-01T19:00:00Z, …}",
    ),
    "reference-holds-number": Explanation(
        "a reference contains the recipient's address",
        "Logs keep references, and people's numbers don't belong in logs.",
        wrong='reference: "{{ phone }}"',
        right='reference: "order-{{ order_id }}"',
    ),
    "reference-generation": Explanation(
        "a reference is the same in two generations",
        "If an answer is lost, sendspec looks for the message by its reference. It would find the earlier message.",
        wrong='reference: "{{ order_id }}"',
        right='reference: "{{ order_id }}-{{ generation }}"',
    ),
    "reference-taken": Explanation(
        "another spec's message to the same receiver has the same reference",
        (
            "If an answer is lost, sendspec looks for the message by its reference. It could find the other message, and "
            "record yours as accepted though it was never sent."
        ),
        wrong='reference: "{{ order_id }}"',
        right='reference: "{{ order_id }}-shipped"',
    ),
    "reference-repeated": Explanation(
        "two messages have the same reference",
        "If an answer is lost, sendspec looks for the message by its reference. It could not tell the two apart.",
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
            "A warning: with `shortLinks`, people get a shorter or longer link than the one in the spec. A plan counts "
            "segments with the links as you wrote them, so a message may take more or fewer."
        ),
    ),
    "tracked-links": Explanation(
        "the API adds to links after the text was measured",
        (
            "A warning: with `enableLinkTracking`, a link gets parameters that your own text doesn't have. A plan counts segments with the "
            "links as you wrote them, so a message may take more. The API's newer pages say that in an SMS it needs `shortLinks` too."
        ),
    ),
    "public-shortener": Explanation(
        "a text has a link of a public shortener",
        (
            "A warning. Anybody can make a link under such a domain, so spam is full of them, and networks drop messages that have one, most "
            "of all in the US. The API accepts the message, and nobody gets it. `shortLinks` makes links under the workspace's own domain, if "
            "it has one."
        ),
        wrong="Track it: https://bit.ly/3xyzAbc",
        right="Track it: https://shop.example/t/3xyz",
    ),
    "limit-segments": Explanation(
        "a text needs more segments than `limits.segments` allows",
        (
            "One character outside GSM-7 shrinks every segment from 160 characters to 70. See also `too-long` for the "
            "API's own limits, and `text-too-long` for a template's result."
        ),
    ),
    "limit-encoding": Explanation(
        "a text isn't GSM-7, but the limits require it",
        "The limits allow only GSM-7, in which a segment has 160 characters; one other character, such as ’ or an emoji, makes it 70. Replace the character, or remove the limit.",
        wrong="It’s ready",
        right="It's ready",
    ),
    "limit-messages": Explanation(
        "a plan has more messages than `limits.messages` allows",
        "Nothing is sent. Check the table. If the number is right, raise the limit.",
        right="limits: {messages: 5000}",
    ),
    "limit-total-segments": Explanation(
        "a plan has more segments than `limits.total_segments` allows",
        "Nothing is sent. Check the table and the text. If the number is right, raise the limit.",
        right="limits: {total_segments: 8000}",
    ),
    "limit-cost": Explanation(
        "a send would cost more than `limits.cost` allows, or could",
        (
            "Nothing is sent. Prices come from the table that `prices` in sendspec.yaml names. An unknown price could be "
            "any amount, so the limit stops the send. sendspec neither adds nor compares amounts in different currencies."
        ),
        wrong="limits: {cost: EUR 100}   # without `prices` in sendspec.yaml",
        right="prices: prices.csv   # country,segment,currency",
    ),
}
