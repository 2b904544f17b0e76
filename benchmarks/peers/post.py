"""Posts bodies, a line each, with one client and 32 requests at a time; prints how many were accepted in which time.

Nothing is rendered, recorded, retried or looked into: a 202 counts. So this is what the client itself can do.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

AT_ONCE = 32
HEADERS = {"Authorization": "AccessKey benchmark", "Content-Type": "application/json"}

Post = Callable[[bytes], bool]
"""Posts one body; whether it was accepted."""


def with_urllib3(url: str, bodies: list[bytes]) -> int:
    import urllib3

    parts = urlsplit(url)
    pool = urllib3.HTTPConnectionPool(parts.hostname or "", parts.port, maxsize=AT_ONCE, block=True, retries=False)

    def post(body: bytes) -> bool:
        return pool.urlopen("POST", parts.path, body=body, headers=HEADERS).status == 202

    return in_threads(lambda: post, bodies)


def with_requests(url: str, bodies: list[bytes]) -> int:
    import requests

    def session() -> Post:
        own = requests.Session()  # one a thread: a session is not safe to share
        own.headers.update(HEADERS)
        return lambda body: own.post(url, data=body).status_code == 202

    return in_threads(session, bodies)


def with_httpx(url: str, bodies: list[bytes]) -> int:
    import httpx

    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    with httpx.Client(headers=HEADERS, limits=limits, trust_env=False) as client:
        return in_threads(lambda: lambda body: client.post(url, content=body).status_code == 202, bodies)


def with_aiohttp(url: str, bodies: list[bytes]) -> int:
    import aiohttp

    async def run() -> int:
        left = iter(bodies)
        connector = aiohttp.TCPConnector(limit=AT_ONCE)
        async with aiohttp.ClientSession(headers=HEADERS, connector=connector) as session:

            async def work() -> int:
                accepted = 0
                for body in left:
                    async with session.post(url, data=body) as response:
                        await response.read()
                        accepted += response.status == 202
                return accepted

            return sum(await asyncio.gather(*(work() for _ in range(AT_ONCE))))

    return asyncio.run(run())


def in_threads(make: Callable[[], Post], bodies: list[bytes]) -> int:
    """Shares the bodies out to threads beforehand: no queue, no futures."""
    accepted = [0] * AT_ONCE

    def work(number: int) -> None:
        post = make()
        accepted[number] = sum(post(body) for body in bodies[number::AT_ONCE])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(accepted)


CLIENTS = {"urllib3": with_urllib3, "requests": with_requests, "httpx": with_httpx, "aiohttp": with_aiohttp}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("client", choices=CLIENTS)
    parser.add_argument("bodies", type=Path)
    parser.add_argument("--url", required=True)
    parser.add_argument("--most", type=int, required=True)
    options = parser.parse_args()
    bodies = options.bodies.read_bytes().splitlines()[: options.most]
    begun = time.monotonic()
    accepted = CLIENTS[options.client](options.url, bodies)
    print(json.dumps({"messages": accepted, "seconds": time.monotonic() - begun}))


if __name__ == "__main__":
    main()
