#!/usr/bin/env python3
"""How long the event loop stands still while a running daemon takes a changed 10,000-model manifest over.

    scripts/build release loquat && bench/dbt/stall.py [COPIES]

Asks /health/live over one connection again and again, a millisecond apart: first with nothing else to do (what the machine itself
does to a request), then while the daemon imports. Prints p50, p99 and the longest of both, in milliseconds, and what the daemon's
own watchdog saw (`loquat_runtime_loop_lag_seconds`: how late a timer of 100 ms was served).
"""
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests" / "integration"))
from peers.daemon import Daemon, until  # noqa: E402


class Probe(threading.Thread):
    def __init__(self, port):
        super().__init__(daemon=True)
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.took, self.ends = [], False

    def run(self):
        while not self.ends:
            begin = time.perf_counter()
            self.socket.sendall(b"GET /health/live HTTP/1.1\r\nHost: probe\r\n\r\n")
            self.socket.recv(4096)
            self.took.append((time.perf_counter() - begin) * 1e3)
            time.sleep(0.001)

    def report(self):
        self.ends = True
        self.join()
        ordered = sorted(self.took)
        return {"requests": len(ordered), "p50": round(ordered[len(ordered) // 2], 2),
                "p99": round(ordered[len(ordered) * 99 // 100], 2), "longest": [round(t, 1) for t in ordered[-5:]]}


def lag_buckets(daemon):
    text = daemon.get("/metrics").body.decode()
    return dict(re.findall(r'^loquat_runtime_loop_lag_seconds_bucket\{le="([^"]+)"\} (\d+)', text, re.M))


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid, what):
    return int(re.search(what + r":\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) // 1024


def main():
    copies = sys.argv[1] if len(sys.argv) > 1 else "400"
    with tempfile.TemporaryDirectory() as folder:
        target = ROOT / "examples" / "orchard" / "target"
        manifest, changed = pathlib.Path(folder, "manifest.json"), pathlib.Path(folder, "changed.json")
        subprocess.run([sys.executable, HERE / "inflate.py", target / "manifest.json", manifest, copies], check=True)
        text = manifest.read_text()
        changed.write_text(re.sub(r'"description": "([A-Z])', r'"description": "Now: \1', text, count=2000))
        print("manifest_mb", round(manifest.stat().st_size / 1e6, 1))
        # Its own import interval off: the import that is measured is the one that is asked for.
        with Daemon(DBT_MANIFEST_PATH=str(manifest), LOQUAT_DBT__SEMANTIC_MANIFEST_PATH="", LOQUAT_DBT__CATALOG_PATH="",
                    LOQUAT_DBT__WATCH_INTERVAL="1h") as daemon:
            def version():
                return daemon.get("/api/v1/integrations/dbt/status").json()["data"].get("version")
            first = until(version, 120, "a first model")
            pid = daemon.process.pid
            quiet = Probe(daemon.port)
            quiet.start()
            time.sleep(5)
            print("quiet ", quiet.report())
            before, spent = lag_buckets(daemon), processor_seconds(pid)
            os.replace(changed, manifest)
            busy = Probe(daemon.port)
            busy.start()
            begin = time.monotonic()
            answer = daemon.ask("POST", "/api/v1/integrations/dbt/sync", {}, seconds=300)
            took = time.monotonic() - begin
            until(lambda: version() != first, 120, "another model")
            time.sleep(8)  # while the old model is freed too
            print("import", busy.report())
            after = lag_buckets(daemon)
            print("sync", answer.status, round(took, 2), "s;", round(processor_seconds(pid) - spent, 2), "processor s in all;",
                  "peak MiB", resident_mib(pid, "VmHWM"), "now", resident_mib(pid, "VmRSS"))
            print("watchdog", {le: int(after[le]) - int(before.get(le, 0)) for le in after})
            print([line for line in daemon.log.read_text().splitlines() if "lag" in line][-5:])
            print(json.dumps(answer.json())[:300])


if __name__ == "__main__":
    main()
