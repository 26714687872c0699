"""Reads the log of one section of scripts/test and prints its three numbers: passed, failed, skipped.

    count_log.py LOG EXIT_CODE

Understood are our own closing line, Python's unittest and Node's test runner; what several of them printed is added
up. A section that counts nothing is one test. A bad exit code is never without a failure, whatever was printed.
"""

import re
import sys

SKIP = 77
OWN = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.M)
UNITTEST = re.compile(r"^Ran (\d+) tests? in [\d.]+s\n\n(OK|FAILED)(?: \((.*)\))?$", re.M)
NODE = re.compile(r"^[#\u2139] (pass|fail|skipped) (\d+)$", re.M)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def unittest_counts(match):
    ran, notes = int(match[1]), dict(re.findall(r"([a-z ]+)=(\d+)", match[3] or ""))
    notes = {key.strip(): int(value) for key, value in notes.items()}
    failed = notes.get("failures", 0) + notes.get("errors", 0) + notes.get("unexpected successes", 0)
    skipped = notes.get("skipped", 0)
    return ran - failed - skipped, failed, skipped


def counts(text, code):
    text = COLOUR.sub("", text)
    found = [tuple(map(int, m.groups())) for m in OWN.finditer(text)]
    found += [unittest_counts(m) for m in UNITTEST.finditer(text)]
    node = {"pass": 0, "fail": 0, "skipped": 0}
    for kind, number in NODE.findall(text):
        node[kind] += int(number)
    if any(node.values()):
        found.append((node["pass"], node["fail"], node["skipped"]))
    passed, failed, skipped = (sum(column) for column in zip(*found)) if found else (0, 0, 0)
    if code == SKIP:
        return passed, failed, skipped + 1
    if code != 0:
        return passed, max(failed, 1), skipped
    if failed:  # a runner that reports failures must not exit with 0; believe the worse of both
        return passed, failed, skipped
    return (passed, failed, skipped) if found else (1, 0, 0)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8", errors="replace") as log:
        print(*counts(log.read(), int(sys.argv[2])))
