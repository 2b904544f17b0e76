"""Codes about the ledger, its entry in `sendspec.lock`, and the sandbox's messages."""

from sendspec.showing.explained.entry import Explanation

EXPLAINED: dict[str, Explanation] = {
    "ledger-missing": Explanation(
        "there is no ledger",
        "Sending never creates one: with a new ledger everything would be sent again.",
        right="sendspec ledger init --env production",
    ),
    "ledger-foreign": Explanation(
        "the ledger is not the one that sendspec.lock names",
        (
            "It doesn't know what was sent, so everything would be sent again. Restore the right ledger, or correct "
            "`ledger:` in sendspec.yaml. If it is the right one, sendspec.lock has changed: restore it from git. "
            "`git log -p -- sendspec.lock` shows the commit in which it named this ledger's id."
        ),
    ),
    "ledger-rolled-back": Explanation(
        "the ledger is older than its last run",
        (
            "It was restored from a backup, or lost its latest writes. The messages that it lacks would be sent a "
            "second time. The ledger's mirror file, `<ledger>.epoch`, shows this, or the API's list of messages: a "
            "message listed under the reference and for the receiver of one of ours was accepted. A reference that "
            "you set yourself may belong to another message; then nothing is recorded. Put `{{ message_id }}` into "
            "the reference to tell them apart."
        ),
    ),
    "list-unread": Explanation(
        "the API's list of messages could not be read",
        (
            "Before a send, the list shows whether the ledger lacks a message that was sent; such a message would be "
            "sent a second time. Nothing is sent until the list can be read. `--no-witness` skips the check, if you "
            "know that the ledger is complete."
        ),
        right="sendspec send specs/welcome.yaml --env production --no-witness",
    ),
    "list-refused": Explanation(
        "the API refuses the access key, the account or the channel",
        (
            "sendspec asked for the list of messages before sending. Nothing was sent. Check the key and the balance, "
            "and the workspace and channel in sendspec.yaml."
        ),
    ),
    "ledger-damaged": Explanation(
        "the ledger is damaged, or is not a ledger",
        right="restore it from a backup",
    ),
    "ledger-too-new": Explanation(
        "the ledger was made by a newer sendspec",
        "This version doesn't know what it would have to keep. Update sendspec.",
    ),
    "ledger-unwritable": Explanation(
        "the ledger can't be written",
        (
            "The disk is full, the file belongs to another user, or the server can't be reached. A message that can't be recorded "
            "first isn't sent. A run waits a minute for a server that goes away; answers that it then can't hand in are kept in "
            "`.sendspec/`, and the next run from there hands them in."
        ),
    ),
    "ledger-trouble": Explanation(
        "the ledger can't be trusted",
        (
            "It is on a network file system, where locks don't work, or in a CI job's checkout, which is deleted; or "
            "`sendspec.lock` or the ledger's epoch can't be read. Or its server could lose what it confirms, refuses the user, or is "
            "behind a connection pool in transaction mode; `sendspec doctor` shows which. Nothing is sent."
        ),
        right=(
            "ledger: {file: /var/lib/sendspec/production.db, durable: true}   # a volume that lasts\n"
            "ledger: {url: {env: SENDSPEC_LEDGER_URL}}   # a PostgreSQL server, for CI and for a team"
        ),
    ),
    "sandbox-unwritable": Explanation(
        "the sandbox's messages can't be stored",
        (
            "They are kept in `.sendspec/sandbox-api.db`. Its folder can't be written, the disk is full, or the file "
            "is not the sandbox's."
        ),
    ),
    "lock-lost": Explanation(
        "the ledger or its lock file was removed during a run",
        "Another run could create a new lock, and writes to a removed ledger are lost. No further message is sent.",
    ),
    "ledger-halted": Explanation(
        "somebody halted all sends of the ledger",
        (
            "The owner of a ledger on a server can halt it for everybody. Each run looks whenever it claims messages: the answers "
            "to what is on the way are still recorded, and nothing more goes out. What was not sent stays planned. Once the halt is "
            "over, run the command again. A halt is a note in the ledger's schema, with its reason: "
            "`INSERT INTO sendspec.meta VALUES ('halt', 'wrong price')`. Without the note it is over."
        ),
        right="psql -c \"DELETE FROM sendspec.meta WHERE name = 'halt'\"",
    ),
    "ledger-place": Explanation(
        "`ledger` must name a file, or where the URL of a PostgreSQL server comes from",
        (
            "A file is for one machine: `file`, and `durable: true` if it outlives a CI job. A server is for a team, and for CI: "
            "`url`, and `schema` if its tables are to be in another schema than `sendspec`. The URL holds a password, so only its "
            "source is written here: an environment variable (`env`), a file (`file`) or a command (`command`)."
        ),
        wrong="ledger: {file: .sendspec/production.db, url: {env: SENDSPEC_LEDGER_URL}}",
        right="ledger: {url: {env: SENDSPEC_LEDGER_URL}}",
    ),
    "ledger-linked": Explanation(
        "the ledger has a second hard link, or one of its files is a symbolic link",
        (
            "The run lock is a file beside the ledger. A second hard link would have a lock of its own, and two runs "
            "at once would send everything twice. A symbolic link to the ledger is followed, and the lock is beside "
            "the real file. In `.sendspec/`, which comes with a checkout, no link is followed: it could lead to any "
            "of your files."
        ),
        wrong="ln .sendspec/production.db backup.db",
        right="sqlite3 .sendspec/production.db '.backup backup.db'   # cp is not safe while the ledger is in use",
    ),
    "lock-entry-lost": Explanation(
        "the ledger exists, but its entry in sendspec.lock is gone",
        (
            "The entry holds the salt of all message ids. With a new salt every recipient would be new, and would get "
            "everything again. Restore the entry from git or a backup. If it is lost for good, the ledger is useless: "
            "move it away, and create a new one with `sendspec ledger init --empty`, which sends everything again."
        ),
        right="git log --all -p -- sendspec.lock\ngit checkout COMMIT -- sendspec.lock",
    ),
    "environment-renamed": Explanation(
        "the environment seems to have another name in sendspec.lock",
        (
            "It has the ledger, the path of the ledger or a channel of an environment that sendspec.yaml no longer "
            "has. A new entry would have a new salt, and everyone would get everything again. Rename the entry in "
            "sendspec.lock too, or undo the renaming. An entry written by an earlier release records neither path nor "
            "channels; then any removed environment may be this one."
        ),
        right="sendspec ledger init --env production --empty   # it is another environment",
    ),
    "channels-shared": Explanation(
        "the environment sends through another environment's channels",
        (
            "Each environment has its own ledger, and the new one would not know what the other sent through the same "
            "channels. Confirm that you want this."
        ),
        right="sendspec ledger init --env staging --empty",
    ),
    "baseline-uncommitted": Explanation(
        "a committed spec or its table has changed since",
        (
            "`ledger init --baseline` counts the rows of the last commit as sent. Where the files differ from it, it "
            "would be wrong about some recipients."
        ),
    ),
    "init-needs-choice": Explanation(
        "messages may have been sent before, and a new ledger doesn't know whom they reached",
        (
            "The last commit holds specs that may have been sent with another ledger or another tool. With a new, "
            "empty ledger everyone would get them again. Or sendspec.lock names a ledger that is gone: look for a backup "
            "before you give it up. On a terminal `ledger init` asks; elsewhere choose `--baseline` or `--empty`."
        ),
        right="sendspec ledger init --env production --empty",
    ),
    "ledger-busy": Explanation(
        "another run is using the ledger",
        "Two runs at once could send a message twice. A suspended process keeps its lock; a killed one releases it.",
    ),
}
