"""The keys of a spec file as JSON Schema, all but those of the message."""

from __future__ import annotations

from typing import Any

from sendspec.reading.delivery_terms import DURATION, SHARE
from sendspec.reading.undelivered import DEFAULT_OUTCOMES, OUTCOMES

MAX_INLINE = 1_000
_TEXT = {"type": "string", "minLength": 1}
_NAME = {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,62}$(?!\\n)"}
ROWS = {
    "description": "The recipients themselves; 1,000 at most.",
    "type": "array",
    "maxItems": MAX_INLINE,
    "items": {"type": "object"},
}
SUPPRESSION_FILES = {
    "description": "Files with addresses of people who get nothing, relative to the spec: .csv, .tsv with a column `phone` (`email` on an e-mail channel), or .txt with one address a line.",
    "type": "array",
    "maxItems": 100,
    "items": _TEXT,
}
SUPPRESS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "files": {"description": "The same as the list.", "$ref": "#/definitions/SuppressionFiles"},
        "opt_outs": {
            "description": "Leave out people who opted out: by a reply, by a link, or by `sendspec opt-outs add`.",
            "type": "boolean",
            "default": False,
        },
        "scope": {
            "description": "Whose opt-outs count: those of all channels of this platform in the environment, or those of the spec's channel.",
            "enum": ["environment", "channel"],
            "default": "environment",
        },
    },
    "if": {"properties": {"scope": {"description": "Whose opt-outs count."}}, "required": ["scope"]},
    "then": {
        "properties": {"opt_outs": {"description": "Has to stand beside `scope`."}},
        "required": ["opt_outs"],
    },
}
_UNDELIVERED = {
    "description": "Keeps the rows whose message in that send, by the same recipient key, was not delivered.",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "spec": {
            "description": "The name of the send's spec; default: this spec.",
            **_NAME,
            "examples": ["order-shipped"],
        },
        "generation": {
            "description": "The send's generation; default: the newest that was sent, for this spec the newest before its own.",
            "type": "integer",
            "minimum": 1,
        },
        "statuses": {
            "description": "Which outcomes count. `refused`: the API refused the message at once; the others are statuses of an accepted one.",
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"enum": list(OUTCOMES)},
            "default": list(DEFAULT_OUTCOMES),
        },
    },
}
RECIPIENTS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "file": {
            **_TEXT,
            "description": "A .csv, .tsv, .jsonl or .ndjson file relative to the spec; - is standard input.",
        },
        "list": {"description": "The recipients themselves; 1,000 at most.", "$ref": "#/definitions/Rows"},
        "delimiter": {
            "description": "The delimiter between the cells of a CSV: one character, or `auto` to find a comma, semicolon, tab or |.",
            "if": {"const": "auto"},
            "else": {"type": "string", "minLength": 1, "maxLength": 1},
            "examples": ["auto", ";"],
        },
        "allow_empty": {"description": "Allow a table without rows.", "type": "boolean", "default": False},
        "to": {**_TEXT, "description": "The address of a row.", "default": "{{ phone }}"},
        "country": {
            "description": "The country of numbers without +, as two letters.",
            "type": "string",
            "examples": ["NL"],
        },
        "check": {
            "description": "How phone numbers are checked. `length`: a possible length in their country. `valid`: also in an assigned range. `none`: only 8 to 15 digits.",
            "enum": ["length", "valid", "none"],
            "default": "length",
        },
        "key": {**_TEXT, "description": "What identifies a recipient; default: the address."},
        "where": {
            "description": "Only rows for which it is true get a message.",
            "if": {"type": "boolean"},
            "else": {"type": "string"},
            "default": True,
        },
        "only": {
            "description": "Only people whom an earlier send did not reach, by what became of its messages.",
            "type": "object",
            "additionalProperties": False,
            "required": ["undelivered"],
            "properties": {"undelivered": _UNDELIVERED},
        },
    },
}
_SHARE = {
    "if": {"type": "number"},
    "then": {"type": "number", "minimum": 0, "maximum": 1},
    "else": {"type": "string", "pattern": f"{SHARE}(?!\\n)"},
}
PROPERTIES: dict[str, Any] = {
    "$schema": {"description": "Address of this schema, for editors.", "type": "string"},
    "spec": {"description": "Version of this format.", "const": 1},
    "name": {
        "description": "The send's identity: lowercase letters, digits and -.",
        **_NAME,
        "examples": ["order-shipped"],
    },
    "generation": {
        "description": "Raise it to send the same spec again, on purpose.",
        "type": "integer",
        "minimum": 1,
        "default": 1,
    },
    "moved_from": {
        "description": "The name that this spec had before: recipients whom it reached are skipped. `false`: this is a new send, though it looks like an earlier one.",
        "if": {"type": "boolean"},
        "else": _NAME,
        "examples": ["welcome"],
    },
    "continue_with": {
        "description": "After a change in the middle of a send: the digest of the present text, as `plan` shows it. Messages on hold then go out with that text.",
        "type": "string",
        "pattern": "^[0-9a-f]{16}$(?!\\n)",
        "examples": ["3f9c2a7b51d08e46"],
    },
    "audience": {
        "description": "`frozen`: once the send has begun, nobody can be added to it.",
        "enum": ["frozen"],
    },
    "not_after": {
        "description": "From this moment on, none of these messages is sent. Date, time and offset.",
        "type": "string",
        "format": "date-time",
        "examples": ["2027-03-01T18:00:00+01:00"],
    },
    "description": {"description": "What this send is for.", "type": "string"},
    "channel": {**_TEXT, "description": "An alias from sendspec.yaml."},
    "recipients": {
        "description": "Who gets the message: a list, or a mapping that names a file.",
        "if": {"type": "array"},
        "then": {"$ref": "#/definitions/Rows"},
        "else": {"$ref": "#/definitions/Recipients"},
    },
    "suppress": {
        "description": "People who get nothing: a list of files, or a mapping of the keys below. What the environment suppresses counts too.",
        "if": {"type": "object"},
        "then": {"$ref": "#/definitions/Suppress"},
        "else": {"$ref": "#/definitions/SuppressionFiles"},
    },
    "vars": {"description": "Constants for templates.", "type": "object"},
    "message": {
        "description": "The documented request body, field for field; Jinja in any text.",
        "$ref": "#/definitions/Message",
    },
    "limits": {"description": "What stops a send before it begins.", "$ref": "#/definitions/Limits"},
    "delivery": {
        "description": "What `sendspec wait` and `send --wait` hold deliveries against. Without it, every message has to be delivered.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "need": {
                "description": "The share of the accepted messages that has to be delivered.",
                **_SHARE,
                "examples": ["95%", 0.95],
            },
            "max_failed": {
                "description": "The share of the accepted messages that may fail.",
                **_SHARE,
                "examples": ["2%", 0.02],
            },
            "within": {
                "description": "How long to wait for it; `--timeout` takes its place.",
                "type": "string",
                "pattern": f"{DURATION}(?!\\n)",
                "default": "15m",
                "examples": ["90s", "15m", "2h"],
            },
        },
    },
    "in_doubt": {
        "description": "What happens to messages in doubt.",
        "enum": ["hold", "resend_if_absent"],
        "default": "hold",
    },
    "examples": {
        "description": "Rows, and the messages that they must give; `sendspec test` runs them.",
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["with", "expect"],
            "properties": {
                "with": {"description": "A row.", "type": "object"},
                "expect": {"description": "Any part of the message, and text, segments, encoding.", "type": "object"},
            },
        },
    },
}
