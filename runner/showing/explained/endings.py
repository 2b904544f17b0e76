"""Codes about how a command ended, whatever it was asked to do."""

from runner.showing.explained.entry import Explanation

EXPLAINED: dict[str, Explanation] = {
    "command-interrupted": Explanation("the command was interrupted", "What was sent until then is in the ledger. Run again, a send goes on where it stopped."),
    "folder-gone": Explanation("the working directory was removed", "No path can be told from it any more.", "", "cd /a/folder/that/is/there"),
    "out-of-memory": Explanation("memory ran out", "What was sent until then is in the ledger.", "", "sendspec status"),
    "result-unwritable": Explanation("the lines that a command prints can't be written", "The disk that standard output goes to is full, or standard output is closed. What was written so far is cut.", "", "sendspec ledger export > /a/disk/with/room.jsonl"),
    "sendspec-bug": Explanation("sendspec itself failed", "A file that says where holds no recipients, texts or keys: report it. What was sent until then is in the ledger.", "", "sendspec status"),
}  # fmt: skip
