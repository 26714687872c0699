import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../src/loquat-client/index.ts";
import { World, entry } from "./world.ts";

const seqs = (seen: { seq: number }[]) => seen.map(({ seq }) => seq);
const envelope = (data: unknown) => ({ success: true, data, errors: [], warnings: [], degraded: [] });

test("a question goes by the socket and is accepted by its ack", async () => {
  const world = new World();
  const { session } = world.session();
  world.socket.ready();
  const { clientId, accepted } = session.ask("how many");
  assert.deepEqual(world.socket.sent, [{ type: "message", content: "how many", client_id: clientId }]);
  world.socket.says({ type: "ack", client_id: clientId, message_id: "m1", seq: 1 });
  assert.equal(await accepted, "m1");
});

test("a question asked before the socket is open goes by POST at once", async () => {
  const world = new World();
  const { session } = world.session();
  const { clientId, accepted } = session.ask("how many");
  assert.equal(world.request.path, "/api/v1/bi/chat/sessions/s1/messages?async=true");
  assert.equal(world.request.headers["x-idempotency-key"], clientId);
  world.request.answer(202, envelope({ message_id: "m1" }));
  assert.equal(await accepted, "m1");
});

test("an unacknowledged question is sent again by POST under the same id when the socket is lost", async () => {
  const world = new World();
  const { session } = world.session();
  world.socket.ready();
  const { clientId, accepted } = session.ask("how many");
  world.socket.shuts(1006);
  assert.equal(world.request.headers["x-idempotency-key"], clientId);
  world.request.answer(202, envelope({ message_id: "m1" }));
  assert.equal(await accepted, "m1");
});

test("a question that the daemon has no room for is asked again, and in the end refused with its reason", async () => {
  const world = new World();
  const { session } = world.session();
  const { accepted } = session.ask("how many");
  world.socket.ready();
  const outcome = accepted.then(() => undefined, (error: unknown) => error);
  for (let attempt = 0; attempt < 4; ++attempt) {
    world.request.answer(503, { errors: [{ code: "OVERLOADED", message: "later" }] });
    await world.advance(9000);
  }
  const error = await outcome;
  assert.ok(error instanceof ApiError);
  assert.equal(error.code, "OVERLOADED");
});

test("an error frame refuses the question it is about", async () => {
  const world = new World();
  const { session } = world.session();
  world.socket.ready();
  const { clientId, accepted } = session.ask("how many");
  world.socket.says({ type: "error", code: "OVERLOADED", message: "four wait", client_id: clientId });
  await assert.rejects(accepted, /four wait/);
});

test("ping is answered with pong", () => {
  const world = new World();
  world.session();
  world.socket.ready();
  world.socket.says({ type: "ping" });
  assert.deepEqual(world.socket.sent, [{ type: "pong" }]);
});

test("after a lost connection reading goes on behind the last entry, and nothing comes twice", async () => {
  const world = new World();
  const { seen } = world.session();
  world.socket.ready();
  world.socket.says(entry(1), entry(2));
  world.socket.shuts(1006);
  await world.advance(1000);
  assert.equal(world.sockets.length, 2);
  assert.match(world.socket.url, /\/ws\/chat\/s1\?after=2&epoch=e1$/);
  world.socket.ready();
  world.socket.says(entry(2), entry(3));
  assert.deepEqual(seqs(seen), [1, 2, 3]);
});

test("what a dropped connection still says is not listened to", async () => {
  const world = new World();
  const { seen } = world.session();
  const first = world.socket;
  first.ready();
  first.shuts(4408);
  first.says(entry(1));
  assert.deepEqual(seqs(seen), []);
});

test("a hole in the numbers is asked for again, and entries are ignored until resumed", () => {
  const world = new World();
  const { seen } = world.session();
  world.socket.ready();
  world.socket.says(entry(1), entry(3), entry(4));
  assert.deepEqual(world.socket.sent, [{ type: "resume", after: 1 }]);
  world.socket.says({ type: "resumed", after: 1 }, entry(2), entry(3), entry(4));
  assert.deepEqual(seqs(seen), [1, 2, 3, 4]);
});

