"""Limits and overload, on the built daemon: what is refused, in what order, and what goes on all the same."""

import concurrent.futures
import json
import re
import socket
import time
import unittest

import websockets.exceptions
import websockets.sync.client

from peers.daemon import Daemon, until
from peers.talk import Talker, token

KEY = "a-key-of-the-tests-that-has-forty-bytes.."
SESSIONS = "/api/v1/bi/chat/sessions"


def metric(daemon, name):
    """The sum over the labels of one metric."""
    text = daemon.get("/metrics").body.decode()
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.M))


class Fairness(unittest.TestCase):
    def test_a_flood_of_one_tenant_delays_another_by_one_turn(self):
        with Daemon(LOQUAT_AUTH__MODE="jwt", JWT_KEY=KEY, LOQUAT_SESSIONS__CONCURRENT_TURNS_MAX="1",
                    LOQUAT_SESSIONS__USER_LINE_MAX="200") as daemon:
            floods = [Talker(daemon, token=token(KEY, "big", f"user{i % 4}")) for i in range(60)]
            small = Talker(daemon, token=token(KEY, "small", "ann"))

            def flood(talk):
                for _ in range(5):
                    path = f"{SESSIONS}/{talk.session}/messages?async=true"
                    Talker.data(daemon.post(path, {"message": "revenue by month"}, talk.headers), 202)

            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                list(pool.map(flood, floods))
            answer = small.ask("total revenue")
            self.assertEqual(answer["status"], "complete")
            mine = {e["type"]: e["timestamp"] for e in small.entries()}
            ends = [e["timestamp"] for talk in floods for e in talk.entries() if e["type"] == "complete"]
            between = sum(mine["message"] < end < mine["complete"] for end in ends)
            self.assertLessEqual(between, 2, "no more than the one under way was answered before")

    def test_the_line_is_bounded_by_user_and_says_when_to_come_back(self):
        with Daemon(LOQUAT_SESSIONS__CONCURRENT_TURNS_MAX="1", LOQUAT_SESSIONS__USER_LINE_MAX="2",
                    LOQUAT_SESSIONS__WAITING_TURNS_MAX="0") as daemon:
            talks = [Talker(daemon) for _ in range(30)]
            other = Talker(daemon, user="bob")

            def ask(talk):
                return daemon.post(f"{SESSIONS}/{talk.session}/messages?async=true", {"message": "revenue by month"}, talk.headers)

            with concurrent.futures.ThreadPoolExecutor(15) as pool:
                answers = list(pool.map(ask, talks))
            refused = [one for one in answers if one.status != 202]
            self.assertTrue(refused, "thirty at once are more than one and two waiting")
            for one in refused:
                self.assertEqual((one.status, one.json()["errors"][0]["code"]), (429, "RATE_LIMITED"))
                self.assertGreaterEqual(int(one.headers["Retry-After"]), 1)
            self.assertEqual(ask(other).status, 202)
            self.assertGreaterEqual(metric(daemon, "loquat_conversation_refused_turns_total"), len(refused))


    def test_questions_are_bounded_in_length_and_number(self):
        with Daemon(LOQUAT_SESSIONS__MESSAGE_MAX_BYTES="100", LOQUAT_SESSIONS__WAITING_TURNS_MAX="1") as daemon:
            talk = Talker(daemon)
            path = f"{SESSIONS}/{talk.session}/messages"
            long = daemon.post(path, {"message": "revenue " * 20}, talk.headers)
            self.assertEqual((long.status, long.json()["errors"][0]["field"]), (400, "/message"))

            def ask(_):
                return daemon.post(path + "?async=true", {"message": "revenue by month"}, talk.headers).status
            with concurrent.futures.ThreadPoolExecutor(20) as pool:
                self.assertIn(503, set(pool.map(ask, range(40))))


