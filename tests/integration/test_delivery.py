"""One log, three transports, on the built daemon: cut anywhere, go on anywhere, also across a restart."""

import json
import tempfile
import unittest

import websockets.sync.client

from peers.daemon import Daemon, until
from peers.talk import Talker


def read_sse(daemon, talk, after, last):
    """Entries of (after, last] by SSE: their bytes."""
    import http.client
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=20)
    connection.request("GET", f"/api/v1/agents/stream/{talk.session}", None, {**talk.headers, "Last-Event-ID": str(after)})
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    found, seq = [], after
    while seq < last:
        line = answer.readline().decode().rstrip("\n")
        if line.startswith("data:") and '"seq"' in line:
            found.append(line[5:].lstrip(" "))
            seq = json.loads(found[-1])["seq"]
    connection.close()
    return found


def read_ws(daemon, talk, after, last):
    address = f"ws://127.0.0.1:{daemon.port}/ws/chat/{talk.session}?after={after}"
    with websockets.sync.client.connect(address, additional_headers=talk.headers, open_timeout=10, max_queue=None) as socket:
        found, seq = [], after
        while seq < last:
            text = socket.recv(timeout=20)
            entry = json.loads(text)
            if "seq" in entry and entry["type"] not in ("ack",):
                found.append(text)
                seq = entry["seq"]
        return found


def read_poll(daemon, talk, after, last):
    found, seq = [], after
    while seq < last:
        path = f"/api/v1/bi/chat/sessions/{talk.session}/events?after={seq}&wait_ms=1000&limit={min(3, last - seq)}"
        body = daemon.get(path, talk.headers).body.decode()
        for entry in talk.entries(after=seq):
            if entry["seq"] > last:
                break
            # The bytes stand in the body as they are: find them by their beginning.
            begin = body.find('{"seq":%d,' % entry["seq"])
            if begin < 0:
                break
            _, end = json.JSONDecoder().raw_decode(body[begin:])
            found.append(body[begin:begin + end])
            seq = entry["seq"]
    return found


READERS = (read_sse, read_ws, read_poll)


