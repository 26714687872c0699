"""The main job on the built daemon: a question in, an answer on every transport, nine topics fed. Once with the embedded
broker, once with a real Apache Kafka."""

import json
import shutil
import unittest

from peers.broker import Broker, read_topic
from peers.daemon import Daemon, need, until
from peers.talk import Talker

TOPICS = {
    "ai-feedback-events": ("feedback.submitted", "fb-"), "ai-learning-signals": ("learning.signal", "ls-"),
    "ai-insights": ("insight.detected", "in-"), "agent-thinking-events": ("agent.thinking", "th-"),
    "agent-decision-events": ("agent.decision", "de-"), "agent-trace-events": ("agent.trace", "tr-"),
    "agent-metrics-events": ("agent.metrics", "me-"), "query-lineage-events": ("query.lineage", "lin-"),
    "audit-events": ("audit.recorded", "au-"),
}
COMMON = {"event_id", "event_type", "schema_version", "tenant_id", "timestamp"}


def schema_of(daemon, name):
    return daemon.get(f"/schemas/{name}.json").json()


class MainJob:
    def broker_address(self, daemon):
        raise NotImplementedError

    def test_feeds_nine_topics_for_real_work(self):
        need(shutil.which("kcat"), "kcat")
        talk = Talker(self.daemon)
        answer = talk.ask("orders by day")
        self.assertEqual(answer["status"], "complete")
        for part in ("interpretation", "sql", "provenance", "visualization"):
            self.assertTrue(answer[part], part)
        self.assertGreater(answer["data"]["row_count"], 100)
        self.assertEqual(talk.vote(answer["response_id"]).status, 202)
        denied = self.daemon.get("/api/v1/personalization/profile", {**talk.headers, "X-Tenant-ID": "bad tenant \x01"})
        self.assertGreaterEqual(denied.status, 400)
        address = self.broker_address(self.daemon)
        for topic, (event_type, prefix) in TOPICS.items():
            records = until(lambda topic=topic: read_topic(address, topic), 30, f"a record in {topic}")
            for key, headers, value in records:
                event = json.loads(value)
                with self.subTest(topic=topic, event=event["event_id"]):
                    self.assertEqual(event["event_type"], event_type)
                    self.assertTrue(event["event_id"].startswith(prefix))
                    self.assertEqual(key, event["tenant_id"])
                    self.assertLessEqual(COMMON, event.keys())
                    for name in ("ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "content-type"):
                        self.assertIn(name + "=", headers)
                    self.assertIn(f"ce_id={event['event_id']}", headers)

    def test_every_event_matches_its_served_schema(self):
        talk = Talker(self.daemon)
        answer = talk.ask("orders by month")
        self.assertEqual(talk.vote(answer["response_id"], "thumbs_down", comment="no").status, 202)
        address = self.broker_address(self.daemon)
        asyncapi = self.daemon.get("/asyncapi.json").json()
        self.assertEqual(asyncapi["asyncapi"][:2], "3.")
        names = {"ai-feedback-events": "FeedbackEvent", "ai-learning-signals": "LearningSignal",
                 "agent-thinking-events": "ThinkingEvent", "agent-decision-events": "DecisionEvent",
                 "agent-trace-events": "TraceEvent", "agent-metrics-events": "MetricsEvent",
                 "query-lineage-events": "LineageEvent", "audit-events": "AuditEvent"}
        for topic, name in names.items():
            schema = schema_of(self.daemon, name)
            for _, _, value in until(lambda topic=topic: read_topic(address, topic), 30, f"a record in {topic}"):
                check(self, json.loads(value), schema, f"{name}")

    def test_lineage_names_the_columns_of_the_sql(self):
        talk = Talker(self.daemon, tenant="lineage")
        answer = talk.ask("revenue by product category")
        address = self.broker_address(self.daemon)

        def own():
            return [e for e in map(json.loads, (v for _, _, v in read_topic(address, "query-lineage-events")))
                    if e.get("response_id") == answer["response_id"]]
        event = until(own, 30, "the lineage of the answer")[0]
        read = {source["table"].split(".")[-1].strip('"') for source in event["sources"]}
        self.assertEqual(read, {"order_lines", "products"})
        outputs = {o["column"]: {(i["table"].split(".")[-1].strip('"'), i["column"]) for i in o["inputs"]
                                 if i["type"] == "DIRECT"} for o in event["outputs"]}
        self.assertEqual(outputs["revenue"], {("order_lines", "line_total")})
        self.assertEqual(outputs["product__category"], {("products", "category")})

    def test_reads_back_what_was_said(self):
        talk = Talker(self.daemon, tenant="summary")
        answer = talk.ask("total revenue")
        receipt = Talker.data(talk.vote(answer["response_id"], "rating", rating=4), 202)
        path = f"/api/v1/feedback/summary?response_id={answer['response_id']}"
        summary = until(lambda: (lambda s: s if s["total"] else None)(Talker.data(self.daemon.get(path, talk.headers))),
                        30, "the summary counts the rating")
        self.assertEqual(summary["mean_rating"], 4)
        own = Talker.data(self.daemon.get(f"/api/v1/feedback/{receipt['event_id']}", talk.headers))
        self.assertEqual(own["data"]["rating"], 4)
        other = Talker(self.daemon, tenant="others")
        self.assertEqual(self.daemon.get(f"/api/v1/feedback/{receipt['event_id']}", other.headers).status, 404)


def check(test, value, schema, place):
    """The keywords that our schemas use."""
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}
    if "type" in schema:
        test.assertIsInstance(value, kinds[schema["type"]], place)
    if "enum" in schema:
        test.assertIn(value, schema["enum"], place)
    if "minimum" in schema:
        test.assertGreaterEqual(value, schema["minimum"], place)
    if "maximum" in schema:
        test.assertLessEqual(value, schema["maximum"], place)
    if isinstance(value, dict) and "properties" in schema:
        for name in schema.get("required", []):
            test.assertIn(name, value, place)
        for name, inner in value.items():
            test.assertIn(name, schema["properties"], place)
            check(test, inner, schema["properties"][name], f"{place}.{name}")
    if isinstance(value, list) and "items" in schema:
        for i, inner in enumerate(value):
            check(test, inner, schema["items"], f"{place}[{i}]")


class OnTheEmbeddedBroker(MainJob, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.daemon.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__(None, None, None)

    def broker_address(self, daemon):
        return (daemon.var / "loquat.kafka").read_text().strip()


class OnARealKafka(MainJob, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker()
        cls.broker.__enter__()
        cls.daemon = Daemon(KAFKA_BOOTSTRAP_SERVERS=cls.broker.address, KAFKA_CONSUMER_GROUP="main-job")
        cls.daemon.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__(None, None, None)
        cls.broker.__exit__(None, None, None)

    def broker_address(self, daemon):
        return self.broker.address

    def test_creates_the_topics_as_the_contract_says(self):
        need(shutil.which("kcat"), "kcat")
        import subprocess
        listing = json.loads(subprocess.run(["kcat", "-b", self.broker.address, "-L", "-J"], capture_output=True,
                                            text=True, check=True).stdout)
        partitions = {t["topic"]: len(t["partitions"]) for t in listing["topics"]}
        self.assertEqual({t: partitions.get(t) for t in TOPICS},
                         {"ai-feedback-events": 6, "ai-learning-signals": 3, "ai-insights": 3,
                          "agent-thinking-events": 6, "agent-decision-events": 6, "agent-trace-events": 6,
                          "agent-metrics-events": 3, "query-lineage-events": 3, "audit-events": 6})


if __name__ == "__main__":
    unittest.main()
