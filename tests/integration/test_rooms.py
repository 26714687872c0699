"""The rooms around an answer, on the built daemon: what was learnt of a user, the copilot, metrics without a conversation,
insights, traces, lineage, reload and readiness."""

import json
import pathlib
import shutil
import signal
import tempfile
import unittest
import uuid

from peers.broker import read_topic
from peers.daemon import BINARY, ROOT, Daemon, need, until
from peers.talk import Talker
from test_main_job import check, schema_of


class OneDaemon(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.daemon.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__(None, None, None)

    def talk(self):
        return Talker(self.daemon, tenant=f"t{uuid.uuid4().hex[:8]}")

    def get(self, talk, path, status=200):
        answer = self.daemon.get(path, talk.headers)
        self.assertEqual(answer.status, status, answer.body[:500])
        return answer.json()["data"] if status == 200 else answer.json()["errors"]

    def send(self, talk, path, body, status=200, method="POST"):
        answer = self.daemon.ask(method, path, body, talk.headers)
        self.assertEqual(answer.status, status, answer.body[:500])
        return answer.json()["data"] if status < 300 else answer.json()["errors"]


class Personalization(OneDaemon):
    path = "/api/v1/personalization/profile"

    def test_a_grain_that_was_used_often_is_used_where_none_is_named_until_it_is_forgotten(self):
        talk = self.talk()
        before = talk.ask("revenue trend")
        self.assertFalse(before["personalized"])
        for question in ("orders by week", "units sold by week", "average order value by week", "revenue by week"):
            self.assertEqual(talk.ask(question)["status"], "complete")
        why = until(lambda: self.get(talk, self.path)["why"], 10, "something was learnt")
        self.assertIn("week", why[0])
        after = talk.ask("revenue trend", session=Talker.data(
            self.daemon.post("/api/v1/bi/chat/sessions", {}, talk.headers), 201)["session_id"])
        self.assertTrue(after["personalized"])
        self.assertEqual(after["query"]["group_by"], ["metric_time__week"])
        self.assertNotEqual(before["query"]["group_by"], after["query"]["group_by"])
        bob = Talker(self.daemon, tenant=talk.headers["X-Tenant-ID"], user="bob")
        self.assertFalse(bob.ask("revenue trend")["personalized"], "a profile is one user's own")
        self.send(talk, self.path, None, method="DELETE")
        self.assertEqual(self.get(talk, self.path)["why"], [])
        fresh = Talker.data(self.daemon.post("/api/v1/bi/chat/sessions", {}, talk.headers), 201)["session_id"]
        self.assertFalse(talk.ask("revenue trend", session=fresh)["personalized"])

    def test_a_chart_that_was_set_is_drawn_and_can_be_unset(self):
        talk = self.talk()
        self.send(talk, self.path, {"chart_type": "bar"}, method="PUT")
        answer = talk.ask("revenue by quarter")
        self.assertEqual((answer["visualization"]["type"], answer["personalized"]), ("bar", True))
        self.send(talk, self.path, {"chart_type": ""}, method="PUT")
        answer = talk.ask("orders by quarter")
        self.assertEqual((answer["visualization"]["type"], answer["personalized"]), ("line", False))
        self.assertEqual(self.send(talk, self.path, {"chart_type": "pie"}, 400, "PUT")[0]["field"], "/chart_type")

    def test_it_survives_a_restart(self):
        folder = tempfile.mkdtemp(prefix="loquat-test-")
        try:
            with Daemon(var=folder) as daemon:
                talk = Talker(daemon)
                Talker.data(daemon.ask("PUT", self.path, {"chart_type": "bar"}, talk.headers))
                daemon.stop()
                daemon.start()
                self.assertEqual(talk.ask("revenue by quarter")["visualization"]["type"], "bar")
        finally:
            shutil.rmtree(folder, ignore_errors=True)


class Copilot(OneDaemon):
    def test_every_suggestion_it_makes_is_answered(self):
        talk = self.talk()
        offered = self.get(talk, f"/api/v1/copilot/suggestions?session_id={talk.session}")["suggestions"]
        offered += talk.ask("revenue by month")["suggestions"]
        self.assertGreaterEqual(len(offered), 3)
        for suggestion in offered:
            with self.subTest(suggestion["content"]):
                self.assertEqual(talk.ask(suggestion["action"]["payload"]["message"])["status"], "complete")

    def test_says_nothing_when_told_to_be_passive(self):
        talk = self.talk()
        self.assertEqual(self.get(talk, "/api/v1/copilot/mode")["mode"], "balanced")
        self.send(talk, "/api/v1/copilot/mode", {"mode": "passive"}, method="PUT")
        self.assertEqual(talk.ask("revenue by month")["suggestions"], [])
        self.assertEqual(self.send(talk, "/api/v1/copilot/mode", {"mode": "loud"}, 400, "PUT")[0]["field"], "/mode")
        bob = Talker(self.daemon, tenant=talk.headers["X-Tenant-ID"], user="bob")
        self.assertEqual(self.get(bob, "/api/v1/copilot/mode")["mode"], "balanced")

    def test_explains_answers_metrics_and_statements(self):
        talk = self.talk()
        answer = talk.ask("revenue by month")
        path = "/api/v1/copilot/explain"
        explained = self.send(talk, path, {"response_id": answer["response_id"]})
        self.assertEqual((explained["metrics"], explained["sql"]), (["revenue"], answer["sql"]))
        self.assertIn("goods sold", self.send(talk, path, {"metric": "revenue"})["explanation"])
        self.assertEqual(self.send(talk, path, {"sql": "SELECT count(*) FROM orders"})["tables"], ["orders"])
        self.send(talk, path, {"sql": "DROP TABLE orders"}, 400)
        self.send(talk, path, {"metric": "moons"}, 404)
        self.send(talk, path, {}, 400)
        self.send(self.talk(), path, {"response_id": answer["response_id"]}, 404)

    def test_guides_with_steps_that_are_answered(self):
        talk = self.talk()
        guide = self.send(talk, "/api/v1/copilot/guide", {"goal": "revenue by month"})
        self.assertGreaterEqual(len(guide["steps"]), 2)
        for step in guide["steps"]:
            with self.subTest(step["message"]):
                self.assertEqual(talk.ask(step["message"])["status"], "complete")


class Semantic(OneDaemon):
    def test_lists_what_can_be_asked_and_all_of_it_compiles(self):
        talk = self.talk()
        metrics = [m["name"] for m in self.get(talk, "/api/v1/semantic/metrics")["items"]]
        self.assertIn("revenue", metrics)
        dimensions = self.get(talk, "/api/v1/semantic/dimensions?metrics=revenue,orders")["items"]
        self.assertIn("metric_time", [d["name"] for d in dimensions])
        for dimension in dimensions:
            name = dimension["name"] + ("__month" if dimension["grains"] else "")
            with self.subTest(name):
                for dialect in ("duckdb", "trino"):
                    body = {"metrics": ["revenue", "orders"], "group_by": [name], "dialect": dialect}
                    self.assertIn("SELECT", self.send(talk, "/api/v1/semantic/compile", body)["sql"])
        self.assertIn("product", [e["name"] for e in self.get(talk, "/api/v1/semantic/entities?metrics=revenue")["items"]])

    def test_runs_a_query_as_the_conversation_does(self):
        talk = self.talk()
        said = talk.ask("revenue by product category")
        ran = self.send(talk, "/api/v1/semantic/query", {k: said["query"][k] for k in ("metrics", "group_by", "where", "order_by")})
        self.assertEqual(ran["rows"], said["data"]["rows"])
        top = self.send(talk, "/api/v1/semantic/query", {"metrics": ["revenue"], "group_by": ["product__category"],
                                                         "order_by": ["-revenue"], "limit": 2})
        self.assertEqual(len(top["rows"]), 2)
        self.assertGreaterEqual(top["rows"][0][1], top["rows"][1][1])
        where = ["{{ Dimension('product__category') }} = 'fruit'"]
        fruit = self.send(talk, "/api/v1/semantic/query", {"metrics": ["revenue"], "where": where})["rows"]
        self.assertEqual([r[1] for r in ran["rows"] if r[0] == "fruit"], fruit[0])

    def test_saved_queries_and_values(self):
        talk = self.talk()
        saved = self.get(talk, "/api/v1/semantic/saved_queries")["items"]
        self.assertGreaterEqual(len(saved), 1)
        for query in saved:
            with self.subTest(query["name"]):
                self.assertGreater(self.send(talk, "/api/v1/semantic/query", {"saved_query": query["name"]})["row_count"], 0)
        values = self.get(talk, "/api/v1/semantic/dimension_values?dimension=product__category&search=RU")["values"]
        self.assertEqual(values, ["fruit"])

    def test_refuses_with_what_is_near_and_the_field(self):
        talk = self.talk()
        for body, status, field in (({"metrics": ["revenu"]}, 422, "/metrics/0"),
                                    ({"metrics": ["revenue"], "group_by": ["nope"]}, 422, "/group_by/0"),
                                    ({"metrics": "revenue"}, 400, "/metrics"),
                                    ({"metrics": ["revenue"], "limit": -1}, 400, "/limit"),
                                    ({"metrics": ["revenue"], "start_time": "yesterday"}, 400, "/start_time")):
            with self.subTest(body=body):
                self.assertEqual(self.send(talk, "/api/v1/semantic/query", body, status)[0]["field"], field)
        injected = {"metrics": ["revenue"], "where": ["{{ Dimension('product__category') }} = 'x'; DROP TABLE orders"]}
        self.assertIn(self.daemon.post("/api/v1/semantic/query", injected, talk.headers).status, (400, 422))


class Behind(OneDaemon):
    def test_insights_are_kept_streamed_and_fit_their_schema(self):
        need(shutil.which("kcat"), "kcat")
        talk = self.talk()
        answer = talk.ask("average order value by week")
        self.assertTrue(answer["insights"], "the sample has weeks that stand out")
        stored = until(lambda: self.get(talk, "/api/v1/insights")["items"], 10, "the insights are stored")
        self.assertEqual({i["event_id"] for i in stored}, {i["insight_id"] for i in answer["insights"]})
        schema = schema_of(self.daemon, "InsightEvent")
        address = (self.daemon.var / "loquat.kafka").read_text().strip()
        tenant = talk.headers["X-Tenant-ID"]
        sent = until(lambda: [json.loads(v) for k, _, v in read_topic(address, "ai-insights") if k == tenant], 30, "they are in the topic")
        self.assertEqual({i["event_id"] for i in sent}, {i["event_id"] for i in stored})
        for event in sent:
            check(self, event, schema, "InsightEvent")
            self.assertFalse(event["lower"] <= event["observed"] <= event["upper"], event["headline"])
        self.assertEqual(self.get(self.talk(), "/api/v1/insights")["items"], [])

    def test_a_trace_holds_what_led_to_the_answer_and_is_its_tenants_own(self):
        talk = self.talk()
        answer = talk.ask("orders by month")
        path = f"/api/v1/traces/{answer['trace_id']}"
        items = until(lambda: (lambda t: t["items"] if t else None)(
            self.daemon.get(path, talk.headers).json()["data"]), 10, "the trace is stored")
        kinds = {item["kind"] for item in items}
        self.assertLessEqual({"agent.thinking", "agent.decision", "agent.trace"}, kinds)
        self.assertEqual({item["event"]["trace_id"] for item in items}, {answer["trace_id"]})
        spans = [i["event"] for i in items if i["kind"] == "agent.trace"]
        known = {s["span_id"] for s in spans}
        self.assertTrue(all(s.get("parent_span_id") is None or s["parent_span_id"] in known for s in spans if s["agent"] != "orchestrator"))
        self.get(self.talk(), path, 404)

    def test_lineage_by_statement_by_table_and_by_answer(self):
        talk = self.talk()
        sql = "SELECT p.category AS c, SUM(l.line_total) AS s FROM order_lines l JOIN products p ON l.product_id = p.product_id GROUP BY 1"
        for dialect in ("duckdb", "trino"):
            found = self.send(talk, "/api/v1/lineage/extract", {"sql": sql, "dialect": dialect})
            self.assertEqual(sorted(t.split(".")[-1] for t in found["tables"]), ["order_lines", "products"])
            self.assertEqual(found["columns"], ["c", "s"])
        for sql in ("SELECT 1; SELECT 2", "DELETE FROM orders", "SELEC 1"):
            with self.subTest(sql):
                self.assertGreaterEqual(self.daemon.post("/api/v1/lineage/extract", {"sql": sql, "dialect": "duckdb"}, talk.headers).status, 400)
        up = {n["name"] for n in self.get(talk, "/api/v1/lineage/entity/orders/upstream")["nodes"]}
        self.assertLessEqual({"orders", "stg_orders", "raw_orders"}, up)
        down = {n["name"] for n in self.get(talk, "/api/v1/lineage/entity/orders/downstream")["nodes"]}
        self.assertIn("customers", down)
        near = self.get(talk, "/api/v1/lineage/entity/orders/traverse?direction=upstream&max_depth=1")["nodes"]
        self.assertEqual(max(n["depth"] for n in near), 1)
        self.get(talk, "/api/v1/lineage/entity/no_such_table/upstream", 404)
        answer = talk.ask("revenue by product category")
        event = until(lambda: self.daemon.get(f"/api/v1/lineage/queries/{answer['query_id']}", talk.headers).json()["data"], 10, "stored")
        self.assertEqual(event["response_id"], answer["response_id"])
        check(self, event, schema_of(self.daemon, "LineageEvent"), "LineageEvent")


class Operation(unittest.TestCase):
    def test_sighup_takes_over_what_can_be_and_names_what_cannot(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="loquat-test-"))
        try:
            text = (ROOT / "config" / "demo.yaml").read_text()
            config = folder / "loquat.yaml"
            config.write_text(text)
            with Daemon(command=[str(BINARY), "--config", str(config)]) as daemon:
                talk = Talker(daemon)

                def hup():
                    daemon.process.send_signal(signal.SIGHUP)
                self.assertEqual([daemon.get("/api/v1/semantic/metrics", talk.headers).status for _ in range(5)], [200] * 5)
                config.write_text(text + "\nrate_limit:\n  requests_per_second: 0.001\n  burst: 2\n")
                hup()
                until(lambda: "reloaded rate_limit.burst" in daemon.log_tail, 10, "the reload is said")
                bob = {**talk.headers, "X-User-ID": "bob"}
                self.assertEqual([daemon.get("/api/v1/semantic/metrics", bob).status for _ in range(4)], [200, 200, 429, 429])
                config.write_text(text + "\nrate_limit:\n  burst: many\n")
                hup()
                until(lambda: "rate_limit.burst" in daemon.log_tail.split("reloaded rate_limit.burst")[-1], 10, "the wrong value is named")
                self.assertEqual(daemon.get("/health/live").status, 200)
                config.write_text(text.replace('as_of: "2025-12-31"', 'as_of: "2025-06-30"'))
                hup()
                until(lambda: "needs a restart: semantic.as_of" in daemon.log_tail, 10, "what waits for a restart is named")
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def test_is_ready_once_it_serves(self):
        with Daemon() as daemon:
            ready = daemon.get("/health/ready")
            self.assertEqual((ready.status, ready.json()["status"]), (200, "ok"))
            health = daemon.get("/health").json()
            self.assertIn((health.get("data") or health)["status"], ("ok", "degraded"))
            self.assertEqual(daemon.stop(), 0)


if __name__ == "__main__":
    unittest.main()
