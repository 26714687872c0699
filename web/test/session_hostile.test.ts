import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, LoquatClient } from "../src/loquat-client/index.ts";
import { World, entry } from "./world.ts";

const seqs = (seen: { seq: number }[]) => seen.map(({ seq }) => seq);
const envelope = (data: unknown) => ({ success: true, data, errors: [], warnings: [], degraded: [] });
const event = (frame: object) => `data: ${JSON.stringify(frame)}\n\n`;
const outcomeOf = (promise: Promise<unknown>) => promise.then(() => undefined, (error: unknown) => error);

/** A session that reads by SSE, since its socket was refused. */
async function onStream(world: World, options: Parameters<World["session"]>[0] = {}) {
  const opened = world.session({ upgradeAfterMs: 60_000, ...options });
  world.socket.shuts(1006);
  const stream = world.request.stream();
  await world.advance();
  return { ...opened, stream };
}

test("while a better transport is tried and swallowed, the one at work goes on", async () => {
  const world = new World();
  const { seen, states, stream } = await onStream(world);
  await world.advance(59_000);
  stream.write(event(entry(1)));
  await world.advance(1000);
  assert.equal(world.sockets.length, 2);
  stream.write(event(entry(2)));
  await world.advance(10_000);
  stream.write(event(entry(3)));
  await world.advance();
  assert.deepEqual(seqs(seen), [1, 2, 3]);
  assert.deepEqual(states.at(-1), { phase: "open", transport: "sse" });
  assert.ok(world.socket.closedByUs);
  assert.equal(world.requests.length, 1);
});

test("a better transport takes over when it is ready, and no entry is lost or comes twice", async () => {
  const world = new World();
  const { seen, states, stream } = await onStream(world);
  await world.advance(59_000);
  stream.write(event(entry(1)));
  await world.advance(1000);
  assert.match(world.socket.url, /after=1/);
  stream.write(event(entry(2)) + event(entry(3)));
  await world.advance();
  world.socket.ready();
  assert.deepEqual(states.at(-1), { phase: "open", transport: "websocket" });
  world.socket.says(entry(2), entry(3), entry(4));
  stream.write(event(entry(4)) + event(entry(5)));
  await world.advance();
  assert.deepEqual(seqs(seen), [1, 2, 3, 4]);
});

test("a log cut behind a reader that is further already takes no entry back", async () => {
  const world = new World();
  const { seen, gaps, stream } = await onStream(world);
  stream.write(event({ type: "connection_ready", epoch: "e1" }));
  await world.advance(30_000);
  stream.write(event(entry(1)));
  await world.advance(30_000);
  stream.write(event(entry(2)) + event(entry(3)));
  await world.advance();
  world.socket.ready();
  world.socket.says({ type: "gap", first_seq: 3, epoch: "e1" }, entry(3), entry(4));
  assert.deepEqual(seqs(seen), [1, 2, 3, 4]);
  assert.deepEqual(gaps, []);
});

test("a stream that is cut every half minute does not put off the better transport for ever", async () => {
  const world = new World();
  let { stream } = await onStream(world);
  for (let time = 1; time <= 3; ++time) {
    await world.advance(30_000);
    stream.end();
    await world.advance(1000);
    stream = world.request.stream();
    await world.advance();
  }
  assert.equal(world.sockets.length, 2);
});

test("what was accepted can be cancelled before its first entry has come", async () => {
  const world = new World();
  const { session } = await onStream(world);
  const { accepted } = session.ask("how many");
  world.request.answer(202, envelope({ message_id: "m7" }));
  await accepted;
  void session.cancel();
  assert.match(world.request.path, /\/messages\/m7\/cancel$/);
});

test("what is not accepted yet is cancelled as soon as it is", async () => {
  const world = new World();
  const { session } = await onStream(world);
  session.ask("how many");
  void session.cancel();
  world.request.answer(202, envelope({ message_id: "m7" }));
  await world.advance();
  assert.match(world.request.path, /\/messages\/m7\/cancel$/);
});

