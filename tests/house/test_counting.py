"""What scripts/test says at its end must be true: these cases are logs and reports as the runners write them."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

from planted_tree import SCRIPTS


def run(script, *arguments):
    done = subprocess.run([sys.executable, str(SCRIPTS / "testing" / script), *map(str, arguments)],
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.strip()


class CountLog(unittest.TestCase):
    def count(self, text, code=0):
        with tempfile.NamedTemporaryFile("w", suffix=".log") as log:
            log.write(text)
            log.flush()
            return run("count_log.py", log.name, code)[1]

    def test_adds_up_what_each_runner_printed(self):
        self.assertEqual(self.count("3 passed, 0 failed, 1 skipped\n"), "3 0 1")
        self.assertEqual(self.count("Ran 5 tests in 0.100s\n\nOK (skipped=2)\n"), "3 0 2")
        self.assertEqual(self.count("Ran 5 tests in 0.100s\n\nFAILED (failures=1, errors=1)\n", 1), "3 2 0")
        self.assertEqual(self.count("# pass 4\n# fail 1\n# skipped 2\n", 1), "4 1 2")
        self.assertEqual(self.count("\x1b[34m\u2139 pass 4\x1b[39m\n2 passed, 0 failed, 0 skipped\n"), "6 0 0")

    def test_a_section_that_counts_nothing_is_one_test(self):
        self.assertEqual(self.count("built\n"), "1 0 0")
        self.assertEqual(self.count("error\n", 1), "0 1 0")
        self.assertEqual(self.count("no browser\n", 77), "0 0 1")

    def test_a_bad_exit_is_never_without_a_failure(self):
        self.assertEqual(self.count("3 passed, 0 failed, 0 skipped\n", 139), "3 1 0")

    def test_a_reported_failure_counts_even_where_the_exit_was_good(self):
        self.assertEqual(self.count("3 passed, 1 failed, 0 skipped\n", 0), "3 1 0")


class CountCases(unittest.TestCase):
    REPORT = """<testsuites><testsuite name="S">
        <testcase name="a" status="run" result="completed"/>
        <testcase name="b" status="run" result="skipped"><skipped/></testcase>%s</testsuite></testsuites>"""

    def count(self, programs, reports):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            cases = "".join(f'<testcase name="{name}" status="{status}"/>' for name, status in programs.items())
            (folder / "ctest.junit").write_text(f"<testsuite>{cases}</testsuite>")
            for name, text in reports.items():
                (folder / f"{name}.xml").write_text(text)
            return run("count_cases.py", folder)

    def test_counts_cases_not_programs(self):
        self.assertEqual(self.count({"unit_a": "run"}, {"unit_a": self.REPORT % ""}), (0, "1 passed, 0 failed, 1 skipped"))

    def test_counts_a_failed_case(self):
        failed = '<testcase name="c" status="run"><failure message="no"/></testcase>'
        self.assertEqual(self.count({"unit_a": "fail"}, {"unit_a": self.REPORT % failed}), (1, "1 passed, 1 failed, 1 skipped"))

    def test_a_program_that_dies_is_a_failure(self):
        self.assertEqual(self.count({"unit_a": "fail"}, {}), (1, "0 passed, 1 failed, 0 skipped"))
        self.assertEqual(self.count({"unit_a": "fail"}, {"unit_a": self.REPORT % ""}), (1, "1 passed, 1 failed, 1 skipped"))


if __name__ == "__main__":
    unittest.main()
