"""What a competent engineer writes in an afternoon: a row becomes a message, checked against the schema, and is posted.

Everything that can be done once is done once; there is no ledger, no retry, and an error ends it. With `--url` it sends,
without it prints how many messages it made.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jinja2
import jsonschema
import urllib3

THREADS = 32
TEXT = jinja2.Template(
    "Hi {{ first_name }}, your Acme order {{ order_id }} arrives on {{ day }} between 9:00 and 17:00.",
    undefined=jinja2.StrictUndefined,
)
TAG = jinja2.Template("{{ tag }}", undefined=jinja2.StrictUndefined)
TTL = jinja2.Template("{{ ttl }}", undefined=jinja2.StrictUndefined)


def bodies(table: Path, schema: Path) -> Iterator[bytes]:
    """The request bodies of a table, in order; raises at the first row that can't be sent."""
    validator = jsonschema.Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))
    with table.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            payload = {
                "receiver": {"contacts": [{"identifierKey": "phonenumber", "identifierValue": row["phone"]}]},
                "body": {"type": "text", "text": {"text": TEXT.render(row)}},
                "tags": [TAG.render(row)],
                "validity": int(TTL.render(row)),
                "reference": f"order-{row['order_id']}",
            }
            validator.validate(payload)
            yield json.dumps(payload).encode()


def send(table: Path, schema: Path, url: str, key: str) -> int:
    """How many messages were accepted."""
    headers = {"Authorization": f"AccessKey {key}", "Content-Type": "application/json"}
    pool = urllib3.PoolManager(maxsize=THREADS, retries=False)

    def post(body: bytes) -> bool:
        return pool.request("POST", url, body=body, headers=headers).status == 202

    with ThreadPoolExecutor(THREADS) as executor:
        return sum(executor.map(post, bodies(table, schema)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("--schema", type=Path, required=True)
    parser.add_argument("--url")
    parser.add_argument("--print", action="store_true", dest="shows", help="print the bodies")
    options = parser.parse_args()
    begun = time.monotonic()
    if options.shows:
        sys.stdout.writelines(body.decode() + "\n" for body in bodies(options.table, options.schema))
        return
    if options.url:
        count = send(options.table, options.schema, options.url, "benchmark")
    else:
        count = sum(1 for _ in bodies(options.table, options.schema))
    print(json.dumps({"messages": count, "seconds": time.monotonic() - begun}))


if __name__ == "__main__":
    main()
