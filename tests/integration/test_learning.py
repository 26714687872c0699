"""What people teach: verified answers and memory items, on the built daemon with the sample company."""

import tempfile
import unittest

from peers.daemon import Daemon, until
from peers.talk import Talker

QUESTION = "How did our flagship do last month?"
QUERY = {"metrics": ["revenue"], "start_time": "2025-11-01", "end_time": "2025-11-30"}


class Learning(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(LOQUAT_MEMORY__AGREEING_USERS_MIN="2")
        self.daemon.__enter__()
        self.addCleanup(self.daemon.__exit__)

    def ask_rest(self, method, path, body=None, user="ada", tenant="acme"):
        return self.daemon.ask(method, path, body, {"X-Tenant-ID": tenant, "X-User-ID": user})

    def verify(self, **body):
        return self.ask_rest("PUT", "/api/v1/verified", body, user="cleo")

    def correct(self, user, question, **correction):
        talk = Talker(self.daemon, user=user)
        answer = talk.ask(question)
        body = {"session_id": talk.session, "response_id": answer["response_id"], **correction}
        sent = self.daemon.post("/api/v1/feedback/correction", body, talk.headers)
        self.assertEqual(sent.status, 202, sent.body)
        return answer, sent.json()["data"]["event_id"]

    def items(self):
        return self.ask_rest("GET", "/api/v1/memory").json()["data"]["items"]

    @staticmethod
    def taught(talk):
        return [e for e in talk.entries() if e["type"] == "learnt_from"][-1]

    def item_of(self, event_id):
        def found():
            return next((i for i in self.items() if event_id in i["source_event_ids"]), None)
        return until(found, 20, "the correction as an item")

    def test_a_verified_answer_is_used_said_and_removed(self):
        before = Talker(self.daemon).ask(QUESTION)
        self.assertNotEqual(before["status"], "complete")
        made = self.verify(question=QUESTION, query=QUERY, note="Board definition.")
        self.assertEqual(made.status, 200, made.body)
        talk = Talker(self.daemon)
        answer = talk.ask("how did our flagship do last month")
        self.assertEqual(answer["status"], "complete", answer["response"])
        self.assertEqual(answer["intent"], "verified_answer")
        self.assertIn("verified", answer["interpretation"])
        self.assertEqual(self.taught(talk)["match"], "same")
        variant = talk.ask("How did our flagship do in March 2025?")
        self.assertEqual(self.taught(talk)["match"], "variant")
        self.assertEqual(variant["query"]["start_time"], "2025-03-01")
        other = Talker(self.daemon, tenant="other").ask(QUESTION)
        self.assertNotEqual(other["status"], "complete")
        self.assertEqual(self.ask_rest("GET", "/api/v1/verified", tenant="other").json()["data"]["items"], [])
        gone = self.ask_rest("DELETE", "/api/v1/verified?id=" + made.json()["data"]["id"])
        self.assertEqual(gone.status, 200, gone.body)
        self.assertNotEqual(talk.ask(QUESTION)["status"], "complete")

    def test_a_query_that_does_not_compile_or_follow_its_question_is_refused(self):
        self.assertEqual(self.verify(question=QUESTION, query={"metrics": ["no_such"]}).status, 400)
        wrong = {**QUERY, "start_time": "2024-01-01"}
        self.assertEqual(self.verify(question=QUESTION, query=wrong).status, 400)
        self.assertEqual(self.verify(question=QUESTION).status, 400)

    def test_corrections_wait_for_enough_users_and_survive_a_restart(self):
        _, first = self.correct("ann", QUESTION, corrected_query=QUERY)
        item = self.item_of(first)
        self.assertEqual(item["state"], "pending")
        self.assertEqual(item["problems"], [])
        self.assertGreater(item["after"]["value"], 0)
        self.assertNotEqual(Talker(self.daemon).ask(QUESTION)["status"], "complete")
        _, again = self.correct("ann", QUESTION, corrected_query=QUERY)
        self.assertEqual(self.item_of(again)["state"], "pending")
        _, second = self.correct("bob", QUESTION, corrected_query=QUERY)
        self.assertEqual(self.item_of(second)["state"], "active")
        self.daemon.stop()
        self.daemon.start()
        answer = Talker(self.daemon).ask(QUESTION)
        self.assertEqual(answer["intent"], "memory_answer")
        undone = self.ask_rest("POST", f"/api/v1/memory/{item['id']}/undo")
        self.assertEqual(undone.json()["data"]["state"], "pending", undone.body)
        self.assertNotEqual(Talker(self.daemon).ask(QUESTION)["status"], "complete")

    def test_a_vote_against_an_item_counts_after_a_restart_until_it_is_taken_back(self):
        question = "how did our heritage line do last month"
        _, _ = self.correct("ann", question, corrected_query=QUERY)
        _, second = self.correct("bob", question, corrected_query=QUERY)
        item = until(lambda: next((i for i in self.items() if second in i["source_event_ids"] and i["state"] == "active"), None),
                     20, "an active item")
        path = f"/api/v1/memory/{item['id']}"

        def shown():
            return self.ask_rest("GET", path).json()["data"]
        talk = Talker(self.daemon, user="eve")
        answer = talk.ask(question)
        self.assertEqual(answer["intent"], "memory_answer")
        self.daemon.stop()
        self.daemon.start()
        first = Talker.data(talk.vote(answer["response_id"], "thumbs_down"), 202)["event_id"]
        until(lambda: shown()["contradicting_users"] == ["eve"], 20, "eve against it")
        self.assertEqual(shown()["state"], "pending")
        changed = self.ask_rest("PUT", f"/api/v1/feedback/{first}", {"feedback_type": "thumbs_down", "comment": "the wrong line"}, user="eve")
        event = Talker.data(changed, 202)["event_id"]
        until(lambda: event in shown()["source_event_ids"], 20, "her change")
        self.assertEqual((shown()["state"], shown()["contradicting_users"]), ("pending", ["eve"]))
        last = Talker.data(talk.vote(answer["response_id"], "thumbs_up"), 202)["event_id"]  # anew, not as a change
        until(lambda: shown()["state"] == "active", 20, "nobody against it")
        self.assertEqual(shown()["contradicting_users"], [])
        mine = self.ask_rest("GET", f"/api/v1/feedback?response_id={answer['response_id']}", user="eve").json()["data"]["items"]
        self.assertEqual([vote["event_id"] for vote in mine], [last])
        self.assertEqual(self.ask_rest("DELETE", path).status, 200)
        self.assertEqual(self.ask_rest("GET", path).status, 404)

    def test_a_poisoned_correction_never_becomes_active_by_itself(self):
        question = "Revenue by month in 2025"
        poison = {"metrics": ["orders"], "start_time": "2025-01-01", "end_time": "2025-12-31"}
        for user in ("eve", "mallory", "trudy"):
            before, event = self.correct(user, question, corrected_query=poison)
            self.assertEqual(before["query"]["metrics"], ["revenue"])
        item = self.item_of(event)
        self.assertEqual(item["state"], "pending")
        self.assertEqual(len(item["agreeing_users"]), 3)
        self.assertTrue(item["problems"])
        after = Talker(self.daemon).ask(question)
        self.assertEqual(after["query"]["metrics"], ["revenue"])
        self.assertEqual(after["intent"], "metric_query")

    def test_proposals_that_no_query_was_found_for_stay_apart(self):
        question = "Revenue by month in 2025"
        proposals = [{"corrected_sql": "SELECT 42 AS answer"}, {"corrected_sql": "SELECT 43 AS answer"},
                     {"corrected_text": "that is not what I meant"}]
        items = [self.item_of(self.correct("bob", question, comment="no", **proposal)[1]) for proposal in proposals]
        self.assertEqual(len({item["id"] for item in items}), 3)
        for item, proposal in zip(items, proposals):
            self.assertNotIn("query", item)
            self.assertEqual({name: item[name] for name in proposal}, proposal, "a curator sees what was proposed")
            self.assertEqual(item["agreeing_users"], ["bob"])
        again = self.item_of(self.correct("ann", question, **proposals[1])[1])
        self.assertEqual(again["id"], items[1]["id"])
        self.assertEqual(again["agreeing_users"], ["bob", "ann"])

    def test_a_corrected_sql_teaches_only_the_modelled_query_with_its_rows(self):
        orders = Talker(self.daemon).ask("Orders by month in 2025")
        answer, event = self.correct("bob", "Revenue by month in 2025", corrected_sql=orders["sql"])
        item = self.item_of(event)
        self.assertEqual(item["source"], "corrected_sql")
        self.assertEqual(item["query"]["metrics"], ["orders"], item["problems"])
        self.assertEqual(item["before"]["query"]["metrics"], answer["query"]["metrics"])
        _, event = self.correct("ann", "Revenue by month in 2025", corrected_text="Orders by month in 2025")
        self.assertEqual(self.item_of(event)["id"], item["id"])
        _, event = self.correct("bob", "Revenue by month in 2025", corrected_sql="SELECT 42 AS answer")
        item = self.item_of(event)
        self.assertNotIn("query", item)
        self.assertEqual(item["state"], "pending")
        refused = self.ask_rest("POST", f"/api/v1/memory/{item['id']}/activate", {})
        self.assertEqual(refused.status, 409, refused.body)


class Roles(unittest.TestCase):
    def test_only_curators_verify_and_see_memory(self):
        from peers.talk import token
        key = "a-secret-key-of-at-least-32-bytes!!"
        with tempfile.TemporaryDirectory() as folder, Daemon(
                var=folder + "/var", LOQUAT_AUTH__MODE="jwt", JWT_KEY=key) as daemon:
            for role, status in (("analyst", 403), ("curator", 200)):
                headers = {"Authorization": "Bearer " + token(key, "acme", "ada", [role])}
                made = daemon.ask("PUT", "/api/v1/verified", {"question": QUESTION, "query": QUERY}, headers)
                self.assertEqual(made.status, status, made.body)
                self.assertEqual(daemon.get("/api/v1/memory", headers).status, status)
                self.assertEqual(daemon.get("/api/v1/verified", headers).status, 200)


if __name__ == "__main__":
    unittest.main()
