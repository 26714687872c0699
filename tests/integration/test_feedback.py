"""Feedback on the built daemon: seven kinds by two doors, what the service concludes by itself, votes seen and changed, what is
read back, what is exported, and what is refused with nothing of it in a topic."""

import http.client
import json
import pathlib
import shutil
import tempfile
import unittest
import uuid

import websockets.sync.client
from peers.broker import Broker, read_topic
from peers.daemon import Daemon, need, until
from peers.talk import Talker, token

KEY = "a-key-of-the-tests-that-has-forty-bytes.."
TOPIC = "ai-feedback-events"


def events_of(address, **where):
    found = [json.loads(value) for _, _, value in read_topic(address, TOPIC)]
    return [e for e in found if all(e.get(k) == v for k, v in where.items())]


def key():
    return {"X-Idempotency-Key": str(uuid.uuid4())}


def frame(talk, body):
    """One frame over a WebSocket of its own. Out: the first answer that is about it."""
    address = f"ws://127.0.0.1:{talk.daemon.port}/ws/chat/{talk.session}"
    with websockets.sync.client.connect(address, additional_headers=talk.headers, open_timeout=10, max_queue=None) as socket:
        socket.send(json.dumps(body))
        while True:
            got = json.loads(socket.recv(timeout=10))
            if got["type"] in ("ack", "error"):
                return got


SEVEN = {"thumbs_up": {}, "thumbs_down": {"comment": "no", "data": {"reasons": ["wrong_numbers"]}}, "rating": {"rating": 2},
         "correction": {"corrected_sql": "SELECT 1 AS revenue"}, "implicit_accept": {"data": {"how": "sql_copied"}},
         "implicit_reject": {}, "escalation": {"comment": "a person, please"}}


