import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, LoquatClient } from "../src/loquat-client/index.ts";
import { World, entry } from "./world.ts";

const seqs = (seen: { seq: number }[]) => seen.map(({ seq }) => seq);
const envelope = (data: unknown) => ({ success: true, data, errors: [], warnings: [], degraded: [] });

test("without an id the running answer is cancelled, also where frames cannot be sent", async () => {
  const world = new World();
  const { session } = world.session({ transports: ["sse"] });
  const stream = world.request.stream();
  await world.advance();
  const say = (frame: object) => stream.write(`data: ${JSON.stringify(frame)}\n\n`);
  say(entry(1, { type: "message", message_id: "m1" }));
  say(entry(2, { type: "message", message_id: "m2" }));
  say(entry(3, { type: "complete", message_id: "m1" }));
  await world.advance();
  void session.cancel();
  assert.equal(world.request.path, "/api/v1/bi/chat/sessions/s1/messages/m2/cancel");
});

test("a renewal that fails is tried again after growing pauses, one at a time", async () => {
  const world = new World();
  let renewals = 0;
  const renewToken = async () => {
    renewals += 1;
    throw new TypeError("network");
  };
  const { states } = world.session({ token: () => "old", renewToken });
  world.socket.shuts(4401);
  await world.advance();
  assert.deepEqual(states.at(-1), { phase: "waiting", transport: "websocket", retryInMs: 1000 });
  await world.advance(1000);
  world.socket.shuts(4401);
  await world.advance();
  assert.deepEqual(states.at(-1), { phase: "waiting", transport: "websocket", retryInMs: 2000 });
  assert.equal(renewals, 2);
});

test("requests that find the token expired together share one renewal", async () => {
  const world = new World();
  let renewals = 0;
  const client = new LoquatClient({ baseUrl: "http://host", renewToken: async () => ((renewals += 1), true) }, world.env);
  const both = [client.api.mode(), client.api.mode()];
  const first = [...world.requests];
  for (const request of first) request.answer(401, { errors: [] });
  await world.advance();
  for (const request of world.requests.slice(first.length)) request.answer(200, envelope({ mode: "quiet" }));
  await Promise.all(both);
  assert.equal(renewals, 1);
});

test("a page in the stream's place is no stream: long-poll is next", async () => {
  const world = new World();
  const { states } = world.session({ transports: ["sse", "poll"] });
  world.request.answer(200, "<html>", { "content-type": "text/html" });
  await world.advance();
  assert.match(world.request.path, /\/events\?after=0/);
  assert.ok(!states.some(({ phase }) => phase === "open"));
});

test("connections that never live long give way to another transport, with growing pauses", async () => {
  const world = new World();
  const { states } = world.session();
  const pauses: number[] = [];
  for (let time = 1; time <= 2; ++time) {
    world.socket.ready();
    world.socket.says(entry(time));
    world.socket.shuts(1006);
    const state = states.at(-1);
    pauses.push(state?.phase === "waiting" ? state.retryInMs : -1);
    await world.advance(pauses.at(-1));
  }
  assert.ok((pauses[1] ?? 0) > (pauses[0] ?? 0), String(pauses));
  world.socket.ready();
  world.socket.shuts(1006);
  assert.match(world.request.path, /agents\/stream/);
});

test("a connection that has lived for some seconds is opened again the same way however often", async () => {
  const world = new World();
  world.session();
  for (let time = 1; time <= 5; ++time) {
    world.socket.ready();
    await world.advance(6000);
    world.socket.shuts(1006);
    await world.advance(1000);
    assert.equal(world.sockets.length, time + 1);
  }
});

test("a handshake that is swallowed is given up after some seconds", async () => {
  const world = new World();
  world.session();
  await world.advance(7999);
  assert.equal(world.requests.length, 0);
  await world.advance(1);
  assert.match(world.request.path, /agents\/stream/);
});

test("after close nothing is sent, and what was not accepted is rejected", async () => {
  const world = new World();
  const { session } = world.session();
  const { accepted } = session.ask("how many");
  const outcome = accepted.then(() => undefined, (error: unknown) => error);
  world.request.answer(503, { errors: [] });
  await world.advance();
  session.close();
  const error = await outcome;
  assert.ok(error instanceof ApiError && error.code === "CLOSED");
  await world.advance(60_000);
  assert.equal(world.requests.length, 1);
});

test("what is no frame moves nothing", () => {
  const world = new World();
  const { seen, gaps, session } = world.session();
  world.socket.ready();
  for (const junk of ["", "null", "7", "[]", "{", '{"seq":1}', '{"type":"gap"}', '{"type":"gap","first_seq":"x"}',
    '{"type":"text","seq":"2"}', '{"type":"text","seq":-1}', '{"type":"text","seq":1e99}',
    '{"type":"connection_ready","heartbeat_interval_s":"soon"}'])
    world.socket.says_raw(junk);
  world.socket.says(entry(1));
  assert.deepEqual(seqs(seen), [1]);
  assert.deepEqual(gaps, []);
  assert.equal(session.cursor.query(), "after=1&epoch=e1");
});