test("an answer that was running before this reader came can be cancelled without its id", async () => {
  const world = new World();
  const { session, stream } = await onStream(world, { after: 8 });
  stream.write(event(entry(9, { message_id: "m1" })));
  await world.advance();
  void session.cancel();
  assert.match(world.request.path, /\/messages\/m1\/cancel$/);
});

test("what comes behind `complete` does not make an answer run again", async () => {
  const world = new World();
  const { session, stream } = await onStream(world);
  stream.write(event(entry(1)) + event(entry(2, { type: "complete" })) + event(entry(3, { type: "suggestion" })));
  await world.advance();
  const before = world.requests.length;
  await session.cancel();
  assert.equal(world.requests.length, before);
});

test("a peer that shows life and never gets ready is given up", async () => {
  const world = new World();
  world.session();
  for (let time = 1; time <= 4; ++time) {
    world.socket.says({ type: "ping" });
    await world.advance(2000);
  }
  assert.match(world.request.path, /agents\/stream/);
});

test("a long first page is waited for, once its answer has begun", async () => {
  const world = new World();
  const { seen } = world.session({ transports: ["poll"] });
  const body = world.request.stream("application/json");
  await world.advance(20_000);
  body.write(JSON.stringify(envelope({ events: [entry(1)], epoch: "e1" })));
  body.end();
  await world.advance();
  assert.deepEqual(seqs(seen), [1]);
});

test("JSON that is no page of the log does not count as an open long-poll", async () => {
  const world = new World();
  const { states } = world.session({ transports: ["poll"] });
  world.request.answer(200, { message: "please sign in" });
  await world.advance();
  assert.ok(!states.some(({ phase }) => phase === "open"));
  assert.equal(states.at(-1)?.phase, "waiting");
});

test("a long-poll that is given the same page again and again is not repeated at once", async () => {
  const world = new World();
  world.session({ transports: ["poll"] });
  for (let time = 1; time <= 3 && world.requests.length === time; ++time) {
    world.request.answer(200, envelope({ events: [entry(1)], epoch: "e1" }));
    await world.advance();
  }
  assert.equal(world.requests.length, 2);
});

test("a question after close is rejected and not sent", async () => {
  const world = new World();
  const { session } = world.session();
  session.close();
  const error = await outcomeOf(session.ask("how many").accepted);
  assert.ok(error instanceof ApiError && error.code === "CLOSED");
  assert.equal(world.requests.length, 0);
});

test("a renewal that ends after close sends the question no second time", async () => {
  const world = new World();
  let renewed = (_: boolean) => {};
  const { session } = world.session({ renewToken: () => new Promise((resolve) => (renewed = resolve)) });
  const outcome = outcomeOf(session.ask("how many").accepted);
  world.request.answer(401, { errors: [] });
  await world.advance();
  session.close();
  renewed(true);
  await world.advance();
  assert.ok((await outcome) instanceof ApiError);
  assert.equal(world.requests.length, 1);
});

test("who finds the token renewed already does not renew it again", async () => {
  const world = new World();
  let renewals = 0;
  const renewToken = async () => ((renewals += 1), true);
  const client = new LoquatClient({ baseUrl: "http://host", token: () => `t${renewals}`, renewToken }, world.env);
  const both = [client.api.mode(), client.api.mode()];
  const [one, two] = world.requests;
  one?.answer(401, { errors: [] });
  await world.advance();
  world.request.answer(200, envelope({ mode: "passive" }));
  await world.advance();
  two?.answer(401, { errors: [] });
  await world.advance();
  world.request.answer(200, envelope({ mode: "passive" }));
  await Promise.all(both);
  assert.equal(renewals, 1);
});

test("a token that is refused right after it was taken is not renewed without end", async () => {
  const world = new World();
  let renewals = 0;
  const { states } = world.session({ token: () => `t${renewals}`, renewToken: async () => ((renewals += 1), true) });
  for (let time = 1; time <= 5; ++time) {
    world.socket.ready();
    world.socket.shuts(4401);
    await world.advance();
  }
  assert.equal(renewals, 1);
  assert.deepEqual(states.at(-1), { phase: "stopped", reason: "unauthorized" });
});

