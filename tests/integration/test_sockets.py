"""The WebSocket protocol by Autobahn's cases (the runner: kosoku), against the daemon's own reader, frames and server."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from peers.daemon import BINARY, ROOT, need

TOOL = pathlib.Path(os.environ.get("LOQUAT_WS_ECHO", BINARY.parent / "tool_ws_echo"))
GOOD = {"OK", "INFORMATIONAL"}
# One size of each of Autobahn's compression cases, and every way to offer compression once.
DEFLATE_CHOSEN = ["12.1.3", "12.2.3", "12.3.3", "12.4.3", "12.5.3", "12.1.12", *(f"13.{n}.2" for n in range(1, 8))]


def runner():
    found = pathlib.Path(os.sys.executable).with_name("kosoku")
    return str(found) if found.exists() else shutil.which("kosoku")


class Autobahn(unittest.TestCase):
    def setUp(self):
        need(TOOL.exists(), f"{TOOL.name} (built with the tests)")
        need(runner(), "kosoku")
        self.echo = subprocess.Popen([str(TOOL), "0", "900"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.end)
        self.port = int(self.echo.stdout.readline())

    def end(self):
        self.echo.kill()
        self.echo.wait()
        self.echo.stdout.close()

    def verdicts(self, *selection):
        """Out: {case: (behavior, behaviorClose)}."""
        with tempfile.TemporaryDirectory() as out:
            run = subprocess.run([runner(), "-o", out, "-p", "2", *selection, f"127.0.0.1:{self.port}"],
                                 capture_output=True, text=True, timeout=600)
            index = pathlib.Path(out, "index.json")
            self.assertTrue(index.exists(), run.stdout + run.stderr)
            (cases,) = json.loads(index.read_text()).values()
            return {name: (case["behavior"], case["behaviorClose"]) for name, case in cases.items()}

    def assert_clean(self, verdicts):
        bad = {name: pair for name, pair in verdicts.items() if not GOOD.issuperset(pair)}
        self.assertEqual(bad, {}, "none failed, none non-strict")

    def test_all_groups_without_compression(self):
        verdicts = self.verdicts("-x", "12.*", "-x", "13.*")
        self.assertGreaterEqual(len(verdicts), 301)
        self.assert_clean(verdicts)

    def test_a_selection_of_the_compression_groups(self):
        chosen = [word for case in DEFLATE_CHOSEN for word in ("-i", case)]
        verdicts = self.verdicts(*chosen)
        self.assertEqual(len(verdicts), len(DEFLATE_CHOSEN))
        self.assert_clean(verdicts)


if __name__ == "__main__":
    unittest.main()
