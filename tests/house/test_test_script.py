"""scripts/test itself, in a tree whose checks are stand-ins: what it says at the end, and its exit code."""

import os
import shutil
import subprocess
import unittest

from planted_tree import SCRIPTS, PlantedTree


class TestScript(PlantedTree):
    def setUp(self):
        super().setUp()
        shutil.copytree(SCRIPTS / "testing", self.root / "scripts" / "testing")
        shutil.copy(SCRIPTS / "test", self.root / "scripts" / "test")

    def stand_in(self, name, body):
        self.plant(f"scripts/{name}", f"#!/bin/sh\n{body}\n")
        (self.root / "scripts" / name).chmod(0o755)

    def run_sections(self, *sections, **environment):
        kept = {key: value for key, value in os.environ.items() if key != "CI"}
        done = subprocess.run([str(self.root / "scripts" / "test"), *sections], env={**kept, **environment},
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.splitlines()

    def test_good_sections_end_well(self):
        self.stand_in("check-house", "exit 0")
        self.stand_in("check-format", "echo '4 passed, 0 failed, 1 skipped'")
        code, lines = self.run_sections("house", "format")
        self.assertEqual((code, lines[-1]), (0, "5 passed, 0 failed, 1 skipped"))

    def test_the_closing_line_is_the_only_one_of_its_kind_at_the_start_of_a_line(self):
        self.stand_in("check-format", "echo '4 passed, 0 failed, 1 skipped'")
        _, lines = self.run_sections("format")
        self.assertEqual([line for line in lines if line.endswith("skipped") and line[:1].isdigit()], [lines[-1]])

    def test_a_failed_section_is_named_and_does_not_stop_the_others(self):
        self.stand_in("check-house", "exit 3")
        self.stand_in("check-format", "exit 0")
        code, lines = self.run_sections("house", "format")
        self.assertEqual((code, lines[-1]), (1, "1 passed, 1 failed, 0 skipped"))
        self.assertIn("  failed: house", lines)

    def test_what_is_missing_is_a_skip_and_with_ci_a_failure(self):
        code, lines = self.run_sections("web")
        self.assertEqual((code, lines[-1]), (0, "0 passed, 0 failed, 1 skipped"))
        code, lines = self.run_sections("web", CI="true")
        self.assertEqual((code, lines[-1]), (1, "0 passed, 1 failed, 0 skipped"))

    def test_an_unknown_section_runs_nothing(self):
        self.stand_in("check-house", "exit 0")
        code, lines = self.run_sections("house", "nowhere")
        self.assertEqual((code, lines), (2, []))


if __name__ == "__main__":
    unittest.main()
