#!/usr/bin/env python3
"""Checks a running server against its own description with schemathesis.

usage: schemathesis.py PROGRAM

PROGRAM is oauth1-server. OAUTH1_SCHEMATHESIS_VENV names a directory for a Python environment;
schemathesis is installed there unless it is already. Fails if an answer is a 5xx or not in the
description.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

VERSION = "4.32.5"
PASSWORD = "a password for one run only"
# These end the session that everything else needs, so they are checked last.
ENDING = ["signOut", "setPassword"]
CHECKS = ",".join([
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
])


def environment():
    default = pathlib.Path(tempfile.gettempdir()) / "oauth1-schemathesis"
    place = pathlib.Path(os.environ.get("OAUTH1_SCHEMATHESIS_VENV", default))
    program = place / "bin" / "schemathesis"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        install = [place / "bin" / "pip", "install", "--quiet", f"schemathesis=={VERSION}"]
        subprocess.run(install, check=True)
    return program


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def call(method, url, body=None, cookie=None):
    headers = {"Sec-Fetch-Site": "same-origin"}
    if cookie:
        headers["Cookie"] = cookie
    data = None
    if body is not None:
        headers["Content-Type"] = "application/json"
        data = json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer), answer.headers.get("Set-Cookie", "")


def setup_code(output):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = re.search(r"setup code (\S+)", output.read_text())
        if found:
            return found.group(1)
        time.sleep(0.1)
    sys.exit("error: the server has printed no setup code within 60 seconds")


def check(program, url, cookie, more):
    command = [
        program, "run", f"{url}/v1/openapi.json", "--checks", CHECKS, "--no-color",
        "--header", f"Cookie: {cookie}", "--header", "Sec-Fetch-Site: same-origin",
        "--request-timeout", "30", "--seed", "5849", "--suppress-health-check", "all",
        "--warnings", "off", "--continue-on-failure", *more,
    ]
    return subprocess.run(command, cwd=tempfile.gettempdir()).returncode


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    schemathesis = environment()
    work = pathlib.Path(tempfile.mkdtemp(prefix="oauth1-schemathesis-"))
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    output, log = work / "output", work / "log"
    with output.open("w") as out, log.open("w") as err:
        server = subprocess.Popen(
            [sys.argv[1], "serve", "--data-dir", work / "data", "--listen", "127.0.0.1:0",
             "--admin-listen", f"127.0.0.1:{port}"],
            stdout=out, stderr=err,
        )
    try:
        person = {"name": "ada", "password": PASSWORD}
        call("POST", f"{url}/v1/setup", {"code": setup_code(output), **person})
        _, cookie = call("POST", f"{url}/v1/session", person)
        cookie = cookie.split(";")[0]
        examples = os.environ.get("OAUTH1_SCHEMATHESIS_EXAMPLES", "12")
        without = [part for name in ENDING for part in ("--exclude-operation-id", name)]
        failed = check(schemathesis, url, cookie, ["--max-examples", examples, *without])
        # Still signed in: otherwise all of that was about 401.
        call("GET", f"{url}/v1/session", cookie=cookie)
        only = [part for name in ENDING for part in ("--include-operation-id", name)]
        more = ["--max-examples", examples, "--phases", "examples,coverage,fuzzing", *only]
        failed = check(schemathesis, url, cookie, more) or failed
        if server.poll() is not None:
            sys.exit("error: the server has ended")
        if PASSWORD in log.read_text():
            sys.exit("error: a password is in the log")
        sys.exit(failed)
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
        shutil.rmtree(work, ignore_errors=True)


main()
