"""What a 202 promises, with the broker, the daemon or the disk failing: unique event_ids in the topic == number of 202s.

Votes carry idempotency keys; a client that got no answer asks again with the same key, as clients do. Order is looked at
per tenant: the first copy of each event, in the order of the 202s of one client that waits for each.
"""

import collections
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time
import unittest
import uuid

from peers.broker import Broker
from peers.daemon import Daemon, need, until
from peers.talk import Talker

TOPIC = "ai-feedback-events"


class Voters:
    """A few clients, each of a tenant of its own: one vote after the other, again with the same key until it is answered."""

    def __init__(self, daemon, count=3, pause=0.0):
        self.daemon, self.pause, self.stopping = daemon, pause, threading.Event()
        self.accepted = collections.defaultdict(list)  # tenant -> event_ids in the order of their 202s
        self.statuses, self.refused, self.problems = collections.Counter(), collections.Counter(), []
        self.threads = [threading.Thread(target=self.run, args=(f"tenant{i}",), daemon=True) for i in range(count)]
        for thread in self.threads:
            thread.start()

    def run(self, tenant):
        headers = {"X-Tenant-ID": tenant, "X-User-ID": "ada"}
        number = 0
        while not self.stopping.is_set():
            number += 1
            body = {"session_id": "s-1", "response_id": f"r-{number}", "feedback_type": "thumbs_up"}
            key = {"X-Idempotency-Key": str(uuid.uuid4())}
            while not self.stopping.is_set():
                try:
                    answer = self.daemon.ask("POST", "/api/v1/feedback/submit", body, {**headers, **key}, seconds=10)
                except (OSError, ValueError, __import__("http.client").client.HTTPException):
                    time.sleep(0.02)
                    continue
                if answer.status == 202:
                    data = answer.json()["data"]
                    self.accepted[tenant].append(data["event_id"])
                    self.statuses[data["status"]] += 1
                    break
                if answer.status != 503:
                    self.problems.append((answer.status, answer.body[:300]))
                    break
                self.refused[answer.json()["errors"][0]["code"]] += 1
                time.sleep(0.05)
            if self.pause:
                time.sleep(self.pause)

    def count(self):
        return sum(self.statuses.values())

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def first_copies(broker):
    """Out: tenant -> event_ids in order, each once; and the number of copies."""
    order, seen, copies = collections.defaultdict(list), set(), 0
    for tenant, _, value in broker.read(TOPIC):
        event = json.loads(value)["event_id"]
        if event in seen:
            copies += 1
            continue
        seen.add(event)
        order[tenant].append(event)
    return order, copies


def metric(text, name):
    """The value of a metric for the feedback topic."""
    return float(next(line for line in text.splitlines() if line.startswith(f'{name}{{topic="{TOPIC}"}}')).rsplit(" ", 1)[1])


