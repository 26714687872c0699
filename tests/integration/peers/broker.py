"""A real Apache Kafka for a test, started by kafka.sh beside this file, and read with kcat."""

import pathlib
import shutil
import subprocess
import tempfile

from peers.daemon import need

SCRIPT = pathlib.Path(__file__).with_name("kafka.sh")


class Broker:
    def __init__(self):
        for tool in ("java", "mvn", "kcat"):
            need(shutil.which(tool), tool)
        self.folder = tempfile.mkdtemp(prefix="loquat-kafka-")
        self.address = None

    def __enter__(self):
        self.up()
        return self

    def __exit__(self, *_):
        self.run("kill9")
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, verb, *arguments):
        done = subprocess.run([str(SCRIPT), verb, self.folder, *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(f"kafka.sh {verb}: {done.stderr[-2000:]}")
        return done.stdout.strip()

    def up(self):
        """Starts it, with what an earlier life of it kept, on the same port."""
        self.address = self.run("up", "0")

    def kill(self):
        """As a crash would; up() brings it back."""
        self.run("kill9")

    def read(self, topic):
        """Everything in a topic so far: a list of (key, headers, value), texts."""
        return read_topic(self.address, topic)


def read_topic(address, topic, seconds=60):
    done = subprocess.run(["kcat", "-b", address, "-t", topic, "-C", "-e", "-q", "-f", r"%k\x1f%h\x1f%s\x1e"],
                          capture_output=True, text=True, check=False, timeout=seconds)
    if done.returncode:
        raise AssertionError(f"kcat: {done.stderr[-2000:]}")
    return [tuple(record.split("\x1f", 2)) for record in done.stdout.split("\x1e") if record]
