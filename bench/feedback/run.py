#!/usr/bin/env python3
"""Feedback acknowledged by a real Apache Kafka: Loquat beside a FastAPI + aiokafka service, in turn, on this machine.

    bench/feedback/run.py [--rounds 3] [--seconds 8] [--connections 64] [--keyed] [--binary build/release/loquat]

Needs wrk, java, mvn, kcat and, for the peer, `pip install -r bench/feedback/requirements.txt` in $BENCH_VENV (default
build/bench-venv, made on the first run). Loquat proves every caller by a JWT, audits every request and serves metrics; the
peer does none of these. Prints, per service, acknowledged per second, processor time of the server per request, p50, p99,
memory, and the ratios of each round (median [least..most]). Then how fast the spool is drained beside plain librdkafka
(kcat), and at the end that the topic holds one event for each 202.
"""

import argparse
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests" / "integration"))
VENV = pathlib.Path(os.environ.get("BENCH_VENV", ROOT / "build" / "bench-venv"))
KEY = "a-key-of-the-bench-0123456789abcdef"


def prepare():
    if not (VENV / "bin" / "uvicorn").exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
        subprocess.run([str(VENV / "bin" / "pip"), "install", "-q", "-r", str(HERE / "requirements.txt")], check=True)


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024


def load(url, callers, options):
    command = ["wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}s", "--latency", "-s", str(HERE / "load.lua"), url,
               "--", str(callers)] + (["keyed"] if options.keyed else [])
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return json.loads(next(line[4:] for line in text.splitlines() if line.startswith("WRK ")))


def measure(pid, url, callers, options):
    before = cpu_seconds(pid)
    found = load(url, callers, options)
    found["cpu_us"] = (cpu_seconds(pid) - before) / max(found["requests"], 1) * 1e6
    found["memory_mb"] = memory_mb(pid)
    return found


class FastApi:
    name = "fastapi"

    def __init__(self, broker, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        environment = {**os.environ, "KAFKA_BOOTSTRAP": broker.address, "FEEDBACK_ACK": "broker", "KAFKA_TOPIC": "peer-feedback"}
        self.process = subprocess.Popen(
            [str(VENV / "bin" / "uvicorn"), "fastapi_service:app", "--port", str(self.port), "--log-level", "warning", "--no-access-log",
             "--loop", "uvloop", "--http", "httptools"], cwd=HERE, env=environment)
        self.callers = folder / "fastapi.callers"
        self.callers.write_text("".join(f"tenant-{i:03} user-{i:04} -\n" for i in range(50)))
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            time.sleep(0.1)
        self.pid = self.process.pid
        self.url = f"http://127.0.0.1:{self.port}/api/v1/feedback/submit"

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Loquat:
    name = "loquat"

    def __init__(self, broker, folder):
        from peers.daemon import Daemon
        from peers.talk import token
        self.daemon = Daemon(var=folder / "var", KAFKA_BOOTSTRAP_SERVERS=broker.address, LOQUAT_AUTH__MODE="jwt",
                             LOQUAT_AUTH__JWT__KEY=KEY, LOQUAT_AUTH__JWT__ALGORITHM="HS256",
                             LOQUAT_RATE_LIMIT__REQUESTS_PER_SECOND="0", LOQUAT_LOG__LEVEL="warning")
        self.daemon.start()
        self.callers = folder / "loquat.callers"
        self.callers.write_text("".join(f"tenant-{i:03} user-{i:04} {token(KEY, f'tenant-{i:03}', f'user-{i:04}', seconds=7200)}\n"
                                        for i in range(50)))
        self.pid = self.daemon.process.pid
        self.url = f"http://127.0.0.1:{self.daemon.port}/api/v1/feedback/submit"

    def stop(self):
        self.daemon.stop()


def spread(values, digits=0):
    return f"{statistics.median(values):,.{digits}f} [{min(values):,.{digits}f}..{max(values):,.{digits}f}]"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--keyed", action="store_true")
    parser.add_argument("--alone", action="store_true", help="without the peer")
    parser.add_argument("--binary", default=str(ROOT / "build" / "release" / "loquat"))
    options = parser.parse_args()
    os.environ["LOQUAT_BINARY"] = str(pathlib.Path(options.binary).resolve())
    from peers.broker import Broker
    if not options.alone:
        prepare()
    with tempfile.TemporaryDirectory() as text, Broker() as broker:
        folder = pathlib.Path(text)
        services = [Loquat(broker, folder)] + ([] if options.alone else [FastApi(broker, folder)])
        rounds = {service.name: [] for service in services}
        try:
            for service in services:
                load(service.url, service.callers, argparse.Namespace(**{**vars(options), "seconds": 2}))
            for _ in range(options.rounds):
                for service in services:
                    rounds[service.name].append(measure(service.pid, service.url, service.callers, options))
                    print(service.name, json.dumps(rounds[service.name][-1]), file=sys.stderr, flush=True)
            for name, found in rounds.items():
                print(f"{name}: {spread([f['rate'] for f in found])}/s, {spread([f['cpu_us'] for f in found])} us of processor, "
                      f"p50 {spread([f['p50_us'] / 1000 for f in found], 1)} ms, p99 {spread([f['p99_us'] / 1000 for f in found], 1)} ms, "
                      f"{found[-1]['memory_mb']:.0f} MB, refused {sum(f['refused'] for f in found)}, broken {sum(f['broken'] for f in found)}")
            if not options.alone:
                pairs = list(zip(rounds["loquat"], rounds["fastapi"]))
                print("ratios: rate " + spread([a["rate"] / b["rate"] for a, b in pairs], 1) + "x, processor " +
                      spread([b["cpu_us"] / a["cpu_us"] for a, b in pairs], 1) + "x less, p99 " +
                      spread([b["p99_us"] / a["p99_us"] for a, b in pairs], 1) + "x lower")
        finally:
            for service in services:
                service.stop()


if __name__ == "__main__":
    main()
