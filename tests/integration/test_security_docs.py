"""docs/security.md against what is there: tests by name, settings by key, rights by the served document."""

import re
import subprocess
import unittest

from peers.daemon import BINARY, ROOT, Daemon

PAGE = (ROOT / "docs" / "security.md").read_text()


class Page(unittest.TestCase):
    def test_every_named_test_exists(self):
        named = re.findall(r"`(\w+\.(?:cpp|py))::(\w+)`", PAGE)
        self.assertGreater(len(named), 20)
        sources = {path.name: path.read_text() for path in (ROOT / "tests").rglob("*") if path.suffix in (".cpp", ".py")}
        for file, test in named:
            with self.subTest(f"{file}::{test}"):
                self.assertRegex(sources.get(file, ""), rf"\b{test}\b")

    def test_every_named_setting_exists(self):
        reference = subprocess.run([str(BINARY), "--print-config"], capture_output=True, text=True, check=True, cwd=ROOT).stdout
        keys = set(re.findall(r"`((?:http|auth|rate_limit|ws|engine|dbt|sessions)\.[a-z_.]+)`", PAGE))
        self.assertGreater(len(keys), 20)
        known = set(re.findall(r"^([a-z_.]+)[ =:]", reference, re.M)) | nested(reference)
        self.assertEqual(sorted(keys - known - {"auth.mode"}), [])

    def test_the_table_of_limits_is_the_code_s(self):
        """Every key with its default, every metric declared; every setting that limits a number is in the table."""
        section = PAGE.split("## Limits")[1].split("## Transport")[0]
        rows = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in section.splitlines()
                if line.startswith("| `")]
        reference = subprocess.run([str(BINARY), "--print-reference"], capture_output=True, text=True, check=True, cwd=ROOT).stdout
        defaults = values(reference)
        sources = "".join(path.read_text() for path in (ROOT / "src").rglob("*.[ch]pp"))
        for key, default, reason, metric, test in rows:
            with self.subTest(key):
                self.assertEqual(defaults.get(key), default)
                self.assertGreater(len(reason), 10)
                self.assertTrue(not metric or f'"{metric}"' in sources, metric)
                self.assertIn("::", test)
        named = {row[0] for row in rows}
        limits = {key for key in defaults if re.match(r"(http|rate_limit|streams|overload|ws|sessions)\.", key)
                  and re.search(r"_max$|max_(?!window)|_timeout$|per_second$|burst$", key)}
        self.assertEqual(limits - named - NO_LIMITS, set(), "a limit that the table does not name")

    def test_the_roles_table_is_the_code_s(self):
        table = dict(re.findall(r"^\| (\w+) \| (\w*) ?\| ", PAGE.split("## Roles")[1].split("## Tenants")[0], re.M))
        table.pop("right", None)
        source = (ROOT / "src" / "security" / "rights.cpp").read_text()
        coded = dict(re.findall(r'\{Right::(\w+), "(\w*)",', source))
        self.assertEqual(table, coded)
        with Daemon() as daemon:
            paths = daemon.get("/openapi.json").json()["paths"]
        used = {operation.get("x-least-role", "") for operations in paths.values() for operation in operations.values()}
        self.assertEqual(used - set(coded.values()), set())


# Bounds of what is kept, not of what a caller may do.
NO_LIMITS = {"sessions.in_memory_max", "sessions.memory_events_max", "sessions.memory_bytes_max", "sessions.turn_timeout",
             "sessions.log_max_events", "sessions.plans_kept_max"}


def values(text):
    """Keys of a reference, joined by dots, with their defaults."""
    out, path = {}, []
    for line in text.splitlines():
        found = re.match(r"^( *)([a-z_0-9]+):(?: (.+))?$", line)
        if not found:
            continue
        path = path[: len(found[1]) // 2] + [found[2]]
        if found[3]:
            out[".".join(path)] = found[3].strip("'\"")
    return out


def nested(text):
    """Keys of an indented listing, joined by dots."""
    out, path = set(), []
    for line in text.splitlines():
        found = re.match(r"^( *)([a-z_0-9]+):", line)
        if not found:
            continue
        path = path[: len(found[1]) // 2] + [found[2]]
        out.add(".".join(path))
    return out


if __name__ == "__main__":
    unittest.main()
