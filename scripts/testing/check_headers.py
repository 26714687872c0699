"""Compiles every header of include/ alone: one that leans on what others included before it is found here.

    check_headers.py [--jobs N] [--build build/release]

The flags are those of the room's own sources in the compile commands of a build.
"""

import argparse
import concurrent.futures
import json
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def flags_of(build):
    """The compile flags of one source, without what names the source, its object or the compiler's cache."""
    commands = json.loads((build / "compile_commands.json").read_text())
    # The room that knows every other sees every include path.
    command = next((c for c in commands if re.search(r"/src/app/|loquat_app\.dir", c["file"])), commands[0])
    words = shlex.split(command["command"])
    while "ccache" in words[0]:
        words = words[1:]
    flags, skip = [], False
    for word in words[1:]:
        if skip or word in ("-c", command["file"]):
            skip = False
        elif word in ("-o", "-MF", "-MT"):
            skip = True
        elif not word.startswith("-M"):
            flags.append(word)
    return words[0], flags


def judge(header, compiler, flags):
    done = subprocess.run([compiler, *flags, "-fsyntax-only", "-Wno-pragma-once-outside-header", "-x", "c++", str(header)],
                          capture_output=True, text=True, check=False)
    return header, done.returncode, done.stderr


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    options = parser.parse_args()
    compiler, flags = flags_of(options.build)
    headers = sorted((ROOT / "include").rglob("*.hpp"))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for header, code, message in pool.map(lambda h: judge(h, compiler, flags), headers):
            if code:
                failed += 1
                print(f"{header.relative_to(ROOT)} does not compile alone:\n{message[:1500]}")
    print(f"{len(headers) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not headers else 0


if __name__ == "__main__":
    sys.exit(main())
