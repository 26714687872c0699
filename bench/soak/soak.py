#!/usr/bin/env python3
"""Mixed traffic, faults and slow clients for a while: memory flat, descriptors flat, no entry lost.

    build/test-venv/bin/python bench/soak/soak.py [--minutes 10] [--binary build/release/loquat] [--sanitized]

Readers by WebSocket (some with compression), SSE and long-poll follow sessions, are cut at random and go on by any other
transport; some never read; some send garbage. Every reader keeps what it saw: at the end each must have the whole log, byte
for byte. Ends with one JSON object, and 1 if a promise was broken.
"""

import argparse
import json
import os
import pathlib
import random
import re
import signal
import socket
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "integration"))

QUESTIONS = ["revenue by month", "total revenue", "revenue by region", "and by quarter?", "how many orders", "what is the weather"]
PAUSE = threading.Event()  # waited on, never set: a pause that ends


def memory_kb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Reader(threading.Thread):
    """Follows one session by one transport after another; `seen` is the joined stream."""

    def __init__(self, soak, talk, seed):
        super().__init__(daemon=True)
        self.soak, self.talk, self.random, self.seen, self.cuts = soak, talk, random.Random(seed), [], 0

    def take(self, text):
        entry = json.loads(text)
        if "seq" not in entry or entry["type"] == "ack":
            return
        if entry["seq"] != len(self.seen) + 1:
            self.soak.wrong(f"{self.talk.session}: seq {entry['seq']} behind {len(self.seen)}")
        self.seen.append(text)

    def run(self):
        while not self.soak.is_over():
            way = self.random.choice((self.by_socket, self.by_socket, self.by_stream, self.by_poll))
            try:
                way(time.monotonic() + self.random.uniform(0.5, 6))
            except OSError:
                pass
            except self.soak.gone:
                pass
            self.cuts += 1

    def by_socket(self, end):
        import websockets.sync.client
        address = f"ws://127.0.0.1:{self.soak.port}/ws/chat/{self.talk.session}?after={len(self.seen)}"
        packed = self.random.choice(("deflate", None))
        with websockets.sync.client.connect(address, additional_headers=self.talk.headers, max_queue=None, compression=packed) as ws:
            while time.monotonic() < end:
                try:
                    self.take(ws.recv(timeout=0.3))
                except TimeoutError:
                    continue

    def by_stream(self, end):
        import http.client
        connection = http.client.HTTPConnection("127.0.0.1", self.soak.port, timeout=1)
        try:
            connection.request("GET", f"/api/v1/agents/stream/{self.talk.session}", None,
                               {**self.talk.headers, "Last-Event-ID": str(len(self.seen))})
            answer = connection.getresponse()
            while time.monotonic() < end and answer.status == 200:
                line = answer.readline().decode()
                if not line:
                    return
                if line.startswith("data: "):
                    self.take(line[6:].rstrip("\n"))
        finally:
            connection.close()

    def by_poll(self, end):
        while time.monotonic() < end:
            for text in texts_of(self.soak.daemon, self.talk, len(self.seen), "wait_ms=500&limit=7"):
                self.take(text)


def texts_of(daemon, talk, after, how):
    """The entries of one page of the log, as the bytes that stand in the body."""
    path = f"/api/v1/bi/chat/sessions/{talk.session}/events?after={after}&{how}"
    answer = daemon.get(path, talk.headers)
    if answer.status == 429:
        PAUSE.wait(1)
        return texts_of(daemon, talk, after, how)
    if answer.status != 200:
        raise ValueError(f"a page of the log after {after} is answered {answer.status}: {answer.body[:300]}")
    body = answer.body.decode()
    found, at = [], body.find('"events":[') + len('"events":[')
    while at >= 10 and body.startswith("{", at):
        _, end = json.JSONDecoder().raw_decode(body, at)
        found.append(body[at:end])
        at = end + (1 if body.startswith(",", end) else 0)
    return found


