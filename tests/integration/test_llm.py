"""The optional language model: a scripted one that helps, lies, stalls, fails. The planner's answer is never worse for it."""

import http.server
import json
import threading
import unittest

from peers.daemon import Daemon
from peers.talk import Talker

ODD = "How much dough came in last month?"
GOOD = {"can_answer": True, "metrics": ["revenue"], "group_by": [], "filters": [], "start_date": "2025-11-01",
        "end_date": "2025-11-30", "order": "none", "limit": 0}


class Model:
    """A server of the chat completions API; `script` is called with the request and gives (status, headers, body)."""

    def __init__(self):
        model = self
        self.requests, self.script = [], None

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                model.requests.append(body)
                status, headers, text = model.script(body)
                if status is None:  # cut
                    self.connection.close()
                    return
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(text))}.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    self.wfile.write(text.encode())
                except BrokenPipeError:
                    pass  # the daemon did not wait for a model that stalls

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def says(self, content, finish="stop"):
        text = content if isinstance(content, str) else json.dumps(content)
        whole = json.dumps({"model": "mock-1", "choices": [{"message": {"content": text}, "finish_reason": finish}],
                            "usage": {"prompt_tokens": 900, "completion_tokens": 60}})
        self.script = lambda _: (200, {"Content-Type": "application/json"}, whole)

    def fails(self, status, **headers):
        self.script = lambda _: (status, headers, "{}")


