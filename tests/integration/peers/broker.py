"""A real Apache Kafka for a test, started by kafka.sh beside this file, and read with kcat."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from peers.daemon import need

SCRIPT = pathlib.Path(__file__).with_name("kafka.sh")


class Broker:
    """In: `secured`, whether it also listens with SASL; `extra`, more lines for its properties, `{folder}` replaced."""

    def __init__(self, secured=False, extra=""):
        for tool in ("java", "mvn", "kcat"):
            need(shutil.which(tool), tool)
        self.folder = tempfile.mkdtemp(prefix="loquat-kafka-")
        self.address = None
        self.secured = secured
        self.extra = extra.replace("{folder}", self.folder)

    def __enter__(self):
        self.up()
        return self

    def __exit__(self, *_):
        self.run("kill9")
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, verb, *arguments):
        done = subprocess.run([str(SCRIPT), verb, self.folder, *arguments], capture_output=True, text=True, check=False,
                              env={**os.environ, "KAFKA_EXTRA": self.extra})
        if done.returncode:
            raise AssertionError(f"kafka.sh {verb}: {done.stderr[-2000:]}")
        return done.stdout.strip()

    def up(self):
        """Starts it, with what an earlier life of it kept, on the same port."""
        self.address = self.run("up", "0", *(["--sasl"] if self.secured else []))

    def listener(self, name):
        """The address of plaintext, sasl_ssl or sasl_plaintext."""
        ports = pathlib.Path(self.folder, "ports").read_text().split()
        return "127.0.0.1:" + ports[{"plaintext": 0, "sasl_ssl": 2, "sasl_plaintext": 3}[name]]

    def kill(self):
        """As a crash would; up() brings it back."""
        self.run("kill9")

    def suspend(self):
        """It hangs, its connections standing; resume() lets it go on."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.pid, signal.SIGCONT)

    @property
    def pid(self):
        return int(pathlib.Path(self.folder, "pid").read_text())

    def write(self, topic, key, value):
        done = subprocess.run(["kcat", "-b", self.address, "-t", topic, "-P", "-K", "\x1f", "-D", "\x1e"],
                              input=f"{key}\x1f{value}", capture_output=True, text=True, check=False, timeout=60)
        if done.returncode:
            raise AssertionError(f"kcat: {done.stderr[-2000:]}")

    def read(self, topic):
        """Everything in a topic so far: a list of (key, headers, value), texts."""
        return read_topic(self.address, topic)


def read_topic(address, topic, seconds=60):
    done = subprocess.run(["kcat", "-b", address, "-t", topic, "-C", "-e", "-q", "-f", r"%k\x1f%h\x1f%s\x1e"],
                          capture_output=True, text=True, check=False, timeout=seconds)
    if done.returncode:
        raise AssertionError(f"kcat: {done.stderr[-2000:]}")
    return [tuple(record.split("\x1f", 2)) for record in done.stdout.split("\x1e") if record]