class Soak:
    def __init__(self, daemon, minutes):
        import websockets.exceptions
        self.gone = (websockets.exceptions.WebSocketException, EOFError, ValueError)
        self.daemon, self.end, self.faults, self.lock = daemon, time.monotonic() + 60 * minutes, [], threading.Lock()
        self.port, self.asked = daemon.port, 0

    def is_over(self):
        return time.monotonic() > self.end

    def wrong(self, what):
        with self.lock:
            self.faults.append(what)

    def ask_on(self, talks):
        pick = random.Random(7)
        while not self.is_over():
            try:
                talk = pick.choice(talks)
                path = f"/api/v1/bi/chat/sessions/{talk.session}/messages?async=true"
                answer = self.daemon.post(path, {"message": pick.choice(QUESTIONS)}, talk.headers)
                self.asked += 1
                if answer.status not in (202, 429, 503):
                    self.wrong(f"a question was answered {answer.status}")
                if answer.status == 202 and pick.random() < 0.1:
                    message = answer.json()["data"]["message_id"]
                    self.daemon.post(f"/api/v1/bi/chat/sessions/{talk.session}/messages/{message}/cancel", {}, talk.headers)
            except OSError as error:
                self.wrong(f"asking: {error}")
            PAUSE.wait(0.05)

    def be_rude(self, talk):
        """Connections that never read, break off, or talk garbage."""
        pick = random.Random(11)
        held = []
        shake = ("GET /ws/chat/{} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{}\r\n")
        names = "".join(f"{k}: {v}\r\n" for k, v in talk.headers.items())
        while not self.is_over():
            try:
                peer = socket.create_connection(("127.0.0.1", self.port), timeout=2)
                kind = pick.randrange(4)
                if kind == 0:
                    peer.sendall(pick.randbytes(300))
                elif kind == 1:
                    peer.sendall(shake.format(talk.session, names).encode() + pick.randbytes(200))
                elif kind == 2:
                    peer.sendall(b"GET /health HTTP/1.1\r\nHost:")
                else:
                    peer.sendall(shake.format(talk.session + "?after=0", names).encode())
                    held.append(peer)
                    if len(held) > 20:
                        held.pop(0).close()
                    continue
                peer.close()
            except OSError:
                pass
            PAUSE.wait(0.1)

    def browse(self, talks):
        """Everything else there is: what the workers, the store and the catalogue do beside the answers."""
        pick, chat = random.Random(13), "/api/v1/bi/chat/sessions"
        looks = ["/openapi.json", "/metrics", "/health", "/api/v1/semantic/metrics", "/api/v1/semantic/dimensions", "/api/v1/feedback/summary",
                 "/api/v1/feedback/export?format=csv", "/api/v1/insights", "/api/v1/memory", "/api/v1/personalization/profile",
                 "/api/v1/copilot/suggestions", "/api/v1/integrations/dbt/status", "/schemas/Answer.json", chat, chat + "/absent"]
        while not self.is_over():
            talk = pick.choice(talks)
            try:
                answer = self.daemon.get(pick.choice(looks), {**talk.headers, "Accept-Encoding": pick.choice(("gzip", "identity"))})
                if answer.status >= 500 and answer.status != 503:
                    self.wrong(f"a look was answered {answer.status}: {answer.body[:200]}")
                if pick.random() < 0.2:  # a session that lives for one question
                    made = self.daemon.post(chat, {}, talk.headers)
                    if made.status == 201:
                        own = f"{chat}/{made.json()['data']['session_id']}"
                        said = self.daemon.post(own + "/messages", {"message": pick.choice(QUESTIONS)}, talk.headers)
                        if said.status == 200:
                            self.vote(own.rpartition("/")[2], said.json()["data"], talk)
                        self.daemon.ask("DELETE", own, None, talk.headers)
                if pick.random() < 0.02:
                    self.daemon.process.send_signal(signal.SIGHUP)
            except OSError as error:
                self.wrong(f"looking: {error}")
            PAUSE.wait(0.05)

    def vote(self, session, said, talk):
        if "response_id" in said:
            self.daemon.post("/api/v1/feedback/submit", {"session_id": session, "response_id": said["response_id"],
                                                         "feedback_type": "thumbs_up"}, talk.headers)

    def run(self, talks, readers):
        rude = [threading.Thread(target=self.browse, args=(talks,), daemon=True), threading.Thread(target=self.be_rude, args=(talks[0],), daemon=True)]
        for thread in [*readers, *rude, threading.Thread(target=self.ask_on, args=(talks,), daemon=True)]:
            thread.start()
        samples = []
        while not self.is_over():
            PAUSE.wait(5)
            samples.append((memory_kb(self.daemon.process.pid), descriptors(self.daemon.process.pid)))
        for reader in readers:
            reader.join(20)
        return samples

    def check_whole(self, readers):
        """Each session's log is read once more from its start, and held against what its readers joined."""
        logs = {}
        for reader in readers:
            if reader.talk.session not in logs:
                log = logs[reader.talk.session] = []
                while page := texts_of(self.daemon, reader.talk, len(log), "wait_ms=0&limit=500"):
                    log.extend(page)
            log = logs[reader.talk.session]
            if len(log) < len(reader.seen):
                self.wrong(f"{reader.talk.session}: {len(reader.seen)} were read, the log has {len(log)}")
            different = next((i for i, (a, b) in enumerate(zip(log, reader.seen)) if a != b), None)
            if different is not None:
                self.wrong(f"{reader.talk.session}: entry {different + 1} is not the log's: {reader.seen[different][:200]}")