test("a socket that cannot even be made gives way to SSE", () => {
  const world = new World();
  world.env.socket = () => {
    throw new SyntaxError("a subprotocol is no token");
  };
  world.session();
  return world.advance().then(() => assert.match(world.request.path, /agents\/stream/));
});

test("a listener that throws disturbs neither the others nor the connection", async () => {
  const world = new World();
  const reported: unknown[] = [];
  world.env.report = (error) => reported.push(error);
  const { session, stream } = await onStream(world);
  session.on("entry", () => {
    throw new Error("the page's own fault");
  });
  const later: number[] = [];
  session.on("entry", ({ seq }) => later.push(seq));
  stream.write(event(entry(1)) + event(entry(2)));
  await world.advance(2000);
  assert.deepEqual(later, [1, 2]);
  assert.equal(world.requests.length, 1);
  assert.equal(reported.length, 2);
});

test("a Retry-After that no timer can hold does not become none", async () => {
  const world = new World();
  const { states } = world.session({ transports: ["poll"] });
  world.request.answer(503, {}, { "retry-after": "99999999" });
  await world.advance();
  const state = states.at(-1);
  assert.ok(state?.phase === "waiting" && state.retryInMs <= 3_600_000, JSON.stringify(state));
});

test("another epoch counts only once its gap or an entry has come", async () => {
  const world = new World();
  const { session } = world.session({ after: 500, epoch: "old" });
  world.socket.ready("new");
  world.socket.shuts(1006);
  await world.advance(1000);
  assert.match(world.socket.url, /after=500&epoch=old$/);
  world.socket.ready("new");
  world.socket.says({ type: "gap", first_seq: 1, epoch: "new" }, entry(1));
  assert.equal(session.cursor.query(), "after=1&epoch=new");
});

test("a stream that a proxy does not let through does not make the log start over", async () => {
  for (const status of [405, 406, 426]) {
    const world = new World();
    const { gaps } = world.session({ transports: ["sse", "poll"], after: 7 });
    world.request.answer(status, {});
    await world.advance();
    assert.match(world.request.path, /\/events\?after=7/);
    assert.deepEqual(gaps, []);
  }
});

test("a resume that is not answered does not silence the log for ever", async () => {
  const world = new World();
  const { seen } = world.session();
  world.socket.ready();
  world.socket.says(entry(1), entry(3), { type: "error", code: "INVALID_REQUEST", message: "no" });
  for (let time = 1; time <= 4; ++time) {
    await world.advance(2000);
    world.socket.says({ type: "ping" });
  }
  assert.equal(world.sockets.length, 2);
  world.socket.ready();
  world.socket.says(entry(2), entry(3));
  assert.deepEqual(seqs(seen), [1, 2, 3]);
});

test("closed with 4408 at once, time after time, is no storm", () => {
  const world = new World();
  const { states } = world.session();
  for (let time = 1; time <= 2; ++time) {
    world.socket.ready();
    world.socket.shuts(4408);
  }
  assert.equal(states.at(-1)?.phase, "waiting");
});

for (const phase of ["connecting", "waiting", "open"]) {
  test(`close from a listener that hears of "${phase}" is the end`, async () => {
    const world = new World();
    const { session, states } = world.session({ upgradeAfterMs: 1000 });
    session.on("state", (state) => (state.phase === phase ? session.close() : undefined));
    if (phase === "waiting") world.socket.ready();
    world.socket.shuts(1006);
    if (phase === "open") world.request.stream();
    await world.advance();
    const { length } = world.requests;
    await world.advance(100_000);
    assert.deepEqual(states.at(-1), { phase: "stopped", reason: "closed" });
    assert.equal(world.sockets.length, 1);
    assert.equal(world.requests.length, phase === "connecting" ? 0 : length);
  });
}
