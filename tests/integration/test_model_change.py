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


if __name__ == "__main__":
    unittest.main()
