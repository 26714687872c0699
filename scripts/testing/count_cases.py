"""Counts the test cases of one ctest run: of each program by its GoogleTest report, or as one case where it left none
(it crashed, ran out of time, or is no GoogleTest program). Prints `N passed, N failed, N skipped`.

    count_cases.py FOLDER      holds ctest.junit and one <program>.xml for each program
"""

import pathlib
import sys
import xml.etree.ElementTree as ET


def gtest_counts(path):
    passed = failed = skipped = 0
    for case in ET.parse(path).getroot().iter("testcase"):
        if case.find("failure") is not None:
            failed += 1
        elif case.get("result") in ("skipped", "suppressed") or case.get("status") == "notrun":
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def program_counts(case, folder):
    """A program that failed without a failed case (a sanitizer's report, a crash) adds one failure."""
    ok = case.get("status") == "run"
    report = folder / (case.get("name") + ".xml")
    try:
        passed, failed, skipped = gtest_counts(report)
    except (OSError, ET.ParseError):
        return (1, 0, 0) if ok else (0, 1, 0)
    if not ok and failed == 0:
        failed = 1
    return passed, failed, skipped


def main(folder):
    folder = pathlib.Path(folder)
    total = [0, 0, 0]
    for case in ET.parse(folder / "ctest.junit").getroot().iter("testcase"):
        for i, n in enumerate(program_counts(case, folder)):
            total[i] += n
    print("{} passed, {} failed, {} skipped".format(*total))
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