class Delivery(unittest.TestCase):
    def test_a_log_is_kept_as_long_as_its_setting_says(self):
        with Daemon(LOQUAT_SESSIONS__LOG_MAX_EVENTS="50000", LOQUAT_RATE_LIMIT__BURST="10000") as daemon:
            talk, last = Talker(daemon), 0
            while last <= 10_500:  # more than the default
                talk.ask("revenue by month")
                last = talk.entries(after=last)[-1]["seq"]
            self.assertEqual(talk.entries(after=0)[0]["seq"], 1)

    def test_any_cut_and_any_continuation_gives_the_same_bytes(self):
        with Daemon() as daemon:
            talk = Talker(daemon)
            talk.ask("revenue by month")
            last = talk.entries()[-1]["seq"]
            whole = read_ws(daemon, talk, 0, last)
            self.assertEqual([json.loads(e)["seq"] for e in whole], list(range(1, last + 1)))
            self.assertEqual(json.loads(whole[-1])["type"], "complete")
            for cut in range(1, last):
                first, then = READERS[cut % 3], READERS[(cut + 1 + cut // 3) % 3]
                joined = first(daemon, talk, 0, cut) + then(daemon, talk, cut, last)
                self.assertEqual(joined, whole, f"cut after {cut}: {first.__name__}, then {then.__name__}")

    def test_the_log_survives_a_restart(self):
        with tempfile.TemporaryDirectory() as var:
            with Daemon(var=var) as daemon:
                talk = Talker(daemon)
                talk.ask("revenue by month")
                last = talk.entries()[-1]["seq"]
                before = read_ws(daemon, talk, 0, last)
                daemon.kill()
                daemon.start()
                self.assertEqual(read_ws(daemon, talk, 0, last), before)
                follow_up = talk.ask("and by quarter?")
                self.assertEqual(follow_up["query"]["group_by"], ["metric_time__quarter"])
                self.assertEqual(talk.entries(after=last)[0]["seq"], last + 1)

    def test_the_stream_alone_rebuilds_the_answer(self):
        with Daemon() as daemon:
            talk = Talker(daemon)
            answer = talk.ask("revenue by month")
            entries = talk.entries()
            complete = [e for e in entries if e["type"] == "complete"]
            self.assertEqual(len(complete), 1)
            rebuilt = complete[0]["answer"]
            rebuilt["data"]["rows"] = [row for e in entries if e["type"] == "data" for row in e["rows"]]
            self.assertEqual(rebuilt, answer)
            self.assertEqual("".join(e["content"] for e in entries if e["type"] == "text"), answer["response"])

    def test_the_same_client_id_is_one_question(self):
        with Daemon() as daemon:
            talk = Talker(daemon)
            address = f"ws://127.0.0.1:{daemon.port}/ws/chat/{talk.session}"
            ids = []
            for _ in range(2):
                with websockets.sync.client.connect(address, additional_headers=talk.headers, max_queue=None) as socket:
                    socket.send(json.dumps({"type": "message", "content": "total revenue", "client_id": "c-1"}))
                    while True:
                        frame = json.loads(socket.recv(timeout=20))
                        if frame["type"] == "ack":
                            ids.append(frame["message_id"])
                            break
            self.assertEqual(ids[0], ids[1])

    def test_everybody_on_a_session_sees_the_same_also_who_joins_midway(self):
        with Daemon() as daemon:
            talk = Talker(daemon)
            address = f"ws://127.0.0.1:{daemon.port}/ws/chat/{talk.session}"

            def connect(query=""):
                return websockets.sync.client.connect(address + query, additional_headers=talk.headers, max_queue=None)

            def until_complete(socket):
                found = []
                while not found or json.loads(found[-1])["type"] != "complete":
                    text = socket.recv(timeout=20)
                    if "seq" in json.loads(text) and json.loads(text)["type"] != "ack":
                        found.append(text)
                return found

            with connect() as asker, connect() as other:
                asker.send(json.dumps({"type": "message", "content": "revenue by month", "client_id": "c"}))
                first = other.recv(timeout=20)
                while '"seq"' not in first:
                    first = other.recv(timeout=20)
                with connect("?after=0") as late:  # in the middle of the answer, or just behind it
                    asked, watched, joined = until_complete(asker), [first, *until_complete(other)], until_complete(late)
            self.assertEqual(asked, joined)
            self.assertEqual(watched, joined)
            self.assertEqual([json.loads(e)["seq"] for e in joined], list(range(1, len(joined) + 1)))

    @staticmethod
    def whole_log(talk):
        found = []
        while page := talk.entries(after=found[-1]["seq"] if found else 0):
            found += page
        return found

    def test_a_crash_in_the_middle_of_an_answer_loses_and_doubles_nothing(self):
        with tempfile.TemporaryDirectory() as var, Daemon(var=var) as daemon:
            talk = Talker(daemon)
            for number in range(3):
                before = self.whole_log(talk)
                address = f"ws://127.0.0.1:{daemon.port}/ws/chat/{talk.session}"
                seen = []
                with websockets.sync.client.connect(address, additional_headers=talk.headers, max_queue=None) as socket:
                    socket.send(json.dumps({"type": "message", "content": "revenue by month", "client_id": f"c-{number}"}))
                    while len(seen) <= 3 * number:  # each time a little later
                        entry = json.loads(socket.recv(timeout=20))
                        if "seq" in entry and entry["type"] != "ack":
                            seen.append(entry)
                    daemon.kill()
                daemon.start()
                talk.data(daemon.get(f"/api/v1/bi/chat/sessions/{talk.session}", talk.headers))
                until(lambda: self.whole_log(talk)[-1]["type"] == "complete", 20, "the answer has its end")
                after = self.whole_log(talk)
                self.assertEqual([e["seq"] for e in after], list(range(1, len(after) + 1)))
                self.assertEqual(after[:len(before)], before)
                self.assertEqual(after[len(before):len(before) + len(seen)], seen, "what a reader was shown is there")
                ends = [e for e in after[len(before):] if e["type"] == "complete"]
                self.assertEqual(len(ends), 1)
                self.assertIn(ends[0]["status"], ("complete", "cancelled", "failed"))
                self.assertEqual(ends[0]["answer"]["message_id"], ends[0]["message_id"])
                self.assertTrue(ends[0]["response_id"])

    def test_drains_in_order(self):
        with Daemon() as daemon:
            talk = Talker(daemon)
            address = f"ws://127.0.0.1:{daemon.port}/ws/chat/{talk.session}"
            with websockets.sync.client.connect(address, additional_headers=talk.headers, max_queue=None) as socket:
                socket.recv(timeout=10)
                self.assertEqual(daemon.stop(), 0)
                with self.assertRaises(websockets.exceptions.ConnectionClosed) as closed:
                    while True:
                        socket.recv(timeout=10)
                self.assertEqual(closed.exception.rcvd.code, 1001)


if __name__ == "__main__":
    unittest.main()
