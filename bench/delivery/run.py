#!/usr/bin/env python3
"""Delivery beside its peers, alternating in one run: idle connections, connect rate, fan-out, message to complete.

    python3 -m venv build/bench-venv && build/bench-venv/bin/pip install -r bench/delivery/requirements.txt
    build/bench-venv/bin/python bench/delivery/run.py [--conns 1000,10000] [--rounds 3] [--binary build/release/loquat]

The load client (load.cpp) and Node's ws are set up in build/bench-delivery. Everything listens on loopback and ends with
this program. The machine should be quiet; quote ratios, and processor time before rates. Loquat answers real questions on
the sample company with every event on (the result comes from its cache after the first); the peers send canned text.
"""

import argparse
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = ROOT / "build" / "bench-delivery"
QUESTION = "revenue by month"
USER = {"X-Tenant-ID": "bench", "X-User-ID": "bench"}


def set_up():
    (WORK / "node").mkdir(parents=True, exist_ok=True)
    load = WORK / "load"
    if not load.exists() or load.stat().st_mtime < (HERE / "load" / "load.cpp").stat().st_mtime:
        subprocess.run(["g++", "-std=c++20", "-O2", "-o", str(load), str(HERE / "load" / "load.cpp")], check=True)
    if shutil.which("npm") and not (WORK / "node" / "node_modules" / "ws").exists():
        shutil.copy(HERE / "package.json", WORK / "node")
        subprocess.run(["npm", "install", "--silent", "--no-fund", "--no-audit"], cwd=WORK / "node", check=True)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Peer:
    """A server on a port of its own. `load`: further arguments of the load client for a phase."""

    def __init__(self, name, command, environment=None):
        self.name, self.port, self.var = name, free_port(), tempfile.mkdtemp(prefix="loquat-bench-")
        said = open(os.path.join(self.var, "log"), "w")
        env = {**os.environ, **(environment(self.port, self.var) if environment else {})}
        self.process = subprocess.Popen([w.format(port=self.port) for w in command], cwd=ROOT, env=env, stdout=said, stderr=said)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            time.sleep(0.05)
        time.sleep(1)

    def stop(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.var, ignore_errors=True)

    def run(self, *words):
        out = subprocess.run([str(WORK / "load"), "--pid", str(self.process.pid), *words], capture_output=True, text=True, timeout=400)
        if out.stderr:
            print(f"{self.name}: {out.stderr.strip()[-300:]}", file=sys.stderr)
        return json.loads(out.stdout)

    def at(self, path, scheme="ws"):
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    def idle_and_fan_out(self, conns, events):
        return self.run("--url", self.at("/ws/chat/bench-{i}"), "--conns", str(conns), "--fanout-count", str(events),
                        "--fanout-url", self.at("/internal/broadcast", "http"))

    def round_trips(self, active, seconds):
        return self.run("--url", self.at("/ws/chat/bench-{i}"), "--conns", str(active), "--rt-active", str(active),
                        "--rt-seconds", str(seconds))