class Overload(unittest.TestCase):
    def test_sheds_new_work_and_keeps_health_reading_and_feedback(self):
        with Daemon() as calm:  # an answer that can be voted on, in a store that outlives its daemon
            talk = Talker(calm)
            answer = talk.ask("total revenue")
            calm.stop()
            with Daemon(var=calm.var, LOQUAT_OVERLOAD__MEMORY_MIB="1") as daemon:
                until(lambda: metric(daemon, "loquat_app_load_level_ratio") == 1, 10, "the overload is seen")
                talk.daemon = daemon
                for path, body in ((f"{SESSIONS}/{talk.session}/messages", {"message": "total revenue"}), (SESSIONS, {}),
                                   ("/api/v1/semantic/query", {"metrics": ["revenue"]})):
                    found = daemon.post(path, body, talk.headers)
                    self.assertEqual((found.status, found.json()["errors"][0]["code"]), (503, "OVERLOADED"), path)
                    self.assertEqual(found.headers["Retry-After"], "2")
                self.assertEqual(daemon.get("/api/v1/feedback/export?format=sft", talk.headers).status, 503)
                address = f"ws://127.0.0.1:{daemon.port}/ws/chat/{talk.session}?after=0"
                with websockets.sync.client.connect(address, additional_headers=talk.headers) as stream:
                    self.assertEqual(json.loads(stream.recv(timeout=10))["type"], "connection_ready")
                    stream.send(json.dumps({"type": "message", "content": "total revenue", "client_id": "c1"}))
                    self.assertEqual(until(lambda: (e := json.loads(stream.recv(timeout=10)))["type"] == "error" and e, 10,
                                           "the refusal")["code"], "OVERLOADED")
                self.assertEqual(daemon.get("/health").status, 200)
                self.assertEqual(daemon.get("/metrics").status, 200)
                self.assertIn("complete", [e["type"] for e in talk.entries()])
                self.assertEqual(talk.vote(answer["response_id"]).status, 202)
                cancel = f"{SESSIONS}/{talk.session}/messages/{answer['message_id']}/cancel"
                self.assertEqual(daemon.post(cancel, {}, talk.headers).status, 200)
                self.assertGreaterEqual(metric(daemon, "loquat_edge_shed_requests_total"), 5)


class Attacks(unittest.TestCase):
    """Slow and many peers: each is ended by its own limit, and nobody else notices."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(Daemon(LOQUAT_HTTP__HEADER_TIMEOUT="500ms", LOQUAT_HTTP__BODY_TIMEOUT="500ms",
                                                  LOQUAT_HTTP__WRITE_TIMEOUT="500ms", LOQUAT_HTTP__IDLE_TIMEOUT="500ms",
                                                  LOQUAT_WS__FRAMES_BURST="50", LOQUAT_WS__FRAMES_PER_SECOND="1"))

    def peer(self):
        return socket.create_connection(("127.0.0.1", self.daemon.port), timeout=10)

    def read_all(self, raw):
        answer = b""
        try:
            while more := raw.recv(65536):
                answer += more
        except ConnectionResetError:
            pass
        return answer

    def drip(self, raw, pieces):
        """A byte now and then, until the daemon has had enough."""
        try:
            for piece in pieces:
                raw.sendall(piece)
                time.sleep(0.05)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return self.read_all(raw)

    def test_slow_heads_and_bodies_are_given_up(self):
        began = time.monotonic()
        with self.peer() as raw:
            answer = self.drip(raw, [b"GET / HTTP/1.1\r\nX: "] + [b"a"] * 100)
        self.assertIn(b" 408 ", answer.split(b"\r\n")[0])
        with self.peer() as raw:
            head = f"POST {SESSIONS} HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
            answer = self.drip(raw, [head.encode()] + [b" "] * 100)
        self.assertIn(b" 408 ", answer.split(b"\r\n")[0])
        until(lambda: metric(self.daemon, "loquat_net_refused_requests_total") >= 2, 10, "both are counted")
        self.assertLess(time.monotonic() - began, 20)
        self.assertEqual(self.daemon.get("/health/live").status, 200)

    def test_who_reads_nothing_is_cut_and_holds_nobody_up(self):
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect(("127.0.0.1", self.daemon.port))
        raw.settimeout(20)
        ask = b"GET /openapi.json HTTP/1.1\r\nHost: h\r\n\r\n"
        with self.assertRaises(OSError):
            for _ in range(100_000):  # takes nothing of the answers
                raw.sendall(ask * 20)
        self.assertEqual(self.daemon.get("/health/live").status, 200)
        raw.close()

    def test_hundreds_of_idle_peers_are_ended(self):
        peers = [self.peer() for _ in range(200)]
        self.assertEqual(self.daemon.get("/health/live").status, 200)
        for raw in peers:
            self.assertEqual(raw.recv(10), b"")
            raw.close()

    def test_a_flood_of_pings_is_closed_with_1008(self):
        talk = Talker(self.daemon)
        address = f"ws://127.0.0.1:{self.daemon.port}/ws/chat/{talk.session}"
        with self.assertRaises(websockets.exceptions.ConnectionClosed) as ended, \
                websockets.sync.client.connect(address, additional_headers=talk.headers) as stream:
            for i in range(200):
                stream.ping(str(i).encode())
            while True:
                stream.recv(timeout=10)
        self.assertEqual(ended.exception.rcvd.code, 1008)


if __name__ == "__main__":
    unittest.main()
