"""The server that full speed is measured against: nginx with its echo module where that is installed, else our own."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ECHO_MODULE = Path("/usr/lib/nginx/modules/ngx_http_echo_module.so")
CONFIGURATION = """
load_module {module};
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
  access_log off; default_type application/json; keepalive_requests 100000000; keepalive_timeout 600s;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  client_body_buffer_size 64k; client_body_in_single_buffer on;
  map $request_body $reference {{ "~\\"reference\\": ?\\"(?<found>[^\\"]+)\\"" $found; }}
  server {{
    listen 127.0.0.1:{port} backlog=512;
    location / {{
      if ($request_method = GET) {{ return 200 '{{"results":[],"nextPageToken":null}}'; }}
      echo_read_request_body;
      echo_status 202;
      echo '{{"id":"$request_id","status":"accepted","reference":"$reference"}}';
    }}
  }}
}}
"""


@dataclass(slots=True)
class Running:
    """A server that answers. `arrivals` is filled by our own when it has ended: moments on CLOCK_MONOTONIC."""

    name: str
    url: str
    arrivals: list[float]


@contextmanager
def fast_server(folder: Path) -> Iterator[Running]:
    """Accepts every message as fast as it can, and echoes its reference."""
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if nginx is None or not ECHO_MODULE.exists():
        with own_server(delay=0.0) as running:
            yield running
        return
    folder.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(module=ECHO_MODULE, folder=folder, port=port), encoding="utf-8")
    said = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=True).stderr
    process = subprocess.Popen([nginx, "-p", str(folder), "-c", str(configuration)], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield Running(f"nginx {said.rpartition('/')[2].strip()}, one worker, echo module", _url(port), [])
    finally:
        process.terminate()
        process.wait()


@contextmanager
def own_server(*, delay: float) -> Iterator[Running]:
    """Our own server, which answers `delay` seconds after a request."""
    command = [sys.executable, str(Path(__file__).with_name("server.py")), "--delay", str(delay)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    running = Running("benchmarks/server.py", _url(int(process.stdout.readline())), [])
    try:
        yield running
    finally:
        said, _ = process.communicate()
        running.arrivals.extend(json.loads(said or "[]"))


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise TimeoutError(f"nginx does not answer on port {port}")
