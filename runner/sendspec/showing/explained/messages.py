"""Codes about messages."""

from sendspec.showing.explained.entry import Explanation

EXPLAINED: dict[str, Explanation] = {
    "body-and-template": Explanation("a message has a body and a template", "The API's schema lets both pass; what it then sends is not documented."),
    "body-type-unsupported": Explanation("a body type that can't be sent", "The API names `action` and `template` as body types, and no request of these types can pass its own schema.", "body: {type: template, …}", "template: {projectId: …}"),
    "body-type-platform": Explanation("a body type that the channel's platform can't send", "", "body: {type: carousel, …}   # on SMS", "body: {type: text, text: {text: Hi}}"),
    "too-many-images": Explanation("more than ten images in one message", "Ten media URLs are the API's limit."),
    "media-url": Explanation("the API could not fetch a file from this address", "It fetches by itself: only a public https address can work.", "mediaUrl: http://localhost/a.png", "mediaUrl: https://media.example.com/a.png"),
    "cap-frequency": Explanation("`capFrequency` on a message that isn't marked as marketing", "", "capFrequency: true", "capFrequency: true\nmeta: {extraInformation: {useCase: marketing}}"),
    "one-receiver": Explanation("an SMS has several receivers, or none", "Each of them is a message of its own.", "contacts: [{…}, {…}]", "two rows under recipients"),
    "receiver-kind": Explanation("a receiver of the wrong kind for the platform", "", "identifierKey: emailaddress   # on SMS", "identifierKey: phonenumber"),
    "receiver-unnamed": Explanation("a receiver without an address", "Nobody could say who got the message.", "contacts: [{type: to}]", 'contacts: [{identifierValue: "+31612345678"}]'),
    "sender-name": Explanation("a sender that phones can't show", "Names have at most 11 characters.", "identifierValue: Acme Flowers Inc", "identifierValue: Acme"),
    "empty-text": Explanation("the text of a message is empty", "Most often a condition leaves nothing over for some rows.", "text: \"{% if vip is defined %}Hi {{ name }}{% endif %}\"", "where: \"{{ vip is defined }}\""),
    "scheduled-past": Explanation("a message is scheduled for the past", "The API would send it at once."),
    "scheduled-far": Explanation("a message is scheduled more than 35 days ahead", "The API refuses that."),
    "reference-holds-number": Explanation("a reference holds the recipient's address", "References are kept in logs.", 'reference: "{{ phone }}"', 'reference: "order-{{ order_id }}"'),
    "reference-generation": Explanation("a reference is the same in two generations", "A lost answer could not be told from the earlier message.", 'reference: "{{ order_id }}"', 'reference: "{{ order_id }}-{{ generation }}"'),
    "reference-taken": Explanation("another spec's message to the same receiver has the same reference", "The API's list could show the one where the other is looked for: a message that was never sent would count as accepted.", 'reference: "{{ order_id }}"', 'reference: "{{ order_id }}-shipped"'),
    "reference-repeated": Explanation("two messages have one reference", "A lost answer could not be told from the other message."),
    "example-failed": Explanation("an example doesn't give what it expects", "The message or the example was changed without the other.", "with: {phone: \"+31612345678\", name: Ada}\nexpect: {text: Hi Bob}", "expect: {text: Hi Ada}"),
    "limit-segments": Explanation("a text takes more segments than the limit allows", "A single character outside GSM-7 makes a segment 70 characters instead of 160."),
    "limit-encoding": Explanation("a text isn't GSM-7, and the limits ask for it", "", "It’s ready", "It's ready"),
    "limit-messages": Explanation("a plan has more messages than the limit allows", "", "", "limits: {messages: 5000}"),
    "limit-total-segments": Explanation("a plan has more segments than the limit allows", "", "", "limits: {total_segments: 8000}"),
    "limit-cost": Explanation("a limit on cost is set, and no price is known", "A limit that can't be held is no limit.", "limits: {cost: 100}", "limits: {total_segments: 8000}"),
}  # fmt: skip
