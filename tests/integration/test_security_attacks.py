"""What attackers send: requests that two readers read differently, texts that cost more than they should, foreign pages."""

import json
import socket
import ssl
import time
import unittest

import websockets.exceptions
import websockets.sync.client

from peers.daemon import Daemon, until
from peers.talk import Talker, token

KEY = "a-key-of-the-tests-that-has-forty-bytes.."
SESSIONS = "/api/v1/bi/chat/sessions"
NEXT = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Smuggling(unittest.TestCase):
    """A request whose end is in doubt is refused, and the connection ends: nothing behind it is read as another request."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(Daemon())

    def answers_to(self, sent):
        with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=10) as raw:
            raw.sendall(sent)
            got = b""
            try:
                while more := raw.recv(65536):
                    got += more
            except (ConnectionResetError, TimeoutError):
                pass
        return got

    def test_doubtful_lengths_are_refused(self):
        head = f"POST {SESSIONS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n".encode()
        chunked = b"\r\n\r\n0\r\n\r\n"
        for field, body in (
                (b"Content-Length: 4\r\nTransfer-Encoding: chunked", chunked), (b"Transfer-Encoding: chunked\r\nContent-Length: 4", chunked),
                (b"Content-Length: 2\r\nContent-Length: 40", b"\r\n\r\n{}"), (b"Content-Length: 2\r\nContent-Length: 2", b"\r\n\r\n{}"),
                (b"Content-Length: 2, 2", b"\r\n\r\n{}"), (b"Content-Length: +2", b"\r\n\r\n{}"), (b"Content-Length: 0x2", b"\r\n\r\n{}"),
                (b"Content-Length: 99999999999999999999999", b"\r\n\r\n{}"), (b"Transfer-Encoding: xchunked", chunked),
                (b"Transfer-Encoding: identity", chunked), (b"Transfer-Encoding: gzip, chunked", chunked),
                (b"Transfer-Encoding: chunked, gzip", chunked), (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", chunked),
                (b"Transfer-Encoding : chunked", chunked), (b"Transfer-Encoding: \x0bchunked", chunked),
                (b"X: a\rTransfer-Encoding: chunked\r\nContent-Length: 2", b"\r\n\r\n{}"), (b"X: a\x00b\r\nContent-Length: 2", b"\r\n\r\n{}"),
                (b"Transfer-Encoding: chunked", b"\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
                (b"Transfer-Encoding: chunked", b"\r\n\r\n-2\r\n{}\r\n0\r\n\r\n"), (b"Transfer-Encoding: chunked", b"\r\n\r\n2\r\n{}0\r\n\r\n")):
            with self.subTest(field):
                got = self.answers_to(head + field + body + NEXT)
                self.assertTrue(got.startswith(b"HTTP/1.1 400"), got[:100])
                self.assertEqual(got.count(b"HTTP/1.1 "), 1, "what stands behind it is no request")

    def test_trailers_are_no_headers(self):
        sent = (f"POST {SESSIONS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
                "Connection: close\r\n\r\n2\r\n{}\r\n0\r\nX-Tenant-ID: evil\r\nX-User-ID: eve\r\n\r\n").encode()
        got = self.answers_to(sent)
        self.assertIn(b" 201 ", got.split(b"\r\n")[0])
        self.assertNotIn(b"evil", got)

    def test_no_header_value_ends_its_line(self):
        for name, value in (("X-Request-ID", "a%0d%0aX-Evil: 1"), ("X-Request-ID", "a b"), ("traceparent", "00-x")):
            with self.subTest(name):
                headers = self.daemon.get("/health", {name: value}).headers
                self.assertNotIn("X-Evil", headers)
                self.assertNotEqual(headers.get("X-Request-ID"), "a b")


class ForeignPages(unittest.TestCase):
    def test_a_name_bound_to_loopback_anew_reaches_nothing_without_tokens(self):
        with Daemon() as daemon:
            for host in ("evil.example", "evil.example:80", "127.evil.example", "10.0.0.1", "[fe80::1]"):
                with self.subTest(host):
                    self.assertEqual(daemon.post(SESSIONS, {}, {"Host": host}).status, 403)
                    self.assertEqual(daemon.get("/", {"Host": host}).status, 403)
            for host in ("localhost:8000", "127.0.0.1", "127.8.9.1:80", "[::1]:8000", "app.localhost"):
                with self.subTest(host):
                    self.assertEqual(daemon.post(SESSIONS, {}, {"Host": host}).status, 201)

    def test_a_foreign_page_opens_no_socket_and_posts_no_form(self):
        with Daemon() as daemon:
            talk = Talker(daemon)
            address = f"ws://127.0.0.1:{daemon.port}/ws/chat/{talk.session}"
            for origin in ("https://evil.example", "null", f"http://127.0.0.1:{daemon.port}.evil.example"):
                with self.subTest(origin), self.assertRaises(websockets.exceptions.InvalidStatus) as refused:
                    websockets.sync.client.connect(address, additional_headers={**talk.headers, "Origin": origin})
                self.assertEqual(refused.exception.response.status_code, 403)
            for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
                found = daemon.post(f"{SESSIONS}/{talk.session}/messages", {"message": "total revenue"}, {**talk.headers, "Content-Type": kind})
                self.assertEqual(found.status, 415)


class Cost(unittest.TestCase):
    """Texts made to be expensive are answered or refused in a moment, and the rest goes on."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(Daemon(LOQUAT_SESSIONS__MESSAGE_MAX_BYTES="16384"))
        cls.talk = Talker(cls.daemon)

    def ask(self, path, body):
        found = self.daemon.ask("POST", path, body, self.talk.headers, seconds=60)
        self.assertLess(found.status, 500, found.body[:300])
        self.assertEqual(self.daemon.get("/health/live").status, 200)
        return found

    def test_long_names_are_refused_before_they_are_compared(self):
        for field in ("metrics", "group_by", "order_by"):
            found = self.ask("/api/v1/semantic/compile", {"metrics": ["revenue"], field: ["a" * 20_000] * 50})
            self.assertEqual((found.status, found.json()["errors"][0]["field"]), (400, f"/{field}/0"))
        self.assertEqual(self.ask("/api/v1/semantic/compile", {"saved_query": "a" * 100_000}).status, 400)
        self.assertGreaterEqual(self.daemon.get("/api/v1/semantic/dimensions?metrics=" + "a" * 8000, self.talk.headers).status, 400)

    def test_deep_filters_and_statements(self):
        for text in ("(" * 8000 + "1=1" + ")" * 8000, "not " * 4000 + "1=1", " or ".join(["1=1"] * 2000), "{{" * 8000, "'" * 16001):
            self.ask("/api/v1/semantic/compile", {"metrics": ["revenue"], "where": [text]})
        for sql in ("select " + "(" * 30000 + "1" + ")" * 30000, "select * from (" * 4000 + "select 1 a" + ") t" * 4000,
                    "select 1" + "+1" * 30000, "select " + "not " * 15000 + "true", "select " + "case when true then " * 1000 + "1" + " end" * 1000,
                    "with a as (" * 3000 + "select 1" + ") select 1" * 3000, "select '" + "a" * 60000 + "'"):
            self.ask("/api/v1/lineage/extract", {"sql": sql})

    def test_questions(self):
        for text in ("revenue by month " * 900, "a" * 16000, "'" * 16000, "9" * 16000, "and " * 4000, "top 5 " * 2700 + "revenue",
                     "between 2024 and " * 900, "revenue by customer segment and " * 500, "not in " * 2000 + "revenue"):
            path = f"{SESSIONS}/{self.talk.session}/messages"
            self.assertLess(self.ask(path, {"message": text}).status, 500)

    def test_corrections_with_long_literals(self):
        answer = self.talk.ask("total revenue")
        for literal in ("a" * 60_000, "''" * 30_000):
            sql = f"SELECT SUM(line_total) AS revenue FROM orchard.main.order_lines WHERE order_id = '{literal}'"
            self.ask("/api/v1/feedback/correction", {"session_id": self.talk.session, "response_id": answer["response_id"],
                                                     "corrected_sql": sql})


