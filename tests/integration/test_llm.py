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