class Loquat(Peer):
    def __init__(self, binary):
        def environment(port, var):
            return {"LOQUAT_VAR_DIR": var, "LOQUAT_HTTP__PORT": str(port), "LOQUAT_HTTP__MAX_CONNECTIONS": "12000",
                    "WS_MAX_CONNECTIONS": "12000", "LOQUAT_RATE_LIMIT__REQUESTS_PER_SECOND": "1000000", "LOQUAT_RATE_LIMIT__BURST": "1000000",
                    "LOQUAT_LOG__LEVEL": "warning"}
        super().__init__("loquat", [binary, "--config", "config/demo.yaml"], environment)
        self.headers = [w for k, v in USER.items() for w in ("--header", f"{k}: {v}", "--fanout-header", f"{k}: {v}")]

    def new_session(self):
        request = urllib.request.Request(self.at("/api/v1/bi/chat/sessions", "http"), b"{}", {**USER, "Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=20))["data"]["session_id"]

    def idle_and_fan_out(self, conns, events):
        session = self.new_session()
        ask = self.at(f"/api/v1/bi/chat/sessions/{session}/messages?async=true", "http")
        return self.run("--url", self.at(f"/ws/chat/{session}"), "--conns", str(conns), "--fanout-count", str(max(3, events // 20)),
                        "--fanout-url", ask, "--fanout-until", "complete", "--fanout-body", json.dumps({"message": QUESTION}),
                        *self.headers)

    def round_trips(self, active, seconds):
        ids = pathlib.Path(self.var, "ids")
        ids.write_text("".join(self.new_session() + "\n" for _ in range(active)))
        return self.run("--url", self.at("/ws/chat/{i}"), "--ids", str(ids), "--question", QUESTION, "--conns", str(active),
                        "--rt-active", str(active), "--rt-seconds", str(seconds), *self.headers)


def peers(binary):
    python = sys.executable
    known = {"loquat": lambda: Loquat(binary)}
    known["fastapi"] = lambda: Peer("fastapi", [python, "-m", "uvicorn", "--app-dir", str(HERE), "peer_fastapi:app", "--port", "{port}",
                                                "--log-level", "warning", "--backlog", "4096"])
    if shutil.which("node"):
        known["node-ws"] = lambda: Peer("node-ws", ["node", str(HERE / "peer_ws.mjs")],
                                        lambda port, _: {"PORT": str(port), "NODE_WS_DIR": str(WORK / "node")})
    return known


def show(title, found, keys):
    print(f"\n{title}\n\n| peer | " + " | ".join(label for _, label, _ in keys) + " |\n|" + "---|" * (len(keys) + 1))
    for name, rounds in found.items():
        cells = []
        for key, _, form in keys:
            values = [r[key] for r in rounds if isinstance(r.get(key), (int, float))]
            base = [r[key] for r in found.get("fastapi", []) if isinstance(r.get(key), (int, float))]
            if not values:
                cells.append("-")
                continue
            middle = statistics.median(values)
            ratio = f" ({middle / statistics.median(base):.1f}x)" if base and statistics.median(base) and name != "fastapi" else ""
            cells.append(form.format(middle) + ratio)
        print(f"| {name} | " + " | ".join(cells) + " |")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--binary", default="build/release/loquat")
    options.add_argument("--conns", default="1000,10000")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--peers", default="")
    options.add_argument("--active", type=int, default=32)
    options.add_argument("--seconds", type=float, default=4)
    chosen = options.parse_args()
    set_up()
    known = peers(chosen.binary)
    names = chosen.peers.split(",") if chosen.peers else list(known)
    for phase in [*chosen.conns.split(","), "round trips"]:
        found = {name: [] for name in names}
        for round_ in range(chosen.rounds):
            for name in names[round_ % len(names):] + names[:round_ % len(names)]:
                peer = known[name]()
                try:
                    if phase == "round trips":
                        found[name].append(peer.round_trips(chosen.active, chosen.seconds))
                    else:
                        found[name].append(peer.idle_and_fan_out(int(phase), max(10, min(200, 100_000 // int(phase)))))
                except (json.JSONDecodeError, subprocess.TimeoutExpired, OSError) as error:
                    print(f"{name}: {error}", file=sys.stderr)
                finally:
                    peer.stop()
        if phase == "round trips":
            show(f"message to complete, {chosen.active} at a time", found,
                 [("rt_per_s", "answers/s", "{:,.0f}"), ("rt_frames_per_s", "frames/s", "{:,.0f}"), ("rt_p50_us", "p50 us", "{:,.0f}"),
                  ("rt_p99_us", "p99 us", "{:,.0f}"), ("rt_server_cpu_us", "server CPU us/answer", "{:,.0f}")])
        else:
            show(f"{int(phase):,} connections: connecting, memory, fan-out", found,
                 [("connect_per_s", "connects/s", "{:,.0f}"), ("rss_per_conn_bytes", "RSS bytes/connection", "{:,.0f}"),
                  ("failed", "not connected", "{:,.0f}"), ("fanout_per_s", "deliveries/s", "{:,.0f}"),
                  ("fanout_server_cpu_us", "server CPU us/delivery", "{:.2f}"), ("fanout_last_p50_us", "last client p50 us", "{:,.0f}")])


if __name__ == "__main__":
    main()