test("a gap moves the place and the epoch, and is told", async () => {
  const world = new World();
  const { seen, gaps, session } = world.session({ after: 5, epoch: "old" });
  world.socket.ready("new");
  world.socket.says({ type: "gap", first_seq: 20, epoch: "new" }, entry(20), entry(21));
  assert.deepEqual(gaps, [20]);
  assert.deepEqual(seqs(seen), [20, 21]);
  assert.equal(session.cursor.query(), "after=21&epoch=new");
});

test("a socket that never opens gives way to SSE, which goes on at the same place", async () => {
  const world = new World();
  const { seen, states } = world.session({ token: () => "jwt" });
  assert.deepEqual(world.socket.protocols, ["loquat.v1", "bearer.jwt"]);
  world.socket.shuts(1006);
  assert.equal(world.request.path, "/api/v1/agents/stream/s1?after=0");
  assert.equal(world.request.headers["authorization"], "Bearer jwt");
  const stream = world.request.stream();
  await world.advance();
  stream.write(`: hello\n\nid: 1\nevent: text\ndata: ${JSON.stringify(entry(1))}\n`);
  stream.write(`\nid: 2\r\ndata: ${JSON.stringify(entry(2))}\r\n\r\n`);
  await world.advance();
  assert.deepEqual(seqs(seen), [1, 2]);
  assert.deepEqual(states.at(-1), { phase: "open", transport: "sse" });
});

test("with socket and SSE away, long-poll reads the rest", async () => {
  const world = new World();
  const { seen, states } = world.session();
  world.socket.shuts(1006);
  world.request.fail();
  await world.advance();
  assert.match(world.request.path, /\/sessions\/s1\/events\?after=0&wait_ms=0/);
  world.request.answer(200, envelope({ events: [entry(1), entry(2)], epoch: "e1" }));
  await world.advance();
  assert.match(world.request.path, /\?after=2&epoch=e1&wait_ms=20000/);
  world.request.answer(200, envelope([entry(3)]));
  await world.advance();
  assert.deepEqual(seqs(seen), [1, 2, 3]);
  assert.deepEqual(states.at(-1), { phase: "open", transport: "poll" });
});

test("a long-poll that is answered at once with nothing is not repeated at once", async () => {
  const world = new World();
  world.session({ transports: ["poll"] });
  for (let time = 1; time <= 2; ++time) {
    world.request.answer(200, envelope({ events: [], epoch: "e1" }));
    await world.advance();
  }
  assert.equal(world.requests.length, 2);
  await world.advance(500);
  assert.equal(world.requests.length, 3);
});

test("from a lesser transport the best one is tried again, without losing the place", async () => {
  const world = new World();
  world.session({ upgradeAfterMs: 60_000 });
  world.socket.shuts(1006);
  const stream = world.request.stream();
  await world.advance();
  stream.write(`data: ${JSON.stringify(entry(1))}\n\n`);
  await world.advance(59_000);
  assert.equal(world.sockets.length, 1);
  await world.advance(1000);
  assert.equal(world.sockets.length, 2);
  assert.match(world.socket.url, /after=1/);
});

test("when everything is away the rounds get slower, and end when the daemon is back", async () => {
  const world = new World();
  const { states } = world.session();
  for (let round = 1; round <= 3; ++round) {
    world.socket.shuts(1006);
    world.request.fail();
    await world.advance();
    world.request.fail();
    await world.advance();
    assert.deepEqual(states.at(-1), { phase: "waiting", transport: "websocket", retryInMs: 500 * 2 ** round });
    await world.advance(500 * 2 ** round);
  }
  world.socket.ready();
  assert.deepEqual(states.at(-1), { phase: "open", transport: "websocket" });
});

