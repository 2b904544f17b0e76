"""The provider's API: everything that knows its paths, requests, responses and list.

Another provider would be another room with the same modules. It offers:

- `endpoint`: where a channel's messages are posted and listed, from the configured address, the route and the credentials;
- `request`: the bytes of a POST of one message or a batch, and of a GET of the list, with the idempotency key;
- `classification`, `batch_classification`: the outcome that each response proves. Pure: `response_rules` is the table of what each
  status means, `acceptance` the proof that a 200, 201 or 202 needs;
- `response_redaction`: the provider's words without the key, the recipients and the texts that they repeat;
- `message_list`: the query for a page of accepted messages, and the page read into `Sighting`s;
- `path`, `message_status`, `time_headers`, `timestamp`: its paths, words and times, which the sandbox shares.

What leaves the room are `Outcome`s and `Sighting`s. It opens no sockets and reads no clock: `sending` does.
"""
