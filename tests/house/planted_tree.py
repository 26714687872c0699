"""A small tree in a temporary folder, into which a test plants one violation."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

PROJECT = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = PROJECT / "scripts"


class PlantedTree(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def plant(self, path, text):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def run_check(self, script, *arguments):
        """Runs one check on the tree. Out: (exit code, its output)."""
        first = [sys.executable] if (SCRIPTS / script).read_text().startswith("#!/usr/bin/env python3") else []
        done = subprocess.run([*first, str(SCRIPTS / script), "--root", str(self.root), *arguments],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def assert_clean(self, script, *arguments):
        code, output = self.run_check(script, *arguments)
        self.assertEqual(code, 0, output)

    def assert_caught(self, script, expected, *arguments):
        code, output = self.run_check(script, *arguments)
        self.assertEqual(code, 1, f"not caught: {expected}\n{output}")
        self.assertIn(expected, output)
