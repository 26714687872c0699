"""The port on a network: TLS, page headers, paths out of the folder, and secrets in whatever leaves the process."""

import http.client
import json
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

from peers.broker import read_topic
from peers.daemon import ROOT, Answer, Daemon, need, until
from peers.talk import Talker, token
from peers.wss import Wss

KEY = "a-key-of-the-tests-that-has-forty-bytes.."


def make_certificate(folder, name):
    """A self-signed certificate for 127.0.0.1. Out: paths of certificate and key."""
    certificate, key = folder / "server.pem", folder / "server.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(folder / "new.key"), "-out", str(folder / "new.pem")],
                   check=True, capture_output=True)
    (folder / "new.key").replace(key)
    (folder / "new.pem").replace(certificate)
    return certificate, key


class TlsDaemon(Daemon):
    def ask(self, method, path, body=None, headers=None, seconds=30):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=seconds, context=context)
        try:
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, {"Content-Type": "application/json", **(headers or {})})
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.certificate, cls.key = make_certificate(cls.folder, "first")
        cls.daemon = cls.enterClassContext(TlsDaemon(
            LOQUAT_AUTH__MODE="jwt", JWT_KEY=KEY, LOQUAT_HTTP__TLS_CERTIFICATE=str(cls.certificate),
            LOQUAT_HTTP__TLS_KEY=str(cls.key)))

    def context(self, **versions):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        for name, value in versions.items():
            setattr(context, name, value)
        return context

    def connect(self, context=None):
        raw = socket.create_connection(("127.0.0.1", self.daemon.port), timeout=10)
        return (context or self.context()).wrap_socket(raw)

    def serial(self):
        with self.connect() as secured:
            return secured.getpeercert(binary_form=True)

    def test_answers_over_https_and_wss(self):
        talk = Talker(self.daemon, token=token(KEY, "acme", "ada"))
        self.assertEqual(talk.ask("total revenue")["status"], "complete")
        address = f"wss://127.0.0.1:{self.daemon.port}/ws/chat/{talk.session}?after=0"
        with Wss(address, self.context(), talk.headers) as stream:
            self.assertEqual(json.loads(stream.recv(timeout=10))["type"], "connection_ready")
        self.assertIn("max-age", self.daemon.get("/health").headers["Strict-Transport-Security"])

    def test_delivers_the_same_bytes_by_wss_sse_and_long_poll_across_cuts(self):
        talk = Talker(self.daemon, token=token(KEY, "acme", "ada"))
        address = f"wss://127.0.0.1:{self.daemon.port}/ws/chat/{talk.session}?after="

        def is_entry(text):  # an acknowledgement names the entry that it made, and is none
            frame = json.loads(text)
            return "seq" in frame and frame["type"] != "ack"

        def read(after, count):
            with Wss(address + str(after), self.context(), talk.headers) as stream:
                texts = []
                while len(texts) < count:
                    text = stream.recv(timeout=20)
                    if is_entry(text):
                        texts.append(text)
                return texts
        with Wss(address + "0", self.context(), talk.headers) as stream:
            for text in ("revenue by customer segment and month", "orders by depot"):  # asked, answered and pinged over one socket
                stream.send(json.dumps({"type": "message", "content": text}))
                stream.ping(timeout=20)
            live = []
            while sum(json.loads(text)["type"] == "complete" for text in live) < 2:
                text = stream.recv(timeout=30)
                if is_entry(text):
                    live.append(text)
        polled = talk.entries()
        self.assertEqual([json.loads(text) for text in live], polled)
        total = len(live)
        for cut in range(1, total, 7):
            self.assertEqual(read(0, cut) + read(cut, total - cut), live)

    def test_a_reader_that_takes_little_at_a_time_gets_every_byte_in_order(self):
        talk = Talker(self.daemon, token=token(KEY, "acme", "ada"))
        for _ in range(12):
            talk.ask("revenue by customer segment and month")
        wanted = [json.dumps(entry) for entry in talk.entries()]
        with socket.socket() as raw:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            raw.settimeout(20)
            raw.connect(("127.0.0.1", self.daemon.port))
            with self.context().wrap_socket(raw) as slow:
                names = "".join(f"{name}: {value}\r\n" for name, value in talk.headers.items())
                path = f"/api/v1/bi/chat/sessions/{talk.session}/events?after=0&wait_ms=0&limit=500"
                head = f"GET {path} HTTP/1.1\r\nHost: h\r\n{names}"
                slow.sendall(f"{head}\r\n{head}Connection: close\r\n\r\n".encode())  # the second waits its turn
                got = b"".join(iter(lambda: slow.recv(700), b""))
        for body in (part.split(b"\r\n\r\n", 1)[1] for part in got.split(b"HTTP/1.1 200 OK")[1:]):
            found = json.loads(body)["data"]["events"]
            self.assertEqual([json.dumps(entry) for entry in found], wanted)
        self.assertGreater(len(got), 200_000)

    def test_a_slow_reader_gets_every_byte_of_what_its_socket_did_not_take_at_once(self):
        path, count = "/openapi.json", 60
        whole = self.daemon.get(path).body
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            raw = socket.socket()
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            raw.settimeout(20)
            raw.connect(("127.0.0.1", self.daemon.port))
            with self.context(minimum_version=version, maximum_version=version).wrap_socket(raw) as slow:
                ask = f"GET {path} HTTP/1.1\r\nHost: h\r\n"
                slow.sendall((ask + "\r\n").encode() * (count - 1) + (ask + "Connection: close\r\n\r\n").encode())
                self.assertEqual(self.daemon.get("/health/live").status, 200)  # others are served meanwhile
                with slow.makefile("rb") as answers:
                    for _ in range(count):
                        self.assertTrue(answers.readline().startswith(b"HTTP/1.1 200"))
                        head = http.client.parse_headers(answers)
                        self.assertEqual(answers.read(int(head["Content-Length"])), whole)
                    self.assertEqual(answers.read(), b"")  # told of the end, not cut

    def test_speaks_1_2_and_1_3_and_nothing_older_or_plain(self):
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            with self.connect(self.context(minimum_version=version, maximum_version=version)) as secured:
                self.assertEqual(secured.version(), name)
        old = self.context()
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises((ssl.SSLError, ConnectionResetError)):
            self.connect(old)
        with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=10) as plain:
            plain.sendall(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n")
            self.assertNotIn(b"200", plain.recv(1000))

    def test_takes_a_new_certificate_over_without_cutting_anybody(self):
        first = self.serial()
        with self.connect() as kept:
            make_certificate(self.folder, "second")
            until(lambda: self.serial() != first, 20, "the new certificate is shown")
            kept.sendall(b"GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n")
            self.assertIn(b"200 OK", kept.recv(1000))
        second = self.serial()
        self.certificate.write_text("no certificate")
        until(lambda: "The old certificate stays" in self.daemon.log.read_text(), 20, "a bad one is refused aloud")
        self.assertEqual(self.serial(), second)

    def test_silent_handshakes_hold_nobody_up(self):
        silent = [socket.create_connection(("127.0.0.1", self.daemon.port), timeout=10) for _ in range(50)]
        began = time.monotonic()
        self.assertEqual(self.daemon.get("/health/live").status, 200)
        self.assertLess(time.monotonic() - began, 5)
        for one in silent:
            one.close()


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        web = cls.folder / "web"
        web.mkdir()
        (web / "index.html").write_text("<!doctype html><title>page</title>")
        (web / ".hidden").write_text("hiddenmarker")
        (cls.folder / "outside.txt").write_text("outsidemarker")
        (web / "link.txt").symlink_to(cls.folder / "outside.txt")
        cls.daemon = cls.enterClassContext(Daemon(LOQUAT_HTTP__WEB_ROOT=str(web)))

    def test_shows_pages_under_a_strict_policy(self):
        headers = self.daemon.get("/").headers
        policy = headers["Content-Security-Policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertIn("frame-ancestors 'none'", policy)
        for word in ("unsafe-inline", "unsafe-eval", "data:", "blob:", "*", "http:"):
            self.assertNotIn(word, policy)
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(headers["Referrer-Policy"], "no-referrer")
        self.assertIn("default-src 'none'", self.daemon.get("/health").headers["Content-Security-Policy"])

    def test_gives_no_file_outside_the_folder(self):
        for path in ("/../outside.txt", "/%2e%2e/outside.txt", "/..%2foutside.txt", "/%2e%2e%2foutside.txt", "/..\\outside.txt",
                     "/%5c..%5coutside.txt", "/.%00./outside.txt", "/%252e%252e/outside.txt", "/%c0%ae%c0%ae/outside.txt",
                     "//etc/passwd", "/etc/passwd", "/./../outside.txt", "/link.txt", "/.hidden", "/index.html/../../outside.txt",
                     "/..;/outside.txt"):
            with self.subTest(path), socket.create_connection(("127.0.0.1", self.daemon.port), timeout=10) as raw:
                raw.sendall(f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
                answer = b""
                while more := raw.recv(65536):
                    answer += more
                self.assertRegex(answer, rb"^HTTP/1.1 (400|404) ")
                self.assertNotIn(b"marker", answer)
                self.assertNotIn(b"root:", answer)


class Floods(unittest.TestCase):
    def test_one_address_gets_its_share_and_gets_it_back(self):
        with Daemon(LOQUAT_HTTP__MAX_CONNECTIONS_PER_ADDRESS="2", LOQUAT_HTTP__TRUSTED_PROXIES="192.0.2.1") as daemon:
            for _ in range(6):
                self.assertEqual(daemon.get("/health/live").status, 200)
            held = [socket.create_connection(("127.0.0.1", daemon.port), timeout=10) for _ in range(2)]
            until(lambda: daemon.get("/health/live").status == 503, 10, "a third connection is refused")
            for one in held:
                one.close()
            until(lambda: daemon.get("/health/live").status == 200, 10, "a place that was given back")

    def test_says_exactly_how_long_to_wait(self):
        with Daemon(LOQUAT_RATE_LIMIT__REQUESTS_PER_SECOND="0.2", LOQUAT_RATE_LIMIT__BURST="1") as daemon:
            path = "/api/v1/copilot/mode"
            self.assertEqual(daemon.get(path).status, 200)
            refused = daemon.get(path)
            self.assertEqual(refused.status, 429)
            self.assertIn(refused.headers["Retry-After"], ("4", "5"))
            self.assertEqual(daemon.get(path, {"X-User-ID": "another"}).status, 200)
            self.assertEqual(daemon.get("/health").status, 200)


class OutgoingUrls(unittest.TestCase):
    def test_imports_go_to_listed_hosts_and_never_inside_by_a_name(self):
        with Daemon(LOQUAT_DBT__ALLOWED_HOSTS='["localhost.localdomain", "169.254.169.254", "0.0.0.0"]') as daemon:
            for url in ("http://127.0.0.1:1/m.json", "http://169.254.169.254/latest/meta-data", "http://0.0.0.0/m",
                        "file:///etc/passwd", "http://user@169.254.169.254/", "gopher://x/", "http://[::1]/m"):
                with self.subTest(url):
                    found = daemon.post("/api/v1/integrations/dbt/sync", {"manifest_url": url})
                    self.assertGreaterEqual(found.status, 400, found.body[:300])
                    self.assertNotIn(b"root:", found.body)


class Secrets(unittest.TestCase):
    """Plants a secret at each way in and looks for it at each way out."""

    def test_no_planted_secret_leaves(self):
        planted = {"kafka password": "kafkapassword-7f31", "model key": "sk-modelkey-55aa", "catalog token": "catalogtoken-9c02",
                   "jwt key": KEY}
        with tempfile.TemporaryDirectory() as folder:
            model_key = pathlib.Path(folder) / "model.key"
            model_key.write_text(planted["model key"] + "\n")
            settings = {"LOQUAT_AUTH__MODE": "jwt", "JWT_KEY": KEY, "LOQUAT_LOG__LEVEL": "debug",
                        "KAFKA_SASL_PASSWORD": planted["kafka password"], "LOQUAT_LLM__API_KEY_FILE": str(model_key)}
            with Daemon(**settings) as daemon:
                bearer = token(KEY, "acme", "ada", roles=["operator"])
                talk = Talker(daemon, token=bearer)
                made = Talker.data(daemon.post("/api/v1/auth/keys", {"name": "m", "role": "operator"}, talk.headers), 201)
                machine = {"Authorization": f"Bearer {made['key']}"}
                self.assertEqual(daemon.get("/api/v1/auth/keys", machine).status, 200)
                self.assertNotIn(made["key"], daemon.get("/api/v1/auth/keys", talk.headers).body.decode())
                ticket = Talker.data(daemon.post("/api/v1/auth/ticket", {}, talk.headers))["ticket"]
                planted.update({"token": bearer, "api key": made["key"].rsplit("_", 1)[1], "ticket": ticket})
                answer = talk.ask("total revenue")
                session = f"/api/v1/bi/chat/sessions/{talk.session}"
                outputs = {
                    "query token": daemon.get(f"{session}/events?token={bearer}"),
                    "ticket": daemon.get(f"{session}/events?ticket={ticket}"),
                    "ticket again": daemon.get(f"{session}/events?ticket={ticket}"),
                    "bad header": daemon.get(session, {"Authorization": f"Bearer {bearer}x"}),
                    "bad key": daemon.get(session, {"Authorization": f"Bearer {made['key'][:-1]}"}),
                    "wrong path": daemon.get(f"/nothing?token={bearer}&ticket={ticket}"),
                    "wrong body": daemon.post(f"{session}/messages", {"message": 7, "token": 1}, talk.headers),
                    "trace": daemon.get(f"/api/v1/traces/{answer['trace_id']}", talk.headers),
                    "export": daemon.get("/api/v1/feedback/export?format=sft", talk.headers),
                    "metrics": daemon.get("/metrics"), "health": daemon.get("/health"),
                    "openapi": daemon.get("/openapi.json")}
                self.assertEqual(outputs["ticket"].status, 200)
                self.assertEqual(outputs["ticket again"].status, 401, "a ticket is good for once")
                audit = self.topic(daemon, "audit-events")
                printed = subprocess.run([daemon.command[0], "--print-config"], env={**daemon.environment}, cwd=ROOT,
                                         capture_output=True, text=True, check=True)
                daemon.stop()
                texts = {name: found.body.decode(errors="replace") for name, found in outputs.items()}
                texts.update({"log": daemon.log.read_text(errors="replace"), "settings": printed.stdout + printed.stderr,
                              "audit topic": audit})
                for path in daemon.var.rglob("*"):
                    if path.is_file():
                        texts[f"file {path.name}"] = path.read_bytes().decode("latin-1")
                self.assertTrue(any(name.startswith("file loquat.db") for name in texts), list(texts))
                for name, text in texts.items():
                    for what, secret in planted.items():
                        with self.subTest(output=name, secret=what):
                            self.assertNotIn(secret, text)
                            self.assertNotIn(secret[: len(secret) * 3 // 4], text)

    @staticmethod
    def topic(daemon, name):
        """What a topic of the broker inside the daemon holds."""
        need(shutil.which("kcat"), "kcat")
        address = (daemon.var / "loquat.kafka").read_text().strip()
        return until(lambda: "\n".join(map(str, read_topic(address, name))), 20, f"records in {name}")


if __name__ == "__main__":
    unittest.main()
