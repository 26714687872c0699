"""The export as `datasets` and TRL's formats want it: loaded by that library itself, not only looked at."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from peers.daemon import ROOT, Daemon, need, until
from peers.talk import Talker

VENV = ROOT / "build" / "datasets-venv"
PACKAGE = "datasets==5.2.0"
# TRL's conversational formats: language modelling, preference, unpaired preference.
TURNS = {"sft": ["messages"], "dpo": ["prompt", "chosen", "rejected"], "kto": ["prompt", "completion"]}
LOAD = """
import json, sys
from datasets import load_dataset
loaded = load_dataset("json", data_files=sys.argv[1], split="train", cache_dir=sys.argv[2])
print(json.dumps({"columns": loaded.column_names, "features": {k: str(v) for k, v in loaded.features.items()}, "rows": list(loaded)}, default=str))
"""


@unittest.skipUnless(os.environ.get("LOQUAT_FULL") == "yes", "installs a large package: with scripts/test --full")
class Export(unittest.TestCase):
    def setUp(self):
        if not (VENV / "installed").exists():
            subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
            made = subprocess.run([str(VENV / "bin" / "pip"), "install", "-q", PACKAGE], check=False)
            need(made.returncode == 0, "the package datasets")
            (VENV / "installed").touch()

    def test_each_format_loads_with_datasets(self):
        with Daemon() as daemon, tempfile.TemporaryDirectory() as folder:
            talk = Talker(daemon)
            for question, kind in (("revenue by month", "thumbs_up"), ("orders by region last month", "thumbs_down")):
                answer = talk.ask(question)
                Talker.data(talk.vote(answer["response_id"], kind), 202)
                query = {"metrics": ["orders"], "start_time": "2025-01-01", "end_time": "2025-12-31"}
                body = {"session_id": talk.session, "response_id": answer["response_id"], "corrected_query": query}
                Talker.data(daemon.post("/api/v1/feedback/correction", body, talk.headers), 202)
            for name, columns in TURNS.items():
                with self.subTest(name):
                    def exported(least=2, wanted=name):
                        lines = daemon.get(f"/api/v1/feedback/export?format={wanted}", talk.headers).body.decode().splitlines()
                        return lines if len(lines) >= least else None
                    lines = until(exported, 30, f"rows of {name}")
                    file = pathlib.Path(folder, f"{name}.jsonl")
                    file.write_text("\n".join(lines) + "\n")
                    done = subprocess.run([str(VENV / "bin" / "python"), "-c", LOAD, str(file), folder + "/cache"], check=True,
                                          capture_output=True, text=True, env={**os.environ, "HF_HUB_OFFLINE": "1"})
                    self.check(name, columns, lines, json.loads(done.stdout.splitlines()[-1]))

    def check(self, name, columns, lines, loaded):
        self.assertEqual(len(loaded["rows"]), len(lines))
        self.assertLessEqual({*columns, "signal_id", "trace_id", "metric_ids"}, set(loaded["columns"]))
        for row in loaded["rows"]:
            self.assertTrue(row["trace_id"])
            for column in columns:
                roles = [turn["role"] for turn in row[column]]
                self.assertTrue(all(turn["content"] for turn in row[column]), row)
                wanted = {"messages": ["system", "user", "assistant"], "prompt": ["system", "user"]}.get(column, ["assistant"])
                self.assertEqual(roles, wanted)
        if name == "kto":
            self.assertEqual({row["label"] for row in loaded["rows"]}, {True, False})
        print(f"{name}: {len(lines)} rows loaded by datasets; {loaded['features']}")


if __name__ == "__main__":
    unittest.main()