class FeedbackCases:
    """Run on the embedded broker and on a real Kafka."""

    def talk(self, tenant=None):
        return Talker(self.daemon, tenant=tenant or f"t{uuid.uuid4().hex[:8]}")

    def topic(self, talk):
        return events_of(self.address(), tenant_id=talk.headers["X-Tenant-ID"])

    def summary(self, talk, total, query=""):
        def ready():
            found = Talker.data(self.daemon.get(f"/api/v1/feedback/summary{query}", talk.headers))
            return found if found["total"] >= total else None
        return until(ready, 30, f"the pipeline counted {total}")

    def test_takes_all_seven_kinds_by_both_doors(self):
        talk = self.talk()
        kept = set()
        for kind, more in SEVEN.items():  # each on an answer of its own: of two votes on one the last counts
            answer, other = talk.ask("total revenue"), talk.ask("number of orders")
            with self.subTest(kind, door="REST"):
                kept.add(Talker.data(talk.vote(answer["response_id"], kind, **more), 202)["event_id"])
            with self.subTest(kind, door="WebSocket"):
                got = frame(talk, {"type": "feedback", "response_id": other["response_id"], "feedback_type": kind,
                                   "client_id": f"c-{kind}", **more})
                self.assertEqual(got["type"], "ack", got)
        self.assertEqual(len(kept), 7)
        summary = self.summary(talk, 14)
        self.assertEqual(summary["by_type"], {kind: 2 for kind in SEVEN})
        self.assertEqual(summary["mean_rating"], 2)
        self.assertEqual(summary["acceptance_rate"], 4 / 12)
        found = self.topic(talk)
        self.assertLessEqual(kept, {e["event_id"] for e in found})
        for event in found:
            self.assertEqual(event["feedback_source"], "implicit" if event["feedback_type"].startswith("implicit") else "explicit")
            self.assertTrue(event["verified"])

    def test_concludes_a_rejection_from_another_wording_once(self):
        talk = self.talk()
        first = talk.ask("revenue by month")
        talk.ask("monthly revenue")
        found = until(lambda: self.topic(talk), 30, "the conclusion is in the topic")
        self.assertEqual(len(found), 1, found)
        self.assertEqual(found[0]["feedback_type"], "implicit_reject")
        self.assertEqual(found[0]["feedback_source"], "implicit")
        self.assertEqual(found[0]["response_id"], first["response_id"])
        self.assertEqual(found[0]["data"]["extra"]["detected"], "reasked_same_query")
        self.assertEqual(self.summary(talk, 1)["by_type"], {"implicit_reject": 1})

    def test_concludes_nothing_of_what_was_judged_or_explored(self):
        talk = self.talk()
        first = talk.ask("revenue by month")
        self.assertEqual(talk.vote(first["response_id"]).status, 202)
        talk.ask("monthly revenue")
        talk.ask("orders by month")
        self.summary(talk, 1)
        self.assertEqual([e["feedback_type"] for e in self.topic(talk)], ["thumbs_up"])

    def test_concludes_an_escalation_from_repeated_failure(self):
        talk = self.talk()
        answers = [talk.ask(text) for text in ("what is the meaning of zxcvb", "zxcvb per qwerty", "the asdfgh of zxcvb")]
        self.assertNotIn("complete", [a["status"] for a in answers])
        found = until(lambda: self.topic(talk), 30, "the escalation is in the topic")
        self.assertEqual([e["feedback_type"] for e in found], ["escalation"])
        self.assertEqual(found[0]["response_id"], answers[-1]["response_id"])
        self.assertEqual(found[0]["data"]["extra"]["evidence"], [a["response_id"] for a in answers])

    def test_a_vote_is_seen_at_once_and_changed_by_its_author_alone(self):
        talk = self.talk()
        response = talk.ask("total revenue")["response_id"]
        first = Talker.data(talk.vote(response, "thumbs_up", comment="nice"), 202)["event_id"]
        path = f"/api/v1/feedback/{first}"
        self.assertEqual(Talker.data(self.daemon.get(path, talk.headers))["data"]["comment"], "nice")
        bob = {**talk.headers, "X-User-ID": "bob"}
        other = {**talk.headers, "X-Tenant-ID": "elsewhere"}
        for stranger in (bob, other):
            self.assertEqual(self.daemon.get(path, stranger).status, 404)
            self.assertEqual(self.daemon.ask("PUT", path, {"feedback_type": "thumbs_down"}, {**stranger, **key()}).status, 404)
        # Twice from the same place: the second change goes on from the first.
        for kind in ("thumbs_down", "thumbs_up", "thumbs_down"):
            changed = self.daemon.ask("PUT", path, {"feedback_type": kind}, {**talk.headers, **key()})
            last = Talker.data(changed, 202)["event_id"]
        self.assertEqual(Talker.data(self.daemon.get(path, talk.headers))["superseded_by"], last)
        mine = Talker.data(self.daemon.get(f"/api/v1/feedback?response_id={response}", talk.headers))["items"]
        self.assertEqual([e["event_id"] for e in mine], [last])
        self.assertEqual(Talker.data(self.daemon.get(f"/api/v1/feedback?response_id={response}", bob))["items"], [])
        until(lambda: len(self.topic(talk)) == 4, 30, "all four events are in the topic")

        def counted():
            return Talker.data(self.daemon.get("/api/v1/feedback/summary", talk.headers))["by_type"] == {"thumbs_down": 1}
        until(counted, 30, "only the last change counts")

    def test_a_vote_that_is_changed_twice_by_its_first_id_keeps_what_was_said_last(self):
        talk = self.talk()
        response = talk.ask("total revenue")["response_id"]
        first = Talker.data(talk.vote(response, "thumbs_down"), 202)["event_id"]

        def change(**body):
            return self.daemon.ask("PUT", f"/api/v1/feedback/{first}", body, {**talk.headers, **key()})
        Talker.data(change(feedback_type="thumbs_down", comment="the wrong region"), 202)
        last = Talker.data(change(feedback_type="thumbs_down", reasons=["wrong_numbers"]), 202)["event_id"]
        said = Talker.data(self.daemon.get(f"/api/v1/feedback/{last}", talk.headers))["data"]
        self.assertEqual((said["comment"], said["reasons"]), ("the wrong region", ["wrong_numbers"]))
        Talker.data(change(feedback_type="rating", rating=4), 202)
        last = Talker.data(change(feedback_type="rating", comment="fair"), 202)["event_id"]
        self.assertEqual(Talker.data(self.daemon.get(f"/api/v1/feedback/{last}", talk.headers))["data"]["rating"], 4)

    def test_the_quality_view_counts_by_metric_agent_kind_and_day(self):
        talk = self.talk()
        trend, total = talk.ask("revenue by month"), talk.ask("number of orders")
        self.assertEqual(talk.vote(trend["response_id"], "thumbs_down").status, 202)
        self.assertEqual(talk.vote(total["response_id"], "rating", rating=5).status, 202)
        self.summary(talk, 2)

        def view(by):
            return {r["value"]: r for r in Talker.data(self.daemon.get(f"/api/v1/feedback/quality?by={by}", talk.headers))["rows"]}
        by_metric = view("metric")
        self.assertEqual(by_metric["revenue"]["rejected"], 1)
        self.assertEqual(by_metric["revenue"]["acceptance_rate"], 0)
        self.assertEqual(by_metric[total["query"]["metrics"][0]]["mean_rating"], 5)
        self.assertEqual(view("kind")["trend"]["rejected"], 1)
        self.assertEqual(view("agent")["sql_agent"]["answers"], 2)
        self.assertEqual(sum(r["answers"] for r in view("day").values()), 2)
        self.assertEqual(self.daemon.get("/api/v1/feedback/quality?by=moon", talk.headers).status, 400)
        self.assertEqual(view("metric").keys() & {"revenue"}, {"revenue"})
        self.assertEqual(Talker.data(self.daemon.get("/api/v1/feedback/quality", self.talk().headers))["rows"], [])

    def raw(self, talk, path, body, content_type="application/json", headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=30)
        try:
            connection.request("POST", path, body, {"Content-Type": content_type, **talk.headers, **key(), **(headers or {})})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (BrokenPipeError, ConnectionResetError):
            return 413, {"errors": [{"code": "PAYLOAD_TOO_LARGE"}]}  # refused while it was still being sent
        finally:
            connection.close()

    def test_refuses_bad_input_by_the_field_and_keeps_nothing_of_it(self):
        talk = self.talk()
        response = talk.ask("total revenue")["response_id"]
        stranger = Talker(self.daemon, tenant=talk.headers["X-Tenant-ID"], user="eve")
        eves = stranger.ask("total revenue")["response_id"]
        elsewhere = self.talk().ask("total revenue")["response_id"]
        base = {"session_id": talk.session, "response_id": response, "feedback_type": "thumbs_up"}

        def submit(**more):
            return json.dumps({**base, **more})

        def correct(sql):
            return json.dumps({"session_id": talk.session, "response_id": response, "corrected_sql": sql})
        vote, fix, rate = "/api/v1/feedback/submit", "/api/v1/feedback/correction", "/api/v1/feedback/rating"
        bomb = submit(data="@").replace('"@"', '{"a":' * 500 + "1" + "}" * 500)
        twice = submit()[:-1] + ', "feedback_type": "thumbs_down"}'
        table = [
            ("wrong type of a text", vote, submit(comment=5), 400, "/comment"),
            ("wrong type of a number", vote, submit(feedback_type="rating", rating="four"), 400, "/rating"),
            ("wrong type of an object", vote, submit(data=[1]), 400, "/data"),
            ("wrong type within data", vote, submit(data={"reasons": "slow"}), 400, "/data/reasons"),
            ("no object at all", vote, "[]", 400, None),
            ("a field is missing", vote, json.dumps({"session_id": talk.session, "feedback_type": "thumbs_up"}), 400, "/response_id"),
            ("rating 7", vote, submit(feedback_type="rating", rating=7), 400, "/rating"),
            ("rating 7 by its own route", rate, json.dumps({**base, "rating": 7}), 400, "/rating"),
            ("rating 2.5", rate, json.dumps({**base, "rating": 2.5}), 400, "/rating"),
            ("a rating without a number", vote, submit(feedback_type="rating"), 400, "/rating"),
            ("unknown feedback_type", vote, submit(feedback_type="applause"), 400, "/feedback_type"),
            ("another user's response", vote, submit(response_id=eves), 404, None),
            ("another tenant's response", vote, submit(response_id=elsewhere), 404, None),
            ("2 MB", vote, submit(comment="x" * (2 << 20)), 413, None),
            ("invalid UTF-8", vote, submit(comment="@").encode().replace(b"@", b"\xff\xfe"), 400, None),
            ("a lone surrogate", vote, submit(comment="@").replace("@", "\\ud800"), 400, None),
            ("depth bomb", vote, bomb, 400, None),
            ("depth bomb from the top", vote, "[" * 100_000, 400, None),
            ("duplicate keys", vote, twice, 400, "/feedback_type"),
            ("not JSON", vote, "{'a': 1}", 400, None),
            ("two statements", fix, correct("SELECT 1; SELECT 2"), 400, "/corrected_sql"),
            ("a write", fix, correct("DELETE FROM orders"), 400, "/corrected_sql"),
            ("a write behind a WITH", fix, correct("WITH a AS (SELECT 1) DELETE FROM orders"), 400, "/corrected_sql"),
            ("a statement hidden by a comment", fix, correct("SELECT 1 /* */; DROP TABLE orders"), 400, "/corrected_sql"),
            ("a file", fix, correct("SELECT * FROM read_csv('/etc/passwd')"), 400, "/corrected_sql"),
            ("no SQL at all", fix, correct("please fix it"), 400, "/corrected_sql"),
            ("SQL by the vote's door", vote, submit(feedback_type="correction", corrected_sql="DROP TABLE orders"), 400, "/corrected_sql"),
            ("SQL within data", vote, submit(feedback_type="correction", data={"corrected_sql": "DROP TABLE orders"}), 400,
             "/data/corrected_sql"),
            ("two corrections", fix, json.dumps({**base, "corrected_sql": "SELECT 1", "corrected_text": "one"}), 400, None),
            ("no correction", fix, json.dumps(base), 400, None),
            ("no query", fix, json.dumps({**base, "corrected_query": {"metrics": 5}}), 400, "/corrected_query/metrics"),
        ]
        for name, path, body, status, field in table:
            with self.subTest(name):
                got, envelope = self.raw(talk, path, body)
                self.assertEqual(got, status, envelope)
                self.assertTrue(envelope["errors"][0]["code"])
                if field:
                    self.assertIn(field, [e.get("field") for e in envelope["errors"]], envelope)
        with self.subTest("not named JSON"):
            self.assertEqual(self.raw(talk, vote, submit(), "text/plain")[0], 415)
        for name, more in (("rating 7", {"feedback_type": "rating", "rating": 7}), ("unknown kind", {"feedback_type": "applause"}),
                           ("another's", {"feedback_type": "thumbs_up", "response_id": eves}),
                           ("a write", {"feedback_type": "correction", "corrected_sql": "DROP TABLE orders"})):
            with self.subTest(name, door="WebSocket"):
                got = frame(talk, {"type": "feedback", "response_id": response, **more})
                self.assertEqual(got["type"], "error", got)
        with self.subTest("the same key with another body"):
            same = key()
            self.assertEqual(self.raw(talk, vote, submit(comment="one"), headers=same)[0], 202)
            self.assertEqual(self.raw(talk, vote, submit(comment="two"), headers=same)[0], 409)
            self.assertEqual(self.raw(talk, vote, submit(comment="one"), headers=same)[0], 202)
        # A good vote comes last: what is in the topic before it is all that was kept.
        self.assertEqual(self.raw(talk, vote, submit(comment="last"))[0], 202)
        found = until(lambda: (lambda f: f if any(e["data"].get("comment") == "last" for e in f) else None)(self.topic(talk)),
                      30, "the last vote is in the topic")
        self.assertEqual(sorted(str(e["data"].get("comment")) for e in found), ["last", "one"])
        for _, _, value in read_topic(self.address(), TOPIC):
            for trace in ("DROP TABLE", "DELETE FROM", "applause", "/etc/passwd", '"comment":"two"'):
                self.assertNotIn(trace, value)

    def test_an_unknown_response_is_kept_with_a_warning_and_never_teaches(self):
        talk = self.talk()
        got = talk.vote("resp-from-elsewhere")
        self.assertEqual(got.status, 202)
        self.assertEqual([w["code"] for w in got.json()["warnings"]], ["UNKNOWN_RESPONSE"])
        self.summary(talk, 1)
        self.assertEqual([e["verified"] for e in self.topic(talk)], [False])
        signals = [json.loads(v) for k, _, v in read_topic(self.address(), "ai-learning-signals") if k == talk.headers["X-Tenant-ID"]]
        self.assertEqual(signals, [])


