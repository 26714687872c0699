"""Who may see what: every route and every client message, asked by another user and by another tenant."""

import json
import re
import unittest
import urllib.parse

import websockets.exceptions
import websockets.sync.client

from peers.daemon import Daemon
from peers.talk import Talker, token

KEY = "a-key-of-the-tests-that-has-forty-bytes.."
MARK = "revenue of zanzibarmarker7731 by depot"  # words that only the owner ever wrote
SESSIONS = "/api/v1/bi/chat/sessions"
SEMANTIC = "/api/v1/semantic"

# What each route may give to somebody else. `same`: exactly what it gives for an id that does not exist; `apart`: his own, which
# holds nothing of the owner's; `voted`: a vote on what is known to be another's is refused, one on an unknown answer is taken
# (contract, section 4); `role`: refused with 403 for the role; `open`: nobody needs to be known.
ROUTES = {
    "GET /health": "open", "GET /health/live": "open", "GET /health/ready": "open", "GET /metrics": "open",
    "GET /openapi.json": "open", "GET /asyncapi.json": "open", "GET /schemas/{name}.json": "open",
    f"POST {SESSIONS}": "apart", f"GET {SESSIONS}": "apart",
    f"GET {SESSIONS}/{{id}}": "same", f"DELETE {SESSIONS}/{{id}}": "same",
    f"POST {SESSIONS}/{{id}}/messages": "same", f"GET {SESSIONS}/{{id}}/messages": "same",
    f"POST {SESSIONS}/{{id}}/messages/{{message_id}}/cancel": "same",
    f"GET {SESSIONS}/{{id}}/events": "same", "GET /api/v1/agents/stream/{id}": "same", "GET /ws/chat/{id}": "socket",
    "POST /api/v1/agents/process": "same",
    "POST /api/v1/feedback/submit": "voted", "POST /api/v1/feedback/correction": "voted", "POST /api/v1/feedback/rating": "voted",
    "GET /api/v1/feedback/{event_id}": "same", "PUT /api/v1/feedback/{event_id}": "same",
    "GET /api/v1/feedback": "apart", "GET /api/v1/feedback/quality": "role",
    "GET /api/v1/feedback/summary": "apart", "GET /api/v1/feedback/export": "role",
    "POST /api/v1/integrations/dbt/sync": "role", "GET /api/v1/integrations/dbt/status": "apart",
    f"GET {SEMANTIC}/metrics": "apart", f"GET {SEMANTIC}/dimensions": "apart", f"GET {SEMANTIC}/entities": "apart",
    f"GET {SEMANTIC}/dimension_values": "apart", f"GET {SEMANTIC}/saved_queries": "apart",
    f"POST {SEMANTIC}/query": "apart", f"POST {SEMANTIC}/compile": "apart",
    "POST /api/v1/lineage/extract": "apart", "GET /api/v1/lineage/queries/{query_id}": "same",
    "GET /api/v1/lineage/entity/{fqn}/upstream": "apart", "GET /api/v1/lineage/entity/{fqn}/downstream": "apart",
    "GET /api/v1/lineage/entity/{fqn}/traverse": "apart",
    "GET /api/v1/personalization/profile": "apart", "PUT /api/v1/personalization/profile": "apart",
    "DELETE /api/v1/personalization/profile": "apart",
    "GET /api/v1/copilot/suggestions": "same", "POST /api/v1/copilot/explain": "same", "POST /api/v1/copilot/guide": "apart",
    "GET /api/v1/copilot/mode": "apart", "PUT /api/v1/copilot/mode": "apart",
    "GET /api/v1/insights": "apart", "GET /api/v1/traces/{trace_id}": "same",
    "GET /api/v1/memory": "role", "GET /api/v1/memory/{id}": "role", "POST /api/v1/memory/{id}/activate": "role",
    "POST /api/v1/memory/{id}/retire": "role", "POST /api/v1/memory/{id}/undo": "role", "DELETE /api/v1/memory/{id}": "role",
    "GET /api/v1/verified": "apart", "GET /api/v1/verified/{id}": "same", "PUT /api/v1/verified": "role",
    "DELETE /api/v1/verified": "role", "DELETE /api/v1/verified/{id}": "role",
    "POST /api/v1/auth/ticket": "apart", "GET /api/v1/auth/keys": "role", "POST /api/v1/auth/keys": "role",
    "DELETE /api/v1/auth/keys/{key_id}": "role",
}
# Within a tenant a finished answer's lineage belongs to all who may read; its text and its trace do not.
SHARED_IN_TENANT = {"GET /api/v1/lineage/queries/{query_id}"}


def method_of(route):
    return route.split(" ")[0]


def routes_of(daemon):
    document = daemon.get("/openapi.json").json()
    return {f"{method.upper()} {path}": operation for path, operations in document["paths"].items()
            for method, operation in operations.items()}


