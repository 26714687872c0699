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


# Filled by what this test has not: a language model; SQL that cannot be resolved; counted refusals of tokens; and of
# optional fields common to all events, what the event is not about (an audited request names no message).
LEFT_OUT = {"LearningSignal/model/llm", "TraceEvent/tokens/input", "TraceEvent/tokens/output", "TraceEvent/cost",
            "LineageEvent/unresolved", "AuditEvent/details", "AuditEvent/message_id"}


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
                event_id = Talker(daemon).vote("r-1").json()["data"]["event_id"]
                until(lambda: event_id in str(broker.read("ai-feedback-events")), 60, "the vote is in the topic")

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
            statuses = {}
            for question in ("revenue by month", "orders by region last month", "explain total revenue", "what is the weather?",
                             "average order value by week"):  # the last has weeks that stand out
                answer = talk.ask(question)
                statuses[answer["message_id"]] = answer["status"]
                for kind in ("thumbs_up", "thumbs_down"):
                    self.assertEqual(talk.vote(answer["response_id"], kind).status, 202)
            until(lambda: broker.read("ai-learning-signals"), 60, "signals")
            measured = [json.loads(value) for _, _, value in broker.read("agent-metrics-events")]
            self.assertEqual({event["message_id"]: event["labels"]["status"] for event in measured}, statuses,
                             "figures of each answer, of what was not answered too")
            self.assertEqual(len(measured), len(statuses), "once")
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

    def test_every_field_is_filled_by_something_that_happens(self):
        """No field of a schema is there for show: over some real work each of them holds something, in some event."""
        names = {"ai-feedback-events": "FeedbackEvent", "ai-learning-signals": "LearningSignal", "ai-insights": "InsightEvent",
                 "agent-thinking-events": "ThinkingEvent", "agent-decision-events": "DecisionEvent",
                 "agent-trace-events": "TraceEvent", "agent-metrics-events": "MetricsEvent",
                 "query-lineage-events": "LineageEvent", "audit-events": "AuditEvent"}
        with Broker() as broker, Daemon(KAFKA_BOOTSTRAP_SERVERS=broker.address, LOQUAT_QUALITY_WINDOW="1s") as daemon:
            self.provoke(daemon)
            until(lambda: len(broker.read("ai-learning-signals")) > 4, 60, "signals")
            until(lambda: any("PT1S" in value for _, _, value in broker.read("agent-metrics-events")), 60, "a window's figures")
            empty = []
            for topic, name in names.items():
                schema = daemon.get(f"/schemas/{name}.json").json()
                events = [json.loads(value) for _, _, value in broker.read(topic)]
                empty += [f"{topic}{path}" for path in self.never_filled(schema, events) if f"{name}{path}" not in LEFT_OUT]
            self.assertEqual(empty, [])

    @staticmethod
    def provoke(daemon):
        talk = Talker(daemon)
        for question in ("revenue by month", "average order value by week", "what is the weather?", "revenue by week and region",
                         "orders by region last month"):
            answer = talk.ask(question)
            for kind, more in (("thumbs_up", {"comment": "good"}), ("rating", {"rating": 4}), ("escalation", {})):
                vote = Talker.data(talk.vote(answer["response_id"], kind, **more), 202)
            change = {"feedback_type": "thumbs_down", "reasons": ["wrong_metric"]}
            daemon.ask("PUT", "/api/v1/feedback/" + vote["event_id"], change, talk.headers)
            query = {"metrics": ["orders"], "start_time": "2025-01-01", "end_time": "2025-12-31"}
            for corrected in ({"corrected_sql": answer.get("sql") or "SELECT 1"}, {"corrected_text": "orders by month"}, {"corrected_query": query}):
                body = {"session_id": talk.session, "response_id": answer["response_id"], "comment": "so", **corrected}
                Talker.data(daemon.post("/api/v1/feedback/correction", body, talk.headers), 202)
        talk.vote(answer["response_id"], "thumbs_up", data={"note_of_the_page": 1})
        daemon.get("/api/v1/bi/chat/sessions/" + talk.session, talk.headers)
        # Audited as allowed and then as answered with 404: that has a reason.
        daemon.get("/api/v1/bi/chat/sessions/ses-unknown", talk.headers)

    def never_filled(self, schema, events, path=""):
        """Pointers of the members that no event fills: absent, null, empty or zero in all of them."""
        found = []
        for name, member in schema.get("properties", {}).items():
            values = [event[name] for event in events if name in event]
            if not any(value not in (None, "", 0, False, [], {}) for value in values):
                found.append(f"{path}/{name}")
            elif member.get("type") == "object" and "properties" in member:
                found += self.never_filled(member, [value for value in values if isinstance(value, dict)], f"{path}/{name}")
        return found

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
