"""Talking to the daemon as a frontend does: sessions, questions, feedback."""

import base64
import hashlib
import hmac
import json
import time
import uuid


class Talker:
    def __init__(self, daemon, tenant="acme", user="ada", token=None):
        self.daemon = daemon
        self.headers = {"Authorization": f"Bearer {token}"} if token else {"X-Tenant-ID": tenant, "X-User-ID": user}
        self.session = self.data(daemon.post("/api/v1/bi/chat/sessions", {}, self.headers), 201)["session_id"]

    @staticmethod
    def data(answer, status=200):
        if answer.status != status:
            raise AssertionError(f"HTTP {answer.status} instead of {status}: {answer.body[:2000]!r}")
        return answer.json()["data"]

    def ask(self, text, session=None):
        path = f"/api/v1/bi/chat/sessions/{session or self.session}/messages"
        return self.data(self.daemon.post(path, {"message": text}, self.headers))

    def vote(self, response_id, kind="thumbs_up", **more):
        body = {"session_id": self.session, "response_id": response_id, "feedback_type": kind, **more}
        return self.daemon.post("/api/v1/feedback/submit", body, {**self.headers, "X-Idempotency-Key": str(uuid.uuid4())})

    def entries(self, after=0, wait_ms=0):
        path = f"/api/v1/bi/chat/sessions/{self.session}/events?after={after}&wait_ms={wait_ms}&limit=500"
        data = self.data(self.daemon.get(path, self.headers))
        return data if isinstance(data, list) else data.get("entries") or data.get("events") or data.get("items") or []


def token(key, tenant, user, roles=("analyst",), seconds=300, algorithm="HS256", **claims):
    """A JWT made by hand, so that wrong ones can be made too."""
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    now = int(time.time())
    body = {"sub": user, "tenant_id": tenant, "roles": list(roles), "iat": now, "exp": now + seconds, **claims}
    signed = f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(body)}"
    mac = hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