class EndOfAToken(unittest.TestCase):
    def test_a_running_socket_ends_with_4401_and_its_ticket_with_it(self):
        with Daemon(LOQUAT_AUTH__MODE="jwt", JWT_KEY=KEY, LOQUAT_AUTH__JWT__LEEWAY="0ms") as daemon:
            talk = Talker(daemon, token=token(KEY, "acme", "ada"))
            short = {"Authorization": f"Bearer {token(KEY, 'acme', 'ada', seconds=3)}"}
            ticket = Talker.data(daemon.post("/api/v1/auth/ticket", {}, short))["ticket"]
            address = f"ws://127.0.0.1:{daemon.port}/ws/chat/{talk.session}"
            with self.assertRaises(websockets.exceptions.ConnectionClosed) as ended, \
                    websockets.sync.client.connect(address, additional_headers=short, max_queue=None) as stream:
                while True:
                    stream.recv(timeout=20)
            self.assertEqual(ended.exception.rcvd.code, 4401)
            self.assertEqual(daemon.get(f"{SESSIONS}/{talk.session}/events?ticket={ticket}").status, 401)
            self.assertEqual(daemon.get(f"{SESSIONS}/{talk.session}", short).status, 401)

    def test_a_stream_s_cookie_serves_its_path_until_the_token_ends(self):
        with Daemon(LOQUAT_AUTH__MODE="jwt", JWT_KEY=KEY, LOQUAT_AUTH__JWT__LEEWAY="0ms") as daemon:
            talk = Talker(daemon, token=token(KEY, "acme", "ada"))
            short = {"Authorization": f"Bearer {token(KEY, 'acme', 'ada', seconds=4)}"}
            ticket = Talker.data(daemon.post("/api/v1/auth/ticket", {}, short))["ticket"]
            path = f"/api/v1/agents/stream/{talk.session}"

            def head(target, cookie=""):
                with socket.create_connection(("127.0.0.1", daemon.port), timeout=10) as raw:
                    raw.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n{cookie}\r\n".encode())
                    return raw.recv(4096).split(b"\r\n\r\n")[0].decode()
            given = head(f"{path}?ticket={ticket}")
            line = next(line for line in given.split("\r\n") if line.startswith("Set-Cookie:"))
            for word in (f"Path={path}", "HttpOnly", "SameSite=Strict"):
                self.assertIn(word, line)
            cookie = "Cookie: " + line.split(": ")[1].split(";")[0] + "\r\n"
            self.assertIn(" 200 ", head(path, cookie))
            self.assertIn(" 401 ", head(SESSIONS, cookie), "it opens nothing but streams")
            other = Talker(daemon, token=token(KEY, "acme", "ada"))
            for target in (f"/api/v1/agents/stream/{other.session}", f"{SESSIONS}/{talk.session}/events",
                           f"/ws/chat/{talk.session}"):
                self.assertIn(" 401 ", head(target, cookie), target)
            until(lambda: " 401 " in head(path, cookie), 20, "it ends with the token")

    def test_a_header_that_names_somebody_else_is_refused_however_the_caller_is_proven(self):
        with Daemon(LOQUAT_AUTH__MODE="jwt", JWT_KEY=KEY) as daemon:
            boss = {"Authorization": f"Bearer {token(KEY, 'acme', 'boss', roles=['operator'])}"}
            made = Talker.data(daemon.post("/api/v1/auth/keys", {"name": "m", "role": "analyst"}, boss), 201)
            talk = Talker(daemon, token=made["key"])
            events = f"{SESSIONS}/{talk.session}/events"
            for name, value in (("X-User-ID", "ada"), ("X-Tenant-ID", "beta")):
                self.assertEqual(daemon.get(events, {**talk.headers, name: value}).status, 403, name)
                ticket = Talker.data(daemon.post("/api/v1/auth/ticket", {}, talk.headers))["ticket"]
                self.assertEqual(daemon.get(f"{events}?ticket={ticket}", {name: value}).status, 403, name)
            with socket.create_connection(("127.0.0.1", daemon.port), timeout=10) as raw:
                twice = f"Authorization: {boss['Authorization']}\r\n" * 2
                raw.sendall(f"GET {SESSIONS} HTTP/1.1\r\nHost: localhost\r\n{twice}\r\n".encode())
                self.assertIn(b" 400 ", raw.recv(4096).split(b"\r\n")[0])

    def test_opening_sockets_counts_like_every_request(self):
        with Daemon(LOQUAT_AUTH__MODE="jwt", JWT_KEY=KEY, LOQUAT_RATE_LIMIT__REQUESTS_PER_SECOND="1",
                    LOQUAT_RATE_LIMIT__BURST="5") as daemon:
            talk = Talker(daemon, token=token(KEY, "acme", "ada"))

            def open_one(headers):
                try:
                    with websockets.sync.client.connect(f"ws://127.0.0.1:{daemon.port}/ws/chat/{talk.session}",
                                                        additional_headers=headers, max_queue=None):
                        return 101
                except websockets.exceptions.InvalidStatus as refused:
                    return refused.response.status_code
            self.assertIn(429, [open_one(talk.headers) for _ in range(12)])
            self.assertIn(429, [open_one({"Authorization": "Bearer wrong"}) for _ in range(12)])

    def test_a_revoked_key_ends_its_sockets_tickets_and_cookies(self):
        with Daemon(LOQUAT_AUTH__MODE="jwt", JWT_KEY=KEY, WS_HEARTBEAT_INTERVAL="2") as daemon:
            boss = {"Authorization": f"Bearer {token(KEY, 'acme', 'boss', roles=['operator'])}"}
            made = Talker.data(daemon.post("/api/v1/auth/keys", {"name": "m", "role": "analyst"}, boss), 201)
            talk = Talker(daemon, token=made["key"])
            ticket = Talker.data(daemon.post("/api/v1/auth/ticket", {}, talk.headers))["ticket"]
            address = f"ws://127.0.0.1:{daemon.port}/ws/chat/{talk.session}"
            with self.assertRaises(websockets.exceptions.ConnectionClosed) as ended, \
                    websockets.sync.client.connect(address, additional_headers=talk.headers, max_queue=None) as stream:
                self.assertEqual(json.loads(stream.recv(timeout=10))["type"], "connection_ready")
                self.assertEqual(daemon.ask("DELETE", f"/api/v1/auth/keys/{made['key_id']}", None, boss).status, 200)
                stream.send(json.dumps({"type": "message", "content": "total revenue"}))
                while True:
                    stream.recv(timeout=20)
            self.assertEqual(ended.exception.rcvd.code, 4401)
            self.assertEqual(daemon.get(f"{SESSIONS}/{talk.session}/events?ticket={ticket}").status, 401)


if __name__ == "__main__":
    unittest.main()
