"""Codes about the ledger."""

from runner.showing.explained.entry import Explanation

EXPLAINED: dict[str, Explanation] = {
    "ledger-missing": Explanation("there is no ledger", "Sending never makes one: a new ledger would send everything again.", "", "sendspec ledger init --env production"),
    "ledger-foreign": Explanation("the ledger is another than the one sendspec.lock names", "It knows nothing of what was sent, and would send it again. Bring the right one back, or correct `ledger:` in sendspec.yaml."),
    "ledger-rolled-back": Explanation("the ledger is older than its last run", "It was restored from a backup, or lost its latest writes. What it lacks would be sent a second time. It shows by the ledger's own mirror, or by the API's list of messages: what is listed under a message's reference, for its receiver, was accepted. A reference of your own may be another message's; then nothing is noted, and `{{ message_id }}` in it tells them apart."),
    "list-unread": Explanation("the API's list of messages could not be read", "Before a send it shows whether the ledger lacks something that was sent; what it lacks would be sent a second time. So nothing is sent until the list can be read, unless `--no-witness` says that the ledger is known to be whole.", "", "sendspec send specs/welcome.yaml --env production --no-witness"),
    "list-refused": Explanation("the API refuses the access key, the account or the channel", "It was asked for its list of messages, and nothing was sent. Check the key, the balance, and workspace and channel in sendspec.yaml."),
    "ledger-damaged": Explanation("the ledger is damaged, or is no ledger", "", "", "restore it from a backup"),
    "ledger-too-new": Explanation("the ledger was made by a newer sendspec", "This one can't tell what it would have to keep. Update sendspec."),
    "ledger-unwritable": Explanation("the ledger can't be written", "The disk is full, or the file belongs to somebody else. Nothing is sent that can't be written down first."),
    "ledger-trouble": Explanation("the ledger can't be trusted", "It lies on a network file system, where locks don't hold, or in a CI job's checkout, which is thrown away; or `sendspec.lock` or the ledger's epoch can't be read. Nothing is sent.", "", "ledger: {file: /var/lib/sendspec/production.db, durable: true}"),
    "ledger-busy": Explanation("another run holds the ledger", "Two runs at once could send a message twice. A stopped run keeps its lock, a killed one loses it."),
}  # fmt: skip