class Tenancy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(LOQUAT_AUTH__MODE="jwt", JWT_KEY=KEY)
        cls.daemon.__enter__()
        cls.addClassCleanup(cls.daemon.__exit__, None, None, None)
        cls.owner = Talker(cls.daemon, token=token(KEY, "acme", "ownermarker", roles=["operator"]))
        cls.answer = cls.owner.ask("total revenue")
        cls.owner.ask(MARK)
        vote = cls.owner.vote(cls.answer["response_id"], data={"comment": MARK})
        cls.ids = {"id": cls.owner.session, "message_id": cls.answer["message_id"], "trace_id": cls.answer["trace_id"],
                   "query_id": cls.answer["query_id"], "response_id": cls.answer["response_id"],
                   "event_id": Talker.data(vote, 202)["event_id"]}
        made = cls.daemon.post("/api/v1/auth/keys", {"name": MARK}, cls.owner.headers)
        cls.ids["key_id"] = Talker.data(made, 201)["key_id"]
        cls.strangers = {"another user": ("acme", Talker(cls.daemon, token=token(KEY, "acme", "bob"))),
                         "another tenant": ("globex", Talker(cls.daemon, token=token(KEY, "globex", "ownermarker"))),
                         "another tenant's operator": ("globex", Talker(cls.daemon, token=token(
                             KEY, "globex", "otto", roles=["operator"])))}

    def request(self, route, ids):
        """The route asked about the given ids. Out: method, path, body."""
        method, pattern = route.split(" ")
        known = {**ids, "name": "FeedbackEvent", "fqn": "order_lines"}
        path = re.sub(r"\{(\w+)\}", lambda m: urllib.parse.quote(known[m[1]], safe=""), pattern)
        feedback = {"session_id": ids["id"], "response_id": ids["response_id"]}
        bodies = {"POST /api/v1/agents/process": {"session_id": ids["id"], "message": "total revenue"},
                  f"POST {SESSIONS}/{{id}}/messages": {"message": "total revenue"}, f"POST {SESSIONS}": {},
                  "POST /api/v1/feedback/submit": {**feedback, "feedback_type": "thumbs_up"},
                  "POST /api/v1/feedback/correction": {**feedback, "corrected_text": "x"},
                  "POST /api/v1/feedback/rating": {**feedback, "rating": 3},
                  "PUT /api/v1/feedback/{event_id}": {"feedback_type": "thumbs_down"},
                  "POST /api/v1/copilot/explain": {"response_id": ids["response_id"]},
                  "POST /api/v1/copilot/guide": {"goal": "revenue by depot"},
                  "PUT /api/v1/copilot/mode": {"mode": "passive"},
                  f"POST {SEMANTIC}/query": {"metrics": ["revenue"]}, f"POST {SEMANTIC}/compile": {"metrics": ["revenue"]},
                  "POST /api/v1/lineage/extract": {"sql": "SELECT 1 AS a", "dialect": "duckdb"},
                  "POST /api/v1/auth/keys": {"name": "k"}}
        queries = {f"GET {SEMANTIC}/dimension_values": "?dimension=order__channel",
                   "GET /api/v1/copilot/suggestions": f"?session_id={ids['id']}",
                   "GET /api/v1/feedback/summary": f"?session_id={ids['id']}&response_id={ids['response_id']}",
                   "GET /api/v1/feedback/export": "?format=sft"}
        body = bodies.get(route, {} if method in ("POST", "PUT") else None)
        return method, path + queries.get(route, ""), body

    def plain(self, answer, ids):
        """What must not differ: no request id, no time, and the asked-for ids by their names."""
        text = answer.body.decode(errors="replace")
        for name, value in sorted(ids.items(), key=lambda item: -len(item[1])):
            text = text.replace(value, f"<{name}>")
        text = re.sub(r'"(request_id|execution_time_ms)":("[^"]*"|[\d.e+-]+)', "", text)
        text = re.sub(r'"[a-z]+-[0-9a-f]{8}-[0-9a-f-]{27}"', '"<made for this answer>"', text)
        headers = {k.lower(): v for k, v in answer.headers.items()}
        return answer.status, text, sorted(set(headers) - {"x-request-id", "date"})

    def test_every_route_is_in_the_matrix(self):
        self.assertEqual(sorted(routes_of(self.daemon)), sorted(ROUTES))

    def test_no_route_but_the_open_ones_answers_the_unknown(self):
        for route, operation in routes_of(self.daemon).items():
            if route.startswith("GET /ws/"):
                continue
            with self.subTest(route):
                found = self.daemon.ask(*self.request(route, self.ids))
                self.assertEqual(found.status == 401, ROUTES[route] != "open", found.body[:200])
                self.assertEqual("x-least-role" in operation, ROUTES[route] != "open")

    def test_strangers_cannot_tell_what_is_there_from_what_is_not(self):
        nothing = {name: value[:-6] + "000000" for name, value in self.ids.items()}
        for who, (tenant, stranger) in self.strangers.items():
            for route, kind in ROUTES.items():
                if kind != "same" or (tenant == "acme" and route in SHARED_IN_TENANT):
                    continue
                with self.subTest(route, who=who):
                    asked = self.daemon.ask(*self.request(route, self.ids), stranger.headers)
                    absent = self.daemon.ask(*self.request(route, nothing), stranger.headers)
                    self.assertEqual(self.plain(asked, self.ids), self.plain(absent, nothing))
                    if "{" in route and method_of(route) != "PUT":
                        self.assertEqual(asked.status, 404, asked.body[:300])

    def test_strangers_cannot_vote_on_what_is_not_theirs(self):
        for who, (_, stranger) in self.strangers.items():
            for route in (route for route, kind in ROUTES.items() if kind == "voted"):
                with self.subTest(route, who=who):
                    asked = self.daemon.ask(*self.request(route, self.ids), stranger.headers)
                    self.assertEqual(asked.status, 404, asked.body[:300])

    def test_what_strangers_get_holds_nothing_of_the_owners(self):
        hidden = [*self.ids.values(), "zanzibarmarker"]
        for who, (tenant, stranger) in self.strangers.items():
            for route, kind in ROUTES.items():
                if kind in ("same", "socket") or "auth/keys" in route and kind != "role":
                    continue
                with self.subTest(route, who=who):
                    asked = self.daemon.ask(*self.request(route, self.ids), stranger.headers)
                    if kind == "role" and "operator" not in who:
                        self.assertEqual(asked.status, 403, asked.body[:300])
                    for secret in hidden:
                        if secret in (self.ids["response_id"], self.ids["id"]) and asked.status == 404:
                            continue  # his own words, given back
                        if tenant == "acme" and route == "GET /api/v1/feedback/summary":
                            continue  # counts of the tenant's answers, read by its people
                        self.assertNotIn(secret, asked.body.decode(errors="replace"))

    def test_counts_of_another_tenant_stay_at_nothing(self):
        _, path, _ = self.request("GET /api/v1/feedback/summary", self.ids)
        stranger = self.strangers["another tenant's operator"][1]
        found = self.daemon.get(path, stranger.headers)
        self.assertNotRegex(found.body.decode(), r'"(thumbs_up|total|count)":[1-9]')

    def socket(self, session, headers):
        return websockets.sync.client.connect(f"ws://127.0.0.1:{self.daemon.port}/ws/chat/{session}",
                                              additional_headers=headers, open_timeout=10, max_queue=None)

    def test_sockets_of_strangers_close_as_if_there_were_no_session(self):
        seen = set()
        for _, stranger in self.strangers.values():
            for session in (self.owner.session, self.owner.session[:-6] + "000000"):
                with self.assertRaises(websockets.exceptions.ConnectionClosed) as ended, \
                        self.socket(session, stranger.headers) as socket:
                    socket.recv(timeout=10)
                seen.add((ended.exception.rcvd.code, ended.exception.rcvd.reason))
        self.assertEqual({code for code, _ in seen}, {4404})
        self.assertEqual(len(seen), 1, "another reason would tell them apart")

    def test_client_messages_reach_nothing_of_the_owners(self):
        frames = [{"type": "feedback", "response_id": self.ids["response_id"], "feedback_type": "thumbs_down"},
                  {"type": "cancel", "message_id": self.ids["message_id"]},
                  {"type": "message", "content": "total revenue", "session_id": self.owner.session},
                  {"type": "refine", "refinement": "by depot", "message_id": self.ids["message_id"]},
                  {"type": "resume", "after": 0, "session_id": self.owner.session},
                  {"type": "mode", "mode": "passive", "user_id": "ownermarker"}, {"type": "pong"}]
        before = self.owner.entries()
        for who, (_, stranger) in self.strangers.items():
            with self.subTest(who), self.socket(stranger.session, stranger.headers) as socket:
                for frame in frames:
                    socket.send(json.dumps(frame))
                got = ""
                try:
                    while True:
                        got += socket.recv(timeout=2)
                except TimeoutError:
                    pass
                for secret in ("zanzibarmarker", self.ids["id"], self.ids["trace_id"], self.ids["query_id"]):
                    self.assertNotIn(secret, got)
        self.assertEqual(self.owner.entries(), before)
        self.assertNotEqual(Talker.data(self.daemon.get("/api/v1/copilot/mode", self.owner.headers)).get("mode"), "passive")

    def test_logs_and_metrics_name_nobody(self):
        log = self.daemon.log.read_text(errors="replace")
        metrics = self.daemon.get("/metrics").body.decode()
        for secret in ("zanzibarmarker", "ownermarker", "globex", self.owner.session, self.ids["response_id"]):
            self.assertNotIn(secret, metrics)
            self.assertNotIn(secret, log)


if __name__ == "__main__":
    unittest.main()
