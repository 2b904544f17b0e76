"""Codes about how a command ended, whatever it was asked to do."""

from sendspec.showing.explained.entry import Explanation

EXPLAINED: dict[str, Explanation] = {
    "api-refuses": Explanation("the API refuses the run as a whole", "The key, the balance, the right to send, or workspace and channel are not what they should be. The message it was said of stays planned, and no further one is sent."),
    "failure-rate": Explanation("more messages were refused than `failure_rate` allows", "", "", "sendspec status --failed"),
    "spec-refused": Explanation("the API refuses every message of a spec", "The request itself is at fault, not a row. Correct the spec."),
    "command-interrupted": Explanation("the command was interrupted", "What was sent until then is in the ledger. Run again, a send goes on where it stopped."),
    "folder-gone": Explanation("the working directory was removed", "No path can be told from it any more.", "", "cd /a/folder/that/is/there"),
    "out-of-memory": Explanation("memory ran out", "What was sent until then is in the ledger.", "", "sendspec status"),
    "result-unwritable": Explanation("the lines that a command prints can't be written", "The disk that standard output goes to is full, or standard output is closed. What was written so far is cut.", "", "sendspec ledger export > /a/disk/with/room.jsonl"),
    "sendspec-bug": Explanation("sendspec itself failed", "A file that says where holds no recipients, texts or keys: report it. What was sent until then is in the ledger.", "", "sendspec status"),
}  # fmt: skip