class OnTheEmbeddedBroker(FeedbackCases, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        need(shutil.which("kcat"), "kcat")
        cls.daemon = Daemon()
        cls.daemon.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__(None, None, None)

    def address(self):
        return (self.daemon.var / "loquat.kafka").read_text().strip()


class OnARealKafka(FeedbackCases, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker()
        cls.broker.__enter__()
        cls.daemon = Daemon(KAFKA_BOOTSTRAP_SERVERS=cls.broker.address)
        cls.daemon.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__(None, None, None)
        cls.broker.__exit__(None, None, None)

    def address(self):
        return self.broker.address


class AcrossARestart(unittest.TestCase):
    def test_a_key_gives_the_same_receipt_and_conflicts_with_another_body(self):
        folder = tempfile.mkdtemp(prefix="loquat-test-")
        try:
            with Daemon(var=folder) as daemon:
                talk = Talker(daemon)
                body = {"session_id": talk.session, "response_id": talk.ask("total revenue")["response_id"],
                        "feedback_type": "thumbs_up"}
                same = {**talk.headers, **key()}
                first = Talker.data(daemon.post("/api/v1/feedback/submit", body, same), 202)
                daemon.kill()
                daemon.start()
                self.assertEqual(Talker.data(daemon.post("/api/v1/feedback/submit", body, same), 202)["event_id"], first["event_id"])
                other = daemon.post("/api/v1/feedback/submit", {**body, "feedback_type": "thumbs_down"}, same)
                self.assertEqual(other.status, 409)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


class Roles(unittest.TestCase):
    def test_what_was_learnt_is_read_by_curators_alone(self):
        with Daemon(LOQUAT_AUTH__MODE="jwt", JWT_KEY=KEY) as daemon:
            def get(path, *roles):
                return daemon.get(path, {"Authorization": f"Bearer {token(KEY, 'acme', 'ada', roles)}"}).status
            for path in ("/api/v1/feedback/export?format=sft", "/api/v1/feedback/quality"):
                with self.subTest(path):
                    self.assertEqual([get(path, role) for role in ("viewer", "analyst", "curator", "operator")], [403, 403, 200, 200])


    def test_a_body_that_names_another_tenant_is_refused(self):
        with Daemon(LOQUAT_AUTH__MODE="jwt", JWT_KEY=KEY) as daemon:
            talk = Talker(daemon, token=token(KEY, "acme", "ada"))
            for name in ("tenant_id", "user_id"):
                with self.subTest(name):
                    self.assertEqual(talk.vote("resp-x", **{name: "elsewhere"}).status, 403)


class Export(unittest.TestCase):
    """Rows as TRL's trainers take them: conversational, one JSON object a line."""

    def test_gives_each_trainer_its_rows_redacted(self):
        with Daemon() as daemon:
            talk = Talker(daemon, tenant="export")
            answer = talk.ask("revenue by product category")
            response = answer["response_id"]
            fix = {"session_id": talk.session, "response_id": response, "corrected_sql": "SELECT 42 AS revenue -- jo@example.com"}
            Talker.data(daemon.post("/api/v1/feedback/correction", fix, {**talk.headers, **key()}), 202)
            good = talk.ask("number of orders")
            self.assertEqual(talk.vote(good["response_id"]).status, 202)
            until(lambda: Talker.data(daemon.get("/api/v1/feedback/summary", talk.headers))["total"] == 2, 30, "both are counted")

            def rows(form, **more):
                query = "&".join(f"{k}={v}" for k, v in {"format": form, **more}.items())
                got = daemon.get(f"/api/v1/feedback/export?{query}", talk.headers)
                self.assertEqual((got.status, got.headers["Content-Type"]), (200, "application/x-ndjson"))
                return [json.loads(line) for line in got.body.decode().splitlines()]
            sft, dpo, kto = rows("sft"), rows("dpo"), rows("kto")
            self.assertEqual([[m["role"] for m in r["messages"]] for r in sft], [["system", "user", "assistant"]])
            self.assertIn("SELECT 42", sft[0]["messages"][2]["content"])
            self.assertEqual(len(dpo), 1)
            self.assertEqual([m["role"] for m in dpo[0]["prompt"]], ["system", "user"])
            self.assertIn("SELECT 42", dpo[0]["chosen"][0]["content"])
            self.assertEqual(dpo[0]["rejected"][0]["content"], answer["sql"])
            self.assertEqual(sorted((r["label"], r["response_id"] == response) for r in kto),
                             [(False, True), (True, False), (True, True)])
            for row in sft + dpo + kto:
                self.assertTrue(row["trace_id"] and row["signal_id"] and row["metric_ids"], row)
                self.assertNotIn("jo@example.com", json.dumps(row))
            paged = rows("kto", limit=1)
            while len(more := rows("kto", limit=1, after=paged[-1]["signal_id"])):
                paged += more
            self.assertEqual(paged, kto)
            self.assertEqual(rows("kto", since="2999-01-01"), [])
            self.assertEqual(daemon.get("/api/v1/feedback/export?format=csv", talk.headers).status, 400)
            loads_with_datasets(self, {"sft": sft, "dpo": dpo, "kto": kto})


def loads_with_datasets(test, rows):
    """As `load_dataset("json")` does, where the library is there; the schema above holds without it."""
    try:
        import datasets
    except ImportError:
        return
    with tempfile.TemporaryDirectory() as folder:
        for name, lines in rows.items():
            path = pathlib.Path(folder) / f"{name}.jsonl"
            path.write_text("".join(json.dumps(line) + "\n" for line in lines))
            loaded = datasets.load_dataset("json", data_files=str(path), split="train", cache_dir=folder)
            test.assertEqual(loaded.num_rows, len(lines))


if __name__ == "__main__":
    unittest.main()
