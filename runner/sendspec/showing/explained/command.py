"""Codes of failures that any command can meet: interrupted, refused by the API, out of memory."""

from sendspec.showing.explained.entry import Explanation

EXPLAINED: dict[str, Explanation] = {
    "api-refuses": Explanation(
        "the API refuses the run as a whole",
        (
            "The API rejected the access key, the balance, the permissions, or the workspace and channel. The run "
            "stopped: this message and all remaining ones stay planned. Correct the cause, then send again."
        ),
    ),
    "failure-rate": Explanation(
        "more messages were refused than `failure_rate` allows",
        (
            "The run stopped, and the remaining messages stay planned. Find the reason, correct the spec or the "
            "table, and send again."
        ),
        right="sendspec status --failed",
    ),
    "spec-refused": Explanation(
        "the API refuses every message of a spec",
        (
            "The fault is in the request itself, not in one row. The run stopped, and the refused messages stay refused. "
            "Correct the spec, then send them again."
        ),
        right="sendspec send specs/welcome.yaml --retry refused",
    ),
    "command-interrupted": Explanation(
        "the command was interrupted",
        "The ledger has everything that was sent. Run the command again: a send continues where it stopped.",
    ),
    "folder-gone": Explanation(
        "the working directory was removed",
        "sendspec reads relative paths from there. Change to a folder that exists, then run the command again.",
        right="cd /srv/messages",
    ),
    "out-of-memory": Explanation(
        "memory ran out",
        (
            "The ledger has everything that was sent. Give the command more memory, then run it again: a send continues "
            "where it stopped."
        ),
        right="sendspec status",
    ),
    "result-unwritable": Explanation(
        "a command's output can't be written",
        (
            "Standard output was closed, or its disk is full. The output is incomplete. The ledger has everything that "
            "was sent. A command that sends or changes something warns instead, and keeps its exit code."
        ),
        right="sendspec ledger export > /a/disk/with/room.jsonl",
    ),
    "sendspec-bug": Explanation(
        "sendspec itself failed",
        (
            "sendspec wrote a crash file that shows where it failed. The file holds no recipients, texts or keys: please "
            "attach it to your report. The ledger has everything that was sent."
        ),
        right="sendspec status",
    ),
}
