"""SASL and TLS against a real broker: each way in works, wrong credentials are said once and clearly, no secret is logged."""

import pathlib
import subprocess
import unittest

from peers.broker import Broker
from peers.daemon import Daemon, until
from peers.talk import Talker

USER, PASSWORD, WRONG = "svc", "svc-secret", "wrong-secret-48151"


def sasl(broker, mechanism, listener="sasl_ssl", password=PASSWORD, **more):
    protocol = listener.upper()
    settings = {"KAFKA_BOOTSTRAP_SERVERS": broker.listener(listener), "KAFKA_SECURITY_PROTOCOL": protocol,
                "KAFKA_SASL_MECHANISM": mechanism, "KAFKA_SASL_USERNAME": USER, "KAFKA_SASL_PASSWORD": password, **more}
    if protocol == "SASL_SSL":
        settings["LOQUAT_KAFKA__SSL_CA_LOCATION"] = f"{broker.folder}/tls/ca.pem"
    return settings


def kafka_health(daemon):
    return daemon.get("/health").json()["integrations"]["kafka"]


class Security(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker(secured=True)
        cls.addClassCleanup(cls.broker.__exit__)
        cls.broker.up()

    def vote_arrives(self, broker, settings, name):
        with Daemon(**settings) as daemon:
            answer = Talker(daemon).vote(f"by-{name}")
            self.assertEqual(answer.status, 202, daemon.log_tail)  # `buffered` where the broker took its time
            until(lambda: any(f"by-{name}" in value for _, _, value in broker.read("ai-feedback-events")), 30, "the vote arrives")
            self.assertNotIn(PASSWORD, daemon.log.read_text())

    def test_scram_over_tls(self):
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
            with self.subTest(mechanism):
                self.vote_arrives(self.broker, sasl(self.broker, mechanism), mechanism)

    def test_plain_with_and_without_tls(self):
        for listener in ("sasl_ssl", "sasl_plaintext"):
            with self.subTest(listener):
                self.vote_arrives(self.broker, sasl(self.broker, "PLAIN", listener), f"plain-{listener}")

    def test_wrong_credentials_are_said_once_and_clearly(self):
        settings = sasl(self.broker, "SCRAM-SHA-512", password=WRONG)
        with Daemon(**settings) as daemon:
            said = until(lambda: kafka_health(daemon).get("last_error"), 20, "health says what is wrong")
            self.assertIn("uthentication", said)
            answer = Talker(daemon).vote("kept-meanwhile")
            self.assertEqual((answer.status, answer.json()["data"]["status"]), (202, "buffered"))
            until(lambda: daemon.get("/metrics").body.count(b"loquat_kafka_client_errors_total") > 0, 10, "counted")
            log = daemon.log.read_text()
            self.assertNotIn(WRONG, log + said)
            # What is said again is held back by the log: five lines of a kind in ten seconds, two kinds, 20 s at most.
            self.assertLess(sum("uthentication" in line for line in log.splitlines()), 30, log[-3000:])
            refused = pathlib.Path(self.broker.folder, "broker.log").read_text().count("Failed authentication")
            self.assertLess(refused, 60, "no storm of attempts")

    def test_an_unknown_authority_is_refused(self):
        settings = sasl(self.broker, "SCRAM-SHA-512")
        del settings["LOQUAT_KAFKA__SSL_CA_LOCATION"]
        with Daemon(**settings) as daemon:
            said = until(lambda: kafka_health(daemon).get("last_error"), 20, "health says what is wrong")
            self.assertIn("certificate", said.lower())


class ClientCertificate(unittest.TestCase):
    def test_the_broker_asks_for_ours(self):
        extra = ("ssl.client.auth=required\nlistener.name.sasl_ssl.ssl.client.auth=required\n"
                 "ssl.truststore.type=PEM\nssl.truststore.location={folder}/tls/ca.pem")
        with Broker(secured=True, extra=extra) as broker:
            folder = f"{broker.folder}/tls"
            commands = (
                f"openssl req -newkey rsa:2048 -nodes -subj /CN=loquat -keyout {folder}/ours.key -out {folder}/ours.csr",
                f"openssl x509 -req -in {folder}/ours.csr -CA {folder}/ca.pem -CAkey {folder}/ca.key -CAcreateserial -days 30 "
                f"-out {folder}/ours.pem")
            for command in commands:
                subprocess.run(command.split(), check=True, capture_output=True)
            plain = sasl(broker, "SCRAM-SHA-256")
            ours = {"LOQUAT_KAFKA__SSL_CERTIFICATE_LOCATION": f"{folder}/ours.pem",
                    "LOQUAT_KAFKA__SSL_KEY_LOCATION": f"{folder}/ours.key"}
            with Daemon(**plain, **ours) as daemon:
                Talker(daemon).vote("with-certificate")
                until(lambda: any("with-certificate" in value for _, _, value in broker.read("ai-feedback-events")), 30,
                      "the vote arrives")
            with Daemon(**plain) as daemon:
                self.assertEqual(Talker(daemon).vote("without-certificate").json()["data"]["status"], "buffered")


if __name__ == "__main__":
    unittest.main()
