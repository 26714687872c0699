#!/usr/bin/env python3
"""Makes a large dbt manifest of a small one, in the true layout, to measure imports with.

    inflate.py MANIFEST OUT [COPIES]     (400 copies of the sample make 10,000 models, 150 MB)

Every node, source, metric, semantic model, saved query, exposure and group is written once per copy, its names and
ids suffixed `_c0001` and on, references included; macros and docs are written once. Works for a semantic manifest too,
with `--names-of MANIFEST`. Standard library only; one copy is in memory at a time.
"""
import argparse
import json
import re

ONCE = {"metadata", "macros", "docs", "selectors", "project_configuration"}
NAMED = ("nodes", "sources", "exposures", "metrics", "semantic_models", "saved_queries", "unit_tests", "groups")


def items_of(part):
    return part.items() if isinstance(part, dict) else [("", item) for item in part or []]


def names_of(manifest):
    """Every name that a copy must not share with another; those of up to two letters are left alone."""
    names = set()
    for section in NAMED:
        for key, item in items_of(manifest.get(section)):
            names.update(key.split(".")[2:])
            names.update(item[k] for k in ("name", "alias", "identifier") if isinstance(item.get(k), str))
    return {name for name in names if len(name) > 2}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("manifest")
    arguments.add_argument("out")
    arguments.add_argument("copies", nargs="?", type=int, default=400)
    arguments.add_argument("--names-of")
    asked = arguments.parse_args()
    with open(asked.manifest) as file:
        source = json.load(file)
    names = names_of(source)
    if asked.names_of:
        with open(asked.names_of) as file:
            names |= names_of(json.load(file))
    ordered = sorted(map(re.escape, names), key=len, reverse=True)
    word = re.compile(r"(?<![A-Za-z0-9_])(" + "|".join(ordered) + r")(?![A-Za-z0-9_])")
    with open(asked.out, "w") as out:
        out.write("{")
        for place, (section, part) in enumerate(source.items()):
            out.write((", " if place else "") + json.dumps(section) + ": ")
            if section in ONCE or not part or not isinstance(part, (dict, list)):
                out.write(json.dumps(part))
                continue
            text = json.dumps(part)
            out.write(text[0])
            for copy in range(1, asked.copies + 1):
                suffix = f"_c{copy:04d}"
                out.write((", " if copy > 1 else "") + word.sub(lambda found: found.group(1) + suffix, text[1:-1]))
            out.write(text[-1])
        out.write("}")


if __name__ == "__main__":
    main()
