"""What can be said of the container files without a container engine. (They are not built here: no engine runs.)"""

import re
import subprocess
import unittest

import yaml
from planted_tree import PROJECT

DOCKERFILE = (PROJECT / "docker" / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((PROJECT / "docker" / "compose.yaml").read_text())


def instructions():
    """(word, rest) of each instruction, continued lines joined."""
    joined = re.sub(r"\\\n\s*", " ", "\n".join(line for line in DOCKERFILE.splitlines() if not line.lstrip().startswith("#")))
    return [tuple(line.split(None, 1)) for line in joined.splitlines() if line.strip()]


class Dockerfile(unittest.TestCase):
    def test_every_base_image_is_pinned_to_a_release(self):
        images = [rest.split()[0] for word, rest in instructions() if word == "FROM"]
        self.assertGreaterEqual(len(images), 2, "built in stages")
        for image in images:
            self.assertRegex(image, r"^[a-z]+:\d")

    def test_the_last_stage_runs_as_no_root_and_is_asked_for_its_health(self):
        last = instructions()[max(i for i, (word, _) in enumerate(instructions()) if word == "FROM"):]
        users = [rest for word, rest in last if word == "USER"]
        self.assertTrue(users and users[-1] not in ("root", "0"))
        self.assertIn("HEALTHCHECK", [word for word, _ in last])
        self.assertTrue([rest for word, rest in last if word == "ENTRYPOINT" and rest.startswith("[")])

    def test_it_installs_by_the_projects_scripts_alone(self):
        for word, rest in instructions():
            self.assertNotEqual(word, "ADD")
            if word == "RUN":
                self.assertNotRegex(rest, r"(?<![\w/-])(apt-get|apt|pip|npm|wget|curl) ")

    def test_what_it_copies_from_the_tree_is_there_and_not_ignored(self):
        ignored = [line.rstrip("/") for line in (PROJECT / ".dockerignore").read_text().split()]
        for word, rest in instructions():
            if word == "COPY" and "--from" not in rest:
                for source in rest.split()[:-1]:
                    self.assertTrue((PROJECT / source).exists(), source)
                    self.assertNotIn(source, ignored)

    def test_the_packages_that_it_runs_with_exist(self):
        scripts = PROJECT / "scripts" / "install-packages"
        listed = subprocess.run(["bash", "-c", f"source <(sed -n '/^group_packages/,/^}}/p' {scripts}); group_packages run"],
                                capture_output=True, text=True, check=True).stdout.split()
        self.assertGreater(len(listed), 5)
        known = subprocess.run(["apt-cache", "--names-only", "search", "."], capture_output=True, text=True, check=False).stdout
        if not known:
            self.skipTest("no package lists on this machine")
        names = {line.split(" - ")[0] for line in known.splitlines()}
        self.assertEqual([name for name in listed if name not in names], [])


class Compose(unittest.TestCase):
    def test_every_image_is_pinned(self):
        for name, service in COMPOSE["services"].items():
            self.assertRegex(service["image"], r":\d", name)

    def test_ports_are_open_to_this_machine_only(self):
        for name, service in COMPOSE["services"].items():
            for port in service["ports"]:
                self.assertTrue(port.startswith("127.0.0.1:"), f"{name} {port}")

    def test_no_service_has_more_rights_than_it_needs(self):
        for name, service in COMPOSE["services"].items():
            self.assertEqual(service["cap_drop"], ["ALL"], name)
            self.assertIn("no-new-privileges:true", service["security_opt"], name)
            self.assertNotIn("privileged", service, name)

    def test_every_volume_and_dependency_is_declared(self):
        for name, service in COMPOSE["services"].items():
            for volume in service["volumes"]:
                self.assertIn(volume.split(":")[0], COMPOSE["volumes"], name)
            for other in service.get("depends_on", {}):
                self.assertIn("healthcheck", COMPOSE["services"][other])

    def test_tokens_are_on_and_no_secret_stands_in_the_file(self):
        environment = COMPOSE["services"]["loquat"]["environment"]
        self.assertEqual(environment.get("LOQUAT_AUTH__MODE", "jwt"), "jwt")
        self.assertIn("LOQUAT_AUTH__MODE=jwt", DOCKERFILE)
        for key in environment:
            self.assertNotRegex(key, r"(?i)secret|password|jwt_key")

    def test_kafka_advertises_every_listener_that_clients_may_use(self):
        kafka = COMPOSE["services"]["kafka"]["environment"]
        listeners = {part.split("://")[0] for part in kafka["KAFKA_LISTENERS"].split(",")}
        advertised = {part.split("://")[0] for part in kafka["KAFKA_ADVERTISED_LISTENERS"].split(",")}
        mapped = {part.split(":")[0] for part in kafka["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")}
        self.assertEqual(listeners - {kafka["KAFKA_CONTROLLER_LISTENER_NAMES"]}, advertised)
        self.assertEqual(listeners, mapped)
        bootstrap = COMPOSE["services"]["loquat"]["environment"]["KAFKA_BOOTSTRAP_SERVERS"]
        self.assertIn(f"PLAINTEXT://{bootstrap}", kafka["KAFKA_ADVERTISED_LISTENERS"])


if __name__ == "__main__":
    unittest.main()
