// A stand-in for the daemon, for work on the page and for tests of the client's fallback. It keeps the
// contract's forms (envelope, session log, three transports, feedback, health) and invents the numbers: it
// understands nothing and proves nothing about Loquat itself. Serves dist/ with the CSP the page is made for.
//
//   node e2e/fake-daemon.mjs [--port 0] [--pace 120]     pace: milliseconds between two entries of an answer
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";

export const kCsp =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const kTypes = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};

const kMetrics = [
  { name: "ticket_sales", label: "Ticket sales", type: "simple", description: "Price paid for all tickets, in euros." },
  { name: "visitors", label: "Visitors", type: "simple", description: "People who came through the gate." },
  { name: "sales_per_visitor", label: "Sales per visitor", type: "ratio", description: "Ticket sales over visitors." },
  { name: "guided_tours", label: "Guided tours", type: "simple", description: "Tours that were led by a guide." },
];
const kDimensions = [
  { name: "metric_time", label: "Date", type: "time" },
  { name: "exhibit__wing", label: "Wing", type: "categorical" },
];
const kWings = ["North wing", "Sculpture court", "Riverside hall", "Attic"];

let ids = 0;
const id = (prefix) => `${prefix}-${Date.now().toString(16)}-${(++ids).toString(16).padStart(4, "0")}`;
const now = () => new Date().toISOString();

/** The session log: entries with seq, and whoever waits for the next. */
class Log {
  entries = [];
  epoch = id("ep");
  waiting = new Set();
  clients = new Map();

  constructor(sessionId) {
    this.sessionId = sessionId;
  }

  append(entry) {
    const whole = { seq: this.entries.length + 1, session_id: this.sessionId, timestamp: now(), ...entry };
    this.entries.push(JSON.stringify(whole));
    for (const wake of [...this.waiting]) wake();
    return whole.seq;
  }

  /** A reader is one cursor over the log, replay and live alike. */
  read(after, write) {
    let at = after;
    const pump = () => {
      while (at < this.entries.length) write(this.entries[at], ++at);
    };
    this.waiting.add(pump);
    pump();
    return () => this.waiting.delete(pump);
  }
}

function plan(question) {
  const text = question.toLowerCase();
  const metric = kMetrics.find((m) => text.includes(m.label.toLowerCase()));
  if (/\bfail\b/.test(text)) return { kind: "failed", metric: kMetrics[0] };
  if (text.includes("sales") && !metric) return { kind: "clarification" };
  if (!metric) return { kind: "unanswerable" };
  const by = /by month|per month|over time|trend/.test(text) ? "month" : /by wing/.test(text) ? "wing" : "none";
  return { kind: "answer", metric, by };
}

function table({ metric, by }) {
  const measure = { name: metric.name, label: metric.label, type: "DECIMAL(18,2)", role: "metric" };
  const wave = (i) => Math.round((42_000 + 9_000 * Math.sin(i / 1.9) + 1_400 * i + (i === 7 ? -13_000 : 0)) * 100) / 100;
  if (by === "none") return { columns: [measure], rows: [[wave(5)]] };
  if (by === "wing") {
    const columns = [{ name: "exhibit__wing", label: "Wing", type: "VARCHAR", role: "dimension" }, measure];
    return { columns, rows: kWings.map((w, i) => [w, wave(9 - 2 * i)]) };
  }
  const columns = [{ name: "metric_time__month", label: "Month", type: "TIMESTAMP", role: "time" }, measure];
  const rows = Array.from({ length: 18 }, (_, i) => [`${2024 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, "0")}-01T00:00:00.000Z`, wave(i)]);
  return { columns, rows };
}

function visualization({ metric, by }) {
  if (by === "none") return { type: "number", y_axis: metric.name };
  const time = by === "month";
  const x = time ? "metric_time__month" : "exhibit__wing";
  const y = { field: metric.name, type: "quantitative", title: metric.label };
  const spec = {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    data: { name: "rows" },
    mark: time ? { type: "line", point: true } : { type: "bar" },
    encoding: time
      ? { x: { field: x, type: "temporal", title: "Month" }, y }
      : { y: { field: x, type: "nominal", title: "Wing", sort: "-x" }, x: y },
  };
  return { type: time ? "line" : "bar", x_axis: x, y_axis: metric.name, spec };
}

