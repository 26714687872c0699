"""What a sync of changed artifacts says of the model before: in its answer, in /status, and of the queries that it broke."""

import json
import pathlib
import shutil
import tempfile
import unittest

from peers.daemon import ROOT, Daemon
from peers.talk import Talker

TARGET = ROOT / "examples" / "orchard" / "target"
STATUS = "/api/v1/integrations/dbt/status"


def unused_metric(metrics):
    """A simple metric that no other is made of."""
    for metric in metrics:
        others = json.dumps([other for other in metrics if other is not metric])
        if metric["type"] == "simple" and f'"{metric["name"]}"' not in others:
            return metric["name"]
    raise AssertionError("every metric is an input of another")


class ModelChange(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name in ("manifest.json", "semantic_manifest.json", "catalog.json"):
            shutil.copy(TARGET / name, self.folder / name)
        self.daemon = self.enterContext(Daemon(
            DBT_MANIFEST_PATH=str(self.folder / "manifest.json"), LOQUAT_DBT__WATCH_INTERVAL="1h",
            LOQUAT_DBT__SEMANTIC_MANIFEST_PATH=str(self.folder / "semantic_manifest.json"),
            LOQUAT_DBT__CATALOG_PATH=str(self.folder / "catalog.json")))

    def change(self, name, how):
        file = self.folder / name
        document = json.loads(file.read_text())
        how(document)
        file.write_text(json.dumps(document))

    def test_names_what_changed_and_the_trusted_answer_that_it_broke(self):
        before = self.daemon.get(STATUS).json()["data"]
        self.assertIsNone(before.get("last_change"))
        gone = unused_metric(json.loads((TARGET / "semantic_manifest.json").read_text())["metrics"])
        talk = Talker(self.daemon)
        answer = talk.ask(f"{gone} by month")
        self.assertEqual(answer["status"], "complete", answer.get("response"))
        trusted = self.daemon.ask("PUT", "/api/v1/verified", {"question": f"{gone} by month", "response_id": answer["response_id"]},
                                  talk.headers)
        self.assertIn(trusted.status, (200, 201), trusted.body)

        def drop(document):
            metrics = document["metrics"]
            if isinstance(metrics, dict):
                document["metrics"] = {key: metric for key, metric in metrics.items() if metric["name"] != gone}
            else:
                document["metrics"] = [metric for metric in metrics if metric["name"] != gone]
        self.change("manifest.json", drop)
        self.change("semantic_manifest.json", drop)
        synced = self.daemon.post("/api/v1/integrations/dbt/sync", {}, talk.headers)
        self.assertEqual(synced.status, 200, synced.body)
        self.assertIn(f"metric {gone}", synced.json()["data"]["removed"])
        now = self.daemon.get(STATUS, talk.headers).json()["data"]
        change = now["last_change"]
        self.assertEqual(change["from_version"], before["version"])
        self.assertIn(f"metric {gone}", change["removed"])
        self.assertEqual((change["added_count"], change["removed_count"]), (0, len(change["removed"])))
        broken = {(query["kind"], query["title"]) for query in now["broken"]}
        self.assertIn(("verified_answer", f"{gone} by month"), broken)


class Freshness(unittest.TestCase):
    def test_is_said_from_what_dbt_measured(self):
        """The sample's sources.json was written by `dbt source freshness`."""
        measured = {result["unique_id"]: result for result in json.loads(
            (pathlib.Path(__file__).parents[2] / "examples/orchard/target/sources.json").read_text())["results"]}
        orders = measured["source.orchard.shop.raw_orders"]
        with Daemon() as daemon:
            for question in ("how fresh is revenue?", "when was the revenue data last updated?", "is the revenue data up to date?"):
                with self.subTest(question):
                    said = Talker(daemon).ask(question)["response"]
                    self.assertIn("**Revenue**: the data reaches", said)
                    self.assertIn(f"{orders['max_loaded_at'][11:16]} UTC (freshness: {orders['status']})", said)


if __name__ == "__main__":
    unittest.main()
