"""Artifacts by https: a server with a certificate of its own authority, and what is said of certificates that do not do."""

import http.server
import pathlib
import ssl
import subprocess
import tempfile
import threading
import unittest

from peers.daemon import ROOT, Daemon, until

TARGET = ROOT / "examples" / "orchard" / "target"
STATUS = "/api/v1/integrations/dbt/status"
SYNC = "/api/v1/integrations/dbt/sync"
CASES = ({"host": "localhost", "name": "localhost", "days": "30"}, {"host": "localhost", "name": "elsewhere.test", "days": "30"},
         {"host": "localhost", "name": "localhost", "days": "-1"})


def made(folder, authority, name, days):
    """A certificate for the name by the authority. Out: chain and key files."""
    at = f"{folder}/{name}{days}"
    for command in (f"openssl req -newkey rsa:2048 -nodes -subj /CN={name} -keyout {at}.key -out {at}.csr",
                    f"openssl x509 -req -in {at}.csr -CA {authority}.pem -CAkey {authority}.key -CAcreateserial -days {days} "
                    f"-extfile {at}.ext -out {at}.pem"):
        pathlib.Path(f"{at}.ext").write_text(f"subjectAltName=DNS:{name}\n")
        subprocess.run(command.split(" "), check=True, capture_output=True)
    return f"{at}.pem", f"{at}.key"


class Artifacts(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *arguments):
        super().__init__(*arguments, directory=str(TARGET))

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        """A client that refuses the certificate ends the handshake: that is what is tested."""


class Https(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.authority = f"{folder.name}/ca"
        subprocess.run(f"openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=authority -keyout {cls.authority}.key "
                       f"-out {cls.authority}.pem".split(" "), check=True, capture_output=True)
        cls.urls = [cls.serve(folder.name, **case) for case in CASES]

    @classmethod
    def serve(cls, folder, host, name, days):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*made(folder, cls.authority, name, days))
        server = Server(("127.0.0.1", 0), Artifacts)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        return f"https://{host}:{server.server_port}"

    def daemon(self, url, **more):
        return Daemon(LOQUAT_DBT__MANIFEST_PATH=f"{url}/manifest.json", LOQUAT_DBT__CATALOG_PATH=f"{url}/catalog.json",
                      LOQUAT_DBT__SEMANTIC_MANIFEST_PATH=f"{url}/semantic_manifest.json", LOQUAT_DBT__ALLOWED_HOSTS="localhost", **more)

    def status(self, daemon):
        return daemon.get(STATUS, {"X-Tenant-ID": "acme", "X-User-ID": "ada"}).json()["data"]

    def refused(self, url, **more):
        """What the status says of a model that could not be fetched."""
        with self.daemon(url, **more) as daemon:
            status = until(lambda: (s := self.status(daemon)).get("last_error") and s, 20, "a failed fetch")
            self.assertEqual(status["state"], "empty")
            headers = {"X-Tenant-ID": "acme", "X-User-ID": "ada"}
            health = daemon.get("/health", headers).json()
            dbt = (health.get("data") or health)["integrations"]["dbt"]
            self.assertEqual(dbt["state"], "down")
            return status["last_error"]

    def test_a_trusted_server_is_read(self):
        with self.daemon(self.urls[0], SSL_CERT_FILE=self.authority + ".pem") as daemon:
            status = self.status(daemon)
            self.assertEqual(status["state"], "fresh", status)
            self.assertGreater(status["counts"]["metrics"], 50)

    def test_an_unknown_authority_is_said(self):
        self.assertRegex(self.refused(self.urls[0]), r"^manifest: localhost: TLS: its certificate is not trusted: ")

    def test_another_name_is_said(self):
        self.assertRegex(self.refused(self.urls[1], SSL_CERT_FILE=self.authority + ".pem"),
                         r"^manifest: localhost: TLS: its certificate is for another name")

    def test_an_expired_certificate_is_said(self):
        self.assertRegex(self.refused(self.urls[2], SSL_CERT_FILE=self.authority + ".pem"), r"certificate has expired")


if __name__ == "__main__":
    unittest.main()