class Assist(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = Model()
        cls.stall = threading.Event()
        cls.addClassCleanup(cls.stall.set)
        port = cls.model.server.server_address[1]
        cls.daemon = Daemon(LLM_BASE_URL=f"http://127.0.0.1:{port}/v1", LLM_MODEL="mock", LLM_API_KEY="hidden-key",
                            LOQUAT_ASSIST__TIMEOUT="500ms", LOQUAT_LLM__GUARD__BREAKER__FAILURES_TO_OPEN="1000")
        cls.daemon.__enter__()
        cls.addClassCleanup(cls.daemon.__exit__)

    def ask(self, question=ODD):
        talk = Talker(self.daemon)
        path = f"/api/v1/bi/chat/sessions/{talk.session}/messages"
        whole = self.daemon.post(path, {"message": question}, talk.headers).json()
        return whole["data"], whole["degraded"]

    def assert_planner_alone(self, degraded):
        answer, said = self.ask()
        self.assertNotEqual(answer["status"], "complete", answer["interpretation"])
        self.assertNotIn("language model", answer["interpretation"])
        self.assertEqual("llm" in said, degraded)

    def test_a_good_proposal_answers_and_says_so(self):
        self.model.says(GOOD)
        answer, degraded = self.ask()
        self.assertEqual(answer["status"], "complete", answer["response"])
        self.assertEqual(answer["query"]["metrics"], ["revenue"])
        self.assertIn("language model", answer["interpretation"])
        self.assertEqual(degraded, [])
        self.assertIn("loquat_llm_input_tokens_total", self.daemon.get("/metrics").body.decode())

    def test_it_is_not_asked_where_the_planner_is_sure_or_the_request_is_forbidden(self):
        self.model.says(GOOD)
        asked = len(self.model.requests)
        self.assertEqual(self.ask("Revenue by month in 2025")[0]["status"], "complete")
        self.assertEqual(self.ask("Delete all orders")[0]["status"], "unanswerable")
        self.assertEqual(len(self.model.requests), asked)

    def set_language_model(self, user, choice):
        reply = self.daemon.ask("PUT", "/api/v1/personalization/profile", {"language_model": choice}, user.headers)
        self.assertEqual(reply.status, 200, reply.body)

    def test_a_users_own_setting_asks_always_or_never(self):
        user = Talker(self.daemon)
        self.addCleanup(self.set_language_model, user, "")
        sure = "Revenue last month"
        self.set_language_model(user, "always")
        self.model.says(GOOD)
        asked = len(self.model.requests)
        answer, _ = self.ask(sure)
        self.assertEqual(len(self.model.requests), asked + 1)
        self.assertEqual(answer["status"], "complete", answer["response"])
        self.assertEqual(answer["query"]["metrics"], ["revenue"])
        self.model.says({**GOOD, "metrics": ["dough"]})
        self.assertEqual(self.ask(sure)[0]["query"]["metrics"], ["revenue"], "a lie takes the planner's answer away")
        self.model.fails(503)
        answer, degraded = self.ask(sure)
        self.assertEqual(answer["query"]["metrics"], ["revenue"])
        self.assertIn("llm", degraded)
        self.set_language_model(user, "never")
        asked = len(self.model.requests)
        self.assertNotEqual(self.ask()[0]["status"], "complete")
        self.assertEqual(len(self.model.requests), asked)

    def test_the_prompt_holds_the_schema_and_no_personal_data(self):
        self.model.says(GOOD)
        self.ask()
        sent = json.dumps(self.model.requests[-1])
        self.assertIn("json_schema", sent)
        self.assertIn("revenue", sent)
        self.assertNotIn("@", sent.split("hidden")[0])

    def test_lies_and_junk_are_not_believed(self):
        lies = {"unknown metric": {**GOOD, "metrics": ["dough"]},
                "sql for a metric": {**GOOD, "metrics": ["revenue; DROP TABLE orders"]},
                "unknown grouping": {**GOOD, "group_by": ["order__nonsense"]},
                "wrong value": {**GOOD, "filters": [{"dimension": "order__channel", "values": ["x' OR 1=1 --"],
                                                     "exclude": False}]},
                "another period than asked": {**GOOD, "start_date": "2024-01-01"},
                "no date": {**GOOD, "start_date": "soon"}, "cannot": {**GOOD, "can_answer": False},
                "another shape": {"answer": 42}}
        for name, lie in lies.items():
            with self.subTest(name):
                self.model.says(lie)
                self.assert_planner_alone(degraded=False)

    def test_failures_leave_the_planner_alone_and_are_said(self):
        def stall(_):
            self.stall.wait(5)
            return 200, {}, "{}"
        self.model.fails(429, **{"Retry-After": "60"})
        self.assert_planner_alone(degraded=True)
        self.model.fails(503)
        self.assert_planner_alone(degraded=True)
        self.model.script = lambda _: (None, {}, "")
        self.assert_planner_alone(degraded=True)
        self.model.script = lambda _: (200, {}, "<html>")
        self.assert_planner_alone(degraded=True)
        self.model.says("not json")
        self.assert_planner_alone(degraded=True)
        self.model.script = stall
        self.assert_planner_alone(degraded=True)


class Streaming:
    """A scripted model that streams: `pieces` are sent one by one; an Event among them is waited for; None cuts the stream."""

    def __init__(self, status=200):
        streaming = self
        self.requests, self.pieces, self.status, self.gone = [], [], status, threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                streaming.requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(streaming.status)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                try:
                    for piece in streaming.pieces:
                        if piece is None:
                            return
                        if isinstance(piece, threading.Event):
                            piece.wait(20)
                            self.say({"choices": [{"delta": {"content": ""}}]})
                        elif isinstance(piece, bytes):
                            self.wfile.write(piece)
                        else:
                            self.say({"model": "mock-2", "choices": [{"delta": {"content": piece}}]})
                        self.wfile.flush()
                    self.say({"choices": [{"delta": {}, "finish_reason": "stop"}]})
                    self.say({"choices": [], "usage": {"prompt_tokens": 321, "completion_tokens": 12}})
                    self.wfile.write(b"data: [DONE]\n\n")
                except OSError:
                    streaming.gone.set()

            def say(self, chunk):
                self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
                self.wfile.flush()

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Narration(unittest.TestCase):
    """The model tells of a result, as a stream, below the planner's own words."""

    QUESTION = "Revenue by region in 2025"
    WORDS = "In a language model's words:"

    @classmethod
    def setUpClass(cls):
        cls.model = Streaming()
        cls.daemon = Daemon(LLM_BASE_URL=f"http://127.0.0.1:{cls.model.server.server_address[1]}/v1", LLM_MODEL="mock",
                            LOQUAT_ASSIST__NARRATION_ROWS_MAX="2", LOQUAT_ASSIST__TIMEOUT="2s",
                            LOQUAT_LLM__GUARD__BREAKER__FAILURES_TO_OPEN="1000")
        cls.daemon.__enter__()
        cls.addClassCleanup(cls.daemon.__exit__)

    def setUp(self):
        self.model.status, self.model.pieces = 200, []
        self.talk = Talker(self.daemon)

    def ask(self, **more):
        path = f"/api/v1/bi/chat/sessions/{self.talk.session}/messages"
        whole = self.daemon.post(path, {"message": self.QUESTION, **more}, self.talk.headers).json()
        return whole["data"], whole["degraded"]

    def highest(self):
        """Name and figure of the highest row, from the planner's own words."""
        self.model.pieces = ["Nothing to say."]
        rows = self.ask()[0]["data"]["rows"]
        return max(((row[0], float(row[1])) for row in rows), key=lambda row: row[1])

    def test_what_the_rows_bear_out_is_shown_as_it_comes(self):
        name, value = self.highest()
        self.talk = Talker(self.daemon)
        go_on = threading.Event()
        self.addCleanup(go_on.set)
        self.model.pieces = [f"{name} had the high", f"est revenue, {value:,.2f}. The", go_on, f" runner-up is not {name}."]
        path = f"/api/v1/bi/chat/sessions/{self.talk.session}/messages?async=true"
        self.assertEqual(self.daemon.post(path, {"message": self.QUESTION}, self.talk.headers).status, 202)
        seen, after = "", 0
        while self.WORDS not in seen:  # the model has not ended: its first sentence is there all the same
            for entry in self.talk.entries(after=after, wait_ms=2000):
                after = entry["seq"]
                self.assertNotEqual(entry["type"], "complete")
                seen += entry.get("content", "") if entry["type"] == "text" else ""
        self.assertIn(f"{name} had the highest revenue, {value:,.2f}.", seen)
        go_on.set()
        done = None
        while done is None:
            for entry in self.talk.entries(after=after, wait_ms=2000):
                after = entry["seq"]
                seen += entry.get("content", "") if entry["type"] == "text" else ""
                done = entry if entry["type"] == "complete" else done
        self.assertEqual(done["answer"]["response"], seen)
        self.assertEqual(done["status"], "complete")
        metrics = self.daemon.get("/metrics").body.decode()
        self.assertIn("loquat_llm_output_tokens_total", metrics)

    def test_the_model_sees_the_rows_it_may_and_streams(self):
        self.highest()
        asked = self.model.requests[-1]
        self.assertTrue(asked["stream"])
        self.assertNotIn("response_format", asked)
        self.assertIn("2 of them above", asked["messages"][-1]["content"])

    def test_lies_are_left_out_and_the_truth_beside_them_stays(self):
        name, value = self.highest()
        self.model.pieces = [f"{name} had {value * 2:,.2f}. ", f"{name} had {value:,.2f}. ", "This is because of the weather. ",
                             "See [here](http://evil.example)."]
        answer, degraded = self.ask()
        self.assertTrue(answer["response"].endswith(f"{self.WORDS}* {name} had {value:,.2f}."), answer["response"])
        self.assertEqual(degraded, [])

    def assert_planners_words_alone(self, degraded):
        answer, said = self.ask()
        self.assertEqual(answer["status"], "complete")
        self.assertIn("highest", answer["response"])
        self.assertNotIn(self.WORDS, answer["response"])
        self.assertEqual("llm" in said, degraded)

    def test_failures_leave_the_planners_words_and_are_said(self):
        never = threading.Event()
        self.addCleanup(never.set)
        for status in (429, 503):
            self.model.status = status
            self.assert_planners_words_alone(degraded=True)
        self.model.status = 200
        for pieces in ([b"<html>junk</html>"], [b"data: junk\n\n"], [None], ["Broken o", None], ["Stalls", never], []):
            with self.subTest(pieces=str(pieces)):
                self.model.pieces = pieces
                self.assert_planners_words_alone(degraded=True)
        self.model.pieces = ["All of it was 999,999,999,999."]
        self.assert_planners_words_alone(degraded=False)

    def test_who_wants_no_model_or_a_brief_answer_gets_none(self):
        self.model.pieces = ["Nothing to say."]
        asked = len(self.model.requests)
        self.ask(response_style="brief")
        reply = self.daemon.ask("PUT", "/api/v1/personalization/profile", {"language_model": "never"}, self.talk.headers)
        self.assertEqual(reply.status, 200, reply.body)
        self.addCleanup(self.daemon.ask, "PUT", "/api/v1/personalization/profile", {"language_model": ""}, self.talk.headers)
        self.ask()
        self.assertEqual(len(self.model.requests), asked)

    def test_cancelling_stops_the_model_and_keeps_the_answer(self):
        never = threading.Event()
        self.addCleanup(never.set)
        name, value = self.highest()
        self.model.gone.clear()
        self.model.pieces = [f"{name} had {value:,.2f}. And "] + [threading.Event() for _ in range(2)]
        for stall in self.model.pieces[1:]:
            self.addCleanup(stall.set)
        path = f"/api/v1/bi/chat/sessions/{self.talk.session}/messages"
        asked = self.daemon.post(path + "?async=true", {"message": self.QUESTION}, self.talk.headers).json()["data"]
        seen, after, done = "", 0, None
        while done is None:
            for entry in self.talk.entries(after=after, wait_ms=2000):
                after = entry["seq"]
                if entry.get("message_id") != asked["message_id"]:
                    continue
                seen += entry.get("content", "") if entry["type"] == "text" else ""
                done = entry if entry["type"] == "complete" else done
            if self.WORDS in seen and done is None:
                self.daemon.post(f"{path}/{asked['message_id']}/cancel", {}, self.talk.headers)
        self.assertEqual(done["status"], "complete")
        self.assertIn(f"{name} had {value:,.2f}.", done["answer"]["response"])


class Budget(unittest.TestCase):
    def test_a_used_up_budget_keeps_the_model_from_being_asked(self):
        model = Model()
        model.says(GOOD)
        port = model.server.server_address[1]
        with Daemon(LLM_BASE_URL=f"http://127.0.0.1:{port}/v1", LLM_MODEL="mock",
                    LOQUAT_ASSIST__TENANT_TOKENS_PER_DAY="100") as daemon:
            self.assertNotEqual(Talker(daemon).ask(ODD)["status"], "complete")
            self.assertEqual(model.requests, [])


if __name__ == "__main__":
    unittest.main()
