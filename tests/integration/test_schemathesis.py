"""Every check of Schemathesis against the served OpenAPI document: bounded here, longer with LOQUAT_FULL=yes."""

import os
import pathlib
import re
import subprocess
import unittest

from peers.daemon import ROOT, Daemon, need
from peers.talk import Talker, token

KEY = "a-key-of-the-tests-that-has-forty-bytes.."
SETTINGS = pathlib.Path(__file__).with_name("schemathesis.toml")


class Contract(unittest.TestCase):
    def test_no_check_finds_a_failure(self):
        program = ROOT / "build" / "schemathesis-venv" / "bin" / "schemathesis"
        need(program.exists(), "schemathesis")
        full = os.environ.get("LOQUAT_FULL") == "yes"
        # One user asks faster than any person: his rate is not what is looked at here.
        with Daemon(LOQUAT_AUTH__MODE="jwt", JWT_KEY=KEY, LOQUAT_RATE_LIMIT__REQUESTS_PER_SECOND="0") as daemon:
            bearer = token(KEY, "acme", "ada", roles=["operator"], seconds=3600)
            Talker(daemon, token=bearer).ask("total revenue")
            done = subprocess.run(
                [str(program), "--config-file", str(SETTINGS), "run", f"http://127.0.0.1:{daemon.port}/openapi.json",
                 "-H", f"Authorization: Bearer {bearer}", "--checks", "all", "--phases", "examples,coverage,fuzzing", "--seed", "1",
                 "--max-examples", "100" if full else "8", "--request-timeout", "20", "--generation-database", "none", "--no-color"],
                capture_output=True, text=True, check=False, timeout=1800 if full else 420, cwd=daemon.var)
            self.assertEqual(daemon.get("/health/live").status, 200)
            self.assertNotIn("api_error", daemon.log_tail)
        self.assertRegex(done.stdout, r"Tested: [5-9]\d", done.stdout[-3000:] + done.stderr[-2000:])
        report = re.sub(r"(?s)^.*?= FAILURES =+", "", done.stdout)
        self.assertEqual(done.returncode, 0, report[:6000])


if __name__ == "__main__":
    unittest.main()
