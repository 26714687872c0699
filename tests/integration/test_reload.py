"""SIGHUP on the built daemon: what is marked reloadable is taken over, the rest is named, a broken file changes nothing."""

import pathlib
import signal
import tempfile
import unittest

from peers.daemon import BINARY, ROOT, Daemon, until

DEMO = (ROOT / "config" / "demo.yaml").read_text()


class Reload(unittest.TestCase):
    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.file = pathlib.Path(folder, "loquat.yaml")
        self.file.write_text(DEMO)
        self.daemon = self.enterContext(Daemon(command=[str(BINARY), "--config", str(self.file)]))

    def reload(self, text, said):
        self.file.write_text(text)
        self.daemon.process.send_signal(signal.SIGHUP)
        until(lambda: said in self.daemon.log.read_text(), 20, said)

    def statuses(self, count):
        return [self.daemon.get("/api/v1/bi/chat/sessions").status for _ in range(count)]

    def test_takes_a_new_rate_over_and_back_without_a_restart(self):
        self.assertEqual(set(self.statuses(20)), {200})
        self.reload(DEMO + "rate_limit:\n  requests_per_second: 0.001\n  burst: 1\n", "reloaded rate_limit.burst")
        self.assertIn(429, self.statuses(20))
        self.reload(DEMO + "rate_limit:\n  requests_per_second: 0\n  burst: 2\n", "reloaded rate_limit.requests_per_second")
        until(lambda: self.statuses(3) == [200] * 3, 20, "the rate is free again")

    def test_names_what_needs_a_restart(self):
        self.reload(DEMO.replace('"2025-12-31"', '"2025-12-30"'), "needs a restart: semantic.as_of")
        self.assertEqual(self.daemon.get("/health/live").status, 200)

    def test_a_broken_file_changes_nothing_and_is_named(self):
        self.reload("rate_limit: [", "loquat.yaml")
        self.reload(DEMO + "rate_limit:\n  burst: many\n", "rate_limit.burst")
        self.assertEqual(set(self.statuses(20)), {200})


if __name__ == "__main__":
    unittest.main()
