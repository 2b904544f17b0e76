"""Codes about the ledger."""

from runner.showing.explained.entry import Explanation

EXPLAINED: dict[str, Explanation] = {
    "ledger-missing": Explanation("there is no ledger", "Sending never makes one: a new ledger would send everything again.", "", "sendspec ledger init --env production"),
    "ledger-foreign": Explanation("the ledger is another than the one sendspec.lock names", "It knows nothing of what was sent, and would send it again. Bring the right one back, or correct `ledger:` in sendspec.yaml."),
    "ledger-rolled-back": Explanation("the ledger is older than its last run", "It was restored from a backup, or lost its latest writes. What it lacks would be sent a second time."),
    "ledger-damaged": Explanation("the ledger is damaged, or is no ledger", "", "", "restore it from a backup"),
    "ledger-too-new": Explanation("the ledger was made by a newer sendspec", "This one can't tell what it would have to keep. Update sendspec."),
    "ledger-unwritable": Explanation("the ledger can't be written", "The disk is full, or the file belongs to somebody else. Nothing is sent that can't be written down first."),
    "ledger-trouble": Explanation("the ledger can't be trusted", "It lies on a network file system, where locks don't hold, or in a CI job's checkout, which is thrown away; or `sendspec.lock` or the ledger's epoch can't be read. Nothing is sent.", "", "ledger: {file: /var/lib/sendspec/production.db, durable: true}"),
    "no-room-for-copy": Explanation("the disk has no room for a copy of the input", "A send reads its tables and standard input once, into a private copy under `.sendspec/tmp`; what is confirmed and what is sent both come from that copy. Nothing was sent."),
    "copy-unreadable": Explanation("the private copy of the input can't be read", "The disk gives back an error, or other bytes than were written. Nothing more is sent; what was sent is in the ledger, and the next send goes on from there."),
    "copy-differs": Explanation("a row has an error that it did not have when it was checked", "The rows come from a private copy that nobody else can write to, so the disk or the memory of this machine is at fault. Nothing more is sent."),
    "private-folder": Explanation("the folder for a run's private files can't be used", "`.sendspec` and `.sendspec/tmp` are folders of this user in the project. A link of that name is refused: it could lead private files to a place where others read them.", "ln -s /tmp/shared .sendspec/tmp", "rm .sendspec/tmp"),
    "ledger-busy": Explanation("another run holds the ledger", "Two runs at once could send a message twice. A stopped run keeps its lock, a killed one loses it."),
}  # fmt: skip
