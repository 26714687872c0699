"""Topics on a real broker: made as the contract says, and said to differ where somebody else made them."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import jsonschema

from peers.broker import Broker
from peers.daemon import Daemon, need, until
from peers.talk import Talker


class Topics(unittest.TestCase):
    def test_topics_made_by_others_are_checked_and_used(self):
        with Broker() as broker:
            broker.run("topic", "ai-feedback-events", "2", "retention.ms=3600000")
            with Daemon(KAFKA_BOOTSTRAP_SERVERS=broker.address) as daemon:
                until(lambda: daemon.log.read_text().count("kafka.topic_differs") >= 2, 60, "both deviations are said")
                said = daemon.log.read_text()
                self.assertIn("ai-feedback-events has 2 partitions, not 6.", said)
                self.assertIn("ai-feedback-events keeps its records for 3600000 ms, not 604800000 ms.", said)
                self.assertEqual(said.count("kafka.topic_differs"), 2, "the others were made as they should be")
                self.assertEqual(Talker(daemon).vote("r-1").json()["data"]["status"], "accepted")

    def test_the_trace_goes_on_from_the_request_to_its_events(self):
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        with Broker() as broker, Daemon(KAFKA_BOOTSTRAP_SERVERS=broker.address) as daemon:
            talk = Talker(daemon)
            talk.headers = {**talk.headers, "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
            answer = talk.ask("orders by month")
            talk.vote(answer["response_id"])
            until(lambda: broker.read("ai-feedback-events"), 60, "the vote")
            for topic in ("ai-feedback-events", "audit-events", "agent-trace-events", "agent-thinking-events",
                          "agent-decision-events", "agent-metrics-events", "query-lineage-events"):
                with self.subTest(topic):
                    def of_trace():
                        return [headers for _, headers, value in broker.read(topic) if json.loads(value).get("trace_id") == trace]
                    found = until(of_trace, 30, f"{topic} has events of the trace")
                    for headers in found:
                        self.assertIn(f"traceparent=00-{trace}-", headers)

    def test_every_event_fits_the_schema_that_is_served_for_its_topic(self):
        topics = {"ai-feedback-events": "FeedbackEvent", "ai-learning-signals": "LearningSignal", "ai-insights": "InsightEvent",
                  "agent-thinking-events": "ThinkingEvent", "agent-decision-events": "DecisionEvent",
                  "agent-trace-events": "TraceEvent", "agent-metrics-events": "MetricsEvent",
                  "query-lineage-events": "LineageEvent", "audit-events": "AuditEvent"}
        with Broker() as broker, Daemon(KAFKA_BOOTSTRAP_SERVERS=broker.address) as daemon:
            talk = Talker(daemon)
            for question in ("revenue by month", "orders by region last month", "explain total revenue", "what is the weather?",
                             "average order value by week"):  # the last has weeks that stand out
                answer = talk.ask(question)
                for kind in ("thumbs_up", "thumbs_down"):
                    self.assertEqual(talk.vote(answer["response_id"], kind).status, 202)
            until(lambda: broker.read("ai-learning-signals"), 60, "signals")
            for topic, name in topics.items():
                schema = daemon.get(f"/schemas/{name}.json").json()
                jsonschema.Draft202012Validator.check_schema(schema)
                validator = jsonschema.Draft202012Validator(schema)
                events = [json.loads(value) for _, _, value in broker.read(topic)]
                print(f"{topic}: {len(events)} events")
                self.assertGreater(len(events), 0, topic)
                for event in events:
                    wrong = [(list(error.path), error.message) for error in validator.iter_errors(event)]
                    self.assertEqual(wrong, [], topic)

    def test_the_asyncapi_document_is_one(self):
        need(shutil.which("npm"), "npm")
        with tempfile.TemporaryDirectory() as folder:
            packed = subprocess.run(["npm", "pack", "--silent", "@asyncapi/specs@6.11.1"], cwd=folder, capture_output=True, check=False)
            need(packed.returncode == 0, "the package with AsyncAPI's schemas")
            subprocess.run("tar -xzf *.tgz", shell=True, cwd=folder, check=True)
            schema = json.loads(pathlib.Path(folder, "package/schemas/3.0.0-without-$id.json").read_text())
        with Daemon() as daemon:
            document = daemon.get("/asyncapi.json").json()
        self.assertEqual([error.message for error in jsonschema.Draft7Validator(schema).iter_errors(document)], [])
        self.assertEqual(len(document["channels"]), 9)


if __name__ == "__main__":
    unittest.main()
