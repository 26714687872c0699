"""What a session's log goes through on the built daemon: a store that is away, rows that are lost, a question sent again
after a restart, an engine that does not answer while the daemon drains. The engine of `SlowEngine` is a fake."""

import base64
import http.server
import json
import os
import pathlib
import socket
import sqlite3
import struct
import subprocess
import tempfile
import threading
import unittest

import websockets.sync.client

from peers.daemon import BINARY, ROOT, Daemon, until
from peers.talk import Talker
from test_delivery import read_poll, read_sse, read_ws


def text_frame(text):
    """A masked WebSocket text frame (RFC 6455, section 5.2), its mask all zeros."""
    payload = text.encode()
    size = len(payload)
    head = bytes([0x81, 0x80 | size]) if size < 126 else bytes([0x81, 0x80 | 126]) + struct.pack(">H", size)
    return head + b"\0\0\0\0" + payload


def upgrade(talk, after):
    key = base64.b64encode(os.urandom(16)).decode()
    fields = "".join(f"{name}: {value}\r\n" for name, value in talk.headers.items())
    return (f"GET /ws/chat/{talk.session}?after={after} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{fields}\r\n").encode()


def until_complete(stream):
    while True:
        entry = json.loads(stream.recv(timeout=20))
        if entry["type"] == "complete":
            return entry


def open_socket(daemon, talk, query=""):
    return websockets.sync.client.connect(f"ws://127.0.0.1:{daemon.port}/ws/chat/{talk.session}{query}", max_queue=None,
                                          additional_headers=talk.headers, open_timeout=10)