function sqlOf({ metric, by }) {
  const group = by === "month" ? "DATE_TRUNC('month', v.visited_at)" : by === "wing" ? "e.wing" : "";
  const head = group ? `  ${group} AS ${by === "month" ? "metric_time__month" : "exhibit__wing"},\n` : "";
  const join = by === "wing" ? "\nLEFT JOIN museum.exhibits AS e ON v.exhibit_id = e.exhibit_id" : "";
  return `SELECT\n${head}  SUM(v.${metric.name}) AS ${metric.name}\nFROM museum.visits AS v${join}\nWHERE v.is_test = FALSE${group ? `\nGROUP BY 1\nORDER BY 1` : ""}`;
}

function script(question) {
  const p = plan(question);
  const steps = [
    { type: "stream_start", agent: "orchestrator" },
    { type: "status", status: "thinking", agent: "router" },
    { type: "step_start", step_type: "INTENT_ANALYSIS", agent: "router" },
    { type: "step_complete", step_type: "INTENT_ANALYSIS", agent: "router", duration_ms: 3, summary: "A metric question" },
  ];
  const base = { agents_visited: ["orchestrator", "router"], personalized: false, confidence: 0.3, insights: [], suggestions: [] };
  if (p.kind === "clarification") {
    const clarification = {
      question: "Which figure do you mean by “sales”?",
      options: [kMetrics[0], kMetrics[2]].map((m) => ({ label: m.label, message: `${m.label} by month` })),
    };
    steps.push({ type: "clarification", ...clarification });
    return { steps, status: "clarification", answer: { ...base, intent: "metric_query", clarification } };
  }
  if (p.kind === "unanswerable") {
    const response = "This cannot be answered: no metric of the model matches the question. Near are **Visitors** and **Guided tours**.";
    steps.push({ type: "text", content: response });
    return { steps, status: "unanswerable", answer: { ...base, intent: "unknown", response } };
  }
  const by = { month: "by month", wing: "by wing", none: "in total" }[p.by ?? "none"];
  const interpretation = `${p.metric.label} ${by}, over all dates.`;
  const groupBy = { month: ["metric_time__month"], wing: ["exhibit__wing"], none: [] }[p.by ?? "none"];
  const query = { metrics: [p.metric.name], group_by: groupBy };
  const queryId = id("q");
  const sql = sqlOf(p);
  steps.push(
    { type: "interpretation", text: interpretation, query, confidence: 0.93 },
    { type: "step_start", step_type: "SQL_GENERATION", agent: "sql_agent" },
    { type: "step_complete", step_type: "SQL_GENERATION", agent: "sql_agent", duration_ms: 5, summary: "One query over visits" },
    { type: "sql", sql, dialect: "duckdb", query_id: queryId },
    { type: "status", status: "executing", agent: "sql_agent" },
  );
  const provenance = {
    metrics: [p.metric.name],
    models: ["visits", ...(p.by === "wing" ? ["exhibits"] : [])],
    columns: [`museum.visits.${p.metric.name}`, "museum.visits.visited_at"],
    filters: ["is_test = FALSE"],
    time_range: { start: "2024-01-01", end: "2025-06-30" },
    data_as_of: "2025-06-30T00:00:00.000Z",
    model_version: "fake-1",
  };
  const whole = { ...base, intent: "metric_query", query, sql, dialect: "duckdb", query_id: queryId, interpretation, confidence: 0.93, provenance };
  if (p.kind === "failed") {
    steps.push(
      { type: "degraded", integration: "query_engine", behaviour: "plan and SQL without rows" },
      { type: "error", code: "QUERY_ENGINE_UNAVAILABLE", message: "The query engine cannot be reached.", retryable: true },
    );
    return { steps, status: "failed", answer: { ...whole, response: "", degraded: ["query_engine"] } };
  }
  const { columns, rows } = table(p);
  const half = Math.ceil(rows.length / 2);
  const insight = { insight_type: "anomaly", severity: "warning", headline: `${p.metric.label} fell out of their usual range in August 2024.`, metric: p.metric.name };
  const suggestions = [
    { suggestion_id: id("sg"), type: "follow_up", content: `${p.metric.label} by wing`, confidence: 0.8, action: { type: "ask", payload: { message: `${p.metric.label} by wing` } } },
    { suggestion_id: id("sg"), type: "follow_up", content: "Visitors by month", confidence: 0.7, action: { type: "ask", payload: { message: "Visitors by month" } } },
  ];
  const words = `**${p.metric.label}** ${by}: ${rows.length} rows, the last at ${rows.at(-1).at(-1).toLocaleString("en")}. The highest value stands near the end of the range.`.split(/(?<= )/);
  steps.push(
    { type: "data", columns, rows: rows.slice(0, half), chunk: 0, last: rows.length <= half },
    ...(rows.length > half ? [{ type: "data", columns, rows: rows.slice(half), chunk: 1, last: true }] : []),
    { ...visualization(p), type: "visualization" },
    ...words.map((content) => ({ type: "text", content })),
    ...(p.by === "month" ? [{ type: "insight", ...insight }] : []),
    ...suggestions.map((s) => ({ ...s, type: "suggestion" })),
  );
  const data = { columns, row_count: rows.length, truncated: false };
  return { steps, status: "complete", answer: { ...whole, response: words.join(""), data, visualization: visualization(p), insights: p.by === "month" ? [insight] : [], suggestions } };
}

