"""The daemon killed between an accepted correction and what it teaches: one effect of each, nothing half done."""

import collections
import json
import re
import tempfile
import time
import unittest
import uuid

from peers.broker import Broker
from peers.daemon import Daemon, until
from peers.talk import Talker

QUERY = {"metrics": ["revenue"], "start_time": "2025-11-01", "end_time": "2025-11-30"}
# Names that no model knows: each correction teaches something of its own.
NAMES = ["flagship", "torchbearer", "bellwether", "lodestar", "headliner", "frontman", "showpiece", "linchpin", "mainstay"]


class LearningCrash(unittest.TestCase):
    def setUp(self):
        var = tempfile.TemporaryDirectory()
        self.addCleanup(var.cleanup)
        self.broker = Broker()
        self.broker.__enter__()
        self.addCleanup(self.broker.__exit__, None, None, None)
        self.daemon = Daemon(var=var.name, KAFKA_BOOTSTRAP_SERVERS=self.broker.address, KAFKA_CONSUMER_GROUP="crash",
                             LOQUAT_MEMORY__AGREEING_USERS_MIN="1", LOQUAT_MEMORY__CHECK_TIMEOUT="5m", LOQUAT_KAFKA__SESSION_TIMEOUT="6s")
        self.daemon.__enter__()
        self.addCleanup(self.daemon.__exit__, None, None, None)
        self.headers = {"X-Tenant-ID": "acme", "X-User-ID": "cleo"}

    def items(self):
        answer = self.daemon.get("/api/v1/memory", self.headers)
        return answer.json()["data"]["items"] if answer.status == 200 else []

    def item_of(self, event_id):
        return next((item for item in self.items() if event_id in item["source_event_ids"]), None)

    def in_topic(self, topic, field, event_id):
        return [e for e in map(json.loads, (value for _, _, value in self.broker.read(topic))) if event_id in str(e.get(field))]

    def counted(self):
        answer = self.daemon.get("/api/v1/feedback/summary", self.headers)
        return answer.json()["data"]["by_type"].get("correction", 0) if answer.status == 200 else 0

    def send(self, talk, answer):
        """Until it is answered, each time with the same key, as clients do."""
        body = {"session_id": talk.session, "response_id": answer["response_id"], "corrected_query": QUERY}
        headers = {**talk.headers, "X-Idempotency-Key": str(uuid.uuid4())}

        def once():
            try:
                sent = self.daemon.post("/api/v1/feedback/correction", body, headers)
            except OSError:
                return None
            return sent.json()["data"]["event_id"] if sent.status == 202 else None
        return once

    def test_killed_at_each_step(self):
        killed_at = collections.OrderedDict()

        def seen(name, condition):
            killed_at[name] = lambda event, before: until(lambda: condition(event, before), 30, name)
        killed_at["accepted"] = lambda event, before: None
        for milliseconds in (3, 15, 40, 80):  # between the steps that can be seen
            killed_at[f"{milliseconds} ms later"] = lambda event, before, pause=milliseconds: time.sleep(pause / 1000)
        seen("in the topic", lambda event, _: self.in_topic("ai-feedback-events", "event_id", event))
        seen("counted", lambda _, before: self.counted() > before)
        seen("an item", lambda event, _: self.item_of(event))
        seen("active", lambda event, _: (self.item_of(event) or {}).get("state") == "active")
        events = {}
        for name, (step, wait) in zip(NAMES, killed_at.items()):
            talk = Talker(self.daemon, user="ann")
            question = f"How did our {name} do last month?"
            answer = talk.ask(question)
            self.assertNotEqual(answer["status"], "complete", question)
            before = self.counted()
            send = self.send(talk, answer)
            event = send()
            self.assertTrue(event)
            wait(event, before)
            self.daemon.kill()
            self.daemon.start()
            self.assertEqual(send(), event, f"killed when {step}: the same key, the same event")
            events[event] = (step, question)
        for event, (step, question) in events.items():
            with self.subTest(step):
                until(lambda: (self.item_of(event) or {}).get("state") == "active", 60, f"active after a kill when {step}")
                mine = [item for item in self.items() if item["question"] == question]
                self.assertEqual(len(mine), 1, "one effect")
                item = mine[0]
                self.assertEqual(item["source_event_ids"], [event])
                self.assertEqual(item["agreeing_users"], ["ann"])
                self.assertEqual([line["state"] for line in item["history"]], ["pending", "active"])
                self.assertEqual(item["problems"], [])
                self.assertGreater(item["after"]["value"], 0, "it was executed before it taught")
                self.assertEqual(Talker(self.daemon).ask(question)["intent"], "memory_answer")
                self.assertEqual(len({e["event_id"] for e in self.in_topic("ai-feedback-events", "event_id", event)}), 1)
                signals = self.in_topic("ai-learning-signals", "source_event_ids", event)
                by_type = collections.defaultdict(set)
                for signal in signals:
                    by_type[signal["signal_type"]].add(signal["event_id"])
                self.assertTrue(by_type, "it made signals")
                self.assertEqual({len(ids) for ids in by_type.values()}, {1}, by_type)
        self.assertEqual(self.counted(), len(events), "each is counted once")
        print(f"killed {len(events)} times: {len(events)} items, one each")

    def running(self):
        values = [line.rsplit(" ", 1)[1] for line in self.daemon.get("/metrics").body.decode().splitlines()
                  if line.startswith("loquat_engine_running_queries")]
        return sum(map(float, values))

    def test_a_correction_that_ends_the_process_each_time_is_not_tried_for_ever(self):
        talk = Talker(self.daemon, user="ann")
        answer = talk.ask("Revenue by month in 2025")
        table = re.search(r'FROM\s+([\w."]+)', answer["sql"]).group(1)
        endless = f"SELECT count(*) AS n FROM {table} a, {table} b, {table} c WHERE hash(a, b, c) % 7 = 3"
        body = {"session_id": talk.session, "response_id": answer["response_id"], "corrected_sql": endless}
        sent = self.daemon.post("/api/v1/feedback/correction", body, talk.headers)
        self.assertEqual(sent.status, 202, sent.body)
        event = sent.json()["data"]["event_id"]
        for life in range(3):
            until(self.running, 60, f"its query runs, life {life}")
            self.daemon.kill()
            self.daemon.start()
        item = until(lambda: self.item_of(event), 60, "kept unchecked")
        self.assertEqual(item["state"], "pending")
        self.assertIn("3 times", item["problems"][0])
        self.assertEqual(item["corrected_sql"], endless)
        refused = self.daemon.post(f"/api/v1/memory/{item['id']}/activate", {}, self.headers)
        self.assertEqual(refused.status, 409, refused.body)
        self.assertEqual(Talker(self.daemon).ask("Orders by month in 2025")["status"], "complete")


if __name__ == "__main__":
    unittest.main()
