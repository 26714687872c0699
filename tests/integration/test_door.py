"""Tokens and tenants, on the built daemon."""

import json
import pathlib
import subprocess
import unittest

from peers.daemon import BINARY, ROOT, Daemon
from peers.talk import Talker, token

KEY = "a-key-of-the-tests-that-has-forty-bytes.."


class Tokens(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(LOQUAT_AUTH__MODE="jwt", JWT_KEY=KEY)
        cls.daemon.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__(None, None, None)

    def create(self, bearer, **headers):
        sent = {**({"Authorization": f"Bearer {bearer}"} if bearer else {}), **headers}
        return self.daemon.post("/api/v1/bi/chat/sessions", {}, sent)

    def test_refuses_all_but_good_tokens(self):
        good = token(KEY, "acme", "ada")
        self.assertEqual(self.create(good).status, 201)
        wrong = {"none": None, "another key": token(KEY[::-1], "acme", "ada"),
                 "expired": token(KEY, "acme", "ada", seconds=-3600),
                 "algorithm none": token(KEY, "acme", "ada", algorithm="none"),
                 "claims another algorithm": token(KEY, "acme", "ada", algorithm="RS256"),
                 "no tenant": token(KEY, "", "ada"), "cut": good[:-4], "junk": "x.y.z"}
        for name, bearer in wrong.items():
            with self.subTest(name):
                self.assertEqual(self.create(bearer).status, 401)

    def test_asks_who_calls_before_it_asks_for_a_handshake(self):
        headers = {"Authorization": f"Bearer {token(KEY, 'acme', 'ada')}"}
        self.assertEqual(self.daemon.get("/ws/chat/any").status, 401)
        self.assertEqual(self.daemon.get("/ws/chat/any", headers).status, 426)

    def test_takes_the_tenant_from_the_token_alone(self):
        self.assertEqual(self.create(token(KEY, "acme", "ada"), **{"X-Tenant-ID": "other"}).status, 403)

    def test_keeps_tenants_and_users_apart(self):
        ada = Talker(self.daemon, token=token(KEY, "acme", "ada"))
        answer = ada.ask("total revenue")
        for tenant, user in (("acme", "bob"), ("globex", "ada")):
            stranger = Talker(self.daemon, token=token(KEY, tenant, user))
            for method, path in (("GET", f"/api/v1/bi/chat/sessions/{ada.session}"),
                                 ("GET", f"/api/v1/bi/chat/sessions/{ada.session}/messages"),
                                 ("GET", f"/api/v1/bi/chat/sessions/{ada.session}/events"),
                                 ("DELETE", f"/api/v1/bi/chat/sessions/{ada.session}"),
                                 ("GET", f"/api/v1/agents/stream/{ada.session}"),
                                 ("GET", f"/api/v1/traces/{answer['trace_id']}"),
                                 ("GET", f"/api/v1/lineage/queries/{answer['query_id']}")):
                with self.subTest(tenant=tenant, user=user, path=path):
                    if "traces" in path or "lineage" in path:
                        if tenant == "acme":
                            continue
                    found = self.daemon.ask(method, path, None, stranger.headers)
                    self.assertEqual(found.status, 404, found.body[:300])
            vote = self.daemon.post("/api/v1/feedback/submit",
                                    {"session_id": ada.session, "response_id": answer["response_id"],
                                     "feedback_type": "thumbs_up"}, stranger.headers)
            self.assertEqual(vote.status, 404)
            listed = Talker.data(self.daemon.get("/api/v1/bi/chat/sessions", stranger.headers))
            self.assertNotIn(ada.session, json.dumps(listed))

    def test_a_viewer_may_not_ask(self):
        viewer = token(KEY, "acme", "vera", roles=["viewer"])
        self.assertEqual(self.create(viewer).status, 403)

    def test_personal_data_is_refused_or_masked_without_the_role(self):
        ada = Talker(self.daemon, token=token(KEY, "acme", "ada"))
        answer = ada.ask("List the e-mail addresses of our ten best customers")
        self.assertNotIn("@", json.dumps(answer.get("data") or {}))
        self.assertEqual(answer["status"], "unanswerable")

    def test_refuses_a_correction_that_writes(self):
        ada = Talker(self.daemon, token=token(KEY, "acme", "ada"))
        answer = ada.ask("total revenue")
        for sql in ("DROP TABLE orders", "SELECT 1; SELECT 2", "SELECT * FROM read_csv('/etc/passwd')"):
            body = {"session_id": ada.session, "response_id": answer["response_id"]}
            direct = self.daemon.post("/api/v1/feedback/correction", {**body, "corrected_sql": sql}, ada.headers)
            self.assertEqual(direct.status, 400, direct.body[:300])
            self.assertEqual(direct.json()["errors"][0]["field"], "/corrected_sql")
            vote = ada.vote(answer["response_id"], "correction", data={"corrected_sql": sql})
            self.assertEqual(vote.status, 400, vote.body[:300])

    def test_no_log_line_holds_a_token(self):
        bearer = token(KEY, "acme", "logged")
        self.create(bearer)
        self.daemon.get(f"/api/v1/bi/chat/sessions?token={bearer}")
        log = (self.daemon.var / "daemon.log").read_text(errors="replace")
        self.assertNotIn(bearer, log)
        self.assertNotIn(KEY, log)


class Settings(unittest.TestCase):
    def run_binary(self, *arguments, **environment):
        return subprocess.run([str(BINARY), *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30,
                              env={"PATH": "/usr/bin:/bin", **environment})

    def test_says_every_wrong_key_at_once(self):
        done = self.run_binary("--config", "config/demo.yaml", "--check-config", LOQUAT_HTTP__PORT="70000",
                               LOQUAT_AUTH__MODE="maybe", WS_MAX_CONNECTIONS="many")
        self.assertEqual(done.returncode, 1)
        for key in ("http.port", "auth.mode", "ws.max_connections"):
            self.assertIn(key, done.stderr)

    def test_takes_good_settings(self):
        done = self.run_binary("--config", "config/demo.yaml", "--check-config")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_prints_no_secret(self):
        done = self.run_binary("--print-config", JWT_KEY=KEY, KAFKA_SASL_PASSWORD="hidden-word")
        self.assertNotIn(KEY, done.stdout)
        self.assertNotIn("hidden-word", done.stdout)

    def test_refuses_no_tokens_off_loopback(self):
        done = self.run_binary("--config", "config/demo.yaml", LOQUAT_HTTP__HOST="0.0.0.0", LOQUAT_HTTP__PORT="0",
                               LOQUAT_VAR_DIR="build/test-var-loopback")
        self.assertEqual(done.returncode, 1)
        self.assertIn("auth.mode", done.stderr)

    def test_the_reference_file_is_what_the_code_says(self):
        done = self.run_binary("--print-reference")
        self.assertEqual(done.stdout, (pathlib.Path(ROOT) / "config" / "loquat.yaml").read_text())


if __name__ == "__main__":
    unittest.main()