# What a sanitizer says of a fault; the daemon's own lines are JSON and hold none of it at a line's start.
REPORT = re.compile(r"^(?:=+\n)?(?:==\d+==ERROR: |WARNING: ThreadSanitizer|.*: runtime error: ).*", re.M)


def reports_of(daemon):
    """Ends the daemon. Out: what a sanitizer found in it, or that it did not end well."""
    code = daemon.stop(120)
    log = daemon.log.read_text(errors="replace")
    found = [log[m.start():m.start() + 3000] for m in REPORT.finditer(log)]
    return found or ([f"the daemon ended with {code}: {log[-2000:]}"] if code != 0 else [])


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--minutes", type=float, default=10)
    options.add_argument("--binary", default=str(ROOT / "build" / "release" / "loquat"))
    options.add_argument("--sessions", type=int, default=6)
    options.add_argument("--readers", type=int, default=3, help="on each session")
    options.add_argument("--sanitized", action="store_true", help="the binary has a sanitizer: its reports count, its memory does not")
    chosen = options.parse_args()
    os.environ["LOQUAT_BINARY"] = chosen.binary
    from peers.daemon import Daemon
    from peers.talk import Talker
    daemon = Daemon(LOQUAT_WS__STALL_TIMEOUT="2s", LOQUAT_SESSIONS__LOG_MAX_EVENTS="100000", LOQUAT_HTTP__HEADER_TIMEOUT="3s")
    with daemon:
        soak = Soak(daemon, chosen.minutes)
        talks = [Talker(daemon, user=f"u{i}") for i in range(chosen.sessions)]
        readers = [Reader(soak, talk, f"{talk.session}{n}") for talk in talks for n in range(chosen.readers)]
        samples = soak.run(talks, readers)
        soak.check_whole(readers)
        early = samples[len(samples) // 3:len(samples) // 2 + 1]
        late = samples[-max(1, len(samples) // 6):]
        found = {"minutes": chosen.minutes, "questions": soak.asked, "entries_read": sum(len(r.seen) for r in readers),
                 "cuts": sum(r.cuts for r in readers), "rss_mb_early": max(s[0] for s in early) // 1024,
                 "rss_mb_late": max(s[0] for s in late) // 1024, "descriptors_early": max(s[1] for s in early),
                 "descriptors_late": max(s[1] for s in late)}
        if not chosen.sanitized and found["rss_mb_late"] > 1.25 * found["rss_mb_early"] + 16:
            soak.wrong("memory grows")
        if found["descriptors_late"] > found["descriptors_early"] + 40:
            soak.wrong("descriptors grow")
        for report in reports_of(daemon):
            soak.wrong(report)
        found["faults"] = soak.faults[:20]
        print(json.dumps(found, indent=1))
        return 1 if soak.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