class Logs(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.var = pathlib.Path(self.folder.name) / "var"

    def daemon(self, **settings):
        daemon = Daemon(var=self.var, **settings)
        daemon.start()
        self.addCleanup(daemon.kill)
        return daemon

    def database(self):
        return sqlite3.connect(self.var / "loquat.db", timeout=5, isolation_level=None)

    def test_an_answer_given_while_the_store_was_away_is_kept_once_it_is_back(self):
        daemon = self.daemon()
        talk = Talker(daemon)
        talk.ask("revenue by month")
        other = self.database()
        other.execute("BEGIN IMMEDIATE")
        path = f"/api/v1/bi/chat/sessions/{talk.session}/messages"
        answer = daemon.ask("POST", path, {"message": "total revenue"}, talk.headers, seconds=60).json()
        other.execute("ROLLBACK")
        other.close()
        self.assertIn("NOT_STORED", [warning["code"] for warning in answer["warnings"]])
        self.assertIn("store", answer["degraded"])
        talk.ask("orders by month")
        before = talk.entries()
        daemon.kill()
        daemon.start()
        self.assertEqual(before, talk.entries())
        self.assertEqual([entry["seq"] for entry in before], list(range(1, len(before) + 1)))
        vote = talk.vote(answer["data"]["response_id"]).json()
        self.assertEqual([], vote["warnings"], "its record was kept too: the vote is verified")

    def test_sessions_of_a_time_without_a_store_make_room_once_it_is_back(self):
        daemon = self.daemon(LOQUAT_SESSIONS__IN_MEMORY_MAX="2")
        Talker(daemon).ask("revenue by month")
        other = self.database()
        other.execute("BEGIN IMMEDIATE")
        headers, path = {"X-Tenant-ID": "acme", "X-User-ID": "ada"}, "/api/v1/bi/chat/sessions"
        made = [daemon.ask("POST", path, {"title": f"t{i}"}, headers, seconds=60) for i in range(5)]
        other.execute("ROLLBACK")
        other.close()
        self.assertEqual([201, 201, 201, 201, 503], [answer.status for answer in made], "memory holds twice its measure at most")
        for answer in made[:4]:
            self.assertIn("NOT_STORED", [warning["code"] for warning in answer.json()["warnings"]])
        until(lambda: daemon.ask("POST", path, {}, headers).status == 201, 20, "there is room again")
        for _ in range(6):
            self.assertEqual(201, daemon.ask("POST", path, {}, headers).status)
        daemon.kill()
        daemon.start()
        kept = [daemon.get(f"{path}/{answer.json()['data']['session_id']}", headers).status for answer in made[:4]]
        self.assertEqual([200, 200, 200, 200], kept)

    def test_who_comes_to_lost_entries_is_told_where_the_log_goes_on(self):
        daemon = self.daemon()
        talk = Talker(daemon)
        talk.ask("revenue by month")
        end_of_first = talk.entries()[-1]["seq"]
        talk.ask("total revenue")
        end_of_second = talk.entries()[-1]["seq"]
        talk.ask("orders by month")
        last = talk.entries()[-1]["seq"]
        daemon.stop()
        with self.database() as rows:
            rows.execute("DELETE FROM entry_runs WHERE first_seq > ? AND last_seq <= ?", (end_of_first, end_of_second))
        daemon.start()
        kept = list(range(1, end_of_first + 1)) + list(range(end_of_second + 1, last + 1))
        for read in (read_ws, read_sse):
            self.assertEqual(kept, [json.loads(text)["seq"] for text in read(daemon, talk, 0, last)], read.__name__)
        events = f"/api/v1/bi/chat/sessions/{talk.session}/events?limit=500&after="
        page = talk.data(daemon.get(events + str(end_of_first), talk.headers))
        self.assertEqual(end_of_second + 1, page["gap"]["first_seq"])
        self.assertEqual(end_of_second + 1, page["events"][0]["seq"])
        with open_socket(daemon, talk, "?after=0") as stream:
            gaps = []
            while True:
                entry = json.loads(stream.recv(timeout=10))
                if entry["type"] == "gap":
                    gaps.append(entry["first_seq"])
                if entry.get("seq") == last:
                    break
        self.assertEqual([end_of_second + 1], gaps)

    def test_a_lost_end_is_a_new_epoch_and_the_log_goes_on_behind_it(self):
        daemon = self.daemon()
        talk = Talker(daemon)
        talk.ask("revenue by month")
        end_of_first = talk.entries()[-1]["seq"]
        talk.ask("total revenue")
        page = talk.data(daemon.get(f"/api/v1/bi/chat/sessions/{talk.session}/events?limit=1", talk.headers))
        daemon.stop()
        with self.database() as rows:
            rows.execute("DELETE FROM entry_runs WHERE first_seq > ?", (end_of_first,))
        daemon.start()
        with open_socket(daemon, talk, "?after=0") as stream:
            ready = json.loads(stream.recv(timeout=10))
            self.assertNotEqual(page["epoch"], ready["epoch"])
            stream.send(json.dumps({"type": "message", "content": "orders by month"}))
            seqs, gaps = [], []
            while True:
                entry = json.loads(stream.recv(timeout=20))
                if entry["type"] == "gap":
                    gaps.append(entry["first_seq"])
                if "seq" in entry and entry["type"] != "ack":
                    seqs.append(entry["seq"])
                if entry["type"] == "complete" and entry["seq"] > page["last_seq"]:
                    break
        self.assertEqual([page["last_seq"] + 1], gaps)
        self.assertEqual(sorted(set(seqs)), seqs)

    def test_a_question_sent_again_by_many_after_a_restart_is_one_question(self):
        daemon = self.daemon()
        talk = Talker(daemon)
        for _ in range(150):
            talk.ask("revenue by month")
        with open_socket(daemon, talk) as stream:
            stream.send(json.dumps({"type": "message", "content": "total revenue", "client_id": "c-1"}))
            until_complete(stream)
        shown = talk.data(daemon.get(f"/api/v1/bi/chat/sessions/{talk.session}", talk.headers))["message_count"]
        last = talk.data(daemon.get(f"/api/v1/bi/chat/sessions/{talk.session}/events?limit=1", talk.headers))["last_seq"]
        daemon.kill()
        daemon.start()
        again = upgrade(talk, last) + text_frame(json.dumps({"type": "message", "content": "total revenue", "client_id": "c-1"}))
        sockets = [socket.create_connection(("127.0.0.1", daemon.port), timeout=20) for _ in range(6)]
        for one in sockets:
            one.sendall(again)
        for one in sockets:
            said = b""
            while b'"type":"ack"' not in said:
                piece = one.recv(4096)
                self.assertTrue(piece, said)
                said += piece
            one.close()
        talk.ask("orders by month")  # behind whatever they may have started
        self.assertEqual(shown + 1, talk.data(
            daemon.get(f"/api/v1/bi/chat/sessions/{talk.session}", talk.headers))["message_count"])

    def test_a_repeated_question_leads_to_its_answer_however_long_ago_it_was(self):
        daemon = self.daemon()
        talk = Talker(daemon)
        path = f"/api/v1/bi/chat/sessions/{talk.session}/messages"
        with open_socket(daemon, talk) as stream:
            stream.send(json.dumps({"type": "message", "content": "total revenue", "client_id": "k-1"}))
            first = until_complete(stream)
        for more in range(206):
            if more in (0, 205):
                headers = {**talk.headers, "X-Idempotency-Key": "k-1"}
                accepted = talk.data(daemon.post(path + "?async=true", {"message": "total revenue"}, headers), 202)
                self.assertEqual(first["message_id"], accepted["message_id"], f"after {more} others")
                page = talk.data(daemon.get(accepted["events_url"] + "&limit=200", talk.headers))
                ends = [entry for entry in page["events"] if entry["type"] == "complete"]
                self.assertEqual(first["message_id"], ends[0]["message_id"], f"after {more} others")
            talk.ask("revenue by month")
        with open_socket(daemon, talk) as stream:  # of a question that has ended long ago: nothing to do
            stream.send(json.dumps({"type": "cancel", "message_id": first["message_id"]}))
            stream.send(json.dumps({"type": "message", "content": "orders by month"}))
            said = []
            while not said or said[-1] != "complete":
                said.append(json.loads(stream.recv(timeout=20))["type"])
        self.assertNotIn("error", said)


class SlowEngine(http.server.BaseHTTPRequestHandler):
    """Of kind `rest`, asynchronous: a query is started at once and runs until it is cancelled."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, body):
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.endswith("/async"):
            self.reply({"executionId": "e-1"})
        else:
            self.reply({"columns": [{"name": "revenue", "type": "decimal(10,2)"}], "rows": [["1.50"]]})

    def do_GET(self):
        self.reply({"status": "RUNNING"} if self.path.endswith("/status") else {"status": "ok"})


class Endings(unittest.TestCase):
    def test_a_session_that_is_removed_while_its_question_runs_stays_removed(self):
        engine = http.server.ThreadingHTTPServer(("127.0.0.1", 0), SlowEngine)
        threading.Thread(target=engine.serve_forever, daemon=True).start()
        self.addCleanup(engine.shutdown)
        with tempfile.TemporaryDirectory() as folder:
            var = pathlib.Path(folder) / "var"
            daemon = Daemon(var=var, LOQUAT_ENGINE__KIND="rest", LOQUAT_ENGINE__ASYNCHRONOUS="true",
                            QUERY_ENGINE_URL=f"http://127.0.0.1:{engine.server_port}")
            daemon.start()
            self.addCleanup(daemon.kill)
            talk = Talker(daemon)
            with open_socket(daemon, talk) as stream:
                for text in ("total revenue", "revenue by region"):
                    stream.send(json.dumps({"type": "message", "content": text}))
                while json.loads(stream.recv(timeout=20))["type"] != "tool_call":
                    pass
                path = f"/api/v1/bi/chat/sessions/{talk.session}"
                self.assertEqual(daemon.ask("DELETE", path, None, talk.headers).status, 200)
            self.assertEqual(daemon.get(path, talk.headers).status, 404)
            self.assertEqual(0, daemon.stop())  # what was still to be written is written
            rows = sqlite3.connect(var / "loquat.db")
            for table in ("sessions", "messages", "entry_runs"):
                found = rows.execute(f"SELECT count(*) FROM {table} WHERE session_id = ?", (talk.session,)).fetchone()[0]
                self.assertEqual(found, 0, table)

    def test_a_drain_ends_although_a_query_does_not_and_its_answer_says_so(self):
        engine = http.server.ThreadingHTTPServer(("127.0.0.1", 0), SlowEngine)
        threading.Thread(target=engine.serve_forever, daemon=True).start()
        self.addCleanup(engine.shutdown)
        with tempfile.TemporaryDirectory() as folder:
            daemon = Daemon(var=pathlib.Path(folder) / "var", LOQUAT_DRAIN_TIMEOUT="4s", LOQUAT_ENGINE__KIND="rest",
                            LOQUAT_ENGINE__ASYNCHRONOUS="true", QUERY_ENGINE_URL=f"http://127.0.0.1:{engine.server_port}")
            daemon.start()
            self.addCleanup(daemon.kill)
            talk = Talker(daemon)
            with open_socket(daemon, talk) as stream:
                for text in ("total revenue", "revenue by region"):
                    stream.send(json.dumps({"type": "message", "content": text}))
                while json.loads(stream.recv(timeout=20))["type"] != "tool_call":
                    pass
            self.assertEqual(0, daemon.stop())
            daemon.start()
            ends = [entry["status"] for entry in talk.entries() if entry["type"] == "complete"]
            self.assertEqual(["cancelled", "cancelled"], ends)

    def test_a_start_that_fails_ends_the_process(self):
        with tempfile.TemporaryDirectory() as folder:
            var = pathlib.Path(folder) / "var"
            (var / "loquat.port").mkdir(parents=True)
            environment = {**os.environ, "LOQUAT_VAR_DIR": str(var), "LOQUAT_HTTP__PORT": "0"}
            ended = subprocess.run([BINARY, "--config", "config/demo.yaml"], cwd=ROOT, env=environment, capture_output=True, text=True,
                                   timeout=60)
            self.assertEqual(1, ended.returncode)
            self.assertIn("loquat.port cannot be written", ended.stderr)


if __name__ == "__main__":
    unittest.main()
