"""A real broker killed while questions and feedback flow: answers keep coming, and every 202 is in the topic afterwards."""

import json
import threading
import unittest

from peers.broker import Broker
from peers.daemon import Daemon, until
from peers.talk import Talker


class BrokerOutage(unittest.TestCase):
    def test_every_accepted_vote_reaches_the_topic(self):
        with Broker() as broker, Daemon(KAFKA_BOOTSTRAP_SERVERS=broker.address, KAFKA_CONSUMER_GROUP="outage") as daemon:
            talk = Talker(daemon)
            accepted, statuses, answered, problems = set(), set(), [], []
            stop = threading.Event()

            def vote_on():
                while not stop.is_set():
                    answer = talk.vote(f"invented-{len(accepted)}")
                    if answer.status == 202:
                        data = answer.json()["data"]
                        accepted.add(data["event_id"])
                        statuses.add(data["status"])
                    elif answer.status != 503:
                        problems.append((answer.status, answer.body[:300]))

            def ask_on():
                own = Talker(daemon, user="asker")
                while not stop.is_set():
                    answered.append(own.ask("orders by month")["status"])

            workers = [threading.Thread(target=vote_on), threading.Thread(target=ask_on)]
            for worker in workers:
                worker.start()
            until(lambda: len(accepted) > 50 and answered, 60, "votes and answers before the outage")
            broker.kill()
            before, asked = len(accepted), len(answered)
            until(lambda: "buffered" in statuses and len(accepted) > before + 50 and len(answered) > asked + 3, 60,
                  "votes and answers during the outage")
            kafka = daemon.get("/health").json()["integrations"]["kafka"]
            self.assertIn(kafka["state"], ("degraded", "down"))
            broker.up()
            after = len(accepted)
            until(lambda: len(accepted) > after + 20, 60, "votes after the outage")
            stop.set()
            for worker in workers:
                worker.join()
            self.assertEqual(problems, [])
            self.assertEqual(set(answered), {"complete"})

            def in_topic():
                return [json.loads(value)["event_id"] for _, _, value in broker.read("ai-feedback-events")]
            until(lambda: accepted <= set(in_topic()), 60, "all accepted votes are in the topic")
            found = in_topic()
            self.assertEqual(set(found), accepted)
            print(f"accepted {len(accepted)}, in the topic {len(found)}, copies {len(found) - len(set(found))}")
            until(lambda: daemon.get("/health").json()["integrations"]["kafka"]["state"] == "up", 60, "kafka is up again")


if __name__ == "__main__":
    unittest.main()
