"""`loquat dlq` and `loquat audit verify` against a real broker."""

import json
import subprocess
import tempfile
import unittest

from peers.broker import Broker
from peers.daemon import BINARY, ROOT, Daemon, until
from peers.talk import Talker


def loquat(daemon, *words):
    return subprocess.run([str(BINARY), *words], cwd=ROOT, env=daemon.environment, capture_output=True, text=True, check=False)


def kcat_headers(text):
    return dict(item.split("=", 1) for item in text.split(",") if "=" in item)


class Commands(unittest.TestCase):
    def test_dead_letters_are_seen_and_put_back(self):
        with Broker() as broker, Daemon(KAFKA_BOOTSTRAP_SERVERS=broker.address) as daemon:
            broker.write("ai-feedback-events", "acme", '{"not": "an event"}')
            until(lambda: broker.read("ai-feedback-events.dlq"), 60, "the poison is set aside")
            key, headers, value = broker.read("ai-feedback-events.dlq")[0]
            named = kcat_headers(headers)
            self.assertEqual((key, value), ("acme", '{"not": "an event"}'))
            self.assertEqual(named["__connect.errors.topic"], "ai-feedback-events")
            self.assertEqual(named["__connect.errors.offset"], "0")
            self.assertEqual(named["__connect.errors.stage"], "VALUE_CONVERTER")
            self.assertEqual(named["__connect.errors.exception.class.name"], "invalid_request")
            for name in ("partition", "connector.name", "task.id", "class.name", "exception.message"):
                self.assertIn("__connect.errors." + name, named)

            listed = [json.loads(line) for line in loquat(daemon, "dlq", "list").stdout.splitlines()]
            self.assertEqual([(l["place"], l["replayed"], l["reason"]) for l in listed], [("0:0", False, "invalid_request")])
            done = loquat(daemon, "dlq", "replay")
            self.assertEqual((done.returncode, done.stdout), (0, "1 put back\n"), done.stderr)
            until(lambda: len(broker.read("ai-feedback-events.dlq")) == 2, 60, "still poison, it is set aside once more")
            again = [kcat_headers(h)["__connect.errors.offset"] for _, h, _ in broker.read("ai-feedback-events.dlq")]
            self.assertEqual(again, ["0", "1"], "its own headers, not those of its first death")
            listed = [json.loads(line) for line in loquat(daemon, "dlq", "list").stdout.splitlines()]
            self.assertEqual([l["replayed"] for l in listed], [True, False])
            self.assertEqual(loquat(daemon, "dlq", "replay", "0:9").returncode, 1)
            self.assertEqual(loquat(daemon, "dlq", "burn").returncode, 2)

    def test_a_later_minor_version_is_read_and_a_later_major_one_set_aside(self):
        with Broker() as broker, Daemon(KAFKA_BOOTSTRAP_SERVERS=broker.address) as daemon:
            talk = Talker(daemon)
            talk.vote(talk.ask("revenue by month")["response_id"])
            until(lambda: broker.read("ai-feedback-events"), 60, "the vote")
            event = json.loads(broker.read("ai-feedback-events")[0][2])
            for event_id, version in (("fb-minor", "1.7"), ("fb-major", "2.0")):
                later = {**event, "event_id": event_id, "schema_version": version, "new_field": [1]}
                broker.write("ai-feedback-events", "acme", json.dumps(later))
            until(lambda: "fb-minor" in str(broker.read("ai-learning-signals")), 60, "the minor one has its effect")
            until(lambda: broker.read("ai-feedback-events.dlq"), 60, "the major one is set aside")
            listed = [json.loads(line) for line in loquat(daemon, "dlq", "list").stdout.splitlines()]
            self.assertEqual([l["message"] for l in listed], ["Only schema_version 1.x is known here."])
            self.assertIn("fb-major", listed[0]["value"])
            self.assertNotIn("fb-major", str(broker.read("ai-learning-signals")))

    def test_audit_chains_are_whole_also_after_kills_and_tampering_is_found(self):
        with tempfile.TemporaryDirectory() as var, Broker() as broker, \
                Daemon(var=var, KAFKA_BOOTSTRAP_SERVERS=broker.address) as daemon:
            for life in range(3):
                for tenant in ("acme", "globex"):
                    talk = Talker(daemon, tenant=tenant)
                    for number in range(15):
                        talk.vote(f"r-{life}-{number}")
                daemon.kill() if life < 2 else daemon.stop()
                daemon.start()
            Talker(daemon).vote("after an orderly end")
            verified = loquat(daemon, "audit", "verify")
            self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)
            self.assertIn("0 findings", verified.stdout)
            lines = [value for _, _, value in broker.read("audit-events")]
            writers = {json.loads(line)["chain"]["writer"] for line in lines}
            self.assertEqual(len(writers), 3, "after a kill a life has chains of its own, after an orderly end they go on")

            def verify(changed):
                with tempfile.NamedTemporaryFile("w", suffix=".ndjson") as file:
                    file.write("".join(line + "\n" for line in changed))
                    file.flush()
                    return loquat(daemon, "audit", "verify", file.name)
            self.assertEqual(verify(lines).returncode, 0)
            self.assertEqual(verify(lines + lines[:5]).returncode, 0, "copies are no fault")
            of_one = [line for line in lines if json.loads(line)["tenant_id"] == "acme"
                      and json.loads(line)["chain"]["writer"] == json.loads(lines[0])["chain"]["writer"]]
            self.assertEqual(verify(of_one[4:]).returncode, 0, "a start after retention is no fault")
            for name, changed in {"removed": of_one[:3] + of_one[4:], "reordered": of_one[:3] + [of_one[4], of_one[3]] + of_one[5:],
                                  "changed": of_one[:3] + [of_one[3].replace('"allowed"', '"denied"')] + of_one[4:]}.items():
                found = verify(changed)
                self.assertEqual(found.returncode, 1, name)
                self.assertIn(name + ":", found.stdout)


if __name__ == "__main__":
    unittest.main()