export async function startFake({ port = 0, pace = 60, token, dist = fileURLToPath(new URL("../dist", import.meta.url)) } = {}) {
  const logs = new Map();
  const feedback = [];
  const verified = [];
  const timers = new Set();
  let mode = "balanced";
  const started = Date.now();

  const accept = (log, content, clientId) => {
    const known = clientId && log.clients.get(clientId);
    if (known) return known;
    const message_id = id("msg");
    const trace_id = id("tr");
    const seq = log.append({ type: "message", content, role: "user", message_id, trace_id, ...(clientId ? { client_id: clientId } : {}) });
    const receipt = { message_id, seq };
    if (clientId) log.clients.set(clientId, receipt);
    const { steps, status, answer } = script(content);
    const response_id = id("rsp");
    const complete = { type: "complete", response_id, status, execution_time_ms: 38, answer: { message_id, response_id, trace_id, status, execution_time_ms: 38, ...answer } };
    const queue = [...steps, complete];
    const timer = setInterval(() => {
      log.append({ ...queue.shift(), message_id, trace_id });
      if (queue.length > 0) return;
      clearInterval(timer);
      timers.delete(timer);
    }, pace);
    timers.add(timer);
    return receipt;
  };

  const send = (res, status, data, errors = []) => {
    res.writeHead(status, { "content-type": "application/json" });
    res.end(JSON.stringify({ success: status < 400, data, errors, warnings: [], degraded: [], execution_time_ms: 1, request_id: id("req") }));
  };
  const fail = (res, status, code, message) => send(res, status, null, [{ code, message }]);

  const health = () => {
    const up = { state: "up", since: new Date(started).toISOString(), breaker: "closed", buffered: 0, capacity: 10_000, dropped_total: 0, spooled: 0 };
    const integrations = Object.fromEntries(
      ["kafka", "websocket", "lineage", "dbt", "personalization", "copilot", "query_engine", "store", "llm"].map((n) => [n, { ...up }]),
    );
    integrations.lineage = { ...up, state: "degraded", breaker: "open", buffered: 12, dropped_total: 3, last_error: "connection refused", behaviour: "the service's copy is dropped; the topic is unaffected" };
    integrations.llm = { ...up, state: "disabled", behaviour: "the deterministic planner answers" };
    return { status: "degraded", version: "0.1.0", uptime_s: Math.round((Date.now() - started) / 1000), instance: "fake", integrations };
  };

  const rest = async (req, res, url, body) => {
    const path = url.pathname;
    if (path === "/health") return res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(health()));
    if (token && req.headers.authorization !== `Bearer ${token}`) return fail(res, 401, "UNAUTHORIZED", "a token is needed");
    if (path === "/api/v1/semantic/metrics") return send(res, 200, { metrics: kMetrics });
    if (path === "/api/v1/semantic/dimensions") return send(res, 200, { dimensions: kDimensions });
    if (path === "/api/v1/integrations/dbt/status") {
      const last_change = { at: new Date().toISOString(), from_version: "0", added_count: 1, changed_count: 0, removed_count: 0, added: [`metric ${kMetrics[0].name}`], changed: [], removed: [] };
      return send(res, 200, { state: "fresh", version: "1", project_name: "sample", counts: { metrics: kMetrics.length, dimensions: kDimensions.length, models: 1 }, errors: [], broken: [], last_change });
    }
    if (path === "/api/v1/copilot/suggestions") return send(res, 200, { suggestions: [] });
    if (path === "/api/v1/copilot/mode") {
      if (req.method === "PUT") mode = body.mode;
      return send(res, 200, { mode });
    }
    if (path === "/api/v1/feedback" || path === "/api/v1/feedback/quality") {
      const row = { answers: 2, complete: 2, feedback: 1, accepted: 1, rejected: 0, corrections: 0, escalations: 0, mean_confidence: 0.9 };
      const items = feedback.filter((f) => f.is_current).map((f) => ({ ...f, feedback_source: "explicit", data: {} }));
      return send(res, 200, path.endsWith("quality") ? { by: "metric", rows: [{ value: kMetrics[0].name, acceptance_rate: 1, ...row }] } : { items });
    }
    if (path === "/api/v1/verified" && req.method === "PUT") {
      const now = new Date().toISOString();
      const item = { id: id("ver"), kind: "verified", version: 1, state: "active", question: body.question, problems: [], history: [], updated_at: now, used_count: 0 };
      verified.push(item);
      return send(res, 201, item);
    }
    if (path === "/api/v1/verified" || path === "/api/v1/memory") {
      return send(res, 200, { items: path.endsWith("verified") ? verified : [], broken_count: 0 });
    }
    if (path.startsWith("/api/v1/verified/") && req.method === "DELETE") {
      const at = verified.findIndex((item) => path.endsWith(item.id));
      return send(res, 200, { id: verified.splice(at, 1)[0]?.id });
    }
    const changed = feedback.find((f) => path === `/api/v1/feedback/${f.event_id}`);
    if (changed) {
      const event_id = id("fb");
      changed.is_current = false;
      feedback.push({ ...changed, ...body, event_id, is_current: true });
      return send(res, 202, { event_id, status: "accepted" });
    }
    if (path.startsWith("/api/v1/feedback/")) {
      if (!body.session_id || !body.response_id) return fail(res, 400, "INVALID_REQUEST", "session_id and response_id are needed");
      const event_id = id("fb");
      feedback.push({ path, ...body, event_id, is_current: true });
      return send(res, 202, { event_id, status: "accepted" });
    }
    if (path === "/api/v1/bi/chat/sessions" && req.method === "POST") {
      const session_id = id("ses");
      logs.set(session_id, new Log(session_id));
      return send(res, 201, { session_id, tenant_id: "demo", user_id: "demo", created_at: now(), message_count: 0 });
    }
    const chat = path.match(/^\/api\/v1\/bi\/chat\/sessions\/([^/]+)(\/messages|\/events)?$/);
    const log = logs.get(chat?.[1] ?? path.match(/^\/api\/v1\/agents\/stream\/([^/]+)$/)?.[1]);
    if (!log) return fail(res, 404, "NOT_FOUND", "no such session");
    const after = Number(url.searchParams.get("after") ?? 0);
    if (path.startsWith("/api/v1/agents/stream/")) return stream(req, res, log, after);
    if (chat[2] === "/messages") {
      const { message_id } = accept(log, body.message, req.headers["x-idempotency-key"]);
      return send(res, 202, { message_id, events_url: path.replace("messages", "events") });
    }
    if (chat[2] === "/events") return poll(res, log, after, Number(url.searchParams.get("wait_ms") ?? 0));
    return send(res, 200, { session_id: chat[1], message_count: log.entries.length });
  };

  const stream = (req, res, log, after) => {
    res.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    res.write(": ready\n\n");
    const stop = log.read(after, (text, seq) => res.write(`id: ${seq}\nevent: ${JSON.parse(text).type}\ndata: ${text}\n\n`));
    req.on("close", stop);
  };

  const poll = (res, log, after, waitMs) => {
    const answer = () => send(res, 200, { events: log.entries.slice(after).map((t) => JSON.parse(t)), epoch: log.epoch });
    if (log.entries.length > after || waitMs === 0) return answer();
    let done = false;
    const finish = () => {
      if (done) return;
      done = true;
      log.waiting.delete(finish);
      clearTimeout(timer);
      timers.delete(timer);
      answer();
    };
    const timer = setTimeout(finish, waitMs);
    timers.add(timer);
    log.waiting.add(finish);
    res.on("close", () => log.waiting.delete(finish));
  };

  const file = (res, pathname) => {
    const path = join(dist, normalize(pathname === "/" ? "/index.html" : pathname));
    if (!path.startsWith(dist) || !existsSync(path) || !statSync(path).isFile()) return fail(res, 404, "NOT_FOUND", "no such file");
    const cache = pathname.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache";
    res.writeHead(200, { "content-type": kTypes[extname(path)] ?? "application/octet-stream", "content-security-policy": kCsp, "cache-control": cache, "x-content-type-options": "nosniff" });
    createReadStream(path).pipe(res);
  };

  const server = createServer(async (req, res) => {
    const url = new URL(req.url, "http://fake");
    const chunks = [];
    for await (const chunk of req) chunks.push(chunk);
    if (!url.pathname.startsWith("/api/") && url.pathname !== "/health") return file(res, url.pathname);
    const text = Buffer.concat(chunks).toString();
    await rest(req, res, url, text ? JSON.parse(text) : {});
  });

  const sockets = new WebSocketServer({ noServer: true, handleProtocols: (offered) => offered.has("loquat.v1") && "loquat.v1" });
  server.on("upgrade", (req, socket, head) => {
    const url = new URL(req.url, "http://fake");
    const log = logs.get(url.pathname.match(/^\/ws\/chat\/([^/]+)$/)?.[1]);
    sockets.handleUpgrade(req, socket, head, (ws) => {
      const offered = String(req.headers["sec-websocket-protocol"] ?? "").split(/, */);
      if (token && !offered.includes(`bearer.${token}`)) return ws.close(4401);
      if (!log) return ws.close(4404);
      serve(ws, log, Number(url.searchParams.get("after") ?? log.entries.length));
    });
  });

  const serve = (ws, log, after) => {
    const say = (frame) => ws.send(JSON.stringify(frame));
    say({ type: "connection_ready", capabilities: [], last_seq: log.entries.length, epoch: log.epoch, heartbeat_interval_s: 30 });
    let stop = log.read(after, (text) => ws.send(text));
    ws.on("close", () => stop());
    ws.on("message", (raw) => {
      const frame = JSON.parse(raw.toString());
      if (frame.type === "message") return say({ type: "ack", client_id: frame.client_id, ...accept(log, frame.content, frame.client_id) });
      if (frame.type === "resume") {
        stop();
        say({ type: "resumed", after: frame.after });
        stop = log.read(frame.after, (text) => ws.send(text));
      } else if (!["pong", "cancel", "mode"].includes(frame.type)) say({ type: "error", code: "INVALID_REQUEST", message: "unknown type" });
    });
  };

  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    feedback,
    close: () => {
      for (const timer of timers) clearInterval(timer);
      for (const ws of sockets.clients) ws.terminate();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const flag = (name, fallback) => Number(process.argv[process.argv.indexOf(name) + 1] || fallback);
  const has = (name) => process.argv.includes(name);
  const fake = await startFake({ port: has("--port") ? flag("--port", 0) : 8000, pace: has("--pace") ? flag("--pace", 120) : 120 });
  console.log(fake.url);
}
