"""The built daemon as a test sees it: started in a folder of its own on free ports, asked by plain HTTP."""

import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = pathlib.Path(os.environ.get("LOQUAT_BINARY", ROOT / "build" / "release" / "loquat"))


def need(present, what):
    """A missing peer: a visible skip, and a failure with CI=true."""
    if not present:
        if os.environ.get("CI") == "true":
            raise AssertionError(f"{what} is missing, and with CI=true that is a failure")
        raise unittest.SkipTest(f"{what} is missing")


def until(condition, seconds, what):
    """Asks again and again until the condition gives something true; fails after the seconds, naming what was awaited."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class Daemon:
    """In: settings as environment variables; `command`, what to start instead of the binary with the demo's settings."""

    def __init__(self, command=None, var=None, **settings):
        self.owned = None if var else tempfile.mkdtemp(prefix="loquat-test-")
        self.var = pathlib.Path(var or self.owned)
        self.command = command or [str(BINARY), "--config", "config/demo.yaml"]
        self.environment = {**{k: v for k, v in os.environ.items() if not k.startswith(("LOQUAT_", "KAFKA_", "JWT_"))},
                            "LOQUAT_VAR_DIR": str(self.var), "LOQUAT_HTTP__PORT": "0", **settings}
        self.log = self.var / "daemon.log"
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        if self.owned:
            shutil.rmtree(self.owned, ignore_errors=True)

    def start(self, seconds=30):
        self.var.mkdir(parents=True, exist_ok=True)
        (self.var / "loquat.port").unlink(missing_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, cwd=ROOT, env=self.environment, stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)
        until(self.is_up, seconds, f"the daemon is up; its log:\n{self.log_tail}")

    def is_up(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the daemon ended with {self.process.returncode}; its log:\n{self.log_tail}")
        try:
            return self.get("/health/live").status == 200
        except (OSError, ValueError):
            return False

    @property
    def log_tail(self):
        return self.log.read_text(errors="replace")[-3000:]

    @property
    def port(self):
        return int((self.var / "loquat.port").read_text())

    def ask(self, method, path, body=None, headers=None, seconds=30):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            data = None if body is None else json.dumps(body)
            sent = {**({"Content-Type": "application/json"} if data is not None else {}), **(headers or {})}
            connection.request(method, path, data, sent)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def get(self, path, headers=None):
        return self.ask("GET", path, None, headers)

    def post(self, path, body, headers=None):
        return self.ask("POST", path, body, headers)

    def stop(self, seconds=30):
        """Orderly. Out: the exit code (0 after a drain)."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"the daemon did not drain within {seconds} s; its log:\n{self.log_tail}") from None
        return self.process.returncode if self.process else None

    def kill(self):
        self.process.kill()
        self.process.wait()
