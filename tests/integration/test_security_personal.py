"""Personal data: what a curator may see is searched for in everything that somebody else gets, and in all that leaves."""

import http.client
import json
import re
import shutil
import unittest

import websockets.exceptions
import websockets.sync.client

from peers.broker import read_topic
from peers.daemon import Daemon, need, until
from peers.talk import Talker, token
from test_llm import Streaming

KEY = "a-key-of-the-tests-that-has-forty-bytes.."
TOPICS = ("ai-feedback-events", "ai-learning-signals", "ai-insights", "agent-thinking-events", "agent-decision-events",
          "agent-trace-events", "agent-metrics-events", "query-lineage-events", "audit-events")
QUESTIONS = ("revenue by customer email", "top 5 customers by name and revenue", "revenue by customer name by month in 2025",
             "which customer had the highest revenue in November 2025")
SESSIONS = "/api/v1/bi/chat/sessions"


def bearer(user, role, tenant="acme"):
    return {"Authorization": f"Bearer {token(KEY, tenant, user, roles=[role])}"}


class PersonalData(unittest.TestCase):
    """Cora, a curator, asks for names and addresses of customers, votes, corrects, and later is a viewer."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(Daemon(LOQUAT_AUTH__MODE="jwt", JWT_KEY=KEY, LOQUAT_LOG__LEVEL="debug"))
        cls.cora = Talker(cls.daemon, token=token(KEY, "acme", "cora", roles=["curator"]))
        cls.answers = [cls.cora.ask(question) for question in QUESTIONS]
        cells = [cell for answer in cls.answers for row in answer["data"]["rows"] for cell in row if isinstance(cell, str)]
        cls.values = {cell for cell in cells if re.fullmatch(r"\S+@\S+|[A-Z][a-z]+ [A-Z][a-z]+", cell)}
        first = cls.answers[0]
        for answer in cls.answers:
            cls.cora.vote(answer["response_id"], comment="good")
        value = sorted(cls.values)[0]
        body = {"session_id": cls.cora.session, "response_id": first["response_id"],
                "corrected_query": {"metrics": ["revenue"], "group_by": ["customer__email"],
                                    "where": [f"{{{{ Dimension('customer__full_name') }}}} = '{value}'"]}}
        cls.corrected = cls.daemon.post("/api/v1/feedback/correction", body, cls.cora.headers)
        cls.viewer, cls.analyst = bearer("cora", "viewer"), bearer("ann", "analyst")

    def found_in(self, text):
        return sorted(value for value in self.values if value in text)[:3]

    def test_the_curator_sees_them(self):
        self.assertGreater(len(self.values), 100)
        self.assertEqual(self.corrected.status, 202, self.corrected.body[:300])
        self.assertTrue(any("@" in value for value in self.values) and any(" " in value for value in self.values))

    def test_what_she_saw_is_not_shown_to_a_lesser_role_again(self):
        session = f"{SESSIONS}/{self.cora.session}"
        for path in (f"{session}/messages", f"{session}/events?after=0", f"/api/v1/agents/stream/{self.cora.session}?after=0"):
            with self.subTest(path):
                self.assertEqual(self.daemon.get(path, self.viewer).status, 403)
                self.assertEqual(self.daemon.get(path.replace("agents/stream/", "agents/stream/x"), self.cora.headers).status
                                 if "stream" in path else self.daemon.get(path, self.cora.headers).status,
                                 404 if "stream" in path else 200)
        with self.assertRaises(websockets.exceptions.ConnectionClosed) as ended, \
                websockets.sync.client.connect(f"ws://127.0.0.1:{self.daemon.port}/ws/chat/{self.cora.session}?after=0",
                                               additional_headers=self.viewer) as stream:
            stream.recv(timeout=10)
        self.assertEqual(ended.exception.rcvd.code, 4403)

    def test_no_route_shows_them_to_others(self):
        first = self.answers[0]
        gets = ("/api/v1/insights", "/api/v1/feedback", "/api/v1/feedback/summary", "/api/v1/copilot/suggestions",
                f"/api/v1/copilot/suggestions?session_id={self.cora.session}", "/api/v1/verified",
                f"/api/v1/traces/{first['trace_id']}", f"/api/v1/lineage/queries/{first['query_id']}", SESSIONS,
                "/api/v1/semantic/dimension_values?dimension=customer__email",
                "/api/v1/semantic/dimension_values?dimension=customer__full_name&search=a", "/metrics", "/health")
        for headers in (self.viewer, self.analyst):
            for path in gets:
                with self.subTest(path):
                    self.assertEqual(self.found_in(self.daemon.get(path, headers).body.decode()), [])
        posts = {"/api/v1/copilot/explain": [{"response_id": answer["response_id"]} for answer in self.answers],
                 "/api/v1/semantic/query": [{"metrics": ["revenue"], "group_by": [name]} for name in (
                     "customer__email", "customer__full_name", "order_id__customer__email", "CUSTOMER__EMAIL",
                     "Dimension('customer__email')")],
                 f"{SESSIONS}/{Talker(self.daemon, token=token(KEY, 'acme', 'ann')).session}/messages": [
                     {"message": question} for question in (*QUESTIONS, "revenue of Edda Hollin", "revenue for the customer edda")]}
        for path, bodies in posts.items():
            for body in bodies:
                with self.subTest(path, body=body):
                    self.assertEqual(self.found_in(self.daemon.post(path, body, self.analyst).body.decode()), [])

    def test_none_leaves_in_an_event_an_export_or_a_log(self):
        need(shutil.which("kcat"), "kcat")
        address = (self.daemon.var / "loquat.kafka").read_text().strip()
        until(lambda: len(read_topic(address, "ai-learning-signals") or []) >= len(QUESTIONS), 30, "signals of the votes")
        for topic in TOPICS:
            with self.subTest(topic):
                self.assertEqual(self.found_in("\n".join(map(str, read_topic(address, topic) or []))), [])
        for form in ("sft", "dpo", "kto"):
            with self.subTest(form):
                found = self.daemon.get(f"/api/v1/feedback/export?format={form}", self.cora.headers)
                self.assertEqual((found.status, self.found_in(found.body.decode())), (200, []))
        self.assertEqual(self.found_in(self.daemon.log.read_text(errors="replace")), [])


class AfterARestart(unittest.TestCase):
    def test_a_stored_session_is_still_closed_to_a_lesser_role(self):
        settings = {"LOQUAT_AUTH__MODE": "jwt", "JWT_KEY": KEY}
        with Daemon(**settings) as daemon:
            cora = Talker(daemon, token=token(KEY, "acme", "cora", roles=["curator"]))
            self.assertIn("@", json.dumps(cora.ask("revenue by customer email")["data"]))
            plain = Talker(daemon, token=token(KEY, "acme", "cora", roles=["analyst"]))
            plain.ask("total revenue")
            daemon.stop()
            with Daemon(var=daemon.var, **settings) as again:
                viewer = bearer("cora", "viewer")
                self.assertEqual(again.get(f"{SESSIONS}/{cora.session}/messages", viewer).status, 403)
                self.assertEqual(again.get(f"{SESSIONS}/{plain.session}/messages", viewer).status, 200)
                self.assertEqual(again.get(f"{SESSIONS}/{cora.session}/messages", cora.headers).status, 200)


class OpenBefore(unittest.TestCase):
    """A reader of a lesser role that was there before the session showed anything."""

    def test_is_shown_nothing_and_put_out(self):
        daemon = self.enterContext(Daemon(LOQUAT_AUTH__MODE="jwt", JWT_KEY=KEY))
        cora = Talker(daemon, token=token(KEY, "acme", "cora", roles=["curator"]))
        viewer = bearer("cora", "viewer")
        streams = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=20)
        self.addCleanup(streams.close)
        streams.request("GET", f"/api/v1/agents/stream/{cora.session}?after=0", None, viewer)
        events = streams.getresponse()
        self.assertEqual(events.status, 200)
        with websockets.sync.client.connect(f"ws://127.0.0.1:{daemon.port}/ws/chat/{cora.session}", max_queue=None,
                                            additional_headers=viewer) as stream:
            self.assertIn("connection_ready", stream.recv(timeout=10))
            self.assertIn("@", json.dumps(cora.ask("revenue by customer email")["data"]))
            got = ""
            with self.assertRaises(websockets.exceptions.ConnectionClosed) as closed:
                while True:
                    got += stream.recv(timeout=20)
            self.assertEqual(closed.exception.rcvd.code, 4403)
        self.assertNotIn("@example", got)
        self.assertNotIn("@example", events.read().decode())
        waiting = daemon.get(f"{SESSIONS}/{cora.session}/events?after=0&wait_ms=1000", viewer)
        self.assertEqual(waiting.status, 403)
        analyst = bearer("cora", "analyst")
        for path, body in ((f"{SESSIONS}/{cora.session}/messages", {"message": "revenue by customer email"}),
                           ("/api/v1/agents/process", {"session_id": cora.session, "message": "revenue by customer email"})):
            key = {"X-Idempotency-Key": "k-" + path[-7:]}
            self.assertIn("@", daemon.post(path, body, {**cora.headers, **key}).body.decode(), path)
            again = daemon.post(path, body, {**analyst, **key})
            self.assertNotIn("@example", again.body.decode(), path)
            self.assertEqual(again.status, 403, path)


class WithoutProof(unittest.TestCase):
    def test_a_ticket_of_nobody_proves_nothing(self):
        """auth.mode none: everybody is an operator, but nobody is a proven one, not by a ticket either."""
        with Daemon() as daemon:
            talk = Talker(daemon)
            ticket = Talker.data(daemon.post("/api/v1/auth/ticket", {}, talk.headers))["ticket"]
            address = f"ws://127.0.0.1:{daemon.port}/ws/chat/{talk.session}?ticket={ticket}"
            session = Talker.data(daemon.get(f"{SESSIONS}/{talk.session}", talk.headers))
            self.assertEqual(session["user_id"], "ada")
            with websockets.sync.client.connect(address, max_size=None) as stream:
                stream.send(json.dumps({"type": "message", "content": "revenue by customer email"}))
                got = ""
                while '"type":"complete"' not in got:
                    got += stream.recv(timeout=20)
            self.assertNotIn("@example", got)


class ToldByAModel(unittest.TestCase):
    """A language model tells of rows that a curator may see: it sees them masked."""

    def test_it_sees_no_personal_data(self):
        model = Streaming()
        model.pieces = ["There is nothing to tell."]
        daemon = self.enterContext(Daemon(
            LOQUAT_AUTH__MODE="jwt", JWT_KEY=KEY, LLM_MODEL="mock", LOQUAT_ASSIST__NARRATION_ROWS_MAX="200",
            LLM_BASE_URL=f"http://127.0.0.1:{model.server.server_address[1]}/v1"))
        cora = Talker(daemon, token=token(KEY, "acme", "cora", roles=["curator"]))
        names = set()
        for question in (QUESTIONS[1], "top 20 customers by email and revenue"):
            answer = cora.ask(question)
            names |= {cell for row in answer["data"]["rows"] for cell in row[:1]}
        self.assertEqual(len(model.requests), 2)
        sent = json.dumps(model.requests, ensure_ascii=False)
        self.assertIn("•••", sent)
        self.assertEqual([name for name in names if name in sent], [])
        self.assertGreater(len(names), 5)


if __name__ == "__main__":
    unittest.main()
