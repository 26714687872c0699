"""What the container does, with the real daemon and without a container engine."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from peers.daemon import BINARY, ROOT, Daemon, need


class Container(unittest.TestCase):
    def setUp(self):
        need(BINARY.exists(), str(BINARY))
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.var = pathlib.Path(folder.name) / "var"

    def daemon(self, **settings):
        return Daemon(command=[str(ROOT / "docker" / "entrypoint.sh")], var=self.var, LOQUAT_BINARY=str(BINARY),
                      LOQUAT_AUTH__MODE="jwt", LOQUAT_HTTP__HOST="0.0.0.0", LOQUAT_CONFIG="config/demo.yaml",
                      LOQUAT_DEMO_TOKEN="on", **settings)

    def test_the_printed_token_opens_the_door_and_nothing_else_does(self):
        with self.daemon() as daemon:
            token = re.search(r"^ey[\w-]+\.[\w-]+\.[\w-]+$", daemon.log.read_text(), re.M)[0]
            sessions = "/api/v1/bi/chat/sessions"
            opened = daemon.post(sessions, {}, {"Authorization": f"Bearer {token}"})
            self.assertEqual(opened.status, 201, opened.body)
            self.assertEqual(opened.json()["data"]["tenant_id"], "demo")
            self.assertEqual(daemon.post(sessions, {}).status, 401)
            forged = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
            self.assertEqual(daemon.post(sessions, {}, {"Authorization": f"Bearer {forged}"}).status, 401)
            self.assertEqual(daemon.stop(), 0)

    def test_a_token_of_an_earlier_start_still_opens_it(self):
        with self.daemon() as daemon:
            token = re.search(r"^ey[\w-]+\.[\w-]+\.[\w-]+$", daemon.log.read_text(), re.M)[0]
        with self.daemon() as daemon:
            opened = daemon.post("/api/v1/bi/chat/sessions", {}, {"Authorization": f"Bearer {token}"})
            self.assertEqual(opened.status, 201, opened.body)

    def test_the_health_check_of_the_image_asks_the_right_port(self):
        dockerfile = (ROOT / "docker" / "Dockerfile").read_text()
        check = re.search(r"HEALTHCHECK.*?CMD (.*?)$", dockerfile, re.S | re.M)[1]
        with self.daemon() as daemon:
            environment = {**os.environ, "LOQUAT_VAR_DIR": str(self.var)}
            self.assertEqual(subprocess.run(["sh", "-c", check], env=environment, check=False).returncode, 0)
            daemon.stop()
            self.assertNotEqual(subprocess.run(["sh", "-c", check], env=environment, check=False,
                                               stderr=subprocess.DEVNULL).returncode, 0)

    def test_the_image_installs_every_library_that_the_daemon_names(self):
        needed = re.findall(r"NEEDED.*\[(.*?)\]", subprocess.run(["readelf", "-d", str(BINARY)], capture_output=True,
                                                                 text=True, check=True).stdout)
        script = ROOT / "scripts" / "install-packages"
        listed = subprocess.run(["bash", "-c", f"source <(sed -n '/^group_packages/,/^}}/p' {script}); group_packages run"],
                                capture_output=True, text=True, check=True).stdout.split()
        given = {"libc6", "libgcc-s1", *listed}
        self.assertIn("libduckdb.so", needed)  # comes from the first stage
        for library in needed:
            if library != "libduckdb.so":
                owners = subprocess.run(["dpkg", "-S", f"*/{library}"], capture_output=True, text=True, check=False).stdout
                packages = {line.split(":")[0] for line in owners.splitlines()}
                self.assertTrue(packages & given, f"{library} of {packages}")


if __name__ == "__main__":
    unittest.main()
