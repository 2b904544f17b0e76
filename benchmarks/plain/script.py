"""What a competent engineer writes in an afternoon: a row becomes a message, checked against the schema, and is posted.

Everything that can be done once is done once; there is no ledger, no retry, and an error ends it. With `--url` it sends,
without it prints how many messages it made. Its clocks start after its imports.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jinja2
import jsonschema
import jsonschema_rs
import urllib3

THREADS = 32
TEXT = jinja2.Template(
    "Hi {{ first_name }}, your Acme order {{ order_id }} arrives on {{ day }} between 9:00 and 17:00.",
    undefined=jinja2.StrictUndefined,
)
TAG = jinja2.Template("{{ tag }}", undefined=jinja2.StrictUndefined)
TTL = jinja2.Template("{{ ttl }}", undefined=jinja2.StrictUndefined)


def check_of(schema: Path, validator: str) -> Callable[[Any], None]:
    """Raises for a payload that the schema doesn't permit. `validator` is the package that looks."""
    document = json.loads(schema.read_text(encoding="utf-8"))
    if validator == "jsonschema":
        return jsonschema.Draft202012Validator(document).validate
    return jsonschema_rs.Draft202012Validator(document).validate


def bodies(table: Path, check: Callable[[Any], None]) -> Iterator[bytes]:
    """The request bodies of a table, in order; raises at the first row that can't be sent."""
    with table.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            payload = {
                "receiver": {"contacts": [{"identifierKey": "phonenumber", "identifierValue": row["phone"]}]},
                "body": {"type": "text", "text": {"text": TEXT.render(row)}},
                "tags": [TAG.render(row)],
                "validity": int(TTL.render(row)),
                "reference": f"order-{row['order_id']}",
            }
            check(payload)
            yield json.dumps(payload).encode()


def send(table: Path, check: Callable[[Any], None], url: str, key: str) -> int:
    """How many messages were accepted."""
    headers = {"Authorization": f"AccessKey {key}", "Content-Type": "application/json"}
    pool = urllib3.PoolManager(maxsize=THREADS, retries=False)

    def post(body: bytes) -> bool:
        return pool.request("POST", url, body=body, headers=headers).status == 202

    with ThreadPoolExecutor(THREADS) as executor:
        return sum(executor.map(post, bodies(table, check)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("--schema", type=Path, required=True)
    parser.add_argument("--validator", choices=("jsonschema", "jsonschema_rs"), default="jsonschema")
    parser.add_argument("--url")
    parser.add_argument("--print", action="store_true", dest="shows", help="print the bodies")
    options = parser.parse_args()
    begun, used = time.monotonic(), time.process_time()
    check = check_of(options.schema, options.validator)
    if options.shows:
        sys.stdout.writelines(body.decode() + "\n" for body in bodies(options.table, check))
        return
    if options.url:
        count = send(options.table, check, options.url, "benchmark")
    else:
        count = sum(1 for _ in bodies(options.table, check))
    spent = {"seconds": time.monotonic() - begun, "cpu": time.process_time() - used}
    print(json.dumps({"messages": count, **spent}))


if __name__ == "__main__":
    main()
