"""The container's entry script, without a container: a stand-in for the daemon tells how it was started."""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import signal
import stat
import subprocess
import tempfile
import time
import unittest

from planted_tree import PROJECT

STAND_IN = """#!/bin/sh
echo "arguments: $*"
echo "key path: ${LOQUAT_AUTH__JWT__KEY_PATH-none}"
echo "pid: $$"
[ -z "${HOLD-}" ] || exec sleep 30
"""


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


class Entrypoint(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.var = self.root / "var"
        self.binary = self.root / "loquat"
        self.binary.write_text(STAND_IN)
        self.binary.chmod(0o755)

    def environment(self, **settings):
        return {"PATH": os.environ["PATH"], "LOQUAT_VAR_DIR": str(self.var), "LOQUAT_BINARY": str(self.binary), **settings}

    def start(self, *arguments, **settings):
        return subprocess.run([str(PROJECT / "docker" / "entrypoint.sh"), *arguments], env=self.environment(**settings),
                              capture_output=True, text=True, check=False, timeout=30)

    def token_of(self, output):
        tokens = [line for line in output.splitlines() if line.count(".") == 2 and line.startswith("ey")]
        self.assertEqual(len(tokens), 1, output)
        return tokens[0]

    def test_the_first_start_makes_a_key_that_only_its_owner_reads(self):
        done = self.start()
        self.assertEqual(done.returncode, 0, done.stderr)
        key = self.var / "jwt.key"
        self.assertRegex(key.read_text(), r"\A[0-9a-f]{64}\Z")
        self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
        self.assertIn(f"key path: {key}", done.stdout)
        self.assertNotIn(key.read_text(), done.stdout + done.stderr)

    def test_a_later_start_keeps_the_key(self):
        self.start()
        before = (self.var / "jwt.key").read_text()
        self.assertNotIn("made the key", self.start().stdout)
        self.assertEqual((self.var / "jwt.key").read_text(), before)

    def test_the_printed_token_is_signed_by_the_key_and_names_who_it_is(self):
        now = time.time()
        done = self.start(LOQUAT_DEMO_TOKEN="on", LOQUAT_DEMO_TENANT="acme", LOQUAT_DEMO_ROLES="analyst,curator")
        head, body, signature = self.token_of(done.stdout).split(".")
        key = (self.var / "jwt.key").read_bytes()
        self.assertEqual(decode(signature), hmac.new(key, f"{head}.{body}".encode(), hashlib.sha256).digest())
        self.assertEqual(json.loads(decode(head)), {"alg": "HS256", "typ": "JWT"})
        claims = json.loads(decode(body))
        self.assertEqual((claims["sub"], claims["tenant_id"], claims["roles"]), ("demo", "acme", ["analyst", "curator"]))
        self.assertAlmostEqual(claims["iat"], now, delta=30)
        self.assertEqual(claims["exp"] - claims["iat"], 86400)

    def test_without_being_asked_no_token_is_printed(self):
        self.assertNotIn("\ney", self.start().stdout)

    def test_a_name_that_would_break_out_of_the_token_is_refused(self):
        done = self.start(LOQUAT_DEMO_TOKEN="on", LOQUAT_DEMO_TENANT='x","roles":["operator')
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("letters, digits", done.stderr)
        self.assertNotIn("arguments:", done.stdout)

    def test_a_key_of_ones_own_is_left_alone(self):
        for name in ("JWT_KEY", "JWT_KEY_FILE", "LOQUAT_AUTH__JWT__KEY_PATH"):
            with self.subTest(name=name):
                done = self.start(LOQUAT_DEMO_TOKEN="on", **{name: "/own"})
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertFalse((self.var / "jwt.key").exists())
                self.assertNotIn("\ney", done.stdout)

    def test_without_tokens_no_key_is_made(self):
        self.assertEqual(self.start(LOQUAT_AUTH__MODE="none").returncode, 0)
        self.assertFalse((self.var / "jwt.key").exists())

    def test_arguments_reach_the_daemon_after_the_config(self):
        self.assertIn("arguments: --config mine.yaml --check-config", self.start("--check-config", LOQUAT_CONFIG="mine.yaml").stdout)

    def test_a_port_of_an_earlier_run_is_forgotten(self):
        self.var.mkdir()
        (self.var / "loquat.port").write_text("1")
        self.start()
        self.assertFalse((self.var / "loquat.port").exists())

    def test_a_folder_that_cannot_be_written_is_named(self):
        blocked = self.root / "file"
        blocked.write_text("")
        done = self.start(LOQUAT_VAR_DIR=str(blocked / "var"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot be written", done.stderr)

    def test_the_daemon_takes_the_place_of_the_script_and_gets_its_signals(self):
        process = subprocess.Popen([str(PROJECT / "docker" / "entrypoint.sh")], env=self.environment(HOLD="1"),
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        for line in process.stdout:
            if line.startswith("pid: "):
                self.assertEqual(int(line.split()[1]), process.pid)
                break
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=10), -signal.SIGTERM)


if __name__ == "__main__":
    unittest.main()