class Faults(unittest.TestCase):
    def check(self, broker, voters, name, seconds=60, may_have_more=0):
        """Everything accepted is there once, in order. `may_have_more`: requests under way at the end, unanswered."""
        self.assertEqual(voters.problems, [])
        wanted = sum(len(ids) for ids in voters.accepted.values())
        until(lambda: sum(len(ids) for ids in first_copies(broker)[0].values()) >= wanted, seconds, "all accepted votes are in the topic")
        order, copies = first_copies(broker)
        for tenant, ids in voters.accepted.items():
            self.assertEqual(len(ids), len(set(ids)), "every 202 has an event of its own")
            known = set(ids)
            self.assertEqual([event for event in order[tenant] if event in known], ids, f"order of {tenant}")
        found = sum(len(ids) for ids in order.values())
        self.assertLessEqual(found - wanted, may_have_more, "no event that nobody was told of")
        print(f"{name}: accepted {wanted} ({dict(voters.statuses)}), in the topic {found}, copies {copies}, "
              f"refused {dict(voters.refused)}")

    def test_daemon_killed_in_the_middle_of_feedback(self):
        with tempfile.TemporaryDirectory() as var, Broker() as broker, \
                Daemon(var=var, KAFKA_BOOTSTRAP_SERVERS=broker.address) as daemon:
            voters = Voters(daemon)
            for round_ in range(3):
                before = voters.count()
                until(lambda: voters.count() > before + 60, 60, f"votes before kill {round_}")
                daemon.kill()
                daemon.start()
            before = voters.count()
            until(lambda: voters.count() > before + 60, 60, "votes after the last kill")
            voters.stop()
            self.check(broker, voters, "daemon kill -9, three times", may_have_more=len(voters.threads))

    def test_broker_killed(self):
        with Broker() as broker, Daemon(KAFKA_BOOTSTRAP_SERVERS=broker.address) as daemon:
            voters = Voters(daemon)
            until(lambda: voters.count() > 60, 60, "votes before")
            broker.kill()
            before = voters.count()
            until(lambda: voters.statuses["buffered"] > 30 and voters.count() > before + 60, 60, "votes meanwhile")
            broker.up()
            before = voters.statuses["accepted"]
            until(lambda: voters.statuses["accepted"] > before + 30, 60, "votes after")
            voters.stop()
            self.check(broker, voters, "broker kill -9", may_have_more=len(voters.threads))

    def test_broker_that_hangs(self):
        """Its connections stand and nothing comes back: found out long before they time out."""
        with Broker() as broker, Daemon(KAFKA_BOOTSTRAP_SERVERS=broker.address) as daemon:
            voters = Voters(daemon)
            until(lambda: voters.count() > 60, 60, "votes before")
            broker.suspend()
            until(lambda: daemon.get("/health").json()["integrations"]["kafka"]["state"] == "degraded", 30, "it counts as away")
            before = voters.statuses["buffered"]
            until(lambda: voters.statuses["buffered"] > before + 300, 30, "votes that wait for no acknowledgement")
            broker.resume()
            before = voters.statuses["accepted"]
            until(lambda: voters.statuses["accepted"] > before + 30, 60, "votes after")
            voters.stop()
            self.check(broker, voters, "broker hangs", may_have_more=len(voters.threads))

    def test_broker_that_comes_back_without_its_topics(self):
        """It forgot what it had accepted; what we hold goes into topics that are made again, not by its own defaults."""
        with Broker(extra="auto.create.topics.enable=false") as broker, Daemon(KAFKA_BOOTSTRAP_SERVERS=broker.address) as daemon:
            talk = Talker(daemon)
            until(lambda: talk.vote("r-1").json()["data"]["status"] == "accepted", 30, "a vote before")
            broker.kill()
            shutil.rmtree(pathlib.Path(broker.folder, "data"))
            held = [until(lambda: self.buffered(talk), 30, "a vote that waits") for _ in range(5)]
            broker.up()
            until(lambda: talk.vote("r-3").json()["data"]["status"] == "accepted", 60, "votes after")
            until(lambda: daemon.get("/health").json()["integrations"]["kafka"]["spooled"] == 0, 60, "the spool is empty again")
            order, _ = first_copies(broker)
            mine = [event for event in next(iter(order.values())) if event in held]
            self.assertEqual(mine, held)

    @staticmethod
    def buffered(talk):
        vote = talk.vote("r-2").json()["data"]
        return vote["event_id"] if vote["status"] == "buffered" else None

    def test_both_killed(self):
        with tempfile.TemporaryDirectory() as var, Broker() as broker, \
                Daemon(var=var, KAFKA_BOOTSTRAP_SERVERS=broker.address) as daemon:
            voters = Voters(daemon)
            until(lambda: voters.count() > 60, 60, "votes before")
            broker.kill()
            until(lambda: voters.statuses["buffered"] > 30, 60, "votes while the broker is away")
            daemon.kill()
            daemon.start()
            before = voters.count()
            until(lambda: voters.count() > before + 60, 60, "votes of the daemon's second life, broker away")
            daemon.kill()
            broker.up()
            daemon.start()
            before = voters.count()
            until(lambda: voters.count() > before + 60, 60, "votes after all")
            voters.stop()
            self.check(broker, voters, "both kill -9", may_have_more=len(voters.threads))

    def outage(self, seconds, **settings):
        with Broker() as broker, Daemon(KAFKA_BOOTSTRAP_SERVERS=broker.address, **settings) as daemon:
            voters = Voters(daemon, pause=0.02)
            until(lambda: voters.count() > 60, 60, "votes before")
            broker.kill()
            end = time.monotonic() + seconds
            until(lambda: time.monotonic() > end, seconds + 5, "the outage")
            kafka = daemon.get("/health").json()["integrations"]["kafka"]
            self.assertEqual(kafka["state"], "degraded")
            self.assertGreater(kafka["spooled"], 0)
            metrics = daemon.get("/metrics").body.decode()
            self.assertIn("loquat_kafka_spooled_events", metrics)
            self.assertGreater(metric(metrics, "loquat_kafka_waiting_events"), 0)
            self.assertGreater(metric(metrics, "loquat_kafka_oldest_event_age_seconds"), seconds / 2)
            broker.up()
            until(lambda: voters.statuses["accepted"] > 90, 60, "votes after")
            voters.stop()
            self.check(broker, voters, f"outage of {seconds} s", seconds=120, may_have_more=len(voters.threads))
            until(lambda: daemon.get("/health").json()["integrations"]["kafka"]["spooled"] == 0, 60, "the spool is empty again")
            until(lambda: metric(daemon.get("/metrics").body.decode(), "loquat_kafka_waiting_events") == 0, 10, "nothing waits")
            self.assertEqual(metric(daemon.get("/metrics").body.decode(), "loquat_kafka_lost_events_total"), 0)

    def test_outage_of_20_seconds(self):
        self.outage(20)

    def test_outage_longer_than_the_client_library_may_hold_a_record(self):
        """At the end some records under way are older than kafka.delivery_timeout and some are not: none may overtake another."""
        self.outage(5, LOQUAT_KAFKA__DELIVERY_TIMEOUT="10s")

    @unittest.skipUnless(os.environ.get("LOQUAT_FULL") == "yes", "six minutes long: with scripts/test --full")
    def test_outage_of_6_minutes(self):
        self.outage(360)

    def test_full_disk_refuses_and_keeps_what_it_promised(self):
        need(os.geteuid() == 0, "root, for a small file system")
        with tempfile.TemporaryDirectory() as var, tempfile.TemporaryDirectory() as small, Broker() as broker:
            mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", small], capture_output=True, check=False)
            need(mounted.returncode == 0, "the right to mount")
            try:
                with Daemon(var=var, KAFKA_BOOTSTRAP_SERVERS=broker.address, LOQUAT_SPOOL__PATH=small,
                            LOQUAT_KAFKA__BUFFER__MAX_EVENTS="5000") as daemon:
                    voters = Voters(daemon)
                    until(lambda: voters.count() > 30, 60, "votes before")
                    broker.kill()
                    until(lambda: voters.refused["BUFFER_FULL"] > 20, 60, "the disk is full")
                    broker.up()
                    before = voters.statuses["accepted"]
                    until(lambda: voters.statuses["accepted"] > before + 30, 60, "votes after")
                    voters.stop()
                    self.assertGreater(voters.statuses["buffered"], 0)
                    self.check(broker, voters, "full disk", may_have_more=len(voters.threads))
            finally:
                subprocess.run(["umount", small], check=False)

    def test_read_only_disk_refuses(self):
        need(os.geteuid() == 0, "root, for a small file system")
        with tempfile.TemporaryDirectory() as var, tempfile.TemporaryDirectory() as small, Broker() as broker:
            mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", small], capture_output=True, check=False)
            need(mounted.returncode == 0, "the right to mount")
            try:
                with Daemon(var=var, KAFKA_BOOTSTRAP_SERVERS=broker.address, LOQUAT_SPOOL__PATH=small) as daemon:
                    voters = Voters(daemon)
                    until(lambda: voters.count() > 30, 60, "votes before")
                    broker.kill()
                    daemon.kill()  # a disk with a file open for writing cannot be made read-only
                    subprocess.run(["mount", "-o", "remount,ro", small], check=True)
                    daemon.start()
                    until(lambda: voters.refused["BUFFER_FULL"] > 20, 150, "nothing can be written")
                    self.assertEqual(daemon.get("/health/live").status, 200)
                    subprocess.run(["mount", "-o", "remount,rw", small], check=True)
                    until(lambda: voters.statuses["buffered"] > 10, 60, "it is written again")
                    broker.up()
                    before = voters.statuses["accepted"]
                    until(lambda: voters.statuses["accepted"] > before + 30, 60, "votes after")
                    voters.stop()
                    self.check(broker, voters, "read-only disk", may_have_more=len(voters.threads))
            finally:
                subprocess.run(["umount", small], check=False)

    def spoil(self, change, losses):
        """Votes into the spool, daemon killed, `change` done to the newest segment, then all is drained."""
        with tempfile.TemporaryDirectory() as var, Broker() as broker, \
                Daemon(var=var, KAFKA_BOOTSTRAP_SERVERS=broker.address) as daemon:
            broker.kill()
            voters = Voters(daemon)
            until(lambda: voters.statuses["buffered"] > 60, 60, "votes into the spool")
            voters.stop()
            daemon.kill()
            change(sorted(pathlib.Path(var).rglob("*.spool"))[-1])
            broker.up()
            daemon.start()
            ids = {event for ids in voters.accepted.values() for event in ids}

            def found():
                return {json.loads(value)["event_id"] for _, _, value in broker.read(TOPIC)}
            until(lambda: len(ids - found()) <= losses, 60, "what was whole is in the topic")
            until(lambda: daemon.get("/health").json()["integrations"]["kafka"]["spooled"] == 0, 60, "the spool is empty")
            self.assertEqual(len(ids - found()), losses)
            self.assertIn("kafka.spool_recovered", daemon.log.read_text())

    def test_torn_last_record_is_cut_off(self):
        def tear(segment):  # as a crash in the middle of a write leaves it: nobody was promised this one
            with open(segment, "ab") as file:
                file.write(segment.read_bytes()[:40])
        self.spoil(tear, losses=0)

    def test_flipped_bit_costs_that_record_alone(self):
        def flip(segment):
            data = bytearray(segment.read_bytes())
            at = data.index(b'"feedback_source"', len(data) // 2)  # no audit record's
            data[at + 3] ^= 4
            segment.write_bytes(bytes(data))
        self.spoil(flip, losses=1)

    def test_drain_without_a_broker_ends_in_time_and_keeps_the_rest(self):
        with tempfile.TemporaryDirectory() as var, Broker() as broker, \
                Daemon(var=var, KAFKA_BOOTSTRAP_SERVERS=broker.address, LOQUAT_DRAIN_TIMEOUT="8s") as daemon:
            voters = Voters(daemon)
            until(lambda: voters.count() > 30, 60, "votes before")
            broker.kill()
            until(lambda: voters.statuses["buffered"] > 30, 60, "votes meanwhile")
            began = time.monotonic()
            code = daemon.stop(20)
            took = time.monotonic() - began
            voters.stop()
            self.assertEqual(code, 0)
            self.assertLess(took, 10)
            broker.up()
            daemon.start()
            self.check(broker, voters, f"drain in {took:.1f} s", may_have_more=len(voters.threads))


class SameKey(unittest.TestCase):
    def test_a_key_makes_one_event_across_a_crash_in_the_middle(self):
        """Many requests under way when the daemon dies; each is sent again with its key: one event each."""
        with tempfile.TemporaryDirectory() as var, Broker() as broker, \
                Daemon(var=var, KAFKA_BOOTSTRAP_SERVERS=broker.address) as daemon:
            headers = {"X-Tenant-ID": "acme", "X-User-ID": "ada"}

            def send(number):
                body = {"session_id": "s-1", "response_id": f"r-{number}", "feedback_type": "thumbs_down"}
                return daemon.ask("POST", "/api/v1/feedback/submit", body, {**headers, "X-Idempotency-Key": f"key-{number}"}, seconds=10)

            def try_all(numbers):
                for number in numbers:
                    try:
                        send(number)
                    except (OSError, ValueError, __import__("http.client").client.HTTPException):
                        pass
            workers = [threading.Thread(target=try_all, args=(range(w, 400, 8),)) for w in range(8)]
            for worker in workers:
                worker.start()
            until(lambda: len(broker.read(TOPIC)) > 40, 60, "some are in the topic")
            daemon.kill()
            for worker in workers:
                worker.join()
            daemon.start()
            answers = [send(number) for number in range(400)]
            self.assertEqual({answer.status for answer in answers}, {202})
            ids = {answer.json()["data"]["event_id"] for answer in answers}
            self.assertEqual(len(ids), 400)
            until(lambda: ids <= {json.loads(v)["event_id"] for _, _, v in broker.read(TOPIC)}, 60, "all in the topic")
            by_response = collections.defaultdict(set)
            for _, _, value in broker.read(TOPIC):
                event = json.loads(value)
                by_response[event["response_id"]].add(event["event_id"])
            self.assertEqual({len(events) for events in by_response.values()}, {1}, "one event a key")
            replayed = send(7)
            self.assertEqual(replayed.headers.get("Idempotency-Replayed"), "true")
            other = daemon.ask("POST", "/api/v1/feedback/submit", {"session_id": "s-1", "response_id": "other", "feedback_type": "thumbs_up"},
                               {**headers, "X-Idempotency-Key": "key-7"})
            self.assertEqual(other.status, 409)


if __name__ == "__main__":
    unittest.main()
