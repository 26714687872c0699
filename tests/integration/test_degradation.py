"""What users get while something that Loquat depends on is away, on the built daemon (contract, section 5)."""

import tempfile
import unittest

from peers.daemon import Daemon
from peers.talk import Talker


def ask(talk, text):
    path = f"/api/v1/bi/chat/sessions/{talk.session}/messages"
    answer = talk.daemon.post(path, {"message": text}, talk.headers)
    assert answer.status == 200, answer.body[:1000]
    return answer.json()


def warned(envelope):
    return {warning["code"] for warning in envelope["warnings"]}


def state(daemon, name):
    return daemon.get("/health").json()["integrations"][name]["state"]


class Degradation(unittest.TestCase):
    def test_without_an_engine_the_plan_and_the_sql_are_shown(self):
        with Daemon(LOQUAT_ENGINE__DUCKDB__PATH="examples/orchard/not_there.duckdb") as daemon:
            got = ask(Talker(daemon), "total revenue")
            self.assertTrue(got["success"])
            self.assertEqual(got["data"]["status"], "failed")
            self.assertIn("query_engine", got["degraded"])
            self.assertIn("QUERY_ENGINE_UNAVAILABLE", warned(got))
            for part in ("query", "sql", "interpretation"):
                self.assertTrue(got["data"][part], part)
            self.assertNotIn("not_there", got["data"]["response"])
            self.assertNotEqual(state(daemon, "query_engine"), "up")

    def test_without_a_store_answers_go_on_and_say_so(self):
        with Daemon(LOQUAT_STORE__PATH="/proc/nowhere/loquat.db") as daemon:
            got = ask(Talker(daemon), "total revenue")
            self.assertEqual(got["data"]["status"], "complete")
            self.assertIn("store", got["degraded"])
            self.assertIn("NOT_STORED", warned(got))
            self.assertNotEqual(state(daemon, "store"), "up")

    def test_the_last_good_model_survives_a_restart_without_its_source(self):
        with tempfile.TemporaryDirectory() as var:
            with Daemon(var=var) as daemon:
                fresh = ask(Talker(daemon), "total revenue")
                self.assertNotIn("STALE_MODEL", warned(fresh))
            with Daemon(var=var, DBT_MANIFEST_PATH="examples/orchard/not_there.json") as daemon:
                self.assertEqual(state(daemon, "dbt"), "degraded")
                stale = ask(Talker(daemon), "total revenue")
                self.assertEqual(stale["data"]["data"]["rows"], fresh["data"]["data"]["rows"])
                self.assertIn("STALE_MODEL", warned(stale))
                self.assertIn("dbt", stale["degraded"])

    def test_without_any_model_it_says_why_it_cannot_answer(self):
        with Daemon(DBT_MANIFEST_PATH="examples/orchard/not_there.json") as daemon:
            got = ask(Talker(daemon), "total revenue")
            self.assertEqual(got["data"]["status"], "unanswerable")
            self.assertIn("no dbt model", got["data"]["response"])
            status = Talker.data(daemon.get("/api/v1/integrations/dbt/status"))
            self.assertEqual(status["state"], "empty")
            self.assertIn("not_there.json", status["last_error"])


if __name__ == "__main__":
    unittest.main()
