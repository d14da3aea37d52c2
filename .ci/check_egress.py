"""The sidecar as a process, in front of a port where nobody listens: it starts, says so in its answer,
and ends with 0 when it is told to."""

import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

with socket.create_server(("127.0.0.1", 0)) as free:
    upstream = f"http://127.0.0.1:{free.getsockname()[1]}"

command = [sys.argv[1], "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--upstream", upstream]
command += ["--preset", "internal"]
with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sidecar:
    try:
        urls = [sidecar.stdout.readline().split(": ", 1)[1].strip() for _ in range(2)]
        try:
            urllib.request.urlopen(f"{urls[0]}/payments", data=b"{}", timeout=10)
            sys.exit("error: an upstream that is not there has answered")
        except urllib.error.HTTPError as refused:
            status, headers, problem = refused.code, refused.headers, json.load(refused)
        told = [headers[f"seawall-{name}"] for name in ("attempts", "delivery", "stop-reason")]
        assert problem["status"] == status == 502, problem
        assert told[1] == problem["delivery"] == "not_sent", (told, problem)
        with urllib.request.urlopen(f"{urls[1]}/upstreams", timeout=10) as seen:
            assert json.load(seen)[0]["upstream"] == upstream
        sidecar.send_signal(signal.SIGTERM)
        assert sidecar.wait(timeout=10) == 0, sidecar.returncode
        print(f"{status} {' '.join(told)}: {problem['detail']}")
    finally:
        sidecar.kill()