test("a refusal's Retry-After is kept", async () => {
  const world = new World();
  const { states } = world.session({ transports: ["poll"] });
  world.request.answer(503, {}, { "retry-after": "7" });
  await world.advance();
  assert.deepEqual(states.at(-1), { phase: "waiting", transport: "poll", retryInMs: 7000 });
});

for (const code of [1001, 1013]) {
  test(`closed with ${code}: the same transport after a pause`, async () => {
    const world = new World();
    const { states } = world.session();
    world.socket.ready();
    world.socket.shuts(code);
    assert.deepEqual(states.at(-1), { phase: "waiting", transport: "websocket", retryInMs: 1000 });
    await world.advance(1000);
    assert.equal(world.sockets.length, 2);
  });
}

test("a drain says when to come back, and is believed", async () => {
  const world = new World();
  const { states } = world.session();
  world.socket.ready();
  world.socket.shuts(1001, "going away; resume after=7 retry_ms=4321");
  assert.deepEqual(states.at(-1), { phase: "waiting", transport: "websocket", retryInMs: 4321 });
});

test("closed for want of a heartbeat (4408): again at once", () => {
  const world = new World();
  world.session();
  world.socket.ready();
  world.socket.shuts(4408);
  assert.equal(world.sockets.length, 2);
});

test("closed as too slow (4413): resumes at once, and takes a calmer transport when it stays so", () => {
  const world = new World();
  world.session();
  for (let time = 1; time <= 2; ++time) {
    world.socket.ready();
    world.socket.shuts(4413);
    assert.equal(world.sockets.length, time + 1);
  }
  world.socket.ready();
  world.socket.shuts(4413);
  assert.match(world.request.path, /agents\/stream/);
});

test("4401: the token is renewed once and the connection tried again", async () => {
  const world = new World();
  let token = "old";
  const renewToken = async () => ((token = "new"), true);
  const { states } = world.session({ token: () => token, renewToken });
  world.socket.shuts(4401);
  await world.advance();
  assert.deepEqual(world.socket.protocols, ["loquat.v1", "bearer.new"]);
  world.socket.shuts(4401);
  assert.deepEqual(states.at(-1), { phase: "stopped", reason: "unauthorized" });
});

test("4404 and 4403 end it: there is nothing to come back to", () => {
  for (const [code, reason] of [[4404, "no_session"], [4403, "forbidden"]] as const) {
    const world = new World();
    const { states } = world.session();
    world.socket.ready();
    world.socket.shuts(code);
    assert.deepEqual(states.at(-1), { phase: "stopped", reason });
  }
});

test("silence for two heartbeats is a dead connection", async () => {
  const world = new World();
  world.session();
  world.socket.ready("e1", { heartbeat_interval_s: 5 });
  await world.advance(9000);
  world.socket.says({ type: "ping" });
  await world.advance(9999);
  assert.equal(world.sockets.length, 1);
  await world.advance(1);
  assert.equal(world.sockets.length, 2);
});

test("a place that the daemon does not know starts over, once", async () => {
  const world = new World();
  const { gaps, states } = world.session({ transports: ["poll"], after: 900, epoch: "lost" });
  world.request.answer(400, { errors: [{ code: "INVALID_REQUEST", message: "after is beyond 3" }] });
  await world.advance();
  assert.match(world.request.path, /\?after=0&wait_ms/);
  assert.deepEqual(gaps, [1]);
  world.request.answer(400, {});
  await world.advance();
  assert.deepEqual(states.at(-1), { phase: "stopped", reason: "refused" });
});

test("close stops everything, timers too", async () => {
  const world = new World();
  const { session } = world.session();
  world.socket.ready();
  session.close();
  assert.ok(world.socket.closedByUs);
  await world.advance(600_000);
  assert.equal(world.sockets.length, 1);
});
