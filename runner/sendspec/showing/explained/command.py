"""Codes of failures that any command can meet: interrupted, refused by the API, out of memory."""

from sendspec.showing.explained.entry import Explanation

EXPLAINED: dict[str, Explanation] = {
    "api-refuses": Explanation(
        "the API refuses the run as a whole",
        (
            "The API doesn't accept the access key, the balance, the permissions, or the workspace and channel. The "
            "message it said so about stays planned, and no other is sent."
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
        "The fault is in the request itself, not in one row. Correct the spec.",
    ),
    "command-interrupted": Explanation(
        "the command was interrupted",
        "Everything sent until then is in the ledger. Run the command again: a send continues where it stopped.",
    ),
    "folder-gone": Explanation(
        "the working directory was removed",
        "Relative paths have no meaning without it.",
        right="cd /a/folder/that/is/there",
    ),
    "out-of-memory": Explanation(
        "memory ran out",
        "Everything sent until then is in the ledger.",
        right="sendspec status",
    ),
    "result-unwritable": Explanation(
        "a command's output can't be written",
        "Standard output is closed, or its disk is full. The output so far is cut off.",
        right="sendspec ledger export > /a/disk/with/room.jsonl",
    ),
    "sendspec-bug": Explanation(
        "sendspec itself failed",
        (
            "It wrote a file that says where. The file holds no recipients, texts or keys: please send it with your "
            "report. Everything sent until then is in the ledger."
        ),
        right="sendspec status",
    ),
}
