#!/usr/bin/env python3
"""Imports a 10,000-model manifest and reads it with Python's json.load, in one run; prints both.

    cmake --preset release && ninja -C build/release bench_dbt && bench/dbt/run.py [COPIES]
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def measured(command):
    """Wall and processor seconds, peak MiB and the standard output of a program."""
    begin = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    said = child.stdout.read()
    _, status, used = os.wait4(child.pid, 0)
    if status != 0:
        raise SystemExit(f"{command[0]} failed: {status}")
    return {"wall_s": round(time.monotonic() - begin, 2), "cpu_s": round(used.ru_utime + used.ru_stime, 2),
            "peak_mib": round(used.ru_maxrss / 1024)}, said


def main():
    copies = sys.argv[1] if len(sys.argv) > 1 else "400"
    binary = os.environ.get("BENCH_DBT", str(ROOT / "build" / "release" / "bench_dbt"))
    with tempfile.TemporaryDirectory() as folder:
        manifest = f"{folder}/manifest.json"
        source = ROOT / "examples" / "orchard" / "target" / "manifest.json"
        subprocess.run([sys.executable, HERE / "inflate.py", source, manifest, copies], check=True)
        print("manifest_mb", round(os.path.getsize(manifest) / 1e6, 1))
        ours, said = measured([binary, manifest])
        theirs, _ = measured([sys.executable, "-c", f"import json; json.load(open({manifest!r}))"])
        print("loquat     ", ours, json.loads(said))
        print("json.load  ", theirs)


if __name__ == "__main__":
    main()
