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
