"""Row filters by claims of real tokens: whatever way a caller asks, only visible rows and visible values come back."""

import json
import unittest
import urllib.parse

import websockets.sync.client

from peers.daemon import Daemon
from peers.talk import Talker, token

KEY = "a-key-of-the-tests-that-has-forty-bytes.."
SEMANTIC = "/api/v1/semantic"
DEPOTS = {"North": {"Northgate"}, "Valley": {"Millbrook"}, "Coast": {"Harbour Quay"}, "Capital": {"Elm Hill", "Stonebridge"}}
EVERY = set().union(*DEPOTS.values(), {"Fairmead"})
BY_REGION = {"metrics": ["revenue"], "group_by": ["depot__region_name"], "order_by": ["depot__region_name"]}


def bearer(user, roles=("analyst",), **claims):
    return {"Authorization": "Bearer " + token(KEY, "acme", user, roles=list(roles), **claims)}


class RowFilters(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        rules = "depot__region_name in claim:regions except operator"
        cls.daemon = Daemon(LOQUAT_AUTH__MODE="jwt", JWT_KEY=KEY, LOQUAT_SEMANTIC__ROW_FILTERS=rules,
                            LOQUAT_SEMANTIC__ROW_FILTERS_SKIP_UNREACHABLE="false")
        cls.daemon.__enter__()
        cls.addClassCleanup(cls.daemon.__exit__, None, None, None)
        cls.ana = bearer("ana", regions=["North"])
        cls.ben = bearer("ben", regions=["Coast"])
        cls.zoe = bearer("zoe", regions=["North"])  # the same rights as ana
        cls.cid = bearer("cid")  # has no regions
        cls.olga = bearer("olga", roles=["operator"])

    def talker(self, headers):
        return Talker(self.daemon, token=headers["Authorization"].split(" ")[1])

    def post(self, path, body, headers, status=200):
        answer = self.daemon.post(SEMANTIC + path, body, headers)
        self.assertEqual(answer.status, status, answer.body[:500])
        return answer.json()

    def values(self, dimension, headers, search=""):
        query = urllib.parse.urlencode({"dimension": dimension, "search": search})
        return self.daemon.get(f"{SEMANTIC}/dimension_values?{query}", headers)

    def hit_count(self, which="hits"):
        text = self.daemon.get("/metrics").body.decode()
        name = f"loquat_engine_cache_{which}_total "
        return sum(float(line.split(" ")[1]) for line in text.splitlines() if line.startswith(name))

    def assert_hides(self, text, region, besides=()):
        """No depot and no region but the caller's own stands in the text."""
        hidden = (EVERY - DEPOTS[region]) | (set(DEPOTS) - {region}) - {"Capital"}
        for name in hidden - set(besides):
            self.assertNotIn(name, text)

    def test_queries_hold_only_visible_rows(self):
        every = {row[0]: row[1] for row in self.post("/query", BY_REGION, self.olga)["data"]["rows"]}
        self.assertTrue(set(DEPOTS) <= set(every))
        for headers, region in ((self.ana, "North"), (self.ben, "Coast")):
            rows = self.post("/query", BY_REGION, headers)["data"]["rows"]
            self.assertEqual(rows, [[region, every[region]]])

    def test_lines_hold_only_visible_rows(self):
        answer = self.daemon.post(SEMANTIC + "/query", BY_REGION, {**self.ana, "Accept": "application/x-ndjson"})
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.headers["Content-Type"].startswith("application/x-ndjson"))
        head, *rows, tail = [json.loads(line) for line in answer.body.decode().splitlines()]
        self.assertEqual([column["name"] for column in head["columns"]], ["depot__region_name", "revenue"])
        self.assertEqual([row[0] for row in rows], ["North"])
        self.assertEqual((tail["row_count"], tail["truncated"]), (1, False))

    def test_the_plan_names_the_filter(self):
        plan = self.post("/compile", BY_REGION, self.ana)["data"]["plan"]
        self.assertEqual(plan["row_filters"], ["depot__region_name"])
        self.assertTrue(any("North" in sql for read in plan["reads"] for sql in read["row_filters"]))
        self.assertIn("row filter", plan["text"])

    def test_dimension_values_are_the_visible_ones(self):
        self.assertEqual(set(self.values("depot__depot_name", self.ana).json()["data"]["values"]), DEPOTS["North"])
        self.assertEqual(set(self.values("depot__depot_name", self.olga).json()["data"]["values"]), EVERY)
        self.assertEqual(self.values("depot__depot_name", self.ana, "quay").json()["data"]["values"], [])

    def test_a_missing_claim_refuses_everywhere(self):
        refused = self.post("/query", BY_REGION, self.cid, 403)
        self.assertIn("regions", refused["errors"][0]["message"])
        self.assertEqual(self.values("depot__depot_name", self.cid).status, 403)
        cid = self.talker(self.cid)
        for question in ("revenue by depot", "revenue for Harbour Quay", "which depots are there?", "revenue for depot Harbor Quai"):
            answer = cid.ask(question)
            self.assertNotEqual(answer["status"], "complete", answer["response"])
            self.assertFalse(EVERY & set(json.dumps(answer).replace(question, "").split('"')))

    def test_answers_by_rest_hold_only_visible_rows(self):
        answer = self.talker(self.ana).ask("revenue by depot")
        self.assertEqual(answer["status"], "complete")
        self.assertEqual({row[0] for row in answer["data"]["rows"]}, DEPOTS["North"])
        self.assert_hides(json.dumps(answer), "North")

    def test_answers_by_socket_hold_only_visible_rows(self):
        ben = self.talker(self.ben)
        url = f"ws://127.0.0.1:{self.daemon.port}/ws/chat/{ben.session}?after=0"
        frames = []
        with websockets.sync.client.connect(url, additional_headers=self.ben, max_queue=None) as socket:
            socket.send(json.dumps({"type": "message", "content": "revenue by depot", "client_id": "1"}))
            while not frames or json.loads(frames[-1]).get("type") != "complete":
                frames.append(socket.recv(timeout=20))
        done = json.loads(frames[-1])
        self.assertEqual(done["status"], "complete")
        rows = [row for frame in map(json.loads, frames) if frame.get("type") == "data" for row in frame["rows"]]
        self.assertEqual({row[0] for row in rows}, DEPOTS["Coast"])
        self.assert_hides("".join(frames), "Coast")

    def test_what_is_offered_instead_names_no_hidden_value(self):
        ana = self.talker(self.ana)
        for question in ("revenue for depot Harbor", "revenue for depot Millbrok", "revenue for Stonebrige",
                         "which depots are there?", "revenue for depot", "compare revenue of the depots"):
            answer = ana.ask(question)
            self.assert_hides(json.dumps(answer), "North")
        entries = json.dumps([e for e in ana.entries() if e["type"] != "message"])
        self.assert_hides(entries, "North")
        guide = self.daemon.post("/api/v1/copilot/guide", {"goal": "revenue for depot Harbor"}, self.ana)
        self.assertEqual(guide.status, 200)
        self.assert_hides(guide.body.decode(), "North")
        starters = self.daemon.get("/api/v1/copilot/suggestions?session_id=" + ana.session, self.ana)
        self.assert_hides(starters.body.decode(), "North")

    def test_visible_values_are_understood(self):
        ana = self.talker(self.ana)
        everything = self.post("/query", {"metrics": ["revenue"]}, self.ana)["data"]["rows"]
        answer = ana.ask("revenue for Northgate")
        self.assertEqual(answer["status"], "complete", answer["response"])
        self.assertEqual(answer["data"]["rows"], everything)
        # Products cannot be joined to depots: their values are those that stand beside visible rows.
        answer = ana.ask("revenue for herb")
        self.assertEqual(answer["status"], "complete", answer["response"])
        self.assertIn("herb", json.dumps(answer["query"]))

    def test_a_hidden_value_is_as_unknown_as_one_that_does_not_exist(self):
        ana = self.talker(self.ana)
        hidden, invented = ana.ask("revenue for Millbrook"), ana.ask("revenue for Zanbrook")
        self.assertEqual(hidden["status"], invented["status"])
        self.assertEqual(hidden["response"].replace("Millbrook", "X").replace("millbrook", "X"),
                         invented["response"].replace("Zanbrook", "X").replace("zanbrook", "X"))

    def test_a_kept_result_is_shared_by_equal_rights_only(self):
        query = {"metrics": ["units_sold"]}
        first = self.post("/query", query, self.ana)["data"]
        self.assertNotIn("cached_ms", first)
        before = self.hit_count()
        again = self.post("/query", query, self.ana)["data"]
        self.assertIn("cached_ms", again)
        self.assertEqual(again["rows"], first["rows"])
        equal = self.post("/query", query, self.zoe)["data"]
        self.assertEqual(equal["rows"], first["rows"])
        self.assertEqual(self.hit_count() - before, 2)
        other = self.post("/query", query, self.ben)["data"]
        self.assertNotIn("cached_ms", other)
        self.assertNotEqual(other["rows"], first["rows"])
        unfiltered = self.post("/query", query, self.olga)["data"]
        self.assertNotIn("cached_ms", unfiltered)
        self.assertNotIn(unfiltered["rows"], (first["rows"], other["rows"]))
        self.post("/query", query, self.cid, 403)
        fresh = self.post("/query", query, {**self.ana, "Cache-Control": "no-cache"})["data"]
        self.assertNotIn("cached_ms", fresh)
        self.assertEqual(fresh["rows"], first["rows"])
        stranger = {"Authorization": "Bearer " + token(KEY, "globex", "ana", regions=["North"])}
        self.assertNotIn("cached_ms", self.post("/query", query, stranger)["data"])

    def test_an_answer_says_that_its_rows_were_kept(self):
        ana = self.talker(self.ana)
        question = "late orders by courier in 2024"
        self.assertNotIn("cached_ms", ana.ask(question)["data"])
        self.assertIn("cached_ms", ana.ask(question)["data"])

    def test_verified_answers_are_filtered_for_who_asks(self):
        body = {"question": "how do our depots do", "query": {"metrics": ["revenue"], "group_by": ["depot__depot_name"]}}
        made = self.daemon.ask("PUT", "/api/v1/verified", body, self.olga)
        self.assertLess(made.status, 300, made.body[:500])
        answer = self.talker(self.ana).ask("how do our depots do")
        self.assertEqual(answer["intent"], "verified_answer")
        self.assertEqual({row[0] for row in answer["data"]["rows"]}, DEPOTS["North"])
        self.assert_hides(json.dumps(answer), "North")


if __name__ == "__main__":
    unittest.main()
